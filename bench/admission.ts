// What the admission policy costs: agents created where it is in force and where it is not, one by one in turn. As the bare
// request, in which the policy is a good part, and as a person does it, by kubectl apply.

import { agentDeployment } from '../src/cli/trial/manifests.ts'
import type { RawObject } from '../src/kube/object.ts'
import { deployments, namespaces } from '../src/kube/resource.ts'
import { runKubectl } from '../test/support/kubectl.ts'
import { soon } from '../test/support/operator.ts'
import { start } from './contenders.ts'
import { AGENTS_NAMESPACE, atOnce, rest, type Stage } from './stage.ts'
import { quantile, type Row } from './table.ts'

interface Way {
  readonly what: string
  /** So many agents in each namespace, of which the first are not counted. */
  readonly agents: number
  readonly warmUp: number
  readonly create: (stage: Stage, agent: RawObject) => Promise<unknown>
}

const WAYS: readonly Way[] = [
  {
    what: 'an agent created under the policy',
    agents: 500,
    warmUp: 50,
    create: ({ cluster }, agent) => cluster.client.create(deployments, agent, soon()),
  },
  { what: 'kubectl apply of an agent under the policy', agents: 100, warmUp: 5, create: apply },
]
const FREE_NAMESPACE = 'not-managed'
const SETTLE_MS = 5_000

export async function admissionRows(
  stage: Stage,
  { rounds, log }: { readonly rounds: number; readonly log: (line: string) => void },
): Promise<Row[]> {
  const { cluster } = stage
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: FREE_NAMESPACE } })
  await stage.license()
  {
    await using operator = await start('cto-operator', stage)
    await operator.ready()
    await rest(SETTLE_MS)
  }
  // The operator has stopped; the policy works on without it, and nothing else writes.
  const rows: Row[] = []
  for (const way of WAYS) {
    const times = { ours: [] as number[][], baseline: [] as number[][] }
    for (let round = 0; round < rounds; round++) {
      const { ours, baseline } = await inTurn(stage, way)
      times.ours.push(ours)
      times.baseline.push(baseline)
      log(`${way.what}, round ${round + 1} of ${rounds}`)
    }
    for (const share of [0.5, 0.99]) {
      rows.push({
        what: `${way.what}, p${share * 100}`,
        unit: 'ms',
        ours: times.ours.map((one) => quantile(one, share)),
        baseline: times.baseline.map((one) => quantile(one, share)),
        against: 'no policy for its namespace',
      })
    }
  }
  return rows
}

async function inTurn(stage: Stage, { agents, warmUp, create }: Way): Promise<{ ours: number[]; baseline: number[] }> {
  const times = { ours: [] as number[], baseline: [] as number[] }
  const all = agents + warmUp
  for (let index = 0; index < all; index++) {
    const turns = [[AGENTS_NAMESPACE, times.ours] as const, [FREE_NAMESPACE, times.baseline] as const]
    for (const [namespace, into] of index % 2 === 0 ? turns : turns.toReversed()) {
      const agent = agentDeployment(`new-${index}`, namespace)
      const started = performance.now()
      await create(stage, agent)
      if (index >= warmUp) into.push(performance.now() - started)
    }
  }
  for (const namespace of [AGENTS_NAMESPACE, FREE_NAMESPACE])
    await atOnce(all, (index) => stage.cluster.remove(deployments, `new-${index}`, namespace))
  return times
}

async function apply({ plane }: Stage, agent: RawObject): Promise<void> {
  const { code, stderr } = await runKubectl(plane, ['apply', '--filename=-', { input: JSON.stringify(agent) }])
  if (code !== 0) throw new Error(stderr)
}
