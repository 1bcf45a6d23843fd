// Leader election: of several replicas one writes, the others are ready to. A follower watches the lease, and so takes it in
// the moment in which it is released; one that is missing or released it takes at once.
//
// Leadership ends by itself. It is asked for right before each write (`Fence`), and a replica that was stopped, cut off or
// too busy to renew gets the answer no, whatever it believed before.

import { pause } from '../runtime/pause.ts'
import { withTimeLimit } from '../runtime/time-limit.ts'
import type { RawObject } from './object.ts'
import type { Client, Fence } from './client.ts'
import { isAlreadyExists, isConflict, isNotFound, unlessMissing } from './errors.ts'
import {
  attemptMs,
  hearsLeader,
  type LeaseSpec,
  type LeaseTiming,
  nextStep,
  released,
  renewed,
  type Standing,
  taken,
  writableUntil,
} from './lease.ts'
import { leases, namespaces } from './resource.ts'
import { reflect, Store } from './store.ts'
import { itemFrom, type WatchTarget } from './watcher.ts'

export interface ElectionOptions {
  readonly namespace: string
  readonly name: string
  /** Who we are: never the same for two replicas that run at once. */
  readonly identity: string
  readonly timing: LeaseTiming
  /** Whether a holder is known to have ended: his lease is taken at once. */
  readonly isGone?: (holder: string) => boolean
}

export interface ElectionHooks {
  /** This replica leads. The fence is for the writes of this term of office, and closes for good with it. */
  readonly onElected: (fence: Fence) => void
  /** This replica leads no more; its fence is closed already. */
  readonly onLost: () => void
  /** Another one has the lease, and this replica waits. Told once for each holder. */
  readonly onWaiting?: (lease: LeaseSpec) => void
  /** An attempt failed; it will be made again. */
  readonly onProblem: (error: unknown) => void
}

export interface Election {
  /** What keeps this replica from learning who leads; undefined while nothing does. */
  readonly problem: string | undefined
  /** The lease of another that leads, as far as this replica hears of it. */
  readonly leader: LeaseSpec | undefined
  /** Runs for office until the signal aborts, and then gives the lease up. */
  run(signal: AbortSignal): Promise<void>
}

interface Lease extends RawObject {
  readonly spec?: LeaseSpec
}

const LONGEST_SLEEP_MS = 60_000

/** The client must be one of its own, as patient as `attemptMs`, and not behind the fence: it writes the lease itself. */
export function createElection(client: Client, options: ElectionOptions, hooks: ElectionHooks): Election {
  const { namespace, name, identity, timing, isGone = () => false } = options
  const key = `${namespace}/${name}`
  const target: WatchTarget<Lease> = {
    resource: leases,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    project: (raw) => raw as Lease,
  }
  let standing: Standing = { kind: 'follower' }
  /** The lease as we wrote it last. */
  let held: Lease | undefined
  let following: Store<Lease> | undefined
  /** Of whom it was said that he leads. */
  let told: string | undefined
  let terms = 0
  let wake: () => void = () => undefined

  async function run(signal: AbortSignal): Promise<void> {
    const stop = () => wake()
    signal.addEventListener('abort', stop)
    while (!signal.aborted) {
      await follow(signal)
      if (!signal.aborted) await lead(signal)
    }
    signal.removeEventListener('abort', stop)
    await release()
  }

  /** Until this replica leads. */
  async function follow(signal: AbortSignal): Promise<void> {
    standing = { kind: 'follower' }
    const store = new Store<Lease>()
    store.onChange(() => {
      if (!store.synced) {
        // Without one, it is the lease of the first list, which is not whole yet.
        if (store.problem !== undefined) hooks.onProblem(store.problem)
      } else if (standing.kind === 'follower') {
        const spec = store.get(key)?.spec
        const isHolderGone = isGone(spec?.holderIdentity ?? '')
        standing = { ...standing, seen: { spec, at: performance.now(), isHolderGone } }
        wake()
      }
    })
    following = store
    const watching = new AbortController()
    const reflecting = reflect(client, target, store, AbortSignal.any([signal, watching.signal]))
    while (isFollower() && !signal.aborted) {
      const step = nextStep(standing, identity, timing, performance.now())
      if (step.kind === 'take') await take(store, signal)
      else if (step.kind === 'wait') {
        tellWaiting()
        await sleepUntil(step.until)
      }
    }
    watching.abort()
    await reflecting
    following = undefined
  }

  function tellWaiting(): void {
    const lease = leader()
    if (lease === undefined || lease.holderIdentity === told) return
    told = lease.holderIdentity
    hooks.onWaiting?.(lease)
  }

  function leader(): LeaseSpec | undefined {
    if (standing.kind === 'leader' || !hearsLeader(standing, identity, timing, performance.now())) return undefined
    return standing.seen?.spec
  }

  /** Until this replica leads no more. */
  async function lead(signal: AbortSignal): Promise<void> {
    told = undefined
    hooks.onElected(fenceOfThisTerm())
    while (!isFollower() && !signal.aborted) {
      const step = nextStep(standing, identity, timing, performance.now())
      if (step.kind === 'renew') await renew(signal)
      else if (step.kind === 'wait') await sleepUntil(step.until)
      else standing = { kind: 'follower' }
    }
    if (!signal.aborted) hooks.onLost()
  }

  function isFollower(): boolean {
    return standing.kind === 'follower'
  }

  function mayWrite(): boolean {
    return performance.now() < writableUntil(standing, timing)
  }

  function fenceOfThisTerm(): Fence {
    const term = ++terms
    // A later term of ours does not open it again: what an earlier one wanted to write is out of date.
    const isOpen = () => term === terms && mayWrite()
    return { isOpen, timeoutMs: timing.durationMs - timing.renewDeadlineMs }
  }

  async function take(store: Store<Lease>, signal: AbortSignal): Promise<void> {
    const triedAt = performance.now()
    const before = store.get(key)
    try {
      const spec = taken(before?.spec, identity, timing, new Date())
      held = await limited(signal, (limit) => (before === undefined ? create(spec, limit) : put(before, spec, limit)))
      standing = { kind: 'leader', renewedAt: triedAt }
    } catch (error) {
      if (signal.aborted || standing.kind === 'leader') return
      standing = { ...standing, triedAt }
      if (isConflict(error) || isAlreadyExists(error)) await lookAgain(store, signal)
      else hooks.onProblem(error)
    }
  }

  // Somebody was faster. The watch is about to say who, unless it hangs.
  async function lookAgain(store: Store<Lease>, signal: AbortSignal): Promise<void> {
    try {
      const found = await limited(signal, get)
      if (found !== undefined) store.applied(itemFrom(target, found))
    } catch (error) {
      if (!signal.aborted) hooks.onProblem(error)
    }
  }

  async function renew(signal: AbortSignal): Promise<void> {
    const triedAt = performance.now()
    try {
      const before = held ?? (await limited(signal, get))
      // Our own renewal may have arrived though its answer did not, and anybody may put a label on the lease.
      if (before?.spec?.holderIdentity !== identity) {
        standing = { kind: 'follower' }
        return
      }
      held = await limited(signal, (limit) => put(before, renewed(before.spec ?? {}, new Date()), limit))
      standing = { kind: 'leader', renewedAt: triedAt }
    } catch (error) {
      if (signal.aborted || standing.kind === 'follower') return
      held = undefined
      standing = { ...standing, triedAt }
      if (!isConflict(error) && !isNotFound(error)) hooks.onProblem(error)
    }
  }

  async function release(): Promise<void> {
    // From now on nobody here writes; only then may another.
    standing = { kind: 'follower' }
    const limit = AbortSignal.timeout(attemptMs(timing))
    try {
      // As it stands there now: a renewal that was given up may have arrived.
      const lease = await get(limit)
      if (lease?.spec?.holderIdentity === identity) await put(lease, released(lease.spec, new Date()), limit)
    } catch (error) {
      hooks.onProblem(error)
    }
  }

  function get(signal: AbortSignal): Promise<Lease | undefined> {
    return unlessMissing(client.get(leases, { namespace, name }, signal))
  }

  async function create(spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    const lease = { ...KIND, metadata: { name, namespace }, spec }
    try {
      return await client.create(leases, lease, signal)
    } catch (error) {
      if (!isNotFound(error)) throw error
      // Outside of a cluster nobody has made the namespace yet. In a pod it is there.
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, signal)
      return client.create(leases, lease, signal)
    }
  }

  // With the version that was seen: whoever was faster wins.
  function put(before: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    // Who owns which field of a lease is of no interest, and half of what would go to and fro each five seconds.
    const metadata = { ...before.metadata, managedFields: [{}] }
    return client.replace(leases, { ...before, ...KIND, metadata, spec }, signal)
  }

  function limited<T>(signal: AbortSignal, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    return withTimeLimit(attemptMs(timing), signal, work)
  }

  async function sleepUntil(instant: number): Promise<void> {
    const waking = new AbortController()
    wake = () => waking.abort()
    await pause(Math.max(0, Math.min(instant - performance.now(), LONGEST_SLEEP_MS)), waking.signal)
  }

  return {
    get problem() {
      return following?.problem?.message
    },
    get leader() {
      return leader()
    },
    run,
  }
}

const KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
