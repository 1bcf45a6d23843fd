// Nodes come as a stream, in Protobuf. What is understood of them so is what is understood of them in JSON.

import { afterEach, expect, test } from 'vitest'
import { NODE_MESSAGE, projectNode } from '../../src/operator/observed/nodes.ts'
import type { NodeFacts } from '../../src/domain/cluster/node-facts.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { createClient } from '../../src/kube/client.ts'
import { nodes } from '../../src/kube/resource.ts'
import { reflect, Store } from '../../src/kube/store.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aNode, DISTRIBUTIONS, type RawNode } from '../support/nodes.ts'
import { type Cluster, connect, soon } from '../support/operator.ts'

const controlPlane = useControlPlane()
const watching = new AbortController()
afterEach(() => watching.abort())

// What the made-up distributions do not have, among it what the API server writes itself.
const PECULIAR: readonly RawNode[] = [
  aNode({ name: 'annotated', annotations: { 'kwok.x-k8s.io/node': 'fake', 'example.com/size': 'groß' } }),
  aNode({ name: 'far-away', addresses: ['InternalIP', 'ExternalIP'] }),
  aNode({ name: 'virtual', os: 'Größe', taints: ['virtual-kubelet.io/provider'] }),
]

test('the same of each distribution, on arrival, on a change and at the end', async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await fill(cluster)
  const store = new Store<NodeFacts>()
  const { client } = cluster
  const answers: string[] = []
  const streams: typeof client = {
    ...client,
    page: () => {
      throw new Error('nothing is to be listed in pages')
    },
    async stream(...request) {
      const answer = await client.stream(...request)
      answers.push(answer.contentType)
      return answer
    },
  }
  const target = { resource: nodes, project: projectNode, protobuf: NODE_MESSAGE }
  const running = reflect(streams, target, store, watching.signal)
  await cluster.eventually('the nodes', () => Promise.resolve(store.synced))
  expect(all(store)).toEqual(await inJson(cluster))
  expect(store.size).toBeGreaterThan(80)
  expect(answers).toEqual(['application/vnd.kubernetes.protobuf;stream=watch'])

  await addNode(cluster, aNode({ name: 'late' }))
  const conditions = [{ type: 'Ready', status: 'Unknown', lastTransitionTime: '2026-11-20T01:02:03Z' }]
  await cluster.client.mergePatch(nodes, { name: 'late', subresource: 'status' }, { status: { conditions } }, soon())
  await cluster.client.mergePatch(nodes, { name: 'late' }, { metadata: { finalizers: ['example.com/wait'] } }, soon())
  await cluster.remove(nodes, 'late')
  await cluster.remove(nodes, 'far-away')
  await cluster.eventually('the last change', () => Promise.resolve(store.get('far-away') === undefined))
  expect(all(store)).toEqual(await inJson(cluster))
  expect(store.get('late')).toMatchObject({
    notReadySince: Date.parse('2026-11-20T01:02:03Z'),
    deletingSince: expect.any(Number) as number,
  })
  expect(store.failures).toBe(0)
  watching.abort()
  await running
})

async function fill(cluster: Cluster): Promise<void> {
  // Nodes of real kubelets, as far as the API server can tell.
  const kubelet = createClient(await cluster.access(), { fieldManager: 'kubelet', userAgent: 'kubelet' })
  const all = DISTRIBUTIONS.flatMap((distribution, index) =>
    distribution.nodes.map((node) => ({
      ...node,
      metadata: { ...node.metadata, name: `d${index}-${node.metadata.name}` },
    })),
  )
  for (const node of all) await addNode({ client: kubelet }, node)
  for (const node of PECULIAR) await addNode(cluster, node)
}

async function addNode({ client }: Pick<Cluster, 'client'>, node: RawNode): Promise<void> {
  const { metadata, spec, status } = JSON.parse(JSON.stringify(node)) as RawObject
  const { name, labels, annotations } = metadata
  const value = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations }, spec }
  await client.create(nodes, value, soon())
  await client.mergePatch(nodes, { name, subresource: 'status' }, { status }, soon())
}

async function inJson({ client }: Cluster): Promise<Map<string, NodeFacts>> {
  const { items } = await client.list(nodes, {}, {}, soon())
  return new Map((items ?? []).map((raw) => [raw.metadata.name, projectNode(raw)]))
}

function all(store: Store<NodeFacts>): Map<string, NodeFacts | undefined> {
  return new Map(store.keys().map((key) => [key, store.get(key)]))
}
