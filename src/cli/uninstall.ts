// `cto uninstall`: before the operator is removed, nothing of its enforcement stays. The chart runs it by itself.

import { Command, InvalidArgumentError } from 'commander'
import { DEFAULT_NAMESPACE } from '../api/names.ts'
import { SECOND } from '../domain/time.ts'
import { ownClusterAccess } from '../kube/access.ts'
import { createClient } from '../kube/client.ts'
import { type Released, releaseCluster } from '../operator/teardown.ts'
import { builtInOf, readCatalog } from './catalogs.ts'
import { cliErrorFrom, readTrustedKeys, TRUSTED_KEYS_FILE } from './input.ts'
import { CliError, type Format, formatOption, type Io, print, properties, section } from '../terminal/output.ts'

interface UninstallOptions {
  readonly kubeconfig?: string
  readonly namespace: string
  readonly deployment: string
  readonly selector: string
  readonly catalog: string
  readonly trustedKeys: string
  readonly timeout: number
  readonly output: Format
}

const NAME = 'cto-operator'

export function uninstallCommand(io: Io): Command {
  return new Command('uninstall')
    .option('--kubeconfig <file>', 'how to reach the cluster (in a pod: its service account)')
    .option('--namespace <name>', 'where the operator lives', DEFAULT_NAMESPACE)
    .option('--deployment <name>', "the operator's Deployment", NAME)
    .option(
      '--selector <labels>',
      "the labels of the operator's pods",
      `app.kubernetes.io/name=${NAME},app.kubernetes.io/component=operator`,
    )
    .option('--catalog <name|file>', 'the product: a built-in catalog, or a file that the vendor has signed', 'cto')
    .option('--trusted-keys <file>', "the vendor's public keys, for a signed catalog", TRUSTED_KEYS_FILE)
    .option('--timeout <seconds>', 'how long it may take', seconds, 180)
    .addOption(formatOption())
    .action(async ({ kubeconfig, timeout, output, trustedKeys, ...options }: UninstallOptions) => {
      const keys = builtInOf(options.catalog) !== undefined ? new Map() : await readTrustedKeys(trustedKeys, io)
      const { catalog } = await readCatalog(options.catalog, keys, io)
      const limit = AbortSignal.timeout(timeout * SECOND)
      try {
        const access = await ownClusterAccess(kubeconfig)
        const client = createClient(access, { fieldManager: 'cto-cli', userAgent: 'cto-cli' })
        const released = await releaseCluster(client, { ...options, catalog }, limit)
        access.agent.destroy()
        print(io, output, released, () => table(released))
        io.stderr('The CRDs and your resources stay; kubectl delete crd removes them, and agents with them.\n')
      } catch (error) {
        if (limit.aborted) throw new CliError(`it is not done after ${timeout} s; run it again to go on`)
        throw cliErrorFrom(error)
      }
    })
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Write a whole number of seconds.')
  return Number(text)
}

function table({ operator, policies, resumed }: Released): string {
  return [
    properties([
      ['OPERATOR', operator === 'stopped' ? 'stopped' : 'was not there'],
      ['POLICIES', policies.length === 0 ? 'none were there' : `${policies.length} removed`],
      ['RESUMED', resumed.length === 0 ? 'nothing was held' : `${resumed.length} workloads`],
    ]),
    section(
      'RESUMED',
      resumed.map(({ kind, namespace, name, replicas }) => [`${namespace}/${name}`, kind, `${replicas} replicas`]),
    ),
  ].join('')
}
