// A network and an API server in trouble. Whatever happens to requests and watches, what is decided stays, nothing is taken away
// from anybody, and when the trouble is over everything becomes what it would have been.
//
// | test of the catalog of faults | where |
// |---|---|
// | T01 a crash after each write · T02 between record and scale | crash.test.ts: holding is one write, and I3 is checked on each |
// | T03 time travel · T04 unobserved delete and recreate | past.test.ts · unseen.test.ts |
// | T05 dropped · T06 doubled and reordered events | here |
// | T07 409 · T08 429, 500, 503 storms | here |
// | T09 API server restarted, down · T42 everything off and on, etcd restored | outage.test.ts |
// | T10 compaction, 410 · T11 empty and partial lists · T12 silent stall | here; the time it takes to notice: unit/kube/watch.test.ts |
// | T13 split brain | leader.test.ts; the rules alone: unit/kube/lease.test.ts |
// | T14 clocks · T15 poison · T17 quiet · T38 parameters and CRDs deleted · T43 unreadable Secrets | here and ordeal.test.ts |
// | T16 a walk | walk.test.ts |
// | T26 policy deleted · T27 status forged | cluster/tampering.test.ts |
// | T28 operator gone | cluster/enforcement.test.ts, cluster/degradation.test.ts |
// | T29 foreign key | cluster/license.test.ts, ordeal.test.ts |
// | T30 an older license replayed | unit and cluster tests of licenses |
// | T36 paths to scale | cluster/enforcement.test.ts; twenty at once: ordeal.test.ts |
// | T40 restored exactly · T41 drained while expired | ordeal.test.ts |
//
// The invariants I1–I3 and I6 are checked on every write of every test (invariants.ts), I4 and I5 in ordeal.test.ts and walk.test.ts.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/instant.ts'
import { deployments, nodes, type Resource } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, soon } from '../support/operator.ts'
import {
  answers,
  cut,
  eachLine,
  goneInStream,
  isRead,
  isWrite,
  listOf,
  ofKind,
  randomFrom,
  shuffled,
  stall,
  timesEach,
  when,
} from './faults.ts'
import { checkInvariants } from './invariants.ts'
import type { Asked, Fault, Rule } from './proxy.ts'
import { aMoment, deed, takesAway } from './sieve.ts'
import { openStage, type Stage, type State, withoutFields } from './stage.ts'

const controlPlane = useControlPlane()
const isThorough = process.env['CTO_FAULTS'] === 'all'
const SEED = Number(process.env['CTO_SEED'] ?? Date.now() % 1_000_000)
let stage: Stage
let license: string
/** How everything is when all is well. */
let well: State
let lift: (() => void)[] = []

beforeAll(async () => {
  stage = await openStage(controlPlane.plane)
  await addNodes(stage.cluster, [eksLikeNode(1), eksLikeNode(2), eksLikeNode(3)])
  license = await stage.issue({ expiresAt: Date.now() + 300 * DAY })
  await stage.cluster.installLicense(license)
  await stage.cluster.config(['rex', 'tess'])
  await stage.start()
  await stage.cluster.entitled(({ agents }) => agents.admitted.length === 2)
  await stage.settle()
  await stage.cluster.apply(deployments, agentDeployment('morgan', 'cto-agents'))
  await stage.cluster.entitled(({ agents }) => agents.admitted.length === 3)
  await stage.settle()
  well = await stage.state()
})
afterAll(() => stage[Symbol.asyncDispose]())

beforeEach(async () => {
  await stage.settle()
  stage.proxy.writes.length = 0
  stage.proxy.asked.length = 0
})
afterEach(async () => {
  mended()
  await stage.reaches(well, 'after the test', withoutPast)
  checkInvariants(stage)
})

// Times, and that there was once a node more: that is remembered on purpose.
const PAST = new Set([
  'lastTransitionTime',
  'nextChangeAt',
  'highest',
  'peak',
  'pastPeaks',
  'overSince',
  'overUntil',
  'graceEndsAt',
])
const withoutPast = (state: State) => withoutFields(state, PAST)

function trouble(...rules: readonly Rule[]): void {
  lift.push(...rules.map((rule) => stage.proxy.rule(rule)))
}

function mended(): void {
  for (const one of lift) one()
  lift = []
}

const isWatch = ({ verb }: Asked) => verb === 'watch'
const isList = ({ verb }: Asked) => verb === 'list'
const any = () => true
const writesThatTakeAway = () => stage.proxy.writes.filter(takesAway).map(deed)

/** What people do meanwhile. All of it is undone in the end, and only tess is taken away, as they wish. */
async function life(): Promise<void> {
  const { cluster } = stage
  await cluster.config(['rex'])
  await cluster.client.create(nodes, eksLikeNode(9), soon())
  await cluster.installLicense('half a lic')
  await cluster.config(['rex', 'tess', 'cypher'])
  await cluster.remove(licenses, 'acme')
  await cluster.remove(nodes, eksLikeNode(9).metadata.name)
  await cluster.installLicense(license)
  await cluster.config(['rex', 'tess'])
}

/** Makes every watch begin anew, under the rules that are in force. */
async function reconnect(which: (asked: Asked) => boolean = any): Promise<void> {
  stage.proxy.cutWatches(which)
  await aMoment(1_200)
}

// The first of all: of a node that came and went, what is remembered changes by itself for a month.
test('T17 quiet: what changes nothing makes nothing be written', { timeout: 60_000 }, async () => {
  const { cluster } = stage
  await stage.settle()
  const { length } = stage.proxy.writes
  for (let pass = 0; pass < 50; pass++) {
    stage.clock.advance(60_000)
    const labels = { pass: String(pass) }
    await cluster.client.mergePatch(nodes, { name: eksLikeNode(1).metadata.name }, { metadata: { labels } }, soon())
    const place: [Resource, string][] = [
      [platformConfigs, 'acme'],
      [licenses, 'acme'],
    ]
    for (const [kind, name] of place) {
      await cluster.client.mergePatch(kind, { name }, { metadata: { annotations: labels } }, soon())
    }
  }
  await stage.settle()
  expect(stage.proxy.writes.slice(length).map(deed)).toEqual([])
  // What was put there goes again.
  const without = { metadata: { annotations: { pass: null }, labels: { pass: null } } }
  await cluster.client.mergePatch(nodes, { name: eksLikeNode(1).metadata.name }, without, soon())
  await cluster.client.mergePatch(platformConfigs, { name: 'acme' }, without, soon())
  await cluster.client.mergePatch(licenses, { name: 'acme' }, without, soon())
})

test('T05 every k-th event is dropped: the next list brings everything back', { timeout: 120_000 }, async () => {
  for (const k of isThorough ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 2, 3, 7]) {
    let count = 0
    trouble(
      when(
        isWatch,
        eachLine((line) => (++count % k === 0 ? [] : [line])),
      ),
    )
    await reconnect()
    await life()
    await stage.settle()
    mended()
    stage.proxy.blind(any)()
    await stage.reaches(well, `k = ${k}`, withoutPast)
  }
})

test(
  'T06 each event three times, and in another order: nothing is written that would not be',
  { timeout: 60_000 },
  async () => {
    console.error(`trouble: seed ${SEED}`)
    await life()
    await stage.reaches(well, 'undisturbed', withoutPast)
    await stage.settle()
    trouble(
      when(
        isWatch,
        eachLine((line) => [line, line, line]),
      ),
    )
    await reconnect()
    const { length } = stage.proxy.writes
    await aMoment(300)
    expect(stage.proxy.writes.length, 'nothing happened').toBe(length)
    await life()
    await stage.reaches(well, 'each three times', withoutPast)
    mended()
    const random = randomFrom(SEED)
    for (let round = 0; round < 3; round++) {
      trouble(when(isWatch, shuffled(random, 20)))
      await reconnect()
      await life()
      await stage.reaches(well, `another order, seed ${SEED}`, withoutPast)
      mended()
    }
  },
)

test.each([
  [
    '409 for half of the updates',
    (random: () => number) => when(isUpdate, () => (random() < 0.5 ? conflict : undefined)),
  ],
  ['409 for all updates', () => when(isUpdate, () => conflict)],
])('T07 %s: bounded retries, and everything is made good', { timeout: 60_000 }, async (_what, ruleFor) => {
  trouble(ruleFor(randomFrom(SEED)))
  // Also what is replaced as a whole: somebody has deleted and changed the policies.
  const { cluster } = stage
  const policy = 'validatingadmissionpolicies'
  await controlPlane.kubectl('patch', policy, 'cto-agents', '--type=merge', '-p', '{"spec":{"failurePolicy":"Ignore"}}')
  await cluster.config(['rex', 'tess', 'cypher'])
  await aMoment(4_000)
  const asked = stage.proxy.asked.filter(isWrite).length
  expect(asked, 'requests in four seconds').toBeLessThan(150)
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
  { timeout: 60_000 },
  async (_what, fault) => {
    trouble(when(any, fault))
    stage.proxy.cutWatches()
    stage.proxy.asked.length = 0
    await life()
    await aMoment(3_000)
    // A dozen watches and four controllers, each with its back-off.
    expect(stage.proxy.asked.length, 'requests in three seconds').toBeLessThan(120)
    expect(stage.proxy.writes).toEqual([])
    const again = performance.now()
    mended()
    await stage.reaches(well, 'mended', withoutPast)
    expect(performance.now() - again, 'ms until all is well').toBeLessThan(15_000)
  },
)

test('T10 410 in the stream, and on connect', { timeout: 60_000 }, async () => {
  // A watch remembers for ten seconds that it was in trouble, and is the more patient: a new operator knows of none.
  stage.crash()
  await stage.start()
  trouble(timesEach(2, isWatch, goneInStream))
  stage.proxy.cutWatches()
  await life()
  await stage.reaches(well, '410 in the stream', withoutPast)
  mended()
  trouble(timesEach(2, isWatch, answers(410, 'Expired')))
  stage.proxy.cutWatches()
  await life()
  await stage.reaches(well, '410 on connect', withoutPast)
  // The life itself takes tess and cypher away.
  expect(writesThatTakeAway().filter((one) => /morgan|rex/.test(one))).toEqual([])
})

const listsOf =
  (...resources: readonly string[]) =>
  (asked: Asked) =>
    isList(asked) && ofKind(...resources)(asked)
const empty = listOf(() => [])
// Of each kind one list, that is: it is read once more before what was known is taken for gone.
const LISTS: readonly (readonly [what: string, rule: () => Rule])[] = [
  ['an empty list of nodes', () => timesEach(1, listsOf('nodes'), empty)],
  ['an empty list of Licenses', () => timesEach(1, listsOf('licenses'), empty)],
  ['an empty list of PlatformConfigs', () => timesEach(1, listsOf('platformconfigs'), empty)],
  ['an empty list of Secrets', () => timesEach(1, listsOf('secrets'), empty)],
  ['an empty list of anything', () => timesEach(1, isList, empty)],
  [
    'a list that lost all but one',
    () =>
      timesEach(
        1,
        isList,
        listOf((items) => items.slice(0, 1)),
      ),
  ],
  ['403 for everything', () => when(isRead, answers(403, 'Forbidden'))],
]

test.each(LISTS)(
  'T11 %s: nobody is held, nothing is deleted, and no grant is lost',
  { timeout: 60_000 },
  async (_what, rule) => {
    trouble(rule())
    stage.proxy.blind(any)()
    await aMoment(1_800)
    mended()
    await aMoment(300)
    const entitlement = await stage.cluster.entitlement()
    expect(entitlement).toMatchObject({ plan: 'team', verdict: 'Valid' })
    expect(stage.proxy.writes.map(deed), 'nothing is written at all').toEqual([])
  },
)

test('T12 watches that tell nothing, without an end: reading goes on elsewhere', { timeout: 60_000 }, async () => {
  trouble(when(isWatch, stall))
  stage.proxy.cutWatches()
  await life()
  await aMoment(1_000)
  expect(writesThatTakeAway()).toEqual([])
  const started = performance.now()
  mended()
  await stage.reaches(well, 'mended', withoutPast)
  console.error(
    `trouble: watches that hung while they were opened were given up ${Math.round(performance.now() - started)} ms later`,
  )
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

test('T15 garbage in watches', { timeout: 60_000 }, async () => {
  let index = 0
  trouble(
    timesEach(4, isWatch, {
      kind: 'lines',
      async *change(lines) {
        yield GARBAGE[index++ % GARBAGE.length]!
        yield* lines
      },
    }),
  )
  stage.proxy.cutWatches()
  await life()
  await aMoment(1_000)
  mended()
  // What looks like an object is one, until the next list.
  stage.proxy.blind(any)()
  await stage.reaches(well, 'garbage', withoutPast)
  expect((await fetch(`http://${stage.running.operator.address}/livez`)).status).toBe(200)
})

test(
  'T15 poison in a list: one object that makes no sense does not keep the others from being read',
  { timeout: 60_000 },
  async () => {
    const poison = [
      {
        metadata: { name: 'x', namespace: 'cto-agents', uid: '1', labels: { 'cto.5dlabs.io/agent': 7 } },
        spec: 'text',
      },
      { metadata: { name: 'y', uid: '2', labels: 7, annotations: [null] }, spec: null, status: 'none' },
    ] as unknown as Parameters<Parameters<typeof listOf>[0]>[0]
    trouble(
      when(
        isList,
        listOf((items) => [...poison, ...items]),
      ),
    )
    stage.proxy.blind(any)()
    await life()
    await stage.settle()
    expect((await fetch(`http://${stage.running.operator.address}/livez`)).status).toBe(200)
    await stage.cluster.entitled(({ agents }) => agents.admitted.some(({ name }) => name === 'tess'))
    mended()
    stage.proxy.blind(any)()
  },
)

const conflict = answers(409, 'Conflict')
const isUpdate = ({ verb }: Asked) => verb === 'update' || verb === 'patch'
