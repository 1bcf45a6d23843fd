// `cto status`: one screen that answers: am I fine, until when, what is refused and why, what do I do.

import { Command } from 'commander'
import { type AgentEntry, agentTotals, type EntitlementStatus } from '../../api/entitlement.ts'
import type { LicenseStatus } from '../../api/license.ts'
import { entitlements, licenses } from '../../api/resources.ts'
import { meaningOfChange } from '../../domain/entitlement/change-words.ts'
import { formatInstant, type Instant, MINUTE, parseInstant, wholeDaysBetween } from '../../domain/time.ts'
import { cureOf, NOTHING_TO_DO } from '../../domain/entitlement/reasons.ts'
import { type Health, type HealthLevel, healthOf, type Standing } from '../../domain/health/health.ts'
import { type Problem, problem } from '../../domain/health/problem.ts'
import { amount } from '../../domain/text.ts'
import type { Client } from '../../kube/client.ts'
import { isNotFound, KubeError } from '../../kube/errors.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import {
  CliError,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  section,
  sentence,
  styled,
} from '../../terminal/output.ts'

interface StatusOptions extends ClusterOptions {
  readonly product: string
  readonly output: Format
}

interface LicenseLine {
  readonly name: string
  readonly status?: LicenseStatus
}

export interface StatusResult {
  readonly product: string
  readonly headline: string
  /** How it stands, with what the operator itself cannot say. */
  readonly health: Health
  readonly entitlement: EntitlementStatus
  readonly licenses: readonly LicenseLine[]
  /** What happens by itself, if nothing happens but time. */
  readonly timeline: readonly { readonly at: string; readonly changes: readonly string[] }[]
  /** What is good to know, in sentences. */
  readonly messages: readonly string[]
  /** What lifts each thing that is wrong, once. */
  readonly toDo: readonly { readonly reason: string; readonly cure: string }[]
}

export function statusCommand(io: Io): Command {
  return withClusterOptions(new Command('status'))
    .option('--product <name>', 'whose entitlement to show', DEFAULT_PRODUCT)
    .addOption(formatOption())
    .action(async ({ product, output, ...options }: StatusOptions) => {
      const now = io.now()
      const result = await onCluster(options, (client) => statusOf(client, product, now))
      print(io, output, result, () => statusScreen(result, now))
    })
}

interface Published {
  readonly product: string
  readonly entitlement: EntitlementStatus
  readonly licenses: readonly LicenseLine[]
  /** What the operator cannot say itself. */
  readonly beside: readonly Problem[]
}

/**
 * What the operator has published, and what follows from it.
 * @throws CliError while no decision is published
 */
export async function statusOf(client: Client, product: string, now: Instant): Promise<StatusResult> {
  return resultOf(await readStatus(client, product), now)
}

async function readStatus(client: Client, product: string): Promise<Published> {
  const signal = AbortSignal.timeout(20_000)
  const object = await client.get(entitlements, { name: product }, signal).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    throw new CliError(
      `there is no Entitlement "${product}": the CRDs are not installed, or the operator has not run yet (cto check says which)`,
    )
  })
  const entitlement = object['status'] as EntitlementStatus | undefined
  if (entitlement === undefined)
    throw new CliError('the operator has not published a decision yet; try again in a moment')
  const { items } = await client.list(licenses, {}, {}, signal)
  return {
    beside: await problemsBeside(client, product, entitlement, signal),
    product,
    entitlement,
    licenses: (items ?? []).map((item) => ({
      name: item.metadata.name,
      ...(item['status'] === undefined ? {} : { status: item['status'] as LicenseStatus }),
    })),
  }
}

/** What only somebody else can say: whether the operator is at work, and what lies where it does not look. */
async function problemsBeside(
  client: Client,
  product: string,
  { operator }: EntitlementStatus,
  signal: AbortSignal,
): Promise<Problem[]> {
  if (operator === undefined) return []
  const { namespace } = operator
  const { attendanceProblem } = await import('../check/attendance.ts')
  const { strayLicenses } = await import('../check/inspect.ts')
  const { builtInOf } = await import('../catalogs.ts')
  const licenseSecret = builtInOf(product)?.license.offlineSecret.name
  const attendance = await attendanceProblem(client, product, namespace, signal)
  // A reader who may not list Secrets gets the decision all the same, without this hint.
  const strays =
    licenseSecret === undefined
      ? []
      : await strayLicenses(client, { namespace, licenseSecret }, signal).catch((error: unknown) => {
          if (error instanceof KubeError) return []
          throw error
        })
  return [
    ...(attendance === undefined ? [] : [attendance]),
    ...strays.map((where) =>
      problem(
        'decision',
        'LicenseElsewhere',
        `the Secret ${where}/${licenseSecret} is not read: the operator looks for ${namespace}/${licenseSecret}`,
      ),
    ),
  ]
}

async function resultOf({ product, entitlement, licenses, beside }: Published, now: Instant): Promise<StatusResult> {
  const { nounOf, timelineOfStatus } = await import('./timeline.ts')
  const noun = nounOf(product)
  const more = [...overdueProblem(entitlement, now), ...beside]
  const health = healthOf(standingOf(entitlement, noun), [...publishedProblems(entitlement), ...more])
  return {
    product,
    headline: health.headline,
    health,
    entitlement,
    licenses,
    timeline: timelineOfStatus(product, entitlement, now).map(({ at, changes }) => ({
      at: formatInstant(at),
      changes: changes.map((change) => meaningOfChange(change, noun)).filter((meaning) => meaning !== undefined),
    })),
    messages: [...more.map(({ message }) => message), ...entitlement.messages],
    toDo: toDo(health, entitlement),
  }
}

/** A decision is overdue: then nobody decides. A moment is allowed for. */
function overdueProblem({ nextChangeAt }: EntitlementStatus, now: Instant): Problem[] {
  const due = parseInstant(nextChangeAt)
  if (due === undefined || due + MINUTE >= now) return []
  const message = `a new decision has been due since ${nextChangeAt}: the operator does not run, or cannot write`
  return [problem('operation', 'Overdue', message)]
}

/** As the operator says them. One of an earlier version has only sentences. */
function publishedProblems({ health, messages }: EntitlementStatus): Problem[] {
  if (health === undefined) {
    return messages.map((message) => ({ reason: 'NotKnown', severity: 'warning', source: 'decision', message }))
  }
  return health.problems.map(({ since, ...one }) => {
    const at = parseInstant(since)
    return { ...one, ...(at === undefined ? {} : { since: at }) }
  })
}

function standingOf(status: EntitlementStatus, noun: string): Standing {
  const { verdict, gate, conditions } = status
  const totals = agentTotals(status)
  return {
    verdict,
    expiring: conditions.some(({ type, status }) => type === 'Expiring' && status === 'True'),
    growth: gate.growth,
    refused: totals.refused,
    held: totals.held,
    noun,
  }
}

const SIGNS: Readonly<Record<HealthLevel, { readonly sign: string; readonly colour: 'green' | 'yellow' | 'red' }>> = {
  Healthy: { sign: '✔', colour: 'green' },
  Attention: { sign: '‼', colour: 'yellow' },
  Restricted: { sign: '✗', colour: 'red' },
}

export function statusScreen(
  { headline, health, entitlement, licenses, timeline, messages, toDo }: StatusResult,
  now: Instant,
): string {
  const { verdict, plan, degradation, cluster, nodes, agents, guardian, updates } = entitlement
  const { sign, colour } = SIGNS[health.level]
  const left = [...agents.refused, ...agents.held]
  const totals = agentTotals(entitlement)
  const unlisted = totals.refused + totals.held - left.length
  const rows: [string, string][] = [
    ['VERDICT', `${styled(colour, verdict)}: ${printable(entitlement.message)}`],
    ['PLAN', plan],
    ...optionalRow('ORGANIZATION', entitlement.organization),
    ['UNTIL', untilWords(entitlement.coveredUntil ?? entitlement.expiresAt, now)],
    ...optionalRow('LEVEL', degradation === 'None' ? undefined : degradation),
    ['CLUSTER', `${cluster.type} on ${cluster.platform}${cluster.proven ? '' : ' (not proven)'}`],
    ['NODES', use(nodes.counted, nodes.limit)],
    ['AGENTS', `${use(totals.admitted, agents.limit)}: ${namesIn(agents.admitted, totals.admitted)}`],
    ['GUARDIAN', guardian.mode],
    ['UPDATES', updates.enabled ? (updates.staged ? 'on, staged' : 'on') : 'off'],
  ]
  return [
    `${styled(colour, sign)} ${styled('bold', headline)}\n\n`,
    properties(rows),
    section('NOT ADMITTED', [...left.map(agentRow), ...(unlisted > 0 ? [[`and ${unlisted} more`]] : [])]),
    section(
      'WRONG SINCE',
      entitlement.violations.map(({ since, reason, message }) => [since, reason, printable(message)]),
    ),
    section(
      'WHAT HAPPENS WHEN',
      timeline.map(({ at, changes }) => [at, changes.join('; ')]),
    ),
    section(
      'LICENSES',
      licenses.map(({ name, status }) => [name, status?.state ?? 'not read yet', printable(status?.message ?? '')]),
    ),
    section(
      'TO KNOW',
      messages.map((message) => [sentence(printable(message))]),
    ),
    section(
      'TO DO',
      toDo.map(({ reason, cure }) => [cure, styled('dim', `cto explain ${reason}`)]),
    ),
  ].join('')
}

function optionalRow(label: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[label, printable(value)]]
}

function untilWords(expiresAt: string | undefined, now: Instant): string {
  const end = parseInstant(expiresAt)
  if (expiresAt === undefined || end === undefined) return 'no end'
  if (end <= now) return `${expiresAt}, ${amount(wholeDaysBetween(end, now), 'day')} ago`
  return `${expiresAt}, ${amount(wholeDaysBetween(now, end), 'day')} left`
}

const MOST_NAMES = 12

function namesIn(agents: readonly AgentEntry[], total: number): string {
  const names = agents.slice(0, MOST_NAMES).map(({ name }) => name)
  if (names.length === 0) return 'none'
  return `${names.join(', ')}${total > names.length ? ` and ${total - names.length} more` : ''}`
}

function use(used: number, limit: number): string {
  return `${used} of ${limit === -1 ? 'any number' : limit}`
}

function agentRow(agent: AgentEntry): string[] {
  const state =
    agent.replicas !== undefined
      ? `held (${amount(agent.replicas, 'replica')})`
      : agent.holdAt === undefined
        ? 'refused'
        : `held at ${agent.holdAt}`
  return [printable(`${agent.namespace}/${agent.workload}`), state, printable(agent.message ?? '')]
}

function toDo({ problems }: Health, { reason, agents }: EntitlementStatus): StatusResult['toDo'] {
  const open = problems.filter(({ severity, pending }) => severity !== 'info' && pending !== true)
  const wrong = [reason, ...open.map((one) => one.reason)]
  for (const agent of [...agents.refused, ...agents.held]) if (agent.reason !== undefined) wrong.push(agent.reason)
  const cures = new Map<string, string>()
  for (const reason of wrong) {
    const cure = cureOf(reason)
    if (cure !== undefined && cure !== NOTHING_TO_DO && ![...cures.values()].includes(cure)) cures.set(reason, cure)
  }
  return [...cures].map(([reason, cure]) => ({ reason, cure }))
}
