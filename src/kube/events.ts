// Events for people: once per happening, a bounded number per object, and never in the way of the work.

import { randomBytes } from 'node:crypto'
import { pause } from '../runtime/pause.ts'
import type { RawObject } from './object.ts'
import type { Client } from './client.ts'
import { events } from './resource.ts'

export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
}

/** @typeParam Reason which words can be its reason */
export interface EventToRecord<Reason extends string> {
  readonly regarding: ObjectReference
  readonly type: 'Normal' | 'Warning'
  readonly reason: Reason
  readonly action: string
  readonly note: string
}

export interface EventRecorder<Reason extends string> {
  record(event: EventToRecord<Reason>): void
  /** Waits until what was recorded is written, or failed to be. What takes longer than some seconds is dropped. */
  flush(): Promise<void>
}

const SAME_FOR_MS = 5 * 60_000
const BURST = 25
const REFILL_MS = 5_000
const LONGEST_NOTE_BYTES = 1_024
/** So many are written at once: a thousand agents are held sooner when their Events do not come in between. */
const WRITERS = 2
/** How long what waits is waited for at the end, in ms. */
const FLUSH_MS = 5_000

interface Bucket {
  tokens: number
  filledAt: number
}

export function createEventRecorder<Reason extends string>(
  client: Client,
  controller: string,
  instance: string,
  onError: (error: unknown) => void,
): EventRecorder<Reason> {
  const recent = new Map<string, number>()
  const buckets = new Map<string, Bucket>()
  const waiting: RawObject[] = []
  const writers = new Set<Promise<void>>()
  let forgottenAt = performance.now()

  function forgetOld(now: number): void {
    if (now - forgottenAt < REFILL_MS) return
    forgottenAt = now
    for (const [key, at] of recent) if (now - at > SAME_FOR_MS) recent.delete(key)
    // A bucket that has filled up again is as good as a new one.
    for (const [object, { filledAt }] of buckets) if (now - filledAt > BURST * REFILL_MS) buckets.delete(object)
  }

  function isRepeated(key: string, now: number): boolean {
    forgetOld(now)
    const at = recent.get(key)
    if (at !== undefined && now - at <= SAME_FOR_MS) return true
    recent.set(key, now)
    return false
  }

  function hasToken(object: string, now: number): boolean {
    const bucket = buckets.get(object) ?? { tokens: BURST, filledAt: now }
    buckets.set(object, bucket)
    const refill = Math.floor((now - bucket.filledAt) / REFILL_MS)
    if (refill > 0) {
      bucket.tokens = Math.min(BURST, bucket.tokens + refill)
      bucket.filledAt += refill * REFILL_MS
    }
    if (bucket.tokens === 0) return false
    bucket.tokens--
    return true
  }

  async function write(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      await client.create(events, event, AbortSignal.timeout(10_000)).catch(onError)
    }
  }

  return {
    record({ regarding, type, reason, action, note }) {
      const now = performance.now()
      const object = `${regarding.kind}/${regarding.namespace ?? ''}/${regarding.name}`
      if (isRepeated(`${object}/${reason}/${note}`, now) || !hasToken(object, now)) return
      // Events of cluster-scoped objects live in `default`.
      const namespace = regarding.namespace ?? 'default'
      const name = `${regarding.name.slice(0, 200).replace(/[-.]+$/, '')}.${randomBytes(8).toString('hex')}`
      waiting.push({
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace },
        eventTime: new Date().toISOString().replace('Z', '000Z'),
        reportingController: controller,
        reportingInstance: instance,
        regarding,
        type,
        reason,
        action,
        note: cutToBytes(note, LONGEST_NOTE_BYTES),
      })
      if (writers.size === WRITERS) return
      const writer = write().finally(() => writers.delete(writer))
      writers.add(writer)
    },
    async flush() {
      const patience = new AbortController()
      await Promise.race([Promise.all(writers), pause(FLUSH_MS, patience.signal)])
      patience.abort()
      waiting.length = 0
    },
  }
}

/** The text, as far as so many bytes of UTF-8 go, without half a character at its end. */
function cutToBytes(text: string, longest: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, longest), { stream: true })
}
