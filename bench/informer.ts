// Beside Kubernetes' own client for Node, whose informer reads the nodes and does nothing else: start and memory.

import { type Contender, start } from './contenders.ts'
import { peakMegabytes, type Process, startProcess } from './process.ts'
import { rest, type Stage } from './stage.ts'
import type { Row } from './table.ts'

export interface InformerOptions {
  readonly nodes: number
  readonly agents: number
  readonly rounds: number
  readonly log: (line: string) => void
}

const OURS: Contender = 'cto-operator'
const LOOK_EVERY_MS = 2
const PATIENCE_MS = 120_000

export async function informerRows(stage: Stage, { nodes, agents, rounds, log }: InformerOptions): Promise<Row[]> {
  await stage.license()
  const times = { ours: [] as number[], baseline: [] as number[] }
  const peaks = { ours: [] as number[], baseline: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? (['ours', 'baseline'] as const) : (['baseline', 'ours'] as const)) {
      const started = performance.now()
      await using running = who === 'ours' ? await start(OURS, stage) : informer(stage)
      await running.ready()
      times[who].push(performance.now() - started)
      await rest(1_000)
      peaks[who].push(await peakMegabytes(running))
    }
    log(`informer, round ${round + 1} of ${rounds}`)
  }
  const against = "client-node's informer of the nodes"
  return [
    { what: `start → ready, ${nodes} nodes, ${agents} agents`, unit: 'ms', ...times, against },
    { what: `peak RSS, ${nodes} nodes, ${agents} agents`, unit: 'MB', ...peaks, against },
  ]
}

function informer(stage: Stage): Process & { ready(): Promise<void> } {
  const running = startProcess(process.execPath, ['bench/client-node-informer.ts', stage.plane.kubeconfigPath])
  return {
    ...running,
    async ready() {
      const deadline = performance.now() + PATIENCE_MS
      while (!running.output().includes('\nready\n')) {
        if (performance.now() > deadline) throw new Error(`not ready: ${running.output()}`)
        await rest(LOOK_EVERY_MS)
      }
    },
  }
}
