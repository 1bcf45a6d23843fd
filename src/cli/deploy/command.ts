// `cto deploy`: what `cto init` wrote, brought about in the cluster of the kubeconfig: the operator with its chart, the license,
// the PlatformConfig; then what the operator makes of it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { DEFAULT_AGENTS_NAMESPACE, DEFAULT_NAMESPACE } from '../../api/names.ts'
import { agentTotals } from '../../api/entitlement.ts'
import type { PlatformConfigStatus } from '../../api/platform-config.ts'
import { platformConfigs } from '../../api/resources.ts'
import { packageRoot } from '../../files/package-root.ts'
import { MINUTE, SECOND } from '../../domain/time.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { isForbidden, isNotFound } from '../../kube/errors.ts'
import { clusterTypeOf, judge, valueOf } from '../check/evaluate.ts'
import { look, type Seen } from '../check/inspect.ts'
import { pause } from '../../runtime/pause.ts'
import { CONFIG_FILE, VALUES_FILE } from './files.ts'
import { findHelm, helmArguments, runHelm } from './helm.ts'
import { builtInCatalog } from '../catalogs.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import { timeoutOption } from '../duration-argument.ts'
import { readInput } from '../input.ts'
import { identityOf, putLicense } from '../license/placement.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  printableLines,
  styled,
} from '../../terminal/output.ts'
import { type PlatformConfigFile, readPlatformConfigFile } from './platform-config-file.ts'
import { statusOf, type StatusResult, statusScreen } from '../status/command.ts'

interface DeployOptions extends ClusterOptions {
  readonly filename: string
  readonly values?: string
  readonly chart?: string
  readonly release: string
  readonly operator: boolean
  readonly license?: string
  readonly namespace: string
  readonly timeout: number
  readonly output: Format
}

const CHART = 'charts/cto-operator'
const CARRIED_OUT_MS = 15_000
const LOOK_AGAIN_MS = 500

export function deployCommand(io: Io): Command {
  return withClusterOptions(new Command('deploy'))
    .option('-f, --filename <file>', 'the PlatformConfig that cto init wrote; - for standard input', CONFIG_FILE)
    .option('--values <file>', `values of the chart; by default ${VALUES_FILE}, where there is one`)
    .option(
      '--chart <chart>',
      'the Helm chart: a folder, an archive or oci://…; by default the one that comes with cto',
    )
    .option('--release <name>', "the Helm release's name", 'cto-operator')
    .option('--no-operator', 'leave the operator to others: apply only what it reads')
    .option('--license <file>', 'a license file to install')
    .option('--namespace <name>', 'where the operator lives', DEFAULT_NAMESPACE)
    .addOption(timeoutOption(5 * MINUTE, '5m'))
    .addOption(formatOption())
    .action(async (options: DeployOptions) => {
      const file = await readPlatformConfigFile(options.filename, io).catch((error: unknown) => {
        const isMissing = options.filename === CONFIG_FILE && !existsSync(CONFIG_FILE)
        throw isMissing ? new CliError(`there is no ${CONFIG_FILE} here; cto init writes one`) : error
      })
      const license = options.license === undefined ? undefined : await readInput(options.license, io)
      if (license !== undefined) identityOf(license)
      const result = await onCluster(options, async (client, server) => {
        const step = (text: string) => io.stderr(`${styled('green', '✔')} ${printable(text)}\n`)
        await check(await lookAt(client, server, options, io), file, options, step)
        await bringOperator(await lookAt(client, server, options, io), options, io, step)
        if (license !== undefined) {
          const { offlineSecret } = builtInCatalog(DEFAULT_PRODUCT).license
          const place = { ...offlineSecret, namespace: options.namespace }
          await putLicense(client, license, place, false, io, AbortSignal.timeout(options.timeout))
          step('the license is installed')
        }
        await applyConfig(client, file.object, options.timeout)
        step(`PlatformConfig ${file.object.metadata.name} is applied, and the operator has decided on it`)
        return statusOnceCarriedOut(client, io)
      })
      print(io, options.output, result, () => `\n${statusScreen(result, io.now())}`)
      const { gate } = result.entitlement
      const totals = agentTotals(result.entitlement)
      if (gate.growth !== 'Open') throw new CliError('', EXIT.failedCheck)
      if (totals.refused + totals.held > 0) throw new CliError('', EXIT.warning)
    })
}

function lookAt(client: Client, server: URL, { namespace }: DeployOptions, io: Io): Promise<Seen> {
  const { name: licenseSecret, key: licenseKey } = builtInCatalog(DEFAULT_PRODUCT).license.offlineSecret
  const place = {
    product: DEFAULT_PRODUCT,
    namespace,
    agentsNamespace: DEFAULT_AGENTS_NAMESPACE,
    licenseSecret,
    licenseKey,
  }
  return look(client, server, place, io.now)
}

/** @throws CliError for a cluster in which it cannot succeed, or that is not the one that is meant */
async function check(
  seen: Seen,
  { config }: PlatformConfigFile,
  options: DeployOptions,
  step: (text: string) => void,
): Promise<void> {
  const wantsKind = config.spec.deployment?.type === 'kind'
  const make = wantsKind ? '; make one with: kind create cluster --config kind.yaml' : ''
  const findings = judge(seen, { installation: false, foresee: true }, { kind: 'unknown', why: '' }, 0)
  // Without the operator, what the operator may do is not ours to ask.
  const failed = findings.filter(({ result, category }) => {
    return result === 'failed' && (options.operator || category !== 'permissions')
  })
  if (failed.length > 0) {
    const what = failed.map(({ message }) => message).join('; ')
    throw new CliError(`${what}${seen.version.kind === 'hidden' ? make : ''}`, EXIT.failedCheck)
  }
  const type = clusterTypeOf(seen)?.type ?? 'Unknown'
  if (wantsKind && type !== 'Kind') {
    throw new CliError(
      `the PlatformConfig is for Kind, and this cluster is ${type}${make}, or choose another --context`,
      EXIT.failedCheck,
    )
  }
  step(`${type} cluster at ${seen.server}, Kubernetes ${valueOf(seen.version) ?? ''}`)
}

async function bringOperator(seen: Seen, options: DeployOptions, io: Io, step: (text: string) => void): Promise<void> {
  if (!options.operator) return
  const isElsewhere = valueOf(seen.operator) === undefined && valueOf(seen.entitlement) !== undefined
  if (isElsewhere) {
    step('the operator runs already, outside this namespace')
    return
  }
  const helm = findHelm()
  if (helm === undefined) {
    throw new CliError(
      'the operator is installed with Helm, and there is no helm in the PATH; install it, or run the operator yourself (cto operator) and deploy with --no-operator',
    )
  }
  const chart = options.chart ?? ownChart()
  if (chart === undefined) throw new CliError(`there is no chart in ${CHART} here; name it with --chart`)
  const valuesFile = options.values ?? (existsSync(VALUES_FILE) ? VALUES_FILE : undefined)
  const release = { ...options, name: options.release, chart, ...(valuesFile === undefined ? {} : { valuesFile }) }
  await runHelm(helm, helmArguments(release), (text) => io.stderr(styled('dim', printableLines(text))))
  step(`the chart ${chart} is installed`)
}

function ownChart(): string | undefined {
  const folder = join(packageRoot(), CHART)
  return existsSync(folder) ? folder : undefined
}

/** What is still in the work is waited for, and what something refuses for longer is what there is to say. */
async function statusOnceCarriedOut(client: Client, io: Io): Promise<StatusResult> {
  const patience = AbortSignal.timeout(CARRIED_OUT_MS)
  for (;;) {
    const status = await statusOf(client, DEFAULT_PRODUCT, io.now())
    if (patience.aborted || !status.health.problems.some(({ pending }) => pending === true)) return status
    await pause(LOOK_AGAIN_MS, patience)
  }
}

/** Applies it as soon as its kind is served, and waits until the operator has decided on it. */
async function applyConfig(client: Client, config: RawObject, timeout: number): Promise<void> {
  const deadline = AbortSignal.timeout(timeout)
  let applied: RawObject | undefined
  for (;;) {
    try {
      applied ??= await client.apply(platformConfigs, config, { force: true }, deadline)
      const live = await client.get(platformConfigs, { name: config.metadata.name }, deadline)
      const status = live['status'] as PlatformConfigStatus | undefined
      if (status !== undefined && status.observedGeneration === live.metadata.generation) return
    } catch (error) {
      if (!deadline.aborted && !isNotServedYet(error)) throw error
    }
    if (deadline.aborted) throw new CliError(whatIsMissing(applied !== undefined, timeout))
    await pause(LOOK_AGAIN_MS, deadline)
  }
}

/** The API server takes half a minute to know a new kind as the parameter of a policy, and refuses until then. */
function isNotServedYet(error: unknown): boolean {
  return isNotFound(error) || (isForbidden(error) && /referenced by paramKind/.test(error.message))
}

function whatIsMissing(isApplied: boolean, timeout: number): string {
  const how = `within ${timeout / SECOND} s`
  return isApplied
    ? `the PlatformConfig is applied, but the operator has not decided on it ${how}; cto check says whether it runs`
    : `the CRDs are not installed ${how}; install the chart, or kubectl apply -f crds/`
}
