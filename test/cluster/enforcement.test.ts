// What the API server itself refuses, by every way to grow: with the operator running, stopped, and back again.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, nodes } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aLicense, aVendor, type Cluster, connect, makeKind, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const REFUSED = 'agent tess is not licensed: the Free plan admits rex and blaze (at most 2 agents)'
const manifest = (name: string, replicas = 1, kind = 'Deployment') => {
  const deployment = agentDeployment(name, 'cto-agents')
  return JSON.stringify({ ...deployment, kind, spec: { ...(deployment['spec'] as object), replicas } })
}

async function setUp(): Promise<Cluster> {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  return cluster
}

test(
  'the free plan on Kind: rex and blaze run, tess is refused by every way to grow',
  { timeout: 120_000 },
  async () => {
    const cluster = await setUp()
    await makeKind(cluster, { workers: 1 })
    const vendor = await aVendor()
    const running = await runOperator(await cluster.access(), vendor)
    await using _ = running
    const { kubectl } = controlPlane

    await cluster.config(['rex', 'blaze', 'tess'])
    const status = await cluster.entitled(({ agents }) => agents.refused.length > 0)
    expect(status).toMatchObject({ verdict: 'Valid', plan: 'free', cluster: { type: 'Kind', proven: true } })
    expect(status.agents.admitted.map(({ name }) => name)).toEqual(['rex', 'blaze'])
    expect(status.agents.refused).toMatchObject([{ name: 'tess', reason: 'AgentNotInPlan', message: REFUSED }])
    for (const name of ['rex', 'blaze'])
      await cluster.eventually(name, () => cluster.object(deployments, name, 'cto-agents'))
    expect(await cluster.object(deployments, 'tess', 'cto-agents')).toBeUndefined()

    // kubectl apply
    const applied = await kubectl('apply', '-f', '-', { input: manifest('tess') })
    expect(applied.code).not.toBe(0)
    expect(applied.stderr).toContain('deployments.apps "tess" is forbidden')
    expect(applied.stderr).toContain(REFUSED)

    // With no replicas it raises nothing, and may be there. Scaling it by any path is growth.
    expect((await kubectl('apply', '-f', '-', { input: manifest('tess', 0) })).code).toBe(0)
    const scaled = await kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=1')
    expect(scaled.stderr).toContain(REFUSED)
    const patched = await kubectl('-n', 'cto-agents', 'patch', 'deployment', 'tess', '-p', '{"spec":{"replicas":2}}')
    expect(patched.stderr).toContain(REFUSED)

    // Other kinds with the label, and a second workload for an agent that is there.
    const statefulSet = await kubectl('apply', '-f', '-', { input: manifest('tess', 1, 'StatefulSet') })
    expect(statefulSet.stderr).toContain(REFUSED)
    const job = await kubectl(
      '-n',
      'cto-agents',
      'create',
      'job',
      'tess',
      '--image=x',
      '--dry-run=client',
      '-o',
      'json',
    )
    const labelled = JSON.parse(job.stdout) as { metadata: { labels?: object } }
    labelled.metadata.labels = { 'cto.5dlabs.io/agent': 'tess' }
    expect((await kubectl('apply', '-f', '-', { input: JSON.stringify(labelled) })).stderr).toContain(REFUSED)
    const second = JSON.parse(manifest('rex')) as { metadata: { name: string } }
    second.metadata.name = 'rex-2'
    expect((await kubectl('apply', '-f', '-', { input: JSON.stringify(second) })).stderr).toContain(
      'agent rex is not licensed: the Free plan admits at most 2 agents, and rex and blaze are there already',
    )
    const relabelled = await kubectl('-n', 'cto-agents', 'label', 'deployment', 'rex', 'cto.5dlabs.io/agent-')
    expect(relabelled.stderr).toContain('cannot be changed or removed')

    // What does not grow is nobody's business: restarts, scale-down and up again, and workloads that are no agents.
    for (const args of [
      ['-n', 'cto-agents', 'rollout', 'restart', 'deployment', 'rex'],
      ['-n', 'cto-agents', 'scale', 'deployment', 'rex', '--replicas=0'],
      ['-n', 'cto-agents', 'scale', 'deployment', 'rex', '--replicas=3'],
      ['-n', 'cto-agents', 'create', 'deployment', 'redis', '--image=redis'],
      ['-n', 'cto-agents', 'scale', 'deployment', 'redis', '--replicas=5'],
    ]) {
      const answer = await kubectl(...args)
      expect(answer, args.join(' ')).toMatchObject({ code: 0 })
    }

    // With the operator gone the API server refuses all the same.
    await running.stop()
    expect((await kubectl('apply', '-f', '-', { input: manifest('tess') })).stderr).toContain(REFUSED)
    expect((await kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=1')).stderr).toContain(REFUSED)

    // Back again, nothing changed: nothing is said, and written is only that somebody counts again what starts.
    const all = async () =>
      (
        await kubectl(
          'get',
          'cto,deployments,namespaces,rolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,events',
          '-A',
          '-o',
          'json',
        )
      ).stdout
    const versions = async () =>
      (JSON.parse(await all()) as { items: RawObject[] }).items.map(
        ({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`,
      )
    const before = await versions()
    await using again = await runOperator(await cluster.access(), vendor)
    await again.operator.idle()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await again.operator.idle()
    expect(again.writes()).toBe(1)
    const others = (lines: readonly string[]) => lines.filter((line) => !/^(?:Event|Entitlement) /.test(line))
    expect(others(await versions())).toEqual(others(before))

    // A HorizontalPodAutoscaler is no way around: tess may run under a Team license, and may not grow once that is gone.
    await cluster.installLicense(await aLicense(vendor))
    await cluster.entitled(({ agents }) => agents.admitted.some(({ name }) => name === 'tess'))
    expect((await kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=1')).code).toBe(0)
    expect((await kubectl('delete', 'license', 'acme')).code).toBe(0)
    await cluster.entitled(({ plan }) => plan === 'free')
    const autoscaler = await kubectl(
      '-n',
      'cto-agents',
      'autoscale',
      'deployment',
      'tess',
      '--min=3',
      '--max=5',
      '--cpu=50%',
    )
    expect(autoscaler, autoscaler.stderr).toMatchObject({ code: 0 })
    const event = await cluster.eventually('the autoscaler to be refused', async () => {
      const { stdout } = await kubectl(
        '-n',
        'cto-agents',
        'get',
        'events',
        '--field-selector',
        'reason=FailedRescale',
        '-o',
        'json',
      )
      return (JSON.parse(stdout) as { items: { message: string }[] }).items[0]
    })
    expect(event.message).toContain('agent tess is not licensed: the Free plan admits rex and blaze')
    const tess = await cluster.object(deployments, 'tess', 'cto-agents')
    expect(tess?.['spec']).toMatchObject({ replicas: 1 })

    // Nor is the name of an agent that is admitted a cover for another one.
    await again.stop()
    await kubectl('-n', 'cto-agents', 'delete', 'deployment', 'blaze')
    const disguised = agentDeployment('tess', 'cto-agents')
    const named = { ...disguised, metadata: { ...disguised.metadata, name: 'blaze' } }
    expect((await kubectl('apply', '-f', '-', { input: JSON.stringify(named) })).stderr).toContain(REFUSED)
  },
)

test('one EKS node instead: the free plan may not be used there, and nothing grows', { timeout: 60_000 }, async () => {
  const cluster = await setUp()
  const { kubectl } = controlPlane
  await kubectl('delete', 'nodes', '--all')
  await kubectl('delete', 'platformconfigs,licenses,entitlements', '--all')
  await kubectl('delete', 'deployments', '--all', '-n', 'cto-agents')
  await cluster.client.create(nodes, eksLikeNode(1), AbortSignal.timeout(5_000))
  await using running = await runOperator(await cluster.access(), await aVendor())
  await cluster.config(['rex'])
  const status = await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')
  expect(status.cluster).toMatchObject({ type: 'EKS', platform: 'aws' })
  expect(status.agents.admitted).toEqual([])
  await running.operator.idle()
  expect(await cluster.object(deployments, 'rex', 'cto-agents')).toBeUndefined()
  const answer = await kubectl('apply', '-f', '-', { input: manifest('rex') })
  expect(answer.stderr).toContain('the Free plan is for Kind clusters only, and this cluster is EKS')
})
