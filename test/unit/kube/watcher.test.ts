// The list-watch against an API server that plays every trick: the store ends up with what is there, and nobody is lost.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../../../src/kube/client.ts'
import { listAll } from '../../../src/kube/list-all.ts'
import { nodes } from '../../../src/kube/resource.ts'
import { reflect, Store } from '../../../src/kube/store.ts'
import type { WatchTiming } from '../../../src/kube/watcher.ts'
import {
  type Answer,
  failure,
  hold,
  item,
  json,
  line,
  page,
  type ScriptedApiServer,
  scriptedApiServer,
  stream,
} from '../../support/scripted-api-server.ts'

const LIST = /^GET \/api\/v1\/nodes\?limit=500/
const WATCH = (version: string | number) => new RegExp(`watch=true.*resourceVersion=${version}&`)
const QUICK: WatchTiming = {
  watchSeconds: () => 30,
  idleMs: 1_000,
  silenceMs: 60_000,
  relistMs: () => Number.POSITIVE_INFINITY,
  backoff: { firstMs: 1, longestMs: 20 },
}

let server: ScriptedApiServer
let store: Store<string>
let changes: string[]
let stop: AbortController
let running: Promise<void>

beforeEach(async () => {
  server = await scriptedApiServer()
  store = new Store()
  changes = []
  store.onChange((key, before, after) => {
    if (key !== '') changes.push(`${key}: ${before ?? '-'} → ${after ?? '-'}`)
  })
  stop = new AbortController()
})

afterEach(async () => {
  await until('to play the script to its end', () => server.isPlayed())
  stop.abort()
  await running
  await server[Symbol.asyncDispose]()
})

const newClient = () => createClient(server.access, { fieldManager: 'test', userAgent: 'test' })

function start(timing: WatchTiming = QUICK, streamed = false, fieldSelector?: string): void {
  const project = (raw: unknown) => (raw as { color?: string }).color
  const selector = fieldSelector === undefined ? {} : { fieldSelector }
  const target = { resource: nodes, project, ...selector, ...(streamed ? { protobuf: {} } : {}) }
  running = reflect(newClient(), target, store, stop.signal, timing)
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(
        `in vain: ${what}; asked: ${server.asked.join(', ')}; unexpected: ${server.unexpected.join(', ')}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const colors = () => Object.fromEntries(store.keys().map((key) => [key, store.get(key)]))

test('a list in pages, then what changes; bookmarks move on where it resumes', async () => {
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10, 'more'))
  server.expect(/continue=more/, page([item('b', 2, { color: 'blue' }), item('x', 3)], 10))
  server.expect(
    WATCH(10),
    stream([
      line('ADDED', item('c', 11, { color: 'green' })),
      line('MODIFIED', item('a', 12, { color: 'pink' })),
      line('DELETED', item('b', 13, { color: 'blue' })),
      line('BOOKMARK', { metadata: { resourceVersion: '99' } }),
    ]),
  )
  server.expect(WATCH(99), stream([], 'open'))
  start()
  await until('to resume from the bookmark', () => server.asked.length === 4)
  expect(colors()).toEqual({ a: 'pink', c: 'green' })
  expect(changes).toEqual(['a: - → red', 'b: - → blue', 'c: - → green', 'a: red → pink', 'b: blue → -'])
  expect(store.synced).toBe(true)
  expect(server.unexpected).toEqual([])
})

test('nothing is believed of a list before its last page', async () => {
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10, 'more'))
  server.expect(/continue=more/, failure(500, 'InternalError'))
  server.expect(LIST, hold)
  start()
  await until('to begin anew', () => server.asked.length === 3)
  expect(store.problem?.status).toBe(500)
  expect(store.synced).toBe(false)
  expect(store.size).toBe(0)
})

test('lines that come in pieces, in the middle of a character too', async () => {
  const bytes = Buffer.from(
    line('ADDED', item('a', 11, { color: 'grün' })) + line('ADDED', item('b', 12, { color: 'rot' })),
  )
  const cut = bytes.indexOf('ü') + 1
  server.expect(LIST, page([], 10))
  server.expect(
    WATCH(10),
    stream([bytes.subarray(0, cut), bytes.subarray(cut, cut + 3), bytes.subarray(cut + 3)], 'open'),
  )
  start()
  await until('both', () => store.size === 2)
  expect(colors()).toEqual({ a: 'grün', b: 'rot' })
})

test.each([
  ['in the stream', [stream([line('ERROR', { code: 410, reason: 'Expired', message: 'too old' })])]],
  ['on connecting', [failure(410, 'Expired')]],
  ['as a line that cannot be read', [stream(['{"type":"ADDED","object":{"meta\n'])]],
  ['as an event without an object', [stream([line('ADDED', null)])]],
  ['as an event of nothing', [stream([line('MODIFIED', {})])]],
  ['as an event of something without a name', [stream([line('MODIFIED', { metadata: {} })])]],
  ['as an event of a kind that nobody knows', [stream([line('SOMETHING', item('a', 11))])]],
])('a version that is too old, %s: the list is read anew, and only the difference is told', async (_where, answers) => {
  server.expect(LIST, page([item('a', 1, { color: 'red' }), item('b', 2, { color: 'blue' })], 10))
  for (const answer of answers) server.expect(WATCH(10), answer)
  server.expect(LIST, page([item('a', 1, { color: 'red' }), item('c', 20, { color: 'green' })], 30))
  server.expect(WATCH(30), stream([], 'open'))
  start()
  await until('the second list', () => store.get('c') === 'green' && server.asked.length === 4)
  expect(changes.slice(2)).toEqual(['b: blue → -', 'c: - → green'])
})

test('410 in the middle of the pages begins again', async () => {
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10, 'more'))
  server.expect(/continue=more/, failure(410, 'Expired'))
  server.expect(LIST, page([item('b', 1, { color: 'blue' })], 20))
  server.expect(WATCH(20), stream([], 'open'))
  start()
  await until('the list', () => store.synced)
  expect(colors()).toEqual({ b: 'blue' })
})

test('errors, cuts and refusals never end it, and it says what is wrong meanwhile', async () => {
  server.expect(LIST, failure(503, 'ServiceUnavailable', 'starting'))
  server.expect(LIST, failure(404, 'NotFound', 'the server could not find the requested resource'))
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10))
  server.expect(WATCH(10), stream([line('MODIFIED', item('a', 11, { color: 'pink' })), '{"type":"MODI'], 'cut'))
  server.expect(LIST, page([item('a', 11, { color: 'pink' })], 11))
  server.expect(WATCH(11), failure(500, 'InternalError'))
  server.expect(WATCH(11), failure(403, 'Forbidden', 'nodes is forbidden'))
  server.expect(WATCH(11), stream([line('MODIFIED', item('a', 12, { color: 'blue' }))], 'open'))
  const problems: string[] = []
  start({ ...QUICK, backoff: { firstMs: 20, longestMs: 20 } })
  await until('the last change', () => {
    if (store.problem !== undefined) problems.push(store.problem.message)
    return store.get('a') === 'blue'
  })
  expect(store.problem).toBeUndefined()
  expect(problems.some((problem) => problem.includes('nodes is forbidden'))).toBe(true)
  expect(changes).toEqual(['a: - → red', 'a: red → pink', 'a: pink → blue'])
})

test('silence is not taken for a working connection', async () => {
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10))
  server.expect(WATCH(10), stream([], 'open'))
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10))
  server.expect(WATCH(10), stream([line('MODIFIED', item('a', 11, { color: 'pink' }))], 'open'))
  const seconds = [0, 30]
  start({ ...QUICK, watchSeconds: () => seconds.shift() ?? 30, idleMs: 100 })
  await until('the second watch', () => store.get('a') === 'pink')
})

test('a watch that is accepted and never begins is given up', async () => {
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), hold)
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), stream([line('ADDED', item('a', 11, { color: 'pink' }))], 'open'))
  start({ ...QUICK, idleMs: 100 })
  await until('the second watch', () => store.get('a') === 'pink')
})

test('a server that sent bookmarks and falls silent is given up; one that never did may be silent', async () => {
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), stream([line('BOOKMARK', { metadata: { resourceVersion: '20' } })]))
  server.expect(WATCH(20), stream([], 'open'))
  server.expect(LIST, page([], 20))
  server.expect(WATCH(20), stream([line('ADDED', item('a', 21, { color: 'pink' }))], 'open'))
  start({ ...QUICK, silenceMs: 100 })
  await until('the third watch', () => store.get('a') === 'pink')
  expect(store.failures).toBe(1)
})

// Etcd was restored: the version known here, 99, is yet to come, and the API server takes it.
const noAnswer: Answer = (response) => void response.destroy()
const bookmark = (version: number) => line('BOOKMARK', { metadata: { resourceVersion: String(version) } })

test.each<[string, readonly Answer[]]>([
  ['that says nothing', [stream([], 'open')]],
  ['that fell silent after it said something', [stream([bookmark(99), bookmark(99)], 'open')]],
  ['whose bookmarks are of an earlier version', [stream([bookmark(98)], 'open')]],
  ['that cut the connection', [stream([bookmark(99)], 'cut')]],
  ['that could not be reached for a while', [noAnswer]],
  ['behind a proxy that could not reach it', [failure(502, '')]],
  ['that was about to start', [failure(503, 'ServiceUnavailable')]],
])('after a server %s the list is read anew: etcd may have been restored', async (_what, answers) => {
  server.expect(LIST, page([item('a', 90, { color: 'red' }), item('b', 89, { color: 'blue' })], 90))
  server.expect(WATCH(90), stream([bookmark(99)]))
  for (const answer of answers) server.expect(WATCH(99), answer)
  server.expect(LIST, page([item('a', 10, { color: 'pink' })], 20))
  server.expect(WATCH(20), stream([], 'open'))
  start({ ...QUICK, silenceMs: 50 })
  await until('the second list', () => store.get('a') === 'pink')
  expect(colors()).toEqual({ a: 'pink' })
})

test('the list is read anew from time to time: what was lost on the way is missed no longer', async () => {
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10))
  server.expect(WATCH(10), async (response) => {
    response.writeHead(200).flushHeaders()
    await new Promise((resolve) => setTimeout(resolve, 60))
    response.end()
  })
  server.expect(LIST, page([item('a', 11, { color: 'pink' })], 20))
  server.expect(WATCH(20), stream([], 'open'))
  const afterMs = [30, 60_000]
  start({ ...QUICK, relistMs: () => afterMs.shift() ?? 60_000 })
  await until('the second list', () => store.get('a') === 'pink')
})

test('a list that lost most of what was known is read once more', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => item(name, 1, { color: name }))
  const gone = stream([line('ERROR', { code: 410 })])
  server.expect(LIST, page([a, b, c], 10))
  server.expect(WATCH(10), gone)
  server.expect(LIST, page([], 20))
  server.expect(LIST, page([a, b, c], 21))
  server.expect(WATCH(21), gone)
  server.expect(LIST, page([c], 30))
  server.expect(LIST, page([c], 31))
  server.expect(WATCH(31), stream([], 'open'))
  start()
  await until('the last watch', () => server.asked.length === 8)
  expect(changes).toEqual(['a: - → a', 'b: - → b', 'c: - → c', 'a: a → -', 'b: b → -'])
})

test('an object that makes no sense is told of, and all others are read', async () => {
  const told: unknown[] = []
  store = new Store((error) => told.push(error))
  server.expect(LIST, page([item('a', 1, { color: 'red' }), item('b', 2, { color: 7 }), item('c', 3)], 10))
  server.expect(
    WATCH(10),
    stream([line('MODIFIED', item('a', 11, { color: 7 })), line('ADDED', item('d', 12, { color: 'blue' }))], 'open'),
  )
  const project = (raw: unknown) => (raw as { color?: string }).color?.toUpperCase()
  const client = createClient(server.access, { fieldManager: 'test', userAgent: 'test' })
  running = reflect(client, { resource: nodes, project }, store, stop.signal, QUICK)
  await until('the last event', () => store.get('d') === 'BLUE')
  expect(colors()).toEqual({ a: 'RED', d: 'BLUE' })
  expect(told.map(String)).toEqual([
    expect.stringContaining('Node b makes no sense'),
    expect.stringContaining('Node a makes no sense'),
  ])
})

test('a server that says 410 again and again is asked less and less often', async () => {
  const tooOld = stream([line('ERROR', { code: 410, reason: 'Expired' })])
  const ROUNDS = 5
  for (let round = 0; round < ROUNDS; round++) {
    server.expect(LIST, page([], 10))
    server.expect(WATCH(10), tooOld)
  }
  server.expect(LIST, hold)
  const began = performance.now()
  start({ ...QUICK, backoff: { firstMs: 10, longestMs: 1_000 } })
  await until('the last list', () => server.asked.length === 2 * ROUNDS + 1)
  // The first one at once; then 20, 40, 80 and 160 ms, less a fifth.
  expect(performance.now() - began).toBeGreaterThan(0.8 * 300)
})

test('a server that asks to be left alone for an hour is asked again before', async () => {
  for (let times = 0; times < 4; times++)
    server.expect(LIST, failure(500, 'InternalError', 'later', { 'retry-after': '3600' }))
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), stream([], 'open'))
  start()
  await until('the list', () => store.synced)
})

test('a list of null is an empty one', async () => {
  server.expect(LIST, json({ metadata: { resourceVersion: '10' }, items: null }))
  server.expect(WATCH(10), stream([], 'open'))
  start()
  await until('the watch', () => store.synced && server.asked.length === 2)
})

test('a line of a megabyte, in many pieces', async () => {
  const long = 'x'.repeat(1024 * 1024)
  const bytes = Buffer.from(line('ADDED', item('a', 11, { color: long })))
  const pieces = Array.from({ length: 64 }, (_, index) => bytes.subarray(index * 20_000, (index + 1) * 20_000))
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), stream(pieces, 'open'))
  start()
  await until('the object', () => store.get('a') === long)
})

test('a server that ends every watch at once without a word is asked for a list again', async () => {
  server.expect(LIST, page([], 10))
  for (let times = 0; times < 5; times++) server.expect(WATCH(10), stream([]))
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 20))
  server.expect(WATCH(20), stream([], 'open'))
  start()
  await until('the second list', () => store.get('a') === 'red')
})

test('doubled and old events change nothing; one made anew is another', async () => {
  const a11 = line('MODIFIED', item('a', 11, { color: 'pink' }))
  server.expect(LIST, page([item('a', 10, { color: 'red' })], 10))
  server.expect(
    WATCH(10),
    stream(
      [
        a11,
        a11,
        line('MODIFIED', item('a', 9, { color: 'old' })),
        line('ADDED', {
          ...item('a', 12, { color: 'pink' }),
          metadata: { name: 'a', uid: 'another', resourceVersion: '12' },
        }),
        line('DELETED', item('a', 11, { color: 'pink' })),
        line('ADDED', item('z', 13, { color: 'end' })),
      ],
      'open',
    ),
  )
  start()
  await until('the last event', () => store.get('z') === 'end')
  expect(changes).toEqual(['a: - → red', 'a: red → pink', 'a: pink → -', 'a: - → pink', 'z: - → end'])
  expect(store.identity('a')?.uid).toBe('another')
})

test('429 is obeyed', async () => {
  server.expect(LIST, failure(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' }))
  server.expect(LIST, page([], 10))
  server.expect(WATCH(10), stream([], 'open'))
  start()
  await until('the list', () => store.synced)
  expect(server.unexpected).toEqual([])
})

// A kind that may be streamed. Here the answers are JSON; Protobuf is in protobuf.test.ts and on a real API server.
const STREAM = /sendInitialEvents=true/
const END = line('BOOKMARK', {
  metadata: { resourceVersion: '50', annotations: { 'k8s.io/initial-events-end': 'true' } },
})
const initial = (...names: readonly string[]) =>
  names.map((name) => line('ADDED', item(name, 1, { color: 'red' }))).join('')

test('a streamed list: nothing is believed before its end, and the watch goes on from there', async () => {
  let more: (text: string) => void = () => undefined
  server.expect(STREAM, (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    more = (text) => void response.write(text)
    more(initial('a', 'b', 'c'))
  })
  start(QUICK, true)
  await until('to ask', () => server.asked.length === 1)
  more(line('MODIFIED', item('a', 2, { color: 'blue' })) + line('DELETED', item('b', 3)))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(store.synced).toBe(false)
  more(END)
  await until('the list', () => store.synced)
  expect(colors()).toEqual({ a: 'blue', c: 'red' })
  more(line('ADDED', item('d', 51, { color: 'green' })))
  await until('what comes after', () => store.get('d') === 'green')
  expect(store.lists).toBe(1)
})

test('a stream that ended resumes from the last version, and streams no list again', async () => {
  server.expect(STREAM, stream([initial('a'), END, line('ADDED', item('b', 60, { color: 'blue' }))]))
  server.expect(WATCH(60), stream([], 'open'))
  start(QUICK, true)
  await until('to resume', () => server.asked.length === 2)
  expect(colors()).toEqual({ a: 'red', b: 'blue' })
})

test.each([
  ['does not know it (422)', failure(422, 'Invalid')],
  ['refuses it (400)', failure(400, 'BadRequest')],
  ['ends it too early', stream([initial('x')])],
  ['cuts it', stream([initial('x')], 'cut')],
  ['says in it that it cannot', stream([line('ERROR', { code: 500, reason: 'InternalError' })])],
  ['sends what cannot be read', stream(['{"type":"ADDED","object":{"meta\n'])],
  ['never comes to its end', stream([initial('x')], 'open')],
])('a server that %s is asked for pages, and nothing is left of what it streamed', async (_what, answer) => {
  server.expect(STREAM, answer)
  server.expect(LIST, page([item('a', 1, { color: 'red' })], 10))
  server.expect(WATCH(10), stream([], 'open'))
  start({ ...QUICK, idleMs: 100 }, true)
  await until('the list', () => store.synced && server.asked.length === 3)
  expect(colors()).toEqual({ a: 'red' })
  expect(store.failures).toBe(0)
})

test.each([
  ['too many requests', failure(429, 'TooManyRequests', 'later')],
  ['an error', failure(500, 'InternalError')],
  ['rights that come late', failure(403, 'Forbidden')],
])('%s in place of a stream: it is asked for again', async (_what, answer) => {
  server.expect(STREAM, answer)
  server.expect(STREAM, stream([initial('a'), END], 'open'))
  start(QUICK, true)
  await until('the list', () => store.synced)
  expect(colors()).toEqual({ a: 'red' })
  expect(store.failures).toBe(1)
})

test('after 410 the list is streamed anew', async () => {
  server.expect(STREAM, stream([initial('a', 'b'), END, line('ERROR', { code: 410, reason: 'Expired' })]))
  server.expect(STREAM, stream([initial('b', 'c'), END], 'open'))
  start(QUICK, true)
  await until('the second list', () => store.get('c') !== undefined)
  expect(colors()).toEqual({ b: 'red', c: 'red' })
})

test('a streamed list that is not believed is ended, and read once more', async () => {
  server.expect(STREAM, stream([initial('a', 'b', 'c'), END, line('ERROR', { code: 410, reason: 'Expired' })]))
  server.expect(STREAM, stream([initial('d'), END], 'open'))
  server.expect(STREAM, stream([initial('d'), END], 'open'))
  start(QUICK, true)
  await until('to believe it', () => store.get('d') !== undefined)
  expect(colors()).toEqual({ d: 'red' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await server.connections()).toBe(1)
})

test('after a streamed list one silent watch is enough to read it anew', async () => {
  server.expect(STREAM, stream([initial('a'), END]))
  server.expect(WATCH(50), stream([], 'open'))
  server.expect(STREAM, stream([initial('a'), END], 'open'))
  start({ ...QUICK, silenceMs: 100 }, true)
  await until('to stream it again', () => server.isPlayed())
  expect(store.lists).toBe(2)
})

const KINDLY = 'spec.mood=kind'
const SELECTED = /fieldSelector=spec.mood%3Dkind/
const REFUSED = failure(400, 'BadRequest', 'field label not supported: spec.mood')
const inMood = (name: string, version: number, mood: string) => item(name, version, { spec: { mood }, color: 'red' })

test('a server that does not know the field selector is asked for all, and what was not meant is left out', async () => {
  server.expect(SELECTED, REFUSED)
  server.expect(/limit=500$/, page([inMood('a', 1, 'kind'), inMood('b', 2, 'cross'), item('c', 3)], 10))
  const events = [line('MODIFIED', inMood('a', 11, 'cross')), line('MODIFIED', inMood('b', 12, 'kind'))]
  server.expect(WATCH(10), stream(events, 'open'))
  start(QUICK, false, KINDLY)
  await until('what changes', () => store.get('b') !== undefined)
  expect(changes).toEqual(['a: - → red', 'a: red → -', 'b: - → red'])
  expect(store.failures).toBe(0)
  expect(server.asked[2]).not.toMatch(SELECTED)
})

test('the next list is asked for with the selector again: the server may be a newer one by then', async () => {
  server.expect(SELECTED, REFUSED)
  server.expect(/limit=500$/, page([inMood('a', 1, 'kind')], 10))
  server.expect(WATCH(10), stream([line('ERROR', { code: 410, reason: 'Expired' })]))
  server.expect(SELECTED, page([inMood('a', 1, 'kind')], 20))
  server.expect(SELECTED, stream([], 'open'))
  start(QUICK, false, KINDLY)
  await until('the second watch', () => server.asked.length === 5)
})

test('a server that is an older one all at once is listed anew, without the selector', async () => {
  server.expect(SELECTED, page([inMood('a', 1, 'kind')], 10))
  server.expect(SELECTED, REFUSED)
  server.expect(/limit=500$/, page([inMood('a', 1, 'kind'), inMood('b', 2, 'cross')], 20))
  server.expect(WATCH(20), stream([], 'open'))
  start(QUICK, false, KINDLY)
  await until('the second list', () => server.asked.length === 4)
  expect(colors()).toEqual({ a: 'red' })
})

test('a query that is refused for another reason fails, and is not repeated at once', async () => {
  for (const _ of [1, 2]) {
    server.expect(SELECTED, REFUSED)
    server.expect(/limit=500$/, REFUSED)
  }
  server.expect(SELECTED, page([], 10))
  server.expect(SELECTED, stream([], 'open'))
  start(QUICK, false, KINDLY)
  await until('the list', () => store.synced)
  expect(store.failures).toBe(2)
})

test('who asks once is answered so too', async () => {
  server.expect(SELECTED, REFUSED)
  server.expect(/limit=500$/, page([inMood('a', 1, 'kind'), inMood('b', 2, 'cross')], 10, 'more'))
  server.expect(/limit=500&continue=more$/, page([inMood('c', 3, 'kind')], 10))
  const names: string[] = []
  const all = listAll(newClient(), nodes, { fieldSelector: KINDLY }, AbortSignal.timeout(5_000))
  for await (const { metadata } of all) names.push(metadata.name)
  expect(names).toEqual(['a', 'c'])

  server.expect(SELECTED, failure(403, 'Forbidden'))
  const forbidden = listAll(newClient(), nodes, { fieldSelector: KINDLY }, AbortSignal.timeout(5_000))
  await expect(forbidden.next()).rejects.toMatchObject({ status: 403 })
})
