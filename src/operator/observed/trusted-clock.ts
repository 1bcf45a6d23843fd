// The time that decisions go by: the node's clock, confirmed by the API server and by whoever renews a Lease, and never
// earlier than a time that has passed.

import { DAY, HOUR, type Instant, MINUTE, parseInstant, SECOND } from '../../domain/time.ts'
import { recordTime, type TimeRecord, type TrustedTime, trustedTime } from '../../domain/entitlement/trusted-time.ts'
import type { Client } from '../../kube/client.ts'
import { leases } from '../../kube/resource.ts'
import type { Clock } from '../../runtime/clock.ts'

/** Renewed every two seconds, by a process of its own, wherever a control plane can be seen. */
const LEASE = { namespace: 'kube-system', name: 'kube-controller-manager' }
/** How old the others' word may be; between looks it is carried on by the time that elapses. */
const ASK_AGAIN_MS = 10 * MINUTE
const ASK_AGAIN_IN_DISPUTE_MS = 10 * SECOND
/** A decision does not wait for a witness that is slow to answer. */
const PATIENCE_MS = 2 * SECOND
/** How often the time is looked at when nothing happens: a clock that is set says nothing by itself. */
const LOOK_EVERY_MS = HOUR
const LOOK_EVERY_WHILE_DISPUTED_MS = ASK_AGAIN_MS
/** How far the time that is kept for a restart may lag behind: writing it more often would be noise. */
const KEEP_EVERY = DAY

export interface KeptTime {
  /** The latest time that has passed while an operator was at work. */
  readonly time?: Instant | undefined
  /** What a time that is contested was when it was said first. */
  readonly contested?: Instant | undefined
}

export interface TrustedClock {
  /** The time now. Asks the others again when their word is old. */
  read(signal: AbortSignal): Promise<TrustedTime>
  /** Something signed says that this time has passed. */
  witness(passed: Instant): void
  /** Takes back what was kept before a restart. */
  restore(kept: KeptTime): void
  /** What a restart has to be given back. */
  readonly kept: KeptTime
  /** After how long, in ms, the time should be looked at again though nothing has happened. */
  readonly lookAgainMs: number
}

export function createTrustedClock(clock: Clock, client: Client): TrustedClock {
  let record: TimeRecord = { passed: 0 }
  let kept: Instant | undefined
  let lease: { readonly at: Instant; readonly elapsed: number } | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let disputed = false

  return {
    async read(signal) {
      // Time that is played has no witnesses in the world.
      if (clock.simulated === true) return { now: clock.now() }
      let time = judge()
      // A dispute that is new may be over with their next word: after a sleep it is.
      const isNew = time.concern !== undefined && !disputed
      if (isNew || clock.elapsed() - askedAt >= (disputed ? ASK_AGAIN_IN_DISPUTE_MS : ASK_AGAIN_MS)) {
        await ask(signal)
        time = judge()
      }
      return take(time)
    },
    witness(passed) {
      record = { ...record, passed: Math.max(record.passed, passed) }
    },
    restore({ time, contested }) {
      if (contested !== undefined) record = { ...record, contest: { since: contested } }
      if (time === undefined) return
      kept = time
      record = { ...record, passed: Math.max(record.passed, time), settled: Math.max(record.settled ?? 0, time) }
    },
    get kept() {
      return { time: kept, contested: record.contest?.since }
    },
    get lookAgainMs() {
      return disputed ? LOOK_EVERY_WHILE_DISPUTED_MS : LOOK_EVERY_MS
    },
  }

  function judge(): TrustedTime {
    const elapsed = clock.elapsed()
    const readings = {
      clock: clock.now(),
      apiServer: client.serverTime(),
      lease: lease === undefined ? undefined : lease.at + elapsed - lease.elapsed,
      elapsed,
    }
    return trustedTime(readings, record)
  }

  async function ask(signal: AbortSignal): Promise<void> {
    askedAt = clock.elapsed()
    try {
      // The answer also brings the API server's own time.
      const { spec } = (await client.get(
        leases,
        LEASE,
        AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
      )) as { spec?: { renewTime?: string } }
      const at = parseInstant(spec?.renewTime)
      lease = at === undefined ? undefined : { at, elapsed: clock.elapsed() }
    } catch {
      // Not every control plane shows the Lease: then there is a witness less.
      lease = undefined
    }
  }

  function take(time: TrustedTime): TrustedTime {
    disputed = time.concern !== undefined || time.contest !== undefined
    record = recordTime(record, time, clock.elapsed())
    // A date in a document comes back with the document; it says nothing of an operator that was at work then.
    if (record.settled !== undefined && record.settled >= (kept ?? 0) + KEEP_EVERY) kept = record.settled
    return time
  }
}
