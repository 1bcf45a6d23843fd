// Nodes of a real API server that join, leave, flap and hide, with KWOK keeping them ready: the count is right after each,
// and no flap reaches the verdict.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { entitlements } from '../../src/api/resources.ts'
import {
  eksLikeNode,
  kindLikeNodes,
  kubeadmConfigMap,
  type NodeObject,
} from '../../src/devtools/control-plane/kind-nodes.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { TYPE_LASTS } from '../../src/domain/cluster/stability.ts'
import { createClient } from '../../src/kube/client.ts'
import { configMaps, nodes } from '../../src/kube/resource.ts'
import { reflect, Store } from '../../src/kube/store.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  addNodes,
  aVendor,
  type Cluster,
  connect,
  crds,
  prepare,
  type RunningOperator,
  runOperator,
  soon,
} from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true, kwok: true } })
const clock = new ManualClock(Date.now())
const [controlPlaneNode, ...workers] = kindLikeNodes({ cluster: 'kind', workers: 20 })
const worker = (index: number) => workers[index] as NodeObject

let cluster: Cluster
/** Creates nodes under the name that the API server knows kubelets by: real ones, as far as it can tell. */
let arrives: (node: NodeObject) => Promise<unknown>
let running: RunningOperator
/** Everything that the operator ever published. */
let watching: Promise<void>
const watchingEnds = new AbortController()
const verdicts = new Set<string>()
const types = new Set<string>()

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  const kubelet = createClient(await cluster.access(), { fieldManager: 'kubelet', userAgent: 'kubelet' })
  arrives = (node) => kubelet.create(nodes, node, soon())
  await cluster.client.create(configMaps, kubeadmConfigMap('kind'), soon())
  for (const node of [controlPlaneNode as NodeObject, worker(0), worker(1)]) await arrives(node)
  const published = new Store<EntitlementStatus>()
  published.onChange((_name, _before, status) => {
    if (status === undefined) return
    verdicts.add(status.verdict)
    types.add(`${status.cluster.type}${status.cluster.proven ? ', proven' : ''}`)
  })
  const project = (raw: unknown) => (raw as { status?: EntitlementStatus }).status
  watching = reflect(cluster.client, { resource: entitlements, project }, published, watchingEnds.signal)
  running = await runOperator(await cluster.access(), await aVendor(), { clock })
})
afterAll(async () => {
  watchingEnds.abort()
  await watching
  await running.stop()
})

const leave = (name: string) => cluster.remove(nodes, name)
const counted = (count: number, total = count) =>
  cluster.entitled(
    ({ nodes }) => nodes.counted === count && nodes.total === total,
    `${count} of ${total} nodes to count`,
  )

test('Kind is proven, and each node that arrives or leaves is counted', async () => {
  expect(await counted(3)).toMatchObject({
    verdict: 'Valid',
    cluster: { type: 'Kind', proven: true, contradictions: [] },
  })
  for (let index = 2; index < 8; index++) await arrives(worker(index))
  expect(await counted(9)).toMatchObject({ nodes: { highest: 9, overSince: expect.any(String) as string } })
  for (let index = 2; index < 8; index++) await leave(worker(index).metadata.name)
  expect(await counted(3)).toMatchObject({ nodes: { highest: 9 } })
})

// What hides a node has been seen when the count has the node that arrives after it: events of nodes come in their order.
describe('a node cannot hide', () => {
  let joined = 2
  const hidden = 'kind-worker2'
  const afterIt = async () => {
    await arrives(worker(joined++))
    return counted(joined + 1)
  }
  const kubectl = async (...args: string[]) =>
    expect(await controlPlane.kubectl(...args), args.join(' ')).toMatchObject({ code: 0 })

  test.each<[string, string[]]>([
    ['by a cordon', ['cordon', hidden]],
    ['by a taint', ['taint', 'node', hidden, 'a=b:NoExecute']],
    ['by the taint of a virtual kubelet', ['taint', 'node', hidden, 'virtual-kubelet.io/provider=x:NoSchedule']],
    ['by the label of a virtual kubelet', ['label', 'node', hidden, 'type=virtual-kubelet']],
    ['by the role of a control plane', ['label', 'node', hidden, 'node-role.kubernetes.io/control-plane=']],
    ['from load balancers', ['label', 'node', hidden, 'node.kubernetes.io/exclude-from-external-load-balancers=']],
    ['by the annotation of KWOK', ['annotate', 'node', hidden, 'kwok.x-k8s.io/node=fake']],
    [
      'by not being ready',
      [
        'patch',
        'node',
        hidden,
        '--subresource=status',
        '-p',
        '{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}',
      ],
    ],
  ])('%s', async (_how, args) => {
    await kubectl(...args)
    expect(await afterIt()).toMatchObject({ verdict: 'Valid', nodes: { excluded: [] } })
  })

  test('but by leaving, though a finalizer holds it up for a while', async () => {
    await kubectl('patch', 'node', hidden, '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}')
    const total = joined + 1
    await leave(hidden)
    expect(await counted(total - 1, total)).toMatchObject({ nodes: { excluded: [{ class: 'deleting', count: 1 }] } })
    // For a day. Then it is there to stay.
    clock.advance(25 * 3_600_000)
    await counted(total)
    await kubectl('patch', 'node', hidden, '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
    await counted(total - 1)
  })

  test('nodes that KWOK simulates count nothing and prove nothing', async () => {
    const fakes = Array.from({ length: 5 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `kwok-${index}`, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    }))
    const before = joined
    await addNodes(cluster, fakes)
    expect(await counted(before, before + 5)).toMatchObject({
      nodes: { excluded: [{ class: 'simulated', count: 5 }] },
      cluster: { type: 'Kind', proven: true },
    })
    for (const { metadata } of fakes) await leave(metadata.name)
    await counted(before)
  })

  test('and none of it ever reached the verdict or the type', () => {
    expect([...verdicts]).toEqual(['Valid'])
    expect([...types]).toEqual(['Kind, proven'])
  })
})

describe('the type lasts', () => {
  const foreign = eksLikeNode(1)

  test('a node of EKS that flaps is seen each time, and changes nothing', async () => {
    for (let flap = 0; flap < 5; flap++) {
      await arrives(foreign)
      const during = await cluster.entitled(({ cluster }) => cluster.contradictions.length > 0)
      expect(during).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', proven: true } })
      expect(during.cluster.contradictions[0]).toMatch(/^Mixed is seen now, and counts from \S+ if that lasts$/)
      clock.advance(10_000)
      await leave(foreign.metadata.name)
      await cluster.entitled(({ cluster }) => cluster.contradictions.length === 0)
      clock.advance(10_000)
    }
    expect([...types]).toEqual(['Kind, proven'])
  })

  test('a cluster that shows no node for a moment is what it was, and has as many', async () => {
    await controlPlane.kubectl('delete', 'nodes', '--all')
    const empty = await cluster.entitled(({ nodes }) => nodes.total === 0)
    // They went one after the other: the last count that there was stands.
    expect(empty.nodes.counted).toBeGreaterThan(0)
    expect(empty).toMatchObject({
      verdict: 'Valid',
      cluster: {
        type: 'Kind',
        proven: true,
        contradictions: ['no node is listed at the moment; what was known before stands'],
      },
    })
    // Over a restart too.
    await running.stop()
    running = await runOperator(await cluster.access(), await aVendor(), { clock })
    expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', proven: true } })
    for (const node of [controlPlaneNode as NodeObject, worker(0)]) await arrives(node)
    expect(await counted(2)).toMatchObject({ verdict: 'Valid', cluster: { contradictions: [] } })
  })

  test('an API group of OpenShift that appears makes no OpenShift of Kind', async () => {
    const group = 'config.openshift.io'
    await cluster.apply(crds, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `clusterversions.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, test' } },
      spec: {
        group,
        scope: 'Cluster',
        names: { plural: 'clusterversions', singular: 'clusterversion', kind: 'ClusterVersion' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    })
    await running.stop()
    running = await runOperator(await cluster.access(), await aVendor(), { clock })
    await arrives(worker(1))
    expect(await counted(3)).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', proven: true } })
  })

  test('what is seen by `cto detect` is what the operator sees', async () => {
    const main = join(packageRoot(), 'src', 'main.ts')
    const args = [main, 'detect', '--kubeconfig', controlPlane.plane.kubeconfigPath, '-o', 'json']
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const { evidence } = (await cluster.entitlement()).cluster
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'Kind',
      proven: true,
      evidence,
      contradictions: [],
      nodes: { total: 3, counted: 3, excluded: [] },
    })
  })

  test('what lasts is what the cluster is: the free plan ends with Kind, and is back with it', async () => {
    await arrives(foreign)
    await cluster.entitled(({ cluster }) => cluster.contradictions.length > 0)
    clock.advance(TYPE_LASTS)
    const mixed = await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')
    expect(mixed.cluster).toMatchObject({ type: 'Mixed', proven: false })
    expect(mixed.message).toContain('the nodes are of different types: Kind on 3 nodes, EKS on 1 node')
    await leave(foreign.metadata.name)
    await cluster.entitled(({ cluster }) => cluster.contradictions[0]?.startsWith('Kind, proven, is seen now') === true)
    clock.advance(TYPE_LASTS)
    expect(await cluster.entitled(({ verdict }) => verdict === 'Valid')).toMatchObject({ cluster: { type: 'Kind' } })
  })
})
