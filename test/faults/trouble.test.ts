// A network and an API server in trouble. Whatever happens to requests and watches, what is decided stays, nothing is taken away
// from anybody, and when the trouble is over everything becomes what it would have been.
//
// Which test of the catalog of faults is where: README.md.

import { expect, test } from 'vitest'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { nodes } from '../../src/kube/resource.ts'
import { soon } from '../support/operator.ts'
import {
  answers,
  cut,
  eachLine,
  goneInStream,
  isRead,
  isStreamedList,
  isWrite,
  listOf,
  ofKind,
  pagesOnly,
  randomFrom,
  seedOf,
  shuffled,
  stall,
  streamWithout,
  timesEach,
  when,
} from './faults.ts'
import { useInstallation } from './installation.ts'
import type { Asked, Fault, Rule } from './proxy.ts'
import { aMoment, deed, takesAway } from './sieve.ts'

const installation = useInstallation()
const { trouble, mended, isWell, life, restart } = installation
const isThorough = process.env['CTO_FAULTS'] === 'all'
const SEED = seedOf('trouble')

const isWatch = ({ verb }: Asked) => verb === 'watch'
// What is asked of `/apis` is no list.
const isList = ({ verb, resource }: Asked) => verb === 'list' && resource !== ''
const isUpdate = ({ verb }: Asked) => verb === 'update' || verb === 'patch'
const any = () => true

/** Makes every watch begin anew, under the rules that are in force. */
async function reconnect(): Promise<void> {
  installation.stage.proxy.cutWatches()
  await aMoment(1_200)
}

/** Makes everything be listed anew, under the rules that are in force. */
function relist(): void {
  installation.stage.proxy.blind(any)()
}

async function isAlive(): Promise<void> {
  const { address } = installation.stage.running.operator
  expect((await fetch(`http://${address}/livez`)).status).toBe(200)
}

// The first of all: of a node that came and went, what is remembered changes by itself for a month.
test('T17 quiet: what changes nothing makes nothing be written', { timeout: 60_000 }, async () => {
  const { cluster, clock, proxy } = installation.stage
  const touched = [
    [nodes, eksLikeNode(1).metadata.name],
    [platformConfigs, 'acme'],
    [licenses, 'acme'],
  ] as const
  for (let pass = 0; pass < 50; pass++) {
    clock.advance(60_000)
    const metadata = { labels: { pass: String(pass) }, annotations: { pass: String(pass) } }
    for (const [kind, name] of touched) await cluster.client.mergePatch(kind, { name }, { metadata }, soon())
  }
  await installation.stage.settle()
  expect(proxy.writes.map(deed)).toEqual([])
  const metadata = { labels: { pass: null }, annotations: { pass: null } }
  for (const [kind, name] of touched) await cluster.client.mergePatch(kind, { name }, { metadata }, soon())
})

test('T05 every k-th event is dropped: the next list brings everything back', { timeout: 120_000 }, async () => {
  for (const k of isThorough ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 2, 3, 7]) {
    let count = 0
    const drop = eachLine((line) => (++count % k === 0 ? [] : [line]))
    trouble(when(isWatch, drop))
    await reconnect()
    await life()
    await installation.stage.settle()
    mended()
    relist()
    await isWell(`k = ${k}`)
  }
})

test('T06 events that come three times: nothing is written that would not be', { timeout: 60_000 }, async () => {
  const { proxy } = installation.stage
  const thrice = eachLine((line) => [line, line, line])
  trouble(when(isWatch, thrice))
  await reconnect()
  await aMoment(300)
  expect(proxy.writes.map(deed), 'nothing happened').toEqual([])
  await life()
  await isWell('each three times')
})

test('T06 events that come in another order', { timeout: 60_000 }, async () => {
  const random = randomFrom(SEED)
  for (let round = 0; round < 3; round++) {
    // Of a list that is streamed, the order is what says where it ends.
    trouble(when((asked) => isWatch(asked) && !isStreamedList(asked), shuffled(random, 20)))
    await reconnect()
    await life()
    await isWell(`another order, seed ${SEED}`)
    mended()
  }
})

const conflict = answers(409, 'Conflict')
const CONFLICTS: readonly (readonly [what: string, rule: (random: () => number) => Rule])[] = [
  ['half of the updates', (random) => when(isUpdate, () => (random() < 0.5 ? conflict : undefined))],
  ['all updates', () => when(isUpdate, conflict)],
]

test.each(CONFLICTS)('T07 409 for %s: bounded retries, and everything is made good', async (_what, ruleFor) => {
  const { cluster, proxy } = installation.stage
  trouble(ruleFor(randomFrom(SEED)))
  // Also what is replaced as a whole: somebody has changed a policy.
  const weaker = ['--type=merge', '-p', '{"spec":{"failurePolicy":"Ignore"}}']
  await installation.controlPlane.kubectl('patch', 'validatingadmissionpolicies', 'cto-agents', ...weaker)
  await cluster.config(['rex', 'tess', 'cypher'])
  await aMoment(4_000)
  expect(proxy.asked.filter(isWrite).length, 'requests in four seconds').toBeLessThan(150)
  mended()
  await cluster.config(['rex', 'tess'])
})

const STORMS: readonly (readonly [what: string, fault: Fault])[] = [
  ['429 with Retry-After', answers(429, 'TooManyRequests', 1)],
  ['500', answers(500, 'InternalError')],
  ['connections that are cut', cut],
]
const MORE_STORMS: typeof STORMS = [
  ['429 without Retry-After', answers(429, 'TooManyRequests')],
  ['503', answers(503, 'ServiceUnavailable')],
]

test.each(isThorough ? [...STORMS, ...MORE_STORMS] : STORMS)(
  'T08 a storm of %s: few requests, nothing changes, and it mends itself',
  async (_what, fault) => {
    const { proxy } = installation.stage
    trouble(when(any, fault))
    proxy.cutWatches()
    proxy.asked.length = 0
    await life()
    await aMoment(3_000)
    // A dozen watches and four controllers, each with its back-off.
    expect(proxy.asked.length, 'requests in three seconds').toBeLessThan(120)
    expect(proxy.writes).toEqual([])
    mended()
    await isWell('mended')
  },
)

test('T10 410 in the stream, and on connect', async () => {
  for (const [what, fault] of [
    ['410 in the stream', goneInStream],
    ['410 on connect', answers(410, 'Expired')],
  ] as const) {
    await restart()
    trouble(timesEach(2, isWatch, fault))
    installation.stage.proxy.cutWatches()
    await life()
    await isWell(what)
    mended()
  }
  const taken = installation.stage.proxy.writes.filter(takesAway).map(deed)
  expect(taken.filter((one) => /morgan|rex/.test(one))).toEqual([])
})

const empty = listOf(() => [])
const butOne = listOf((items) => items.slice(0, 1))
const listsOf =
  (...resources: readonly string[]) =>
  (asked: Asked) =>
    isList(asked) && ofKind(...resources)(asked)
// Of each kind one list, that is: it is read once more before what was known is taken for gone.
const LISTS: readonly (readonly [what: string, rule: () => Rule, resources: readonly string[]])[] = [
  ['an empty list of nodes', () => timesEach(1, listsOf('nodes'), empty), ['nodes']],
  ['an empty stream of nodes', () => timesEach(1, isStreamedList, streamWithout(9)), ['nodes']],
  ['a stream of nodes that lost all but one', () => timesEach(1, isStreamedList, streamWithout(2)), ['nodes']],
  ['an empty list of Licenses', () => timesEach(1, listsOf('licenses'), empty), ['licenses']],
  ['an empty list of PlatformConfigs', () => timesEach(1, listsOf('platformconfigs'), empty), ['platformconfigs']],
  ['an empty list of Secrets', () => timesEach(1, listsOf('secrets'), empty), ['secrets']],
  ['an empty list of anything', () => timesEach(1, isList, empty), ['nodes', 'licenses', 'secrets', 'deployments']],
  ['a list that lost all but one', () => timesEach(1, isList, butOne), ['nodes', 'deployments']],
  ['403 for everything', () => when(isRead, answers(403, 'Forbidden')), ['nodes', 'licenses', 'secrets']],
]

test.each(LISTS)(
  'T11 %s: nobody is held, nothing is deleted, and no grant is lost',
  async (what, ruleFor, resources) => {
    const { stage } = installation
    await restart()
    await stage.settle()
    stage.proxy.writes.length = 0
    stage.proxy.asked.length = 0
    if (!what.includes('stream')) trouble(pagesOnly)
    trouble(ruleFor())
    relist()
    const isReading = (asked: Asked) => isList(asked) || isStreamedList(asked)
    for (const resource of resources) {
      await stage.cluster.eventually(`${resource} to be read once more`, async () => {
        const lists = stage.proxy.asked.filter((asked) => isReading(asked) && ofKind(resource)(asked))
        const each = Map.groupBy(lists, ({ query }) => query.get('fieldSelector'))
        return Promise.resolve([...each.values()].some((lists) => lists.length >= 2))
      })
    }
    mended()
    await stage.settle()
    expect(await stage.cluster.entitlement()).toMatchObject({ plan: 'team', verdict: 'Valid' })
    expect(stage.proxy.writes.map(deed), 'nothing is written at all').toEqual([])
  },
)

test('T11 the first list after a restart lacks the Entitlement: it is found all the same', async () => {
  trouble(timesEach(1, listsOf('entitlements'), empty))
  await restart()
  await isWell('found')
})

test('T12 watches that tell nothing, without an end: reading goes on elsewhere', async () => {
  const { proxy } = installation.stage
  trouble(when(isWatch, stall))
  proxy.cutWatches()
  await life()
  await aMoment(1_000)
  expect(proxy.writes.filter(takesAway).map(deed)).toEqual([])
  mended()
  await isWell('mended')
})

const PHANTOM =
  '{"type":"MODIFIED","object":{"metadata":{"name":"x","labels":7,"annotations":[null]},"spec":"text","status":null}}'
const GARBAGE = [
  'this is no JSON',
  '{"type":"MODIFIED","object":{"kind":"Node"',
  '{"type":"MODIFIED","object":{}}',
  '{"type":"SOMETHING","object":{"metadata":{}}}',
  PHANTOM,
  'null',
  '[]',
]

test('T15 garbage in watches', async () => {
  const { proxy, cluster } = installation.stage
  let read = 0
  await restart()
  trouble(
    timesEach(4, isWatch, {
      kind: 'lines',
      async *change(lines) {
        yield GARBAGE[read++ % GARBAGE.length]!
        yield* lines
      },
    }),
  )
  proxy.cutWatches()
  await life()
  await cluster.eventually('all of it to be read', async () => Promise.resolve(read >= GARBAGE.length))
  mended()
  // What looks like an object is one, until the next list.
  relist()
  await isWell('garbage')
  await isAlive()
})

const POISON = [
  { metadata: { name: 'x', namespace: 'cto-agents', uid: '1', labels: { 'cto.5dlabs.io/agent': 7 } }, spec: 'text' },
  { metadata: { name: 'y', uid: '2', labels: 7, annotations: [null] }, spec: null, status: 'none' },
] as unknown as Parameters<Parameters<typeof listOf>[0]>[0]

test('T15 poison in every list: what makes no sense does not keep the rest from being read', async () => {
  const { stage } = installation
  stage.crash()
  trouble(pagesOnly)
  trouble(
    when(
      isList,
      listOf((items) => [...POISON, ...items]),
    ),
  )
  await stage.start()
  await life()
  await stage.settle()
  await isAlive()
  await stage.cluster.entitled(({ agents }) => agents.admitted.some(({ name }) => name === 'tess'))
  mended()
  relist()
})
