// What the admission policy costs: agents created where it is in force and where it is not, one by one in turn.

import { agentDeployment } from '../src/trial/manifests.ts'
import { deployments, namespaces } from '../src/kube/resource.ts'
import { soon } from '../test/support/operator.ts'
import { start } from './contenders.ts'
import { AGENTS_NAMESPACE, atOnce, rest, type Stage } from './stage.ts'
import { quantile, type Row } from './table.ts'

/** So many agents in each namespace, of which the first are not counted. */
const CREATED = 500
const WARM_UP = 50
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
  const times = { ours: [] as number[][], baseline: [] as number[][] }
  for (let round = 0; round < rounds; round++) {
    const ours: number[] = []
    const baseline: number[] = []
    const create = async (index: number, namespace: string, into: number[]) => {
      const started = performance.now()
      await cluster.client.create(deployments, agentDeployment(`new-${index}`, namespace), soon())
      if (index >= WARM_UP) into.push(performance.now() - started)
    }
    for (let index = 0; index < CREATED + WARM_UP; index++) {
      if (index % 2 === 0) await create(index, AGENTS_NAMESPACE, ours)
      await create(index, FREE_NAMESPACE, baseline)
      if (index % 2 === 1) await create(index, AGENTS_NAMESPACE, ours)
    }
    times.ours.push(ours)
    times.baseline.push(baseline)
    for (const namespace of [AGENTS_NAMESPACE, FREE_NAMESPACE])
      await atOnce(CREATED + WARM_UP, (index) => cluster.remove(deployments, `new-${index}`, namespace))
    log(`admission, round ${round + 1} of ${rounds}`)
  }
  return ([0.5, 0.99] as const).map((share) => ({
    what: `an agent created under the policy, p${share * 100}`,
    unit: 'ms' as const,
    ours: times.ours.map((one) => quantile(one, share)),
    baseline: times.baseline.map((one) => quantile(one, share)),
    against: 'no policy for its namespace',
  }))
}
