// The faults of the tests, by name: what happens to which requests.

import type { RawObject } from '../../src/kube/object.ts'
import { type Asked, type Fault, type List, type Rule, TOO_OLD } from './proxy.ts'

export const isWrite = ({ verb }: Asked): boolean => !['get', 'list', 'watch'].includes(verb)
export const isRead = (asked: Asked): boolean => !isWrite(asked)
export const ofKind =
  (...resources: readonly string[]) =>
  ({ resource }: Asked): boolean =>
    resources.includes(resource)

/** The fault, for requests that are so. */
export const when =
  (which: (asked: Asked) => boolean, fault: Fault | (() => Fault | undefined)): Rule =>
  (asked) =>
    which(asked) ? (typeof fault === 'function' ? fault() : fault) : undefined

/** The fault, so many times for each list or watch that is so, and then never again. */
export function timesEach(count: number, which: (asked: Asked) => boolean, fault: Fault): Rule {
  const left = new Map<string, number>()
  return (asked) => {
    const target = `${asked.door} ${asked.verb} ${asked.resource} ${asked.query.get('fieldSelector') ?? ''}`
    const more = left.get(target) ?? count
    if (!which(asked) || more === 0) return undefined
    left.set(target, more - 1)
    return fault
  }
}

export const answers = (status: number, reason: string, retryAfter?: number): Fault => ({
  kind: 'answer',
  status,
  reason,
  ...(retryAfter === undefined ? {} : { retryAfter }),
})
export const cut: Fault = { kind: 'cut' }
export const stall: Fault = { kind: 'stall' }

/** Each line of a watch becomes these. */
export const eachLine = (change: (line: string, index: number) => readonly string[]): Fault => ({
  kind: 'lines',
  async *change(lines) {
    let index = 0
    for await (const line of lines) yield* change(line, index++)
  },
})

/** The lines of a watch, those that come within so many ms each time in another order. */
export const shuffled = (random: () => number, ms: number): Fault => ({
  kind: 'lines',
  async *change(lines) {
    const source = lines[Symbol.asyncIterator]()
    const moment = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms))
    let bunch: string[] = []
    let next = source.next()
    for (;;) {
      const one = await (bunch.length === 0 ? next : Promise.race([next, moment()]))
      if (one === undefined || one.done === true) {
        yield* bunch
          .map((line) => [random(), line] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, line]) => line)
        bunch = []
        if (one?.done === true) return
      } else {
        bunch.push(one.value)
        next = source.next()
      }
    }
  },
})

/** A watch that was told nothing any more since the gate closed, until it opens. */
export const behind = (opened: Promise<void>): Fault => ({
  kind: 'lines',
  async *change(lines) {
    await opened
    yield* lines
  },
})

/** The server says at once that the version is too old to go on from. */
export const goneInStream: Fault = {
  kind: 'lines',
  async *change() {
    yield TOO_OLD
  },
}

export const listOf = (change: (items: readonly RawObject[]) => readonly RawObject[]): Fault => ({
  kind: 'body',
  change: (list) => ({ ...list, items: change(list.items) }),
})

/** A list as it was, and nothing after it until the gate opens: a server that lives in the past. */
export function timeTravel(resource: string, past: List, opened: Promise<void>): Rule {
  return (asked) => {
    if (asked.resource !== resource) return undefined
    if (asked.verb === 'list')
      return { kind: 'body', change: () => ({ ...past, items: past.items.filter(asksFor(asked)) }) }
    if (asked.verb !== 'watch') return undefined
    // The watch began where the past ended: when the gate opens, it tells everything since.
    return behind(opened)
  }
}

/** Whether a list or watch with these selectors has the object. */
function asksFor({ namespace, query }: Asked): (object: RawObject) => boolean {
  const fields = query.get('fieldSelector') ?? ''
  const [key = '', value] = (query.get('labelSelector') ?? '').split('=')
  return ({ metadata }) => {
    const labels = (metadata['labels'] ?? {}) as Record<string, string>
    return (
      (namespace === '' || metadata.namespace === namespace) &&
      (fields === '' || fields === `metadata.name=${metadata.name}`) &&
      (key === '' || (value === undefined ? key in labels : labels[key] === value))
    )
  }
}

/** A list that comes as the beginning of a watch. */
export const isStreamedList = ({ query }: Asked): boolean => query.get('sendInitialEvents') === 'true'

/** An API server that does not know how to stream a list. */
export const pagesOnly: Rule = when(isStreamedList, answers(422, 'Invalid'))

/** A streamed list without its first objects. */
export const streamWithout = (count: number): Fault => ({
  kind: 'lines',
  async *change(lines) {
    let dropped = 0
    for await (const line of lines) {
      if (dropped < count && line.startsWith('{"type":"ADDED"')) dropped++
      else {
        // What comes after the end of the list is none of it.
        if (line.includes('k8s.io/initial-events-end')) dropped = count
        yield line
      }
    }
  },
})

/** Random numbers that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The seed of this run: the one that is asked for, or another one each time. It is printed. */
export function seedOf(what: string): number {
  const seed = Number(process.env['CTO_SEED'] ?? Date.now() % 1_000_000)
  console.error(`${what}: seed ${seed} (CTO_SEED)`)
  return seed
}
