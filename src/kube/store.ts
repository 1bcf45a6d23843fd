// What a watch has told, ready to be read. Listeners hear of real changes only.

import { isDeepStrictEqual } from 'node:util'
import { pause } from '../runtime/pause.ts'
import type { Client } from './client.ts'
import type { KubeError } from './errors.ts'
import { isOlder } from './resource-version.ts'
import { type Item, watch, WATCH_TIMING, type WatchEvent, type WatchTarget, type WatchTiming } from './watcher.ts'

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404])
/** With the back-off between them, half a minute. */
const LASTING_FAILURES = 6

interface Entry<T> {
  readonly uid: string
  readonly resourceVersion: string
  readonly value: T
}

/** Hears that the value at a key changed, appeared (no `before`) or is gone (no `after`). */
export type Listener<T> = (key: string, before: T | undefined, after: T | undefined) => void

export class Store<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #listeners = new Set<Listener<T>>()
  readonly #onError: (error: unknown) => void
  /** Keys of the list that is being read; undefined between lists. */
  #listing: Map<string, Entry<T>> | undefined
  #synced = false
  #problem: KubeError | undefined
  #lastContact = 0
  #lists = 0
  #failures = 0
  #failuresInARow = 0
  /** Whether the last list was put in doubt. */
  #doubts = false
  #again = new AbortController()
  /** The version of the last list or deletion: an answer to a write of ours that is older has been overtaken. */
  #overtaken = ''

  constructor(onError: (error: unknown) => void = () => undefined) {
    this.#onError = onError
  }

  /** Whether a whole list has been read. Until then, nothing can be said about what is not there. */
  get synced(): boolean {
    return this.#synced
  }

  /** What keeps the watch from going on; undefined while it works. */
  get problem(): KubeError | undefined {
    return this.#problem
  }

  /**
   * A problem that will not be over in a moment: a right that is missing or a kind that is, else one that lasts. Until then,
   * who needs what stands here is better off waiting.
   */
  get obstacle(): KubeError | undefined {
    if (this.#problem === undefined) return undefined
    const isLasting = REFUSALS.has(this.#problem.status) || this.#failuresInARow >= LASTING_FAILURES
    return isLasting ? this.#problem : undefined
  }

  /** When the server last showed that it is there, by `performance.now()`. */
  get lastContact(): number {
    return this.#lastContact
  }

  /** How many lists were begun. */
  get lists(): number {
    return this.#lists
  }

  /** How often the watch failed. */
  get failures(): number {
    return this.#failures
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  /** Version and identity of the object, for writes that must hit exactly it. */
  identity(key: string): { readonly uid: string; readonly resourceVersion: string } | undefined {
    return this.#entries.get(key)
  }

  values(): T[] {
    return Array.from(this.#entries.values(), (entry) => entry.value)
  }

  keys(): string[] {
    return [...this.#entries.keys()]
  }

  /** Returns how to stop listening. */
  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  restarted(): void {
    this.#lists++
    this.#listing = new Map()
  }

  listed(item: Item<T>): void {
    if (item.value === undefined) this.unlisted(item)
    else this.#listing?.set(item.key, { ...item, value: item.value })
  }

  unlisted(item: Item<T>): void {
    this.#listing?.delete(item.key)
  }

  /**
   * The list is complete: it takes the place of what was known, in one step, even of what has a higher version. Those
   * go back when etcd is restored from a backup.
   *
   * False: most of what was known is not in it. It is believed when it is read once more and says so again.
   */
  syncedNow(resourceVersion = ''): boolean {
    const listing = this.#listing ?? new Map<string, Entry<T>>()
    this.#listing = undefined
    const gone = [...this.#entries.keys()].filter((key) => !listing.has(key))
    this.#doubts = !this.#doubts && gone.length > this.#entries.size / 2
    if (this.#doubts) return false
    this.#overtaken = resourceVersion
    for (const key of gone) this.#remove(key)
    for (const [key, entry] of listing) this.#put(key, entry)
    const first = !this.#synced
    this.#synced = true
    this.alive()
    // Whoever waits for the first list hears of it even when it is empty.
    if (first) this.#tell('', undefined, undefined)
    return true
  }

  /** @param tells whether listeners hear of it */
  applied(item: Item<T>, tells = true): void {
    this.alive()
    const { uid, resourceVersion: known = '' } = this.#entries.get(item.key) ?? {}
    // The answer to a write of ours was here before the watch.
    if (item.uid === uid && item.resourceVersion === known && known !== '') return
    if (isOlder(item.resourceVersion, known) || isOlder(item.resourceVersion, this.#overtaken)) return
    if (item.value === undefined) this.#remove(item.key)
    else this.#put(item.key, { ...item, value: item.value }, tells)
  }

  deleted(item: Item<T>): void {
    this.alive()
    this.#overtaken = item.resourceVersion
    const known = this.#entries.get(item.key)
    // Deleted and made anew in the meantime: the new one stays.
    if (known !== undefined && known.uid !== item.uid && isOlder(item.resourceVersion, known.resourceVersion)) return
    this.#remove(item.key)
  }

  /** The API server answers as if other objects were there than are known here: they are listed anew. */
  doubted(): void {
    this.#again.abort()
    this.#again = new AbortController()
  }

  /** Aborts with the signal, and when what is known is doubted. */
  untilDoubted(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#again.signal])
  }

  failed(error: KubeError): void {
    const before = this.obstacle
    this.#problem = error
    this.#failures++
    this.#failuresInARow++
    // Before the first list, that it cannot be read is all there is to hear.
    if (before === undefined && this.obstacle !== undefined && !this.#synced) this.#tell('', undefined, undefined)
  }

  unreadable(error: unknown): void {
    this.#onError(error)
  }

  alive(): void {
    this.#problem = undefined
    this.#failuresInARow = 0
    this.#lastContact = performance.now()
  }

  #put(key: string, entry: Entry<T>, tells = true): void {
    const before = this.#entries.get(key)
    if (before !== undefined && before.uid !== entry.uid) this.#remove(key)
    const known = this.#entries.get(key)
    const same = known !== undefined && isDeepStrictEqual(known.value, entry.value)
    // An equal value is not kept twice: what is shared between versions stays shared.
    this.#entries.set(key, {
      uid: entry.uid,
      resourceVersion: entry.resourceVersion,
      value: same ? known.value : entry.value,
    })
    if (!same && tells) this.#tell(key, known?.value, entry.value)
  }

  #remove(key: string): void {
    const before = this.#entries.get(key)
    if (!this.#entries.delete(key) || before === undefined) return
    this.#tell(key, before.value, undefined)
  }

  #tell(key: string, before: T | undefined, after: T | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(key, before, after)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

/** Keeps the store filled from a watch until the signal aborts. */
export async function reflect<T>(
  client: Client,
  target: WatchTarget<T>,
  store: Store<T>,
  signal: AbortSignal,
  timing: WatchTiming = WATCH_TIMING,
): Promise<void> {
  while (!signal.aborted) {
    for await (const event of watch(client, target, store.untilDoubted(signal), timing)) {
      // Left and begun anew: the list is read once more.
      if (!take(store, event)) break
    }
    await pause(timing.backoff.firstMs, signal)
  }
}

/** False for a list that is in doubt. */
function take<T>(store: Store<T>, event: WatchEvent<T>): boolean {
  switch (event.kind) {
    case 'restarted':
      store.restarted()
      break
    case 'listed':
      store.listed(event.item)
      break
    case 'unlisted':
      store.unlisted(event.item)
      break
    case 'synced':
      return store.syncedNow(event.resourceVersion)
    case 'applied':
      store.applied(event.item)
      break
    case 'deleted':
      store.deleted(event.item)
      break
    case 'unreadable':
      store.unreadable(event.error)
      break
    case 'failed':
      store.failed(event.error)
      break
    case 'alive':
      store.alive()
      break
  }
  return true
}
