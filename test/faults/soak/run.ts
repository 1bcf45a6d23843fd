// `npm run soak -- --minutes N --seed S`: two replicas, people who edit at random and faults at random, round after round. After
// each round everything has to be as it was at first, and the invariants hold on every write. In the end it prints what it did and
// what the replicas cost. What fails ends it with code 1 and the seed.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { apiRequester } from '../../../src/control-plane/api-request.ts'
import { startControlPlane } from '../../../src/control-plane/control-plane.ts'
import { eksLikeNode } from '../../../src/control-plane/kind-nodes.ts'
import { deployments, resourcePath } from '../../../src/kube/resource.ts'
import { agentDeployment } from '../../../src/trial/manifests.ts'
import { addNodes } from '../../support/operator.ts'
import { checkInvariants } from '../invariants.ts'
import { openStage, type Stage, withoutPast } from '../stage.ts'
import { chanceFrom } from './chance.ts'
import { somePeople } from './people.ts'
import { startReplica } from './replicas.ts'
import { someTroubles } from './troubles.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
const minutes = Number(values.minutes ?? 10)
const seed = Number(values.seed ?? Date.now() % 1_000_000)

const ROUND_MS = 6_000
const PEOPLE_REST_MS = 250
const HOLD_NOTICE_MS = 500
/** A watch or a controller that failed often tries again after half a minute, and then it may have to do so once more. */
const PATIENCE_MS = 90_000
const LONGEST_MESSAGE = 4_000

const say = (line: string) => console.error(`soak: ${line}`)
const counts = new Map<string, number>()
const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
const lately: string[] = []

try {
  await soak()
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  say(`FAILED with seed ${seed}: ${message.slice(0, LONGEST_MESSAGE)}`)
  say(`before that: ${lately.slice(-30).join('; ')}`)
  process.exitCode = 1
}

async function soak(): Promise<void> {
  say(`${minutes} minutes, seed ${seed}`)
  await using plane = await startControlPlane({ log: () => undefined })
  await using stage = await openStage(plane)
  await using alpha = await startReplica(stage, 'alpha', HOLD_NOTICE_MS)
  await using beta = await startReplica(stage, 'beta', HOLD_NOTICE_MS)
  const replicas = [alpha, beta]
  // Each has a chance of its own: how long one takes does not change what the other does.
  const people = await somePeople(stage, chanceFrom(seed))
  const troubles = someTroubles(stage.proxy, replicas, chanceFrom(seed + 1))

  await addNodes(stage.cluster, [eksLikeNode(1), eksLikeNode(2)])
  await people.tidy()
  await stage.cluster.entitled(({ agents }) => agents.admitted.length === 3)
  await isQuiet(stage)
  const well = await stage.state()

  const end = performance.now() + minutes * 60_000
  let rounds = 0
  let writes = 0
  let longest = 0
  for (; performance.now() < end; rounds++) {
    troubles.newRound()
    const roundEnd = performance.now() + ROUND_MS
    await Promise.all([
      repeat(roundEnd, async () => note('edit', await people.edit()), PEOPLE_REST_MS),
      repeat(roundEnd, async () => note('fault', await troubles.make())),
    ])
    await people.tidy()
    const mended = performance.now()
    await stage.reaches(well, `round ${rounds}`, withoutPast, PATIENCE_MS)
    longest = Math.max(longest, performance.now() - mended)
    await isQuiet(stage)
    await growthIsRefused(stage)
    checkInvariants(stage)
    for (const replica of replicas) replica.look()
    writes += stage.proxy.writes.length
    stage.proxy.writes.length = 0
    stage.proxy.asked.length = 0
  }
  const total = (kind: string) =>
    [...counts].filter(([what]) => what.startsWith(kind)).reduce((sum, [, n]) => sum + n, 0)
  say(`${rounds} rounds, ${total('edit')} edits, ${total('fault')} faults, ${writes} writes of the replicas`)
  say(`all was well again after ${(longest / 1_000).toFixed(1)} s at most`)
  for (const replica of replicas) say(await replica.report())
}

function note(kind: string, what: string): void {
  count(`${kind}: ${what}`)
  lately.push(what)
  lately.splice(0, lately.length - 60)
}

async function repeat(end: number, work: () => Promise<void>, restMs = 0): Promise<void> {
  while (performance.now() < end) {
    await work()
    await sleep(restMs)
  }
}

/** Waits until a second has passed in which nothing was written. */
async function isQuiet({ proxy }: Stage): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (let last = -1; last !== proxy.writes.length;) {
    assert.ok(performance.now() < end, 'the replicas do not stop writing')
    last = proxy.writes.length
    await sleep(1_000)
  }
}

/** I4 and I5: what is not licensed may not grow where agents live, and everything may elsewhere. */
async function growthIsRefused({ plane }: Stage): Promise<void> {
  const request = apiRequester(plane)
  const status = async (namespace: string) => {
    const path = resourcePath(deployments, { namespace }, { dryRun: 'All' })
    return (await request('POST', path, agentDeployment('nobody', namespace))).status
  }
  assert.equal(await status('cto-agents'), 403, 'an agent that is not licensed may be created')
  assert.equal(await status('default'), 201, 'a Deployment of somebody else is refused')
}
