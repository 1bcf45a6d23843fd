// What the status page shows, as data: the one place that takes it from a Decision. Served as it is at /status.json. Lists
// and texts are bounded, so that whatever the cluster holds, a page stays a page.

import type { AdmittedAgent } from '../../domain/entitlement/agent-candidates.ts'
import type { HeldAgent, RefusedAgent } from '../../domain/entitlement/agent-admission.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { meaningOfChange } from '../../domain/entitlement/change-words.ts'
import type { Decision } from '../../domain/entitlement/decision.ts'
import { coveredUntil, limitOf } from '../../domain/entitlement/grant.ts'
import { formatInstant, type Instant, wholeDaysBetween } from '../../domain/time.ts'
import { UNLIMITED } from '../../domain/limits.ts'
import type { NodeOverage } from '../../domain/cluster/node-overage.ts'
import type { Health, HealthLevel } from '../../domain/health/health.ts'
import { cureOf, NOTHING_TO_DO } from '../../domain/entitlement/reasons.ts'
import type { TimelineEntry } from '../../domain/entitlement/timeline.ts'
import { timeFrom } from './dates.ts'
import type { JournalEntry } from './journal.ts'

export interface StatusSource {
  readonly catalog: Catalog
  readonly version: string
  readonly now: Instant
  /** Absent until the first decision. */
  readonly decision?: Decision
  /** How it stands; absent until the first decision. */
  readonly health?: Health
  readonly timeline: readonly TimelineEntry[]
  readonly events: readonly JournalEntry[]
  /** What keeps the operator from its first decision. */
  readonly waitingFor: readonly string[]
}

export interface StatusView {
  readonly product: string
  readonly vendor: string
  readonly version: string
  /** When this was looked at. */
  readonly at: string
  readonly waitingFor: readonly string[]
  readonly status?: DecidedView
  readonly events: readonly EventView[]
}

/** From all is well to growth is refused. */
export type Tone = 'good' | 'attention' | 'restricted'

export interface DecidedView {
  readonly tone: Tone
  readonly verdict: string
  readonly headline: string
  readonly message: string
  /** Since when, and what lifts it: of the violation that is the verdict. */
  readonly since?: string
  readonly cure?: string
  /** How long the license goes on, or how long ago it ended: `300`, `days left`. */
  readonly countdown?: { readonly count: string; readonly words: string }
  readonly license: {
    readonly plan: string
    readonly organization?: string
    readonly licenseId?: string
    /** The License resource, or the Secret, that it was read from: `License acme`. */
    readonly source?: string
    readonly expiresAt?: string
    /** Whether it has ended. */
    readonly isOver: boolean
    readonly level: string
    readonly updates: string
    readonly guardian: string
    readonly addons: readonly string[]
    readonly features: readonly string[]
  }
  readonly limits: readonly LimitView[]
  /** Every violation but the one that is the verdict, and what else a person should look into. */
  readonly problems: readonly ProblemView[]
  /** What a person should know besides. */
  readonly notes: readonly string[]
  readonly agents: {
    readonly noun: string
    readonly refused: Bounded<AgentView>
    readonly held: Bounded<AgentView>
    readonly admitted: Bounded<AgentView>
    /** What lifts each reason for which one is refused or held. */
    readonly cures: readonly { readonly reason: string; readonly cure: string }[]
  }
  readonly cluster: {
    readonly type: string
    readonly platform: string
    readonly proven: boolean
    readonly confidence: string
    readonly uid: string
    readonly evidence: readonly string[]
    readonly contradictions: readonly string[]
  }
  readonly timeline: readonly StepView[]
  /** What the plan asks to be shown. */
  readonly badge?: string
}

export interface LimitView {
  readonly title: string
  readonly used: number
  /** Absent: there is none. */
  readonly limit?: number
  /** What is left, or by how much it is over. */
  readonly note: string
}

export interface ProblemView {
  readonly reason: string
  readonly message: string
  readonly since?: string
  readonly cure?: string
}

export interface AgentView {
  readonly name: string
  readonly workload: string
  readonly reason?: string
  readonly message?: string
  readonly holdAt?: string
  readonly replicas?: number
}

/** Something that happens by itself at its time, or has happened. */
export interface StepView {
  readonly at: string
  /** `in 30 days`, `3 days ago`. */
  readonly distance: string
  readonly isPast: boolean
  /** The level of restriction that begins. */
  readonly level?: string
  readonly changes: readonly string[]
}

export interface EventView extends Omit<JournalEntry, 'at'> {
  readonly at: string
}

/** The first of many, and how many there are besides. */
export interface Bounded<T> {
  readonly shown: readonly T[]
  readonly more: number
}

const TONES: Readonly<Record<HealthLevel, Tone>> = {
  Healthy: 'good',
  Attention: 'attention',
  Restricted: 'restricted',
}
const MOST = { refused: 12, held: 12, admitted: 40, list: 10, features: 40 } as const
const LONGEST = { name: 72, text: 220 } as const

export function statusView(source: StatusSource): StatusView {
  const { catalog, decision, health } = source
  return {
    product: catalog.title,
    vendor: catalog.vendor,
    version: source.version,
    at: formatInstant(source.now),
    waitingFor: source.waitingFor.slice(0, MOST.list).map((one) => short(one)),
    ...(decision === undefined || health === undefined ? {} : { status: decidedView(source, decision, health) }),
    events: source.events.map(({ at, type, reason, regarding, note }) => ({
      at: formatInstant(at),
      type,
      reason: short(reason, LONGEST.name),
      regarding: short(regarding, LONGEST.name),
      note: short(note),
    })),
  }
}

function decidedView({ catalog, now, timeline }: StatusSource, decision: Decision, health: Health): DecidedView {
  const { grant, cluster, agents } = decision
  const { branding } = grant.plan
  const [first, ...others] = decision.violations.map(problemView)
  const expiresAt = coveredUntil(grant)
  return {
    tone: TONES[health.level],
    verdict: decision.verdict,
    headline: health.headline,
    message: asSentence(decision.message),
    // The end of a license is its date, and not when it was noticed.
    ...(first?.since === undefined || decision.verdict === 'Expired' ? {} : { since: first.since }),
    ...(first?.cure === undefined ? {} : { cure: first.cure }),
    ...(expiresAt === undefined ? {} : { countdown: countdown(now, expiresAt) }),
    license: licenseView(decision, now),
    limits: limitsView(decision, catalog),
    problems: [...others, ...[...operationProblems(health), ...decision.concerns].slice(0, MOST.list).map(problemView)],
    notes: decision.notes
      .filter(({ reason }) => decision.concerns.every((concern) => concern.reason !== reason))
      .slice(0, MOST.list)
      .map(({ message }) => asSentence(message)),
    agents: {
      noun: catalog.governed.noun,
      refused: bounded(agents.refused, MOST.refused, agentView),
      held: bounded(agents.held, MOST.held, agentView),
      admitted: bounded(agents.admitted, MOST.admitted, agentView),
      cures: curesFor([...agents.refused, ...agents.held]),
    },
    cluster: {
      type: cluster.type,
      platform: cluster.platform,
      proven: cluster.proven,
      confidence: cluster.confidence,
      uid: decision.clusterUid,
      evidence: cluster.evidence.slice(0, MOST.list).map((one) => short(one)),
      contradictions: cluster.contradictions.slice(0, MOST.list).map((one) => short(one)),
    },
    timeline: timeline.slice(0, MOST.list).map((entry) => stepView(entry, now, catalog.governed.noun)),
    ...(branding?.badgeRequired === true ? { badge: branding.badgeText ?? `Powered by ${catalog.vendor}` } : {}),
  }
}

/** What is in the work is over before anybody could do something about it. */
function operationProblems({ problems }: Health): Problem[] {
  return problems.filter(({ source, pending }) => source === 'operation' && pending !== true)
}

interface Problem {
  readonly reason: string
  readonly message: string
  readonly firstSeen?: Instant
}

function problemView({ reason, message, firstSeen }: Problem): ProblemView {
  const cure = cureFor(reason)
  return {
    reason,
    message: asSentence(message),
    ...(firstSeen === undefined ? {} : { since: formatInstant(firstSeen) }),
    ...(cure === undefined ? {} : { cure }),
  }
}

function stepView({ at, changes }: TimelineEntry, now: Instant, noun: string): StepView {
  const level = changes.find(({ what, to }) => what === 'degradation' && to !== 'None')
  return {
    at: formatInstant(at),
    distance: timeFrom(now, at),
    isPast: at <= now,
    ...(level === undefined ? {} : { level: level.to }),
    changes: changes
      .filter((change) => change !== level)
      .map((change) => meaningOfChange(change, noun))
      .filter((meaning) => meaning !== undefined)
      .map(asSentence),
  }
}

function licenseView(decision: Decision, now: Instant): DecidedView['license'] {
  const { grant, degradation, updates, guardian } = decision
  const claims = grant.license?.claims
  return {
    plan: grant.plan.title,
    ...(claims === undefined
      ? {}
      : {
          organization: short(claims.organization),
          licenseId: short(claims.licenseId),
          source: sourceOf(grant.license?.facts.name ?? ''),
          expiresAt: formatInstant(coveredUntil(grant) ?? claims.expiresAt),
        }),
    isOver: claims !== undefined && claims.expiresAt <= now,
    level: degradation.level,
    updates: updates.enabled ? (updates.staged ? 'on, in stages' : 'on') : 'off',
    guardian: guardian.mode,
    addons: decision.addons,
    features: decision.features.slice(0, MOST.features),
  }
}

// A license that no License names is called after its Secret.
function sourceOf(name: string): string {
  return name.startsWith('secret/') ? `Secret ${name.slice('secret/'.length)}` : `License ${name}`
}

function limitsView({ nodes, agents, grant }: Decision, { meters, governed }: Catalog): LimitView[] {
  const { overage, counted, total } = nodes
  const view = (axis: string, fallback: string, used: number, note = ''): LimitView => {
    const limit = limitOf(grant, axis)
    const title = meters[axis]?.title ?? fallback
    if (limit === UNLIMITED) return { title, used, note: `Any number${note}` }
    const over = `${used - limit} over the limit`
    return {
      title,
      used,
      limit,
      note: (used > limit ? over : used === limit ? 'None left' : `${limit - used} left`) + note,
    }
  }
  const uncounted = total > counted ? `, ${total - counted} not counted` : ''
  const since = overage === undefined ? '' : ` since ${formatInstant(overage.since)}, ${consequenceOf(overage)}`
  return [
    view('nodes', 'Nodes', counted, since + uncounted),
    view(governed.axis, capitalized(`${governed.noun}s`), agents.admitted.length),
  ]
}

function consequenceOf({ peak, graceIsOver, graceEndsAt }: NodeOverage): string {
  const from = graceIsOver ? 'until the count is back' : `from ${formatInstant(graceEndsAt)}`
  return `with up to ${peak}; growth is refused ${from}`
}

function agentView(agent: AdmittedAgent & Partial<RefusedAgent> & Partial<HeldAgent>): AgentView {
  const { reason, message, holdAt, replicas } = agent
  return {
    name: short(agent.agent, LONGEST.name),
    workload: short(
      `${agent.kind === 'Deployment' ? '' : `${agent.kind} `}${agent.namespace}/${agent.workload}`,
      LONGEST.name,
    ),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message: asSentence(message) }),
    ...(holdAt === undefined ? {} : { holdAt: formatInstant(holdAt) }),
    ...(replicas === undefined ? {} : { replicas }),
  }
}

function curesFor(agents: readonly RefusedAgent[]): { reason: string; cure: string }[] {
  return [...new Set(agents.map(({ reason }) => reason))].flatMap((reason) => {
    const cure = cureFor(reason)
    return cure === undefined ? [] : [{ reason, cure }]
  })
}

function cureFor(reason: string): string | undefined {
  const cure = cureOf(reason)
  return cure === NOTHING_TO_DO ? undefined : cure
}

/** Whole days while there are many: what is left is said, never promised to the minute. */
function countdown(now: Instant, expiresAt: Instant): { count: string; words: string } {
  const left = wholeDaysBetween(now, expiresAt)
  if (left >= 0) return { count: String(left), words: left === 1 ? 'day left' : 'days left' }
  const ago = wholeDaysBetween(expiresAt, now)
  return { count: String(ago), words: ago === 1 ? 'day since the end' : 'days since the end' }
}

function bounded<T, V>(items: readonly T[], most: number, view: (item: T) => V): Bounded<V> {
  return { shown: items.slice(0, most).map(view), more: Math.max(0, items.length - most) }
}

function short(text: string, longest: number = LONGEST.text): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

/** The core's sentences begin small and have no full stop. */
function asSentence(message: string): string {
  return `${capitalized(short(message)).replace(/\.$/, '')}.`
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
