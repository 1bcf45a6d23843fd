// `cto check`: whether the operator can be installed here, or is as it should be, and what would be refused.

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { parse } from 'yaml'
import { DEFAULT_AGENTS_NAMESPACE, DEFAULT_NAMESPACE } from '../../api/names.ts'
import { wantedOf } from '../../operator/observed/active-config.ts'
import { packageRoot } from '../../files/package-root.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { WantedFacts } from '../../domain/entitlement/facts.ts'
import { MINUTE, SECOND } from '../../domain/time.ts'
import { amount } from '../../domain/text.ts'
import type { TrustedKeys } from '../../domain/license/trusted-keys.ts'
import type { Client } from '../../kube/client.ts'
import { type Finding, judge, type Result } from './evaluate.ts'
import { predict } from './predict.ts'
import { look } from './inspect.ts'
import { pause } from '../../runtime/pause.ts'
import { builtInCatalog } from '../catalogs.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import { durationArgument } from '../duration-argument.ts'
import { readInput, trustedKeysIfThere } from '../input.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  sentence,
  styled,
} from '../../terminal/output.ts'
import { readPlatformConfigFile } from '../deploy/platform-config-file.ts'

interface CheckOptions extends ClusterOptions {
  readonly pre?: boolean
  readonly filename?: string
  readonly license?: string
  readonly trustedKeys?: string
  readonly product: string
  readonly namespace: string
  readonly agentsNamespace: string
  readonly wait?: number | true
  readonly ignoreWarnings?: boolean
  readonly output: Format
}

interface Report {
  readonly ok: boolean
  readonly failed: number
  readonly warnings: number
  readonly findings: readonly Finding[]
}

const WAIT_MS = 5 * MINUTE
const LOOK_AGAIN_MS = SECOND

export function checkCommand(io: Io): Command {
  return withClusterOptions(new Command('check'))
    .option('--pre', 'before the installation: only whether it would succeed, and what would be refused then')
    .option('-f, --filename <file>', 'a PlatformConfig that is to be applied; - for standard input')
    .option('--license <file>', 'a license that is to be installed')
    .option('--trusted-keys <file>', "the vendor's public keys, to verify a license before the operator does")
    .option('--product <name>', 'the product', DEFAULT_PRODUCT)
    .option('--namespace <name>', 'where the operator lives', DEFAULT_NAMESPACE)
    .option('--agents-namespace <name>', 'where the agents of a PlatformConfig live', DEFAULT_AGENTS_NAMESPACE)
    .option('--wait [duration]', 'wait until the installation is complete, by default 5m', durationArgument)
    .option('--ignore-warnings', 'end with exit code 0 when there is nothing but warnings')
    .addOption(formatOption())
    .action(async (options: CheckOptions) => {
      const inputs = await readInputs(options, io)
      const findings = await onCluster(options, (client, server) => checked(client, server, options, inputs, io))
      const report = reportOf(findings)
      print(io, options.output, report, () => screen(report))
      if (report.failed > 0) throw new CliError('', EXIT.failedCheck)
      if (report.warnings > 0 && options.ignoreWarnings !== true) throw new CliError('', EXIT.warning)
    })
}

interface Inputs {
  readonly catalog: Catalog
  readonly keys?: TrustedKeys
  readonly license?: Uint8Array
  readonly wanted?: WantedFacts
}

async function readInputs(options: CheckOptions, io: Io): Promise<Inputs> {
  const keys = await trustedKeysIfThere(options.trustedKeys, io)
  const license = options.license === undefined ? undefined : await readInput(options.license, io)
  const file = options.filename === undefined ? undefined : await readPlatformConfigFile(options.filename, io)
  return {
    catalog: builtInCatalog(options.product),
    ...(keys === undefined ? {} : { keys }),
    ...(license === undefined ? {} : { license }),
    ...(file === undefined ? {} : { wanted: wantedOf(file.config) }),
  }
}

/** Looks, and with `--wait` looks again while something may still mend itself. */
async function checked(client: Client, server: URL, options: CheckOptions, inputs: Inputs, io: Io): Promise<Finding[]> {
  const { product, namespace, agentsNamespace, pre = false, filename, license } = options
  const { name: licenseSecret, key: licenseKey } = inputs.catalog.license.offlineSecret
  const place = { product, namespace, agentsNamespace, licenseSecret, licenseKey }
  const scope = {
    installation: !pre,
    foresee: pre || filename !== undefined || license !== undefined,
    secret: { namespace, name: licenseSecret },
  }
  const crds = await ownCrds()
  const patience = options.wait === undefined ? 0 : options.wait === true ? WAIT_MS : options.wait
  const deadline = performance.now() + patience
  for (let said = ''; ;) {
    const seen = await look(client, server, place, io.now, crds)
    const prediction = await predict(seen, { agentsNamespace, ...inputs }, io.now())
    const findings = judge(seen, scope, prediction, io.now())
    const pending = findings.find(({ result, pending }) => result !== 'ok' && pending === true)
    if (pending === undefined || performance.now() >= deadline) return findings
    if (pending.message !== said) io.stderr(`waiting: ${printable(pending.message)}\n`)
    said = pending.message
    await pause(LOOK_AGAIN_MS, AbortSignal.timeout(patience))
  }
}

/** The CRDs of this version, where its package is at hand: not in the image. */
async function ownCrds(): Promise<unknown[]> {
  const folder = join(packageRoot(), 'crds')
  if (!existsSync(folder)) return []
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'))
  return Promise.all(files.map(async (file) => parse(await readFile(join(folder, file), 'utf8')) as unknown))
}

function reportOf(findings: readonly Finding[]): Report {
  const count = (result: Result) => findings.filter((finding) => finding.result === result).length
  const [failed, warnings] = [count('failed'), count('warning')]
  return { ok: failed === 0, failed, warnings, findings }
}

const SIGNS: Readonly<Record<Result, () => string>> = {
  ok: () => styled('green', '✔'),
  warning: () => styled('yellow', '‼'),
  failed: () => styled('red', '✗'),
  skipped: () => styled('dim', '–'),
}

function screen({ findings, failed, warnings }: Report): string {
  const categories = [...new Set(findings.map(({ category }) => category))]
  const sections = categories.map((category) => {
    const lines = findings.filter((finding) => finding.category === category).map(line)
    return `${styled('bold', category.toUpperCase())}\n${lines.join('')}\n`
  })
  const summary =
    failed > 0
      ? styled('red', `${amount(failed, 'check')} failed${warnings > 0 ? `, ${amount(warnings, 'warning')}` : ''}`)
      : warnings > 0
        ? styled('yellow', amount(warnings, 'warning'))
        : styled('green', 'All is well')
  return `${sections.join('')}${summary}\n`
}

function line({ result, message, hint }: Finding): string {
  const next = hint === undefined ? '' : `     ${styled('dim', `→ ${printable(hint)}`)}\n`
  const skipped = result === 'skipped' ? `not checked: ${message}` : sentence(message)
  return `  ${SIGNS[result]()} ${printable(skipped)}\n${next}`
}
