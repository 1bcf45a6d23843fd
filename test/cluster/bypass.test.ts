// The ways around enforcement that docs/security.md lists and no other test goes: each gets what that page says, also where it
// says that nothing is prevented.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { SECOND } from '../../src/domain/time.ts'
import { admissionPolicies, deployments } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  aLicense,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  type RunningOperator,
  runOperator,
} from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const LABEL = 'cto.5dlabs.io/agent'
// Of several at the same moment one may be admitted for a moment: then it is held after its notice, and not at once.
const SETTINGS = { holdNotice: SECOND }

let cluster: Cluster
let vendor: SigningKey
let running: RunningOperator

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  vendor = await aVendor()
  running = await runOperator(await cluster.access(), vendor, SETTINGS)
  await cluster.config(['rex'])
  await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))
})
afterAll(() => running.stop())

const apply = (object: unknown) => controlPlane.kubectl('apply', '-f', '-', { input: JSON.stringify(object) })
const replicasOf = async (name: string) =>
  ((await cluster.object(deployments, name, 'cto-agents'))?.['spec'] as { replicas?: number } | undefined)?.replicas

function workload(apiVersion: string, kind: string, spec: object) {
  return { apiVersion, kind, metadata: { name: 'tess', namespace: 'cto-agents', labels: { [LABEL]: 'tess' } }, spec }
}
const labels = { app: 'tess', [LABEL]: 'tess' }
const containers = [{ name: 'tess', image: 'x' }]
const template = { metadata: { labels }, spec: { containers } }
const once = { metadata: { labels }, spec: { containers, restartPolicy: 'Never' } }
const selector = { matchLabels: labels }

test.each([
  ['a DaemonSet', workload('apps/v1', 'DaemonSet', { selector, template })],
  ['a ReplicaSet', workload('apps/v1', 'ReplicaSet', { selector, template, replicas: 1 })],
  ['a StatefulSet', workload('apps/v1', 'StatefulSet', { selector, template, serviceName: 'tess' })],
  ['a Job', workload('batch/v1', 'Job', { template: once })],
  ['a CronJob', workload('batch/v1', 'CronJob', { schedule: '* * * * *', jobTemplate: { spec: { template: once } } })],
])('%s is governed as a Deployment is', async (_what, object) => {
  const { code, stderr } = await apply(object)
  expect(code, stderr).not.toBe(0)
  expect(stderr).toContain('agent tess is not licensed: the Free plan admits rex and blaze')
})

test('an agent that is written in another case is refused with the one that is meant, in the words of the status', async () => {
  const labelled = { app: 'upper', [LABEL]: 'Rex' }
  const metadata = { name: 'upper', namespace: 'cto-agents', labels: labelled }
  const pods = { metadata: { labels: labelled }, spec: { containers } }
  const spec = { replicas: 1, selector: { matchLabels: labelled }, template: pods }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }
  const { stderr } = await apply(deployment)
  const words = 'agent Rex is not licensed: the Free plan admits rex and blaze (at most 2 agents) (did you mean rex?)'
  expect(stderr).toContain(words)
  expect(await apply({ ...deployment, spec: { ...spec, replicas: 0 } })).toMatchObject({ code: 0 })
  const scaled = await controlPlane.kubectl('scale', 'deployment', 'upper', '-n', 'cto-agents', '--replicas=1')
  expect(scaled.stderr).toContain(words)
  await controlPlane.kubectl('delete', 'deployment', 'upper', '-n', 'cto-agents')
  // Of one that is in no plan under any name, nothing is said.
  expect((await apply(workload('apps/v1', 'ReplicaSet', { selector, template, replicas: 1 }))).stderr).not.toContain(
    'did you',
  )
})

test('a bare Pod is not governed, nor a workload without the label; the label of its pods alone is refused', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tess', namespace: 'cto-agents', labels } }
  expect(await apply({ ...pod, spec: { containers } })).toMatchObject({ code: 0 })
  const plain = agentDeployment('tess', 'cto-agents')
  const metadata = { name: 'unlabelled', namespace: 'cto-agents' }
  expect((await apply({ ...plain, metadata })).stderr).toContain('must be on the workload itself too')
  const bare = { metadata: { labels: { app: 'bare' } }, spec: { containers } }
  const unlabelled = { ...plain, metadata, spec: { selector: { matchLabels: { app: 'bare' } }, template: bare } }
  expect(await apply(unlabelled)).toMatchObject({ code: 0 })
  expect((await cluster.entitlement()).agents.admitted.map(({ name }) => name)).toEqual(['rex'])
})

test('of many at the same moment as many stay as are licensed', { timeout: 90_000 }, async () => {
  await cluster.installLicense(await aLicense(vendor, { limits: { agents: 3 } }))
  await cluster.entitled(({ agents }) => agents.limit === 3)
  const names = ['blaze', 'tess', 'morgan', 'cypher', 'atlas']
  const answers = await Promise.all(names.map((name) => apply(agentDeployment(name, 'cto-agents'))))
  await cluster.eventually('the surplus to be held', async () => {
    const wanted = await Promise.all(['rex', ...names].map(replicasOf))
    return wanted.filter((replicas) => (replicas ?? 0) > 0).length === 3
  })
  const passed = answers.filter(({ code }) => code === 0).length
  expect(passed).toBeGreaterThanOrEqual(2)
  await cluster.entitled(({ agents }) => agents.admitted.length === 3 && agents.held.length === passed - 2)
  await Promise.all(names.map((name) => controlPlane.kubectl('-n', 'cto-agents', 'delete', 'deployment', name)))
  await controlPlane.kubectl('delete', 'license', 'acme')
  await cluster.entitled(({ plan }) => plan === 'free')
})

test(
  'what grew in the gap, with policies deleted and no operator, is held when it is back',
  { timeout: 90_000 },
  async () => {
    await running.stop()
    const kinds = 'validatingadmissionpolicies,validatingadmissionpolicybindings'
    const gone = await controlPlane.kubectl('delete', kinds, '-l', 'app.kubernetes.io/managed-by=cto-operator')
    expect(gone, gone.stderr).toMatchObject({ code: 0 })
    await cluster.eventually('the gap', async () => (await apply(agentDeployment('tess', 'cto-agents'))).code === 0)
    running = await runOperator(await cluster.access(), vendor, SETTINGS)
    await cluster.eventually('tess to be held', async () => (await replicasOf('tess')) === 0)
    await cluster.eventually('the policies', () => cluster.object(admissionPolicies, 'cto-agents'))
    const { agents } = await cluster.entitled((status) => status.agents.held.length === 1)
    expect(agents.held).toMatchObject([{ name: 'tess', replicas: 1 }])
  },
)

test(
  'without parameters and operator, agents do not grow where they are governed, and nobody else notices',
  { timeout: 90_000 },
  async () => {
    await running.stop()
    const { kubectl } = controlPlane
    expect(await kubectl('delete', 'entitlement', 'cto')).toMatchObject({ code: 0 })
    await cluster.eventually('the API server to miss them', async () => {
      const { stderr } = await kubectl('-n', 'cto-agents', 'scale', 'deployment', 'rex', '--replicas=2')
      return stderr.includes('no params found for policy binding')
    })
    expect((await apply(agentDeployment('blaze', 'cto-agents'))).stderr).toContain('no params found for policy binding')
    for (const args of [
      ['-n', 'cto-agents', 'create', 'deployment', 'plain', '--image=x'],
      ['-n', 'default', 'create', 'deployment', 'elsewhere', '--image=x'],
      ['-n', 'default', 'scale', 'deployment', 'elsewhere', '--replicas=3'],
      ['-n', 'cto-agents', 'delete', 'deployment', 'plain'],
      ['delete', 'namespace', 'cto-agents', '--timeout=60s'],
    ]) {
      const answer = await kubectl(...args)
      expect(answer, `${args.join(' ')}: ${answer.stderr}`).toMatchObject({ code: 0 })
    }
  },
)
