// `cto support-bundle`: one file that tells whoever helps how the operator stands, and no secret.

import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { DEFAULT_AGENTS_NAMESPACE, DEFAULT_NAMESPACE } from '../../api/names.ts'
import { MINUTE } from '../../domain/time.ts'
import { amount } from '../../domain/text.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { createPseudonyms, type Pseudonyms } from './anonymize.ts'
import { packBundle } from './bundle.ts'
import { collect, type Collection } from './collect.ts'
import { VERSION } from '../../version.ts'
import { builtInCatalog } from '../catalogs.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import { fileProblem } from '../input.ts'
import {
  CliError,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  section,
} from '../../terminal/output.ts'
import { statusOf } from '../status/command.ts'

interface BundleOptions extends ClusterOptions {
  readonly out?: string
  readonly anonymize?: boolean
  readonly product: string
  readonly namespace: string
  readonly agentsNamespace: string
  readonly output: Format
}

const OWNER_ONLY = 0o600
const LOG_LINES = 5_000
const PATIENCE_MS = 5 * MINUTE

export function supportBundleCommand(io: Io): Command {
  return withClusterOptions(new Command('support-bundle'))
    .option('--out <file>', 'the archive; by default cto-support-<time>.tar.gz')
    .option('--anonymize', 'put stand-ins for organizations, names, addresses and the identity of the cluster')
    .option('--product <name>', 'the product', DEFAULT_PRODUCT)
    .option('--namespace <name>', 'where the operator lives', DEFAULT_NAMESPACE)
    .option('--agents-namespace <name>', 'where the agents of a PlatformConfig live', DEFAULT_AGENTS_NAMESPACE)
    .addOption(formatOption())
    .action(async (options: BundleOptions) => {
      const now = io.now()
      const collection = await onCluster(options, (client, server) => gather(client, server, options, now))
      const { pseudonyms } = collection
      const { archive, names } = packBundle(collection, {
        version: VERSION,
        now,
        ...(pseudonyms === undefined ? {} : { pseudonyms }),
      })
      const out = options.out ?? `cto-support-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.tar.gz`
      await write(out, archive)
      const key = pseudonyms === undefined ? undefined : `${out}.names.json`
      if (pseudonyms !== undefined && key !== undefined) {
        await write(key, Buffer.from(`${JSON.stringify(pseudonyms.list(), undefined, 2)}\n`))
        io.stderr(`What the stand-ins stand for is in ${key}: keep it, and hand on the archive alone.\n`)
      }
      const { missing } = collection
      print(io, options.output, { file: out, files: names, notCollected: missing }, () =>
        [
          properties([
            ['FILE', out],
            ['HOLDS', amount(names.length, 'file')],
          ]),
          section(
            'NOT COLLECTED',
            missing.map(({ what, why }) => [printable(what), printable(why)]),
          ),
        ].join(''),
      )
      io.stderr('Secrets are left out. Look through it before you hand it on: tar -tzf, tar -xzf.\n')
    })
}

interface Gathered extends Collection {
  readonly pseudonyms?: Pseudonyms
}

async function gather(
  client: Client,
  server: URL,
  { product, namespace, agentsNamespace, anonymize = false }: BundleOptions,
  now: number,
): Promise<Gathered> {
  const catalog = builtInCatalog(product)
  const scope = { namespace, agentsNamespace, label: catalog.governed.label, logLines: LOG_LINES }
  const { files, missing } = await collect(client, scope, AbortSignal.timeout(PATIENCE_MS))
  const status = await statusOf(client, product, now).catch((error: unknown) => String(error))
  const all = { files: [{ name: 'status.json', content: status }, ...files], missing }
  if (!anonymize) return all
  const known = new Set([
    ...catalog.agents.map(({ name }) => name),
    namespace,
    agentsNamespace,
    'default',
    'kube-system',
  ])
  return { ...all, pseudonyms: pseudonymsFor(files, server, known) }
}

/** Whoever could be known by his names. What the product itself has named stays: it is what help is about. */
function pseudonymsFor(files: Collection['files'], server: URL, known: ReadonlySet<string>): Pseudonyms {
  const pseudonyms = createPseudonyms()
  const add = (kind: string, name: unknown) => {
    if (typeof name === 'string' && !known.has(name)) pseudonyms.add(kind, name)
  }
  add('server', server.hostname)
  for (const { name: file, content } of files) {
    if (file === 'cluster/nodes.json') for (const node of content as readonly { name: string }[]) add('node', node.name)
    if (!file.startsWith('resources/') && !file.startsWith('workloads/') && !file.includes('/pods')) continue
    for (const { metadata, ...object } of content as readonly RawObject[]) {
      const { spec, status } = object as {
        spec?: { license?: { organization?: unknown }; nodeName?: unknown }
        status?: { organization?: unknown; licenseId?: unknown; cluster?: { uid?: unknown } }
      }
      add('organization', spec?.license?.organization)
      add('organization', status?.organization)
      add('license', status?.licenseId)
      add('cluster', status?.cluster?.uid)
      add('node', spec?.nodeName)
      add('namespace', metadata.namespace)
      if (file === 'resources/namespaces.json') add('namespace', metadata.name)
      else if (!file.endsWith('/events.json') && !metadata.name.startsWith('cto-')) add('name', metadata.name)
    }
  }
  return pseudonyms
}

async function write(path: string, content: Buffer): Promise<void> {
  await writeFile(path, content, { mode: OWNER_ONLY }).catch((error: unknown) => {
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}`)
  })
}
