// Who leads, by a Lease: what to do next, and what is written to take, keep and release it. Pure.
//
// Times are the reader's own monotonic clock: a lease is as old as the time since this version of it was first seen, and
// the clocks of two machines are never compared. What is written as `renewTime` is for people.

export interface LeaseTiming {
  /** How long a lease that is not renewed keeps others out, in ms; whole seconds. */
  readonly durationMs: number
  /** How long after its last renewal the leader may begin a write, in ms. The rest is for writes under way. */
  readonly renewDeadlineMs: number
  /** From one attempt that failed to the next, in ms. */
  readonly retryMs: number
}

export const LEASE_TIMING: LeaseTiming = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }

/** How long one attempt to take or renew may take, in ms: two more fit between the first and the deadline. */
export function attemptMs({ renewDeadlineMs }: LeaseTiming): number {
  return renewDeadlineMs / 4
}

export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

/** A version of the lease, and when it was seen first. No spec: there is no lease. */
export interface Sighting {
  readonly spec: LeaseSpec | undefined
  readonly at: number
  /** Whether its holder is known to have ended. */
  readonly isHolderGone?: boolean
}

export type Standing =
  | { readonly kind: 'follower'; readonly seen?: Sighting; readonly triedAt?: number }
  | { readonly kind: 'leader'; readonly renewedAt: number; readonly triedAt?: number }

export type Step =
  | { readonly kind: 'take' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'step-down' }
  /** Nothing to do before that time, unless the lease changes. */
  | { readonly kind: 'wait'; readonly until: number }

/** What to do now. */
export function nextStep(standing: Standing, identity: string, timing: LeaseTiming, now: number): Step {
  const mayTryAt = standing.triedAt === undefined ? now : standing.triedAt + timing.retryMs
  if (standing.kind === 'follower') {
    if (standing.seen === undefined) return { kind: 'wait', until: Number.POSITIVE_INFINITY }
    const at = Math.max(takeableAt(standing.seen, identity, timing), mayTryAt)
    return now < at ? { kind: 'wait', until: at } : { kind: 'take' }
  }
  const deadline = writableUntil(standing, timing)
  if (now >= deadline) return { kind: 'step-down' }
  const at = Math.max(standing.renewedAt + timing.renewDeadlineMs / 2, mayTryAt)
  return now < at ? { kind: 'wait', until: Math.min(at, deadline) } : { kind: 'renew' }
}

/** Until when this replica may begin a write. */
export function writableUntil(standing: Standing, timing: LeaseTiming): number {
  return standing.kind === 'leader' ? standing.renewedAt + timing.renewDeadlineMs : Number.NEGATIVE_INFINITY
}

// A lease that is ours is from the process before us in the same pod, and that one is gone.
function takeableAt(seen: Sighting, identity: string, timing: LeaseTiming): number {
  const isOurs = seen.spec?.holderIdentity === identity
  return isOurs || !isHeld(seen) ? Number.NEGATIVE_INFINITY : believedUntil(seen, timing)
}

/** Whether somebody has the lease of whom nothing says that he has ended. */
export function isHeld({ spec, isHolderGone = false }: Sighting): boolean {
  return (spec?.holderIdentity ?? '') !== '' && !isHolderGone
}

/**
 * Until when a lease that does not change keeps others out. Never longer than one of our own does: no operator takes it for
 * longer, and anybody else who may write the lease could end all decisions with one number.
 */
export function believedUntil({ spec, at }: Sighting, { durationMs }: LeaseTiming): number {
  const claimed = spec?.leaseDurationSeconds
  return at + (claimed === undefined ? durationMs : Math.min(claimed * 1_000, durationMs))
}

/** Whether a follower has reason to think that another leads: who has not renewed for that long may not write any more. */
export function hearsLeader(standing: Standing, identity: string, timing: LeaseTiming, now: number): boolean {
  if (standing.kind === 'leader' || standing.seen === undefined || !isHeld(standing.seen)) return false
  if (standing.seen.spec?.holderIdentity === identity) return false
  return now < Math.min(standing.seen.at + timing.renewDeadlineMs, believedUntil(standing.seen, timing))
}

/** The lease as it is written to take it. */
export function taken(before: LeaseSpec | undefined, identity: string, timing: LeaseTiming, now: Date): LeaseSpec {
  const time = microTime(now)
  const changesHands = before?.holderIdentity !== identity
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: timing.durationMs / 1_000,
    acquireTime: changesHands ? time : (before.acquireTime ?? time),
    renewTime: time,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (changesHands && before !== undefined ? 1 : 0),
  }
}

/** The lease as it is written to keep it. */
export function renewed(spec: LeaseSpec, now: Date): LeaseSpec {
  return { ...spec, renewTime: microTime(now) }
}

/** The lease as it is written to let another take it at once. */
export function released(spec: LeaseSpec, now: Date): LeaseSpec {
  const { holderIdentity: _, ...rest } = spec
  return { ...rest, renewTime: microTime(now) }
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
