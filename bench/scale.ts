// A large cluster: how long each contender takes to be ready, to publish that a node came or went, and to hold and resume
// every agent, and how much memory and processor time all of that takes it.

import { nodes } from '../src/kube/resource.ts'
import { soon } from '../test/support/operator.ts'
import { CONTENDERS, type Contender, inTurn, start } from './contenders.ts'
import { largeNode } from './large-node.ts'
import { cpuMilliseconds, peakMegabytes, residentMegabytes } from './process.ts'
import { rest, type Stage } from './stage.ts'
import { quantile, type Row } from './table.ts'

export interface ScaleOptions {
  readonly nodes: number
  readonly agents: number
  readonly rounds: number
  readonly log: (line: string) => void
}

/** So many nodes come and go in each run. */
const EVENTS = 50
/** One event at a time, and none while the one before is still dealt with. */
const BETWEEN_MS = 150
/** Until what a start leaves behind is gone. */
const SETTLE_MS = 3_000

const MEASURES = ['ready', 'p50', 'p99', 'held', 'resumed', 'cpu', 'resident', 'peak'] as const

type Measures = Record<(typeof MEASURES)[number], number>

export async function scaleRows(stage: Stage, options: ScaleOptions): Promise<Row[]> {
  const { rounds, log } = options
  const runs: Record<Contender, Measures[]> = {
    'cto-operator': [],
    'Go, default caches': [],
    'Go, tuned caches': [],
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of inTurn(round)) {
      const measures = await run(contender, stage, options)
      runs[contender].push(measures)
      const figures = MEASURES.map((measure) => `${measure} ${measures[measure].toFixed(1)}`).join(', ')
      log(`scale, round ${round + 1} of ${rounds}, ${contender}: ${figures}`)
    }
  }
  const size = `${options.nodes} nodes, ${options.agents} agents`
  const rows: [keyof Measures, string, Row['unit']][] = [
    ['peak', `peak RSS, ${size}`, 'MB'],
    ['resident', 'RSS at the end of that', 'MB'],
    ['held', `license revoked → last of ${options.agents} agents held`, 'ms'],
    ['resumed', `new license → last of ${options.agents} agents resumed`, 'ms'],
    ['p50', 'one node event → Entitlement updated, p50', 'ms'],
    ['p99', 'one node event → Entitlement updated, p99', 'ms'],
    ['ready', `start → ready, ${size}`, 'ms'],
    ['cpu', 'processor time of the whole run', 'ms'],
  ]
  return rows.flatMap(([measure, what, unit]) =>
    CONTENDERS.slice(1).map((against) => ({
      what,
      unit,
      ours: runs['cto-operator'].map((one) => one[measure]),
      baseline: runs[against].map((one) => one[measure]),
      against,
    })),
  )
}

async function run(contender: Contender, stage: Stage, { nodes: count, agents }: ScaleOptions): Promise<Measures> {
  await stage.clean()
  await stage.license()
  const started = performance.now()
  await using running = await start(contender, stage)
  await running.ready()
  const ready = performance.now() - started
  await stage.until('all agents to run', () => verdictOf(stage) === 'Valid' && stage.asleep() === 0)
  await rest(SETTLE_MS)

  const delays: number[] = []
  for (let event = 0; event < EVENTS; event++) {
    const extra = largeNode(count + event)
    const there = () => stage.cluster.client.create(nodes, extra, soon())
    const gone = () => stage.cluster.remove(nodes, extra.metadata.name)
    delays.push(await timed(there, () => nodesOf(stage) === count + 1, stage))
    await rest(BETWEEN_MS)
    delays.push(await timed(gone, () => nodesOf(stage) === count, stage))
    await rest(BETWEEN_MS)
  }
  const revoke = () => stage.revoke()
  const held = await timed(revoke, () => stage.asleep() === agents, stage)
  await rest(SETTLE_MS)
  const renew = () => stage.license()
  const resumed = await timed(renew, () => stage.asleep() === 0, stage)
  await rest(SETTLE_MS)
  return {
    ready,
    p50: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    held,
    resumed,
    cpu: await cpuMilliseconds(running),
    resident: await residentMegabytes(running),
    peak: await peakMegabytes(running),
  }
}

/** From when something begins to be done until its effect was seen. */
async function timed(act: () => Promise<unknown>, so: () => boolean, stage: Stage): Promise<number> {
  const started = performance.now()
  const seen = stage.until('what was done to have an effect', so).then(() => performance.now() - started)
  await act()
  return seen
}

function nodesOf({ published }: Stage): number | undefined {
  return published.get('cto')?.nodes
}

function verdictOf({ published }: Stage): string | undefined {
  return published.get('cto')?.verdict
}
