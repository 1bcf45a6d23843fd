// Kubelets that report, fifty a second, which changes nothing that counts: the longest stall of our event loop, and the
// processor time beside the baseline.

import { join } from 'node:path'
import { nodes } from '../src/kube/resource.ts'
import { soon } from '../test/support/operator.ts'
import { CONTENDERS, type Contender, inTurn, type Running, start } from './contenders.ts'
import { largeNode } from './large-node.ts'
import { cpuMilliseconds } from './process.ts'
import { rest, type Stage } from './stage.ts'
import type { Row } from './table.ts'

export interface ChurnOptions {
  readonly nodes: number
  readonly agents: number
  readonly rounds: number
  /** How long each contender sees it, in s. */
  readonly seconds: number
  readonly log: (line: string) => void
}

const PER_SECOND = 50
const GOAL_MS = 100
const PROBE = join(import.meta.dirname, 'stall-probe.ts')

export async function churnRows(stage: Stage, options: ChurnOptions): Promise<Row[]> {
  const { rounds, seconds, log, agents } = options
  const cpu: Record<Contender, number[]> = { 'cto-operator': [], 'Go, default caches': [], 'Go, tuned caches': [] }
  const stalls = { start: [] as number[], churn: [] as number[], held: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const contender of inTurn(round)) {
      const isOurs = contender === 'cto-operator'
      await stage.clean()
      await stage.license()
      await using running = await start(contender, stage, { imports: [PROBE] })
      await running.ready()
      await stage.until('all agents to run', () => stage.asleep() === 0)
      await rest(3_000)
      if (isOurs) stalls.start.push(await longestStall(running))
      const before = await cpuMilliseconds(running)
      await report(stage, options)
      cpu[contender].push((await cpuMilliseconds(running)) - before)
      if (isOurs) {
        stalls.churn.push(await longestStall(running))
        await stage.revoke()
        await stage.until('all agents to be held', () => stage.asleep() === agents)
        stalls.held.push(await longestStall(running))
        await stage.license()
        await stage.until('all agents to run again', () => stage.asleep() === 0)
      }
      log(`churn, round ${round + 1} of ${rounds}, ${contender}: ${cpu[contender].at(-1)} ms of processor time`)
    }
  }
  const goal = { unit: 'ms' as const, baseline: stalls.start.map(() => GOAL_MS), against: 'the goal' }
  return [
    { what: `longest stall, start with ${options.nodes} nodes`, ours: stalls.start, ...goal },
    { what: `longest stall, ${PER_SECOND} node events/s for ${seconds} s`, ours: stalls.churn, ...goal },
    { what: `longest stall, ${agents} agents held`, ours: stalls.held, ...goal },
    ...CONTENDERS.slice(1).map((against) => ({
      what: `processor time, ${PER_SECOND} node events/s for ${seconds} s`,
      unit: 'ms' as const,
      ours: cpu['cto-operator'],
      baseline: cpu[against],
      against,
    })),
  ]
}

/** As kubelets do it: the status says when it was last heard. */
async function report({ cluster }: Stage, { nodes: count, seconds }: ChurnOptions): Promise<void> {
  const under: Promise<unknown>[] = []
  const started = performance.now()
  for (let sent = 0; sent < PER_SECOND * seconds; sent++) {
    const { name } = largeNode(sent % count).metadata
    const time = new Date().toISOString().replace(/\.\d+/, '')
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: time, reason: `Report${sent}` }]
    const place = { name, subresource: 'status' }
    under.push(cluster.client.mergePatch(nodes, place, { status: { conditions } }, soon()))
    await rest(Math.max(0, started + ((sent + 1) * 1_000) / PER_SECOND - performance.now()))
  }
  await Promise.all(under)
}

async function longestStall(running: Running): Promise<number> {
  const said = running.output().length
  process.kill(running.pid, 'SIGUSR2')
  for (;;) {
    const found = /stall (\{.*\})\n/.exec(running.output().slice(said))
    if (found?.[1] !== undefined) return (JSON.parse(found[1]) as { longest: number }).longest
    await rest(10)
  }
}
