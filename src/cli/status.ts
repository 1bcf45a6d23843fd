// `cto status`: one screen that answers: am I fine, until when, what is refused and why, what do I do.

import { Command } from 'commander'
import { type AgentEntry, agentTotals, type EntitlementStatus } from '../api/entitlement.ts'
import type { LicenseStatus } from '../api/license.ts'
import { entitlements, licenses } from '../api/resources.ts'
import { meaningOfChange } from '../domain/change-words.ts'
import { formatInstant, type Instant, MINUTE, parseInstant, wholeDaysBetween } from '../domain/instant.ts'
import { cureOf, NOTHING_TO_DO } from '../domain/reasons.ts'
import { headlineOf, type Standing, toneOf } from '../domain/standing.ts'
import { amount } from '../domain/words.ts'
import type { Client } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from './cluster-options.ts'
import { DEFAULT_PRODUCT } from './default-product.ts'
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
} from './output.ts'

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
  /** What the decision does not know of. */
  readonly beside: readonly string[]
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
  const { misspeltAgents, unusedConfigs } = await import('./status-beside.ts')
  return {
    // Who may read the decision and not this has the decision.
    beside: [
      ...misspeltAgents(product, entitlement),
      ...(await unusedConfigs(client, product, signal).catch(() => [])),
    ],
    product,
    entitlement,
    licenses: (items ?? []).map((item) => ({
      name: item.metadata.name,
      ...(item['status'] === undefined ? {} : { status: item['status'] as LicenseStatus }),
    })),
  }
}

async function resultOf({ product, entitlement, licenses, beside }: Published, now: Instant): Promise<StatusResult> {
  const { nounOf, timelineOfStatus } = await import('./status-timeline.ts')
  const noun = nounOf(product)
  const overdue = overdueSince(entitlement, now)
  return {
    product,
    headline: headlineOf(standingOf(entitlement, beside.length + (overdue === undefined ? 0 : 1)), noun),
    entitlement,
    licenses,
    timeline: timelineOfStatus(product, entitlement, now).map(({ at, changes }) => ({
      at: formatInstant(at),
      changes: changes.map((change) => meaningOfChange(change, noun)).filter((meaning) => meaning !== undefined),
    })),
    messages: [
      ...(overdue === undefined
        ? []
        : [`a new decision has been due since ${overdue}: the operator does not run, or cannot write`]),
      ...entitlement.messages,
      ...beside,
    ],
    toDo: toDo(entitlement),
  }
}

/** Since when a decision is overdue: then nobody decides. A moment is allowed for. */
function overdueSince({ nextChangeAt }: EntitlementStatus, now: Instant): string | undefined {
  const due = parseInstant(nextChangeAt)
  return due !== undefined && due + MINUTE < now ? nextChangeAt : undefined
}

function standingOf(status: EntitlementStatus, beside = 0): Standing {
  const { verdict, gate, messages, conditions } = status
  const totals = agentTotals(status)
  return {
    verdict,
    expiring: conditions.some(({ type, status }) => type === 'Expiring' && status === 'True'),
    growth: gate.growth,
    refused: totals.refused,
    held: totals.held,
    messages: messages.length + beside,
  }
}

const SIGNS = {
  good: () => styled('green', '✔'),
  attention: () => styled('yellow', '‼'),
  restricted: () => styled('red', '✗'),
} as const

export function statusScreen(
  { headline, entitlement, licenses, timeline, messages, toDo }: StatusResult,
  now: Instant,
): string {
  const { verdict, plan, degradation, cluster, nodes, agents, guardian, updates } = entitlement
  const tone = toneOf(standingOf(entitlement, messages.length - entitlement.messages.length))
  const colour = { good: 'green', attention: 'yellow', restricted: 'red' } as const
  const left = [...agents.refused, ...agents.held]
  const totals = agentTotals(entitlement)
  const unlisted = totals.refused + totals.held - left.length
  const rows: [string, string][] = [
    ['VERDICT', `${styled(colour[tone], verdict)}: ${printable(entitlement.message)}`],
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
    `${SIGNS[tone]()} ${styled('bold', headline)}\n\n`,
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

function toDo({ reason, violations, agents }: EntitlementStatus): StatusResult['toDo'] {
  const wrong = [reason, ...violations.map((violation) => violation.reason)]
  for (const agent of [...agents.refused, ...agents.held]) if (agent.reason !== undefined) wrong.push(agent.reason)
  const cures = new Map<string, string>()
  for (const reason of wrong) {
    const cure = cureOf(reason)
    if (cure !== undefined && cure !== NOTHING_TO_DO && ![...cures.values()].includes(cure)) cures.set(reason, cure)
  }
  return [...cures].map(([reason, cure]) => ({ reason, cure }))
}
