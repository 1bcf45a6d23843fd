// A list, then what changes, for ever. An explicit state machine:
//
//   empty ──▶ listing ──▶ listed ──▶ watching ──▶ listed …
//     ▲          │           │           │
//     └── error ─┘◀── 410 ───┘◀── 410 ───┘
//
// Where there are many objects, the list is asked for as the beginning of the watch (Kubernetes' streaming lists), and in
// Protobuf: empty ──▶ streaming ──▶ watching. A server that cannot do that is asked for pages.
//
// A server that does not know the field selector is asked for all objects until the next list.
//
// What is read is projected at once: a whole object never outlives its turn.

import type { Backoff } from '../runtime/backoff.ts'
import { backoffDelay } from '../runtime/backoff.ts'
import { pause } from '../runtime/pause.ts'
import type { RawObject } from './object.ts'
import type { Client } from './client.ts'
import { isGone, KubeError } from './errors.ts'
import { mayRefuseSelector, selects } from './field-selector.ts'
import type { ListEnd } from './list-stream.ts'
import type { Message } from './protobuf.ts'
import { isOlder } from './resource-version.ts'
import { type Place, type Resource, resourcePath } from './resource.ts'
import { eventsInFrames, eventsInLines, type RawEvent } from './watch-decoder.ts'

export interface WatchTarget<T> {
  readonly resource: Resource
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** What is kept of an object; undefined: it is as if it were not there. */
  readonly project: (raw: unknown) => T | undefined
  /** Of a kind of which there are many: what `project` reads. It is then streamed and in Protobuf, where the server can do that. */
  readonly protobuf?: Message
}

export interface Item<T> {
  readonly key: string
  readonly uid: string
  readonly resourceVersion: string
  readonly value: T | undefined
}

export type WatchEvent<T> =
  /** A new list begins; what comes until `synced` is all there is. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'listed'; readonly item: Item<T> }
  /** It was listed, and is gone before the list was complete. */
  | { readonly kind: 'unlisted'; readonly item: Item<T> }
  | { readonly kind: 'synced'; readonly resourceVersion: string }
  | { readonly kind: 'applied'; readonly item: Item<T> }
  | { readonly kind: 'deleted'; readonly item: Item<T> }
  /** One object makes no sense; what was known of it stays, and all others are read. */
  | { readonly kind: 'unreadable'; readonly error: KubeError }
  /** Something failed; the watch goes on by itself. */
  | { readonly kind: 'failed'; readonly error: KubeError }
  /** The server showed that it is there. */
  | { readonly kind: 'alive' }

/** What is asked of the server. */
interface Asked<T> extends WatchTarget<T> {
  /** The server does not know the field selector: it is asked without. */
  readonly selectsHere?: boolean
}

type State =
  | { readonly kind: 'empty' }
  | { readonly kind: 'streaming' }
  | { readonly kind: 'listing'; readonly continueToken: string }
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  | { readonly kind: 'watching'; readonly resourceVersion: string; readonly events: RawEvents }

type RawEvents = AsyncGenerator<RawEvent, void>

export interface WatchTiming {
  /** How long the server is asked to keep a watch open, in seconds. Bookmarks, one each minute, keep the connection in use. */
  readonly watchSeconds: () => number
  /** How much longer than agreed silence is taken for a working connection, in ms. */
  readonly idleMs: number
  /** How long a server that sends bookmarks, one each minute, may be silent on an open watch, in ms. */
  readonly silenceMs: number
  /**
   * After how long everything is listed anew, in ms: an event that was lost on the way is missed no longer than that. Shorter
   * than the notice before an agent is held.
   */
  readonly relistMs: () => number
  readonly backoff: Backoff
}

export const WATCH_TIMING: WatchTiming = {
  watchSeconds: () => 330 + Math.floor(Math.random() * 270),
  idleMs: 10_000,
  silenceMs: 90_000,
  relistMs: () => (5 + 2 * Math.random()) * 3_600_000,
  backoff: { firstMs: 800, longestMs: 30_000 },
}

const PAGE = 500
// A CRD that is not installed yet, or rights that come late: somebody is about to mend it.
const MENDABLE: ReadonlySet<number> = new Set([401, 403, 404])
const MENDABLE_LONGEST_MS = 3_000
// Some servers never say that a version is too old: then a watch ends without a word. So often it may.
const EMPTY_WATCHES = 5
// After etcd was restored from a backup, the version known here is one that is yet to come. The API server takes it, tells
// nothing of what was before, and passes it soon: a list is the only way to know. It was away for that, so that whenever it
// may have been, everything is listed anew: after a connection that broke or fell silent, and did not end (0), or what a proxy answers
// meanwhile (502, 503, 504).
const AWAY: ReadonlySet<number> = new Set([0, 502, 503, 504])
const HEALTHY_MS = 10_000
// What a server answers that does not know how to stream a list, or may not.
const CANNOT_STREAM: ReadonlySet<number> = new Set([400, 422])
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** Ends only when the signal aborts. */
export async function* watch<T>(
  client: Client,
  target: WatchTarget<T>,
  signal: AbortSignal,
  timing: WatchTiming = WATCH_TIMING,
): AsyncGenerator<WatchEvent<T>, void> {
  let state: State = { kind: 'empty' }
  let asking: Asked<T> = target
  let failures = 0
  let emptyWatches = 0
  let heard = 0
  let sendsBookmarks = false
  let relistAt = Number.POSITIVE_INFINITY
  while (!signal.aborted) {
    const began = performance.now()
    try {
      switch (state.kind) {
        case 'empty':
          yield { kind: 'restarted' }
          asking = target
          state = target.protobuf === undefined ? LISTING : { kind: 'streaming' }
          break
        case 'streaming':
          state = yield* readInitialEvents(client, asking, signal, timing)
          // Where the list ended was a bookmark.
          sendsBookmarks ||= state.kind === 'watching'
          relistAt = performance.now() + timing.relistMs()
          break
        case 'listing':
          state = yield* readPage(client, asking, state.continueToken, signal)
          relistAt = performance.now() + timing.relistMs()
          break
        case 'listed': {
          if (performance.now() >= relistAt) {
            state = { kind: 'empty' }
            break
          }
          heard = 0
          const patienceMs = sendsBookmarks ? timing.silenceMs : Number.POSITIVE_INFINITY
          const { resourceVersion }: { readonly resourceVersion: string } = state
          const events = await openWatch(client, asking, { resourceVersion }, signal, timing, () => patienceMs)
          yield { kind: 'alive' }
          state = { kind: 'watching', resourceVersion, events }
          break
        }
        case 'watching': {
          const { events }: { readonly events: RawEvents } = state
          let { resourceVersion }: { resourceVersion: string } = state
          for await (const { type, object } of events) {
            if (type === 'ERROR') throw streamError(object)
            const version: string = object.metadata?.resourceVersion ?? resourceVersion
            if (type === 'BOOKMARK' && isOlder(version, resourceVersion)) throw wentBack(target)
            heard++
            failures = 0
            resourceVersion = version
            state = { kind: 'watching', resourceVersion, events }
            if (type === 'BOOKMARK') {
              sendsBookmarks = true
              yield { kind: 'alive' }
            } else yield eventOf(type === 'DELETED' ? 'deleted' : 'applied', target, object)
          }
          emptyWatches = heard > 0 ? 0 : emptyWatches + 1
          if (performance.now() - began > HEALTHY_MS) failures = 0
          else await pause(backoffDelay(timing.backoff, Math.max(1, emptyWatches)), signal)
          state = { kind: 'listed', resourceVersion }
          if (emptyWatches >= EMPTY_WATCHES) {
            emptyWatches = 0
            state = { kind: 'empty' }
          }
          break
        }
      }
    } catch (error) {
      if (signal.aborted) return
      if (performance.now() - began > HEALTHY_MS) failures = 0
      if (mayRefuseSelector(error) && selectorsOf(asking).fieldSelector !== undefined) {
        yield { kind: 'restarted' }
        asking = { ...target, selectsHere: true }
        state = LISTING
        continue
      }
      state = afterFailure(state, error)
      if (isGone(error) && failures === 0) {
        failures = 1
        continue
      }
      failures++
      const failure =
        error instanceof KubeError
          ? error
          : new KubeError(`watch ${target.resource.plural}: ${String(error)}`, 0, '', { cause: error })
      yield { kind: 'failed', error: failure }
      const longestMs = MENDABLE.has(failure.status)
        ? Math.min(MENDABLE_LONGEST_MS, timing.backoff.longestMs)
        : timing.backoff.longestMs
      // What the server asks for is heard, within bounds: it is not to send us to sleep.
      const asked = Math.min(failure.retryAfterMs ?? 0, timing.backoff.longestMs)
      await pause(Math.max(asked, backoffDelay({ ...timing.backoff, longestMs }, failures)), signal)
    }
  }
}

// Half a list is no list. A watch that broke goes on from where it was, unless that version is gone, or the server was.
function afterFailure(state: State, error: unknown): State {
  if (!('resourceVersion' in state) || isGone(error)) return { kind: 'empty' }
  if (AWAY.has(error instanceof KubeError ? error.status : 0)) return { kind: 'empty' }
  return { kind: 'listed', resourceVersion: state.resourceVersion }
}

function wentBack<T>({ resource }: WatchTarget<T>): KubeError {
  const message = `watch ${resource.plural}: the API server has gone back in time: etcd was restored from a backup`
  return new KubeError(message, 410, 'Expired')
}

const LISTING: State = { kind: 'listing', continueToken: '' }

/** All there is, as the first events of a watch. What breaks off before their end is listed in pages. */
async function* readInitialEvents<T>(
  client: Client,
  target: Asked<T>,
  signal: AbortSignal,
  timing: WatchTiming,
): AsyncGenerator<WatchEvent<T>, State> {
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
  let patienceMs = timing.idleMs
  let events: RawEvents
  try {
    events = await openWatch(client, target, query, signal, timing, () => patienceMs)
  } catch (error) {
    if (error instanceof KubeError && CANNOT_STREAM.has(error.status)) return LISTING
    throw error
  }
  let goesOn = false
  try {
    for (;;) {
      // Not a loop over the events: leaving it would end them.
      const { done = false, value } = await events.next()
      if (done || value === undefined) break
      const { type, object } = value
      if (type === 'ERROR') throw streamError(object)
      if (type !== 'BOOKMARK') yield eventOf(type === 'DELETED' ? 'unlisted' : 'listed', target, object)
      else if (isEndOfInitialEvents(object)) {
        const { resourceVersion = '' } = object.metadata
        patienceMs = timing.silenceMs
        yield { kind: 'synced', resourceVersion }
        goesOn = true
        return { kind: 'watching', resourceVersion, events }
      }
    }
  } catch {
    // The list tells what is wrong, if anything is.
  } finally {
    // Also when nobody wants to hear more, as of a list that is not believed.
    if (!goesOn) await events.return()
  }
  signal.throwIfAborted()
  yield { kind: 'restarted' }
  return LISTING
}

function isEndOfInitialEvents({ metadata }: RawObject): boolean {
  const annotations = (metadata as { annotations?: Record<string, string> }).annotations ?? {}
  return annotations[INITIAL_EVENTS_END] === 'true'
}

// Pages are read from etcd's current state: resourceVersion=0 would be cheaper for the server, which then ignores the
// page size and sends everything at once.
async function* readPage<T>(
  client: Client,
  target: Asked<T>,
  continueToken: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, State> {
  const query = {
    ...selectorsOf(target),
    limit: String(PAGE),
    ...(continueToken === '' ? {} : { continue: continueToken }),
  }
  const end = yield* projected(target, client.page(target.resource, placeOf(target), query, signal))
  const { continue: next = '', resourceVersion = '' } = end.metadata ?? {}
  if (next !== '') return { kind: 'listing', continueToken: next }
  yield { kind: 'synced', resourceVersion }
  return { kind: 'listed', resourceVersion }
}

async function* projected<T>(
  target: WatchTarget<T>,
  page: AsyncGenerator<RawObject, ListEnd>,
): AsyncGenerator<WatchEvent<T>, ListEnd> {
  for (;;) {
    const next = await page.next()
    if (next.done === true) return next.value
    yield eventOf('listed', target, next.value)
  }
}

function eventOf<T>(
  kind: 'listed' | 'unlisted' | 'applied' | 'deleted',
  target: WatchTarget<T>,
  raw: RawObject,
): WatchEvent<T> {
  try {
    return { kind, item: itemFrom(target, raw) }
  } catch (cause) {
    const message = `${target.resource.kind} ${raw.metadata.name} makes no sense: ${String(cause)}`
    return { kind: 'unreadable', error: new KubeError(message, 0, 'Unreadable', { cause }) }
  }
}

/** @param patienceMs how long the server may be silent */
async function openWatch<T>(
  client: Client,
  target: Asked<T>,
  from: Readonly<Record<string, string>>,
  signal: AbortSignal,
  timing: WatchTiming,
  patienceMs: () => number,
): Promise<RawEvents> {
  const seconds = timing.watchSeconds()
  const path = resourcePath(target.resource, placeOf(target), {
    ...selectorsOf(target),
    watch: 'true',
    allowWatchBookmarks: 'true',
    ...from,
    timeoutSeconds: String(seconds),
  })
  const life = new AbortController()
  // First for the answer to begin, then for the server to end the watch, as it was asked to.
  let deadline = setTimeout(end, timing.idleMs)
  let silence: NodeJS.Timeout | undefined
  signal.addEventListener('abort', end)
  try {
    const { chunks, contentType } = await client.stream(path, life.signal, target.protobuf && PROTOBUF)
    clearTimeout(deadline)
    deadline = setTimeout(end, seconds * 1_000 + timing.idleMs)
    heard()
    return eventsIn(listened(chunks, heard, finished), contentType, target)
  } catch (error) {
    finished()
    throw error
  }
  function heard() {
    clearTimeout(silence)
    if (Number.isFinite(patienceMs())) silence = setTimeout(end, patienceMs())
  }
  function end() {
    finished()
    life.abort()
  }
  function finished() {
    clearTimeout(deadline)
    clearTimeout(silence)
    signal.removeEventListener('abort', end)
  }
}

async function* listened(
  chunks: AsyncIterable<Buffer>,
  heard: () => void,
  finished: () => void,
): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of chunks) {
      heard()
      yield chunk
    }
  } finally {
    finished()
  }
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf;stream=watch'

function eventsIn<T>(chunks: AsyncIterable<Buffer>, contentType: string, { protobuf }: WatchTarget<T>): RawEvents {
  const isProtobuf = contentType.startsWith('application/vnd.kubernetes.protobuf')
  return isProtobuf && protobuf !== undefined ? eventsInFrames(chunks, protobuf) : eventsInLines(chunks)
}

function streamError({ message = 'the API server ended the watch', code, reason }: RawEvent['object']): KubeError {
  return new KubeError(`watch: ${message}`, code ?? 0, reason ?? '')
}

function placeOf<T>({ namespace }: WatchTarget<T>): Place {
  return namespace === undefined ? {} : { namespace }
}

function selectorsOf<T>({ labelSelector, fieldSelector, selectsHere = false }: Asked<T>): {
  labelSelector?: string
  fieldSelector?: string
} {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined || selectsHere ? {} : { fieldSelector }),
  }
}

/** What is kept of an object, with the identity that a store needs. */
export function itemFrom<T>(target: WatchTarget<T>, raw: RawObject): Item<T> {
  const { name, namespace, uid = '', resourceVersion = '' } = raw.metadata
  const isMeant = target.fieldSelector === undefined || selects(target.fieldSelector, raw)
  // Items of a list carry no kind of their own.
  return {
    key: namespace === undefined ? name : `${namespace}/${name}`,
    uid,
    resourceVersion,
    value: isMeant ? target.project(raw) : undefined,
  }
}
