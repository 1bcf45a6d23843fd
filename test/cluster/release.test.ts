// The way out, interrupted after each of its writes: whatever has been done by then, running it again ends it, nothing is
// refused any more, and what was held runs as before.

import { POLICIES } from '../../src/api/names.ts'
import { expect, test } from 'vitest'
import { ownersOf } from '../../src/operator/observed/managed-fields.ts'
import type { ObjectMeta } from '../../src/kube/object.ts'
import { createClient } from '../../src/kube/client.ts'
import { admissionPolicies, deployments, namespaces, type Resource } from '../../src/kube/resource.ts'
import { releaseCluster } from '../../src/operator/teardown.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  cronJobs,
  aVendor,
  catalog,
  connect,
  makeKind,
  prepare,
  runOperator,
  statefulSets,
} from '../support/operator.ts'

const POLICY_OBJECTS = 2 * POLICIES.length
const controlPlane = useControlPlane()
const OPTIONS = { namespace: 'cto-system', deployment: 'cto-operator', selector: 'app=cto-operator', catalog }
test('what was interrupted is ended by running it again', { timeout: 240_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  const vendor = await aVendor()
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
  const apply = async (resource: Resource, name: string, spec: object) => {
    const labels = { 'cto.5dlabs.io/agent': name }
    const metadata = { name, namespace: 'team', labels }
    await cluster.apply(resource, { apiVersion: `${resource.group}/v1`, kind: resource.kind, metadata, spec })
  }
  const pod = (name: string) => ({
    metadata: { labels: { 'cto.5dlabs.io/agent': name } },
    spec: { restartPolicy: 'Always', containers: [{ name: 'agent', image: 'example.com/agent:1' }] },
  })
  const selector = (name: string) => ({ matchLabels: { 'cto.5dlabs.io/agent': name } })
  const applyAll = async () => {
    await apply(deployments, 'one', { replicas: 4, selector: selector('one'), template: pod('one') })
    await apply(statefulSets, 'two', {
      replicas: 3,
      serviceName: 'two',
      selector: selector('two'),
      template: pod('two'),
    })
    const jobPod = { ...pod('three'), spec: { ...pod('three').spec, restartPolicy: 'Never' } }
    await apply(cronJobs, 'three', {
      schedule: '0 0 1 1 *',
      suspend: false,
      jobTemplate: { spec: { template: jobPod } },
    })
  }

  const sizes = async () => {
    const spec = async (resource: Resource, name: string) =>
      (await cluster.object(resource, name, 'team'))?.['spec'] as { replicas?: number; suspend?: boolean }
    return [
      (await spec(deployments, 'one')).replicas,
      (await spec(statefulSets, 'two')).replicas,
      (await spec(cronJobs, 'three')).suspend,
    ]
  }
  const ownersOfSizes = async () => {
    const owners = async (resource: Resource, name: string, path: string) => {
      const { metadata } = (await cluster.object(resource, name, 'team')) ?? { metadata: {} }
      return ownersOf((metadata as ObjectMeta).managedFields ?? [], path)
        .map(({ manager }) => manager)
        .join()
    }
    return Promise.all([
      owners(deployments, 'one', 'spec.replicas'),
      owners(statefulSets, 'two', 'spec.replicas'),
      owners(cronJobs, 'three', 'spec.suspend'),
    ])
  }
  const label = (value: string) => controlPlane.kubectl('label', 'namespace', 'team', `cto.5dlabs.io/managed${value}`)
  /** With an operator that holds all three, and has ended. */
  const enforce = async () => {
    await label('=true')
    await using _ = await runOperator(await cluster.access(), vendor, { holdNotice: 0 })
    await cluster.entitled(({ agents }) => agents.held.length === 3, 'three held workloads')
    await cluster.eventually('the policies', () => cluster.object(admissionPolicies, 'cto-config-freeze'))
    expect(await sizes()).toEqual([0, 0, true])
  }
  /** Ends it after so many writes; says whether it came to its end before. */
  const release = async (writes: number) => {
    const ending = new AbortController()
    let left = writes
    const client = createClient(await cluster.access(), {
      fieldManager: 'cto-cli',
      userAgent: 'test',
      onRequest: (method, status) => {
        if (method !== 'GET' && status < 300 && --left === 0) ending.abort(new Error('interrupted'))
      },
    })
    return releaseCluster(client, OPTIONS, ending.signal)
  }

  await applyAll()
  // One that runs on puts back what is removed, and that is said.
  {
    await label('=true')
    await using _ = await runOperator(await cluster.access(), vendor, { holdNotice: 0 })
    await cluster.entitled(({ agents }) => agents.held.length === 3)
    await expect(release(Number.POSITIVE_INFINITY)).rejects.toThrow(/was put back: an operator still runs/)
  }

  let writes = 1
  for (; ; writes++) {
    await enforce()
    const ended = await release(writes).then(
      () => true,
      (error: Error) => {
        expect(error.message).toContain('interrupted')
        return false
      },
    )
    // Wherever it stopped: what was held is whole, either still held with its record or as before.
    const { stdout } = await controlPlane.kubectl('-n', 'team', 'get', 'deployment', 'one', '-o', 'json')
    const { metadata, spec } = JSON.parse(stdout) as { metadata: { annotations?: object }; spec: { replicas: number } }
    expect([spec.replicas, JSON.stringify(metadata.annotations ?? {})]).toEqual(
      spec.replicas === 4 ? [4, expect.not.stringContaining('held')] : [0, expect.stringContaining('"4"')],
    )
    // And nothing keeps it from being removed.
    expect((await controlPlane.kubectl('delete', 'namespace', 'team', '--dry-run=server')).code).toBe(0)
    if (ended) break
    const { policies, resumed } = await release(Number.POSITIVE_INFINITY)
    // Each workload takes two writes: it runs again with the first.
    const left = writes <= POLICY_OBJECTS ? POLICY_OBJECTS + 3 - writes : 3 - Math.ceil((writes - POLICY_OBJECTS) / 2)
    expect(policies.length + resumed.length).toBe(left)
    expect(await sizes()).toEqual([4, 3, false])
    // Its fields belong to who applied it, or, had it been interrupted just then, to nobody; but not to us.
    for (const owners of await ownersOfSizes()) expect(['a-person', '']).toContain(owners)
    expect(await cluster.object(admissionPolicies, 'cto-agents')).toBeUndefined()
    // What the license would refuse may be created.
    await apply(deployments, 'four', { replicas: 0, selector: selector('four'), template: pod('four') })
    await cluster.eventually('growth', async () => {
      return (await controlPlane.kubectl('-n', 'team', 'scale', 'deployment', 'four', '--replicas=1')).code === 0
    })
    await cluster.remove(deployments, 'four', 'team')
    await label('-')
    await applyAll()
  }
  // The policies and bindings, three workloads of which each is resumed and given back; the last one interrupts nothing.
  expect(writes).toBe(POLICY_OBJECTS + 3 * 2 + 1)
  expect(await ownersOfSizes()).toEqual(['a-person', 'a-person', 'a-person'])
})
