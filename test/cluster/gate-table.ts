// What the API server must answer to whoever creates or changes a workload, as a person would say it: for each kind, verb,
// label, owner, state in the gate and growth. Knows nothing of CEL or of the policies.

import type { GateStatus } from '../../src/api/entitlement.ts'

export const LABEL = 'cto.5dlabs.io/agent'
export const GOVERNED_IMAGE = 'example.com/5dlabs/cto-agent:1'
export const OPERATOR = 'the-operator'
export const GOVERNED = 'governed'
export const CROWDED = 'crowded'

/** UIDs of controllers. The gate knows the first two, and that they run rex. */
export const UIDS = {
  rollout: '00000000-0000-4000-8000-000000000001',
  cronJob: '00000000-0000-4000-8000-000000000002',
  nobody: '00000000-0000-4000-8000-000000000003',
}

/** In which growth state the platform is. The plan admits rex and blaze by name. */
export const WORLDS = {
  'open, with free places': {},
  'open, all places taken': { slots: 0 },
  'open without a limit': { slots: -1 },
  'only what is there': { growth: 'ExistingOnly', slots: 5 },
  closed: { growth: 'Closed', slots: 0 },
  'read-only': { growth: 'Closed', slots: 0 },
  unattended: { slots: 0, attended: false, mayCreate: ['rex'] },
  'the license has ended by the clock': { createUntil: '2020-01-01T00:00:00Z' },
} as const satisfies Record<string, Partial<GateStatus>>

export type World = keyof typeof WORLDS
export type Kind =
  'Deployment' | 'StatefulSet' | 'ReplicaSet' | 'ReplicationController' | 'DaemonSet' | 'Job' | 'CronJob'
type Agent = 'rex' | 'zed' | ''

/** What is tried. The first value of each axis is the usual one. */
export const CREATE = {
  world: Object.keys(WORLDS) as World[],
  kind: ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController', 'DaemonSet', 'Job', 'CronJob'] as Kind[],
  label: ['rex', 'zed', '', undefined] as (Agent | undefined)[],
  pods: ['as above', 'none', 'another'] as const,
  wants: [1, 0] as const,
  owner: [
    'none',
    'known controller',
    'forged controller',
    'CronJob that is called a Rollout',
    'CronJob that runs',
    'CronJob that does not run',
  ] as const,
  state: ['unknown', 'admitted', 'stopped', 'refused', 'admitted as another', 'under its own name', 'crowded'] as const,
  image: ['img:1', 'img:2', GOVERNED_IMAGE] as const,
  by: ['a person', 'Kubernetes'] as const,
}

export const UPDATE = {
  world: CREATE.world,
  kind: CREATE.kind,
  label: CREATE.label,
  change: ['kept', 'put on', 'removed', 'changed'] as const,
  wanted: [1, 0] as const,
  wants: [2, 1, 0] as const,
  owner: CREATE.owner,
  state: ['unknown', 'admitted', 'stopped', 'refused', 'admitted as another', 'crowded'] as const,
  pods: ['as above', 'none', 'another'] as const,
  edit: ['nothing else', 'restart', 'image'] as const,
  by: CREATE.by,
}

export const STATUS = {
  world: CREATE.world,
  kind: CREATE.kind,
  label: CREATE.label,
  change: UPDATE.change,
  wanted: UPDATE.wanted,
  state: UPDATE.state,
  by: CREATE.by,
}

export const SCALE = {
  world: CREATE.world,
  kind: ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'] as Kind[],
  label: CREATE.label,
  /** Whether the selector shows the label. */
  selector: ['shows', 'hides'] as const,
  wanted: [1, 0] as const,
  wants: [2, 1, 0] as const,
  state: UPDATE.state,
  by: CREATE.by,
}

type Axes = Readonly<Record<string, readonly unknown[]>>
export type Case<A extends Axes> = { readonly [axis in keyof A]: A[axis][number] }
export type Create = Case<typeof CREATE>
export type Update = Case<typeof UPDATE>
export type StatusWrite = Case<typeof STATUS>
export type Scale = Case<typeof SCALE>

/** Phrases of the sentences, by what is wrong. */
const SAYS = {
  relabelled: 'cannot be changed or removed',
  pods: 'must be on the workload itself too',
  image: 'runs an agent: put the label',
  notInPlan: 'is not licensed: REFUSAL',
  closed: 'is not licensed: MESSAGE',
  noPlace: 'is not licensed: SLOTS',
  idleCronJob: 'it is a Job of a CronJob that does not run',
  ended: 'is not licensed: ENDED',
  mayNotGrow: 'may not grow: MESSAGE',
  overLimit: 'may not grow: SLOTS',
  mayNotChange: 'may not change: MESSAGE',
  nobodyCounts: 'with 0 replicas nobody could tell later',
  untold: 'nobody can tell by its Scale',
}

/** Sentences of which one must be said; none: it passes. */
export type Expected = readonly string[]

/** What is the same in all ways to write. */
interface Growth {
  readonly world: World
  readonly agent: string
  /** Pods before and after. */
  readonly wanted: number
  readonly wants: number
  readonly state: 'admitted' | 'stopped' | 'refused' | 'unknown'
  /** It belongs to a controller that is known to run this agent. */
  readonly isRollout?: boolean
  /** It is a Job of a CronJob: one that is known to run this agent, or not. */
  readonly cronJob?: 'runs' | 'does not run'
  readonly isCreated?: boolean
  /** While nobody counts, it is one of those that may be created by name. */
  readonly hasTicket?: boolean
}

function refusalOfGrowth(growth: Growth): string | undefined {
  const { world, agent, wanted, wants, state, isCreated, hasTicket, cronJob } = growth
  if (wants <= wanted) return undefined
  if (agent !== 'rex' && agent !== 'blaze') return SAYS.notInPlan
  const isReadOnly = world === 'read-only'
  const isClosed = world === 'closed' || isReadOnly
  const isRollout = growth.isRollout === true && !isReadOnly
  if (isRollout) return undefined
  if (wanted > 0) {
    if (isClosed) return SAYS.mayNotGrow
    return state === 'refused' ? SAYS.overLimit : undefined
  }
  if (state === 'admitted') return undefined
  if (isClosed || world === 'only what is there') return SAYS.closed
  if (cronJob === 'does not run') return SAYS.idleCronJob
  if (world === 'open, all places taken' || (world === 'unattended' && hasTicket !== true)) return SAYS.noPlace
  if (isCreated === true && world === 'the license has ended by the clock') return SAYS.ended
  return undefined
}

function stateOf(state: Create['state']): Growth['state'] {
  if (state === 'admitted' || state === 'stopped' || state === 'refused') return state
  return 'unknown'
}

// Whose agent a controller runs is known, and that of both is rex.
function ownership(owner: Create['owner'], kind: Kind, agent: string): Pick<Growth, 'isRollout' | 'cronJob'> {
  if (owner === 'known controller') return { isRollout: agent === 'rex' }
  if (kind !== 'Job') return {}
  if (owner === 'CronJob that runs') return { cronJob: agent === 'rex' ? 'runs' : 'does not run' }
  if (owner === 'CronJob that does not run') return { cronJob: 'does not run' }
  return {}
}

function said(...sentences: readonly (string | undefined)[]): Expected {
  return sentences.filter((sentence) => sentence !== undefined)
}

// Kubernetes gives a Job or ReplicationController without labels those of its pods.
function onTop(kind: Kind, label: string | undefined, pods: string | undefined): string | undefined {
  return kind === 'Job' || kind === 'ReplicationController' ? (label ?? pods) : label
}

export function expectedOfCreate(it: Create): Expected {
  if (it.by === 'Kubernetes') return []
  const pods = podLabel(it)
  const top = onTop(it.kind, it.label, pods)
  return said(refusalOfLabels(top, pods, it.image), top === undefined ? undefined : refusalOfNew(it, top))
}

function refusalOfNew(it: Create, agent: string): string | undefined {
  const { world, kind, wants } = it
  const refusal = refusalOfGrowth({
    world,
    agent,
    wanted: 0,
    wants,
    state: stateOf(it.state),
    ...ownership(it.owner, it.kind, agent),
    isCreated: true,
    hasTicket: kind === 'Deployment' && it.state === 'under its own name' && agent === 'rex',
  })
  if (refusal !== undefined) return refusal
  // What was deleted may be made anew just as it was.
  if (world === 'read-only' && wants > 0 && it.image !== 'img:1') return SAYS.mayNotChange
  return world === 'unattended' && wants === 0 && SCALE.kind.includes(kind) ? SAYS.nobodyCounts : undefined
}

/** The label of the pods. */
export function podLabel({
  label,
  pods,
}: {
  readonly label: Agent | undefined
  readonly pods: Create['pods']
}): string | undefined {
  if (pods === 'none') return undefined
  return pods === 'another' ? 'tess' : label
}

function refusalOfLabels(top: string | undefined, pods: string | undefined, image: string): string | undefined {
  if (pods !== undefined && pods !== top) return SAYS.pods
  return top === undefined && image === GOVERNED_IMAGE ? SAYS.image : undefined
}

/** The label before and after. */
export function labels({ label, change }: Pick<Update, 'label' | 'change'>): {
  before: Agent | undefined
  after: Agent | 'blaze' | undefined
} {
  return {
    before: change === 'put on' ? undefined : label,
    after: change === 'removed' ? undefined : change === 'changed' ? 'blaze' : label,
  }
}

export function expectedOfUpdate(it: Update): Expected {
  const { before, after: written } = labels(it)
  const after = onTop(it.kind, written, podLabel(it))
  const isRelabelled = before !== undefined && after !== before
  // The label stays, whoever writes.
  if (isRelabelled) return [SAYS.relabelled, SAYS.pods]
  if (it.by === 'Kubernetes') return []
  const pods = refusalOfLabels(after, podLabel(it), 'img:1')
  return said(pods, after === undefined ? undefined : refusalOfChange(it, after, before !== undefined))
}

function refusalOfChange(it: Update, agent: string, wasAgent: boolean): string | undefined {
  const refusal = refusalOfGrowth({
    world: it.world,
    agent,
    wanted: wasAgent ? it.wanted : 0,
    wants: it.wants,
    state: stateOf(it.state),
    ...ownership(it.owner, it.kind, agent),
  })
  if (refusal !== undefined) return refusal
  return it.world === 'read-only' && it.edit === 'image' ? SAYS.mayNotChange : undefined
}

/** @param keepsLabels whether this kind's status leaves the labels as they are, by Kubernetes itself */
export function expectedOfStatus(it: StatusWrite, keepsLabels: boolean): Expected {
  const { before, after: written } = labels(it)
  const after = onTop(it.kind, written, before)
  if (keepsLabels || before === after) return []
  if (before !== undefined) return [SAYS.relabelled]
  // The label was put on something that runs, or does not.
  if (it.by === 'Kubernetes') return []
  return said(
    refusalOfGrowth({ world: it.world, agent: after ?? '', wanted: 0, wants: it.wanted, state: stateOf(it.state) }),
  )
}

export function expectedOfScale(it: Scale): Expected {
  const { world, label, selector, wanted, wants, by } = it
  if (by === 'Kubernetes' || wants <= wanted) return []
  const isListed = it.state !== 'unknown' && it.state !== 'crowded' && label !== undefined
  const isShown = selector === 'shows' && label !== undefined
  if (!isListed && !isShown) {
    const isClosed = world === 'closed' || world === 'read-only'
    return it.state === 'crowded' && (wanted === 0 || isClosed) ? [SAYS.untold] : []
  }
  // What the selector shows counts; else what the gate knows under that name.
  const agent = isShown ? label : it.state === 'admitted as another' ? 'blaze' : label
  const state = !isShown && it.state === 'admitted as another' ? 'admitted' : stateOf(it.state)
  return said(refusalOfGrowth({ world, agent, wanted, wants, state }))
}
