// What the operator keeps, against everybody else who writes it: a policy that rewrites, a person's hand, a tool that does
// not give in, a cluster that refuses.

import { beforeAll, beforeEach, expect, test } from 'vitest'
import { FIELD_MANAGER, MANAGED_LABEL } from '../../src/api/names.ts'
import { Keeper, type Kept, type KeeperTiming, type Restored } from '../../src/operator/controllers/agents/keeper.ts'
import { desiredDeployment, desiredNamespace } from '../../src/operator/controllers/agents/desired.ts'
import { createHealthBoard, type HealthBoard } from '../../src/operator/controllers/health-board.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import {
  admissionPolicies,
  admissionPolicyBindings,
  deployments,
  namespaces,
  type Resource,
} from '../../src/kube/resource.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { type Cluster, connect, soon } from '../support/operator.ts'

const controlPlane = useControlPlane()
const NAMESPACE = 'kept'
const IMAGE = 'spec.template.spec.containers[agent].image'
const MINUTES: KeeperTiming = {
  contest: { often: 3, windowMs: 600_000, backoff: { firstMs: 60_000, longestMs: 480_000 }, calmMs: 600_000 },
  refusal: { firstMs: 20, longestMs: 100 },
  patienceMs: 200,
}

let cluster: Cluster
let writes = 0
let client: Client
let count = 0

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  client = createClient(await cluster.access(), {
    fieldManager: FIELD_MANAGER,
    userAgent: 'test',
    onRequest: (method) => void (method === 'GET' || writes++),
  })
})
beforeEach(() => {
  writes = 0
})

interface Desk {
  readonly name: string
  readonly health: HealthBoard
  readonly restored: Restored[]
  readonly keeper: Keeper
  keep(image?: string): Promise<void>
  live(): Promise<RawObject | undefined>
  image(): Promise<string | undefined>
  setImage(image: string): Promise<void>
}

/** A keeper of one agent with a name of its own; with a name, another keeper of that one. */
function aDesk(timing: KeeperTiming = MINUTES, name = `agent-${++count}`): Desk {
  const health = createHealthBoard()
  const restored: Restored[] = []
  const onRestored = (one: Restored) => void restored.push(one)
  const keeper = new Keeper({ client, clock: systemClock, health, onRestored, timing })
  const live = () => cluster.object(deployments, name, NAMESPACE)
  const keep = async (image = 'example.com/agent:1') => {
    const place = { label: 'cto.5dlabs.io/agent', namespace: NAMESPACE, image }
    const desired = desiredDeployment({ name }, place, { name: 'acme', uid: 'c9f3a7c0-0000-4000-8000-000000000000' })
    const { labels } = desired.metadata
    const { ownerReferences: _, ...metadata } = desired.metadata
    const seen = await live()
    const kept: Kept = {
      resource: deployments,
      desired: { ...desired, metadata },
      version: image,
      wanted: { metadata: { labels }, spec: desired['spec'] },
      live: seen,
      force: seen !== undefined,
      written: () => undefined,
    }
    await keeper.keep(kept, soon())
  }
  const image = async () => imageOf(await live())
  const setImage = async (value: string) => {
    const args = ['-n', NAMESPACE, 'set', 'image', `deployment/${name}`, `agent=${value}`]
    expect((await controlPlane.kubectl(...args)).code).toBe(0)
  }
  return { name, health, restored, keeper, keep, live, image, setImage }
}

function imageOf(object: RawObject | undefined): string | undefined {
  const spec = object?.['spec'] as { template: { spec: { containers: { image: string }[] } } } | undefined
  return spec?.template.spec.containers[0]?.image
}

test('what others set that is not ours is left alone', async () => {
  const { name, keep, restored } = aDesk()
  await keep()
  const { kubectl } = controlPlane
  const place = ['-n', NAMESPACE]
  const template = {
    metadata: { annotations: { by: 'hand' } },
    spec: { containers: [{ name: 'side', image: 'side:1' }] },
  }
  const patch = JSON.stringify({ spec: { replicas: 4, template } })
  expect((await kubectl(...place, 'patch', 'deployment', name, '-p', patch)).code).toBe(0)
  expect((await kubectl(...place, 'label', 'deployment', name, 'team=one')).code).toBe(0)
  await keep()
  await keep()
  expect(writes).toBe(1)
  expect(restored).toEqual([])
})

test('a field of ours that somebody sets is put right, and it is said by whom', async () => {
  const desk = aDesk()
  await desk.keep()
  await desk.setImage('example.com/other:1')
  await desk.keep()
  expect(await desk.image()).toBe('example.com/agent:1')
  expect(desk.restored).toMatchObject([{ what: 'changed', field: IMAGE, manager: 'kubectl-set' }])
  expect(desk.health.findings).toEqual([])
  await desk.keep()
  expect(writes).toBe(2)
})

test('a keeper that starts says what was changed before, and not what is new in what it wants', async () => {
  const desk = aDesk()
  await desk.keep()
  const next = aDesk(MINUTES, desk.name)
  await next.keep('example.com/agent:2')
  expect([await next.image(), next.restored]).toEqual(['example.com/agent:2', []])
  await desk.setImage('example.com/other:1')
  const last = aDesk(MINUTES, desk.name)
  await last.keep('example.com/agent:2')
  expect(await last.image()).toBe('example.com/agent:2')
  expect(last.restored).toMatchObject([{ what: 'changed', field: IMAGE, manager: 'kubectl-set' }])
})

test('one that was deleted is made again', async () => {
  const desk = aDesk()
  await desk.keep()
  await cluster.remove(deployments, desk.name, NAMESPACE)
  await desk.keep()
  expect(await desk.image()).toBe('example.com/agent:1')
  expect(desk.restored).toMatchObject([{ what: 'deleted' }])
})

test('a fight is given up for minutes, reported, and over when nobody fights any more', async () => {
  const timing = {
    ...MINUTES,
    contest: { often: 3, windowMs: 60_000, backoff: { firstMs: 600, longestMs: 600 }, calmMs: 900 },
  }
  const desk = aDesk(timing)
  await desk.keep()
  for (const round of [1, 2, 3]) {
    expect(desk.health.findings).toEqual([])
    await desk.setImage(`example.com/other:${round}`)
    await desk.keep()
  }
  const [finding] = desk.health.findings
  expect(finding).toMatchObject({ type: 'Contested', healthy: false, reason: 'Contested' })
  expect(finding?.message).toContain(`Deployment ${NAMESPACE}/${desk.name} is changed in ${IMAGE} by kubectl-set`)

  // It stays as they want it until the wait is over, and costs nothing.
  await desk.setImage('example.com/other:4')
  writes = 0
  await desk.keep()
  expect([await desk.image(), writes]).toEqual(['example.com/other:4', 0])
  expect(desk.keeper.nextLook()).toBeGreaterThan(0)
  await cluster.eventually('it to be put right once more', async () => {
    await desk.keep()
    return (await desk.image()) === 'example.com/agent:1'
  })
  await cluster.eventually('the contest to be over', async () => {
    await desk.keep()
    return desk.health.findings.length === 0
  })
  expect(writes).toBe(1)
  expect(desk.keeper.nextLook()).toBeUndefined()
})

test('two with the same name for their fields and other settings notice each other', async () => {
  const one = aDesk()
  const other = aDesk(MINUTES, one.name)
  for (let round = 0; round < 8; round++) {
    await one.keep('example.com/agent:1')
    await other.keep('example.com/agent:2')
  }
  const { generation } = (await one.live())?.metadata ?? {}
  expect(generation).toBeLessThan(9)
  expect([...one.health.findings, ...other.health.findings][0]?.message).toContain(
    `by another writer that calls itself ${FIELD_MANAGER}`,
  )
})

test('what an admission policy rewrites is accepted, whoever wrote, and nothing is written again', async () => {
  const group = 'admissionregistration.k8s.io'
  const kindOf = (plural: string, kind: string): Resource => ({ ...admissionPolicies, plural, kind })
  const policies = kindOf('mutatingadmissionpolicies', 'MutatingAdmissionPolicy')
  const bindings = kindOf('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding')
  const desk = aDesk()
  const before = aDesk()
  await before.keep()
  const path = '/spec/template/spec/containers/0/image'
  const rule = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    resources: ['deployments'],
    operations: ['CREATE', 'UPDATE'],
  }
  await cluster.apply(policies, {
    apiVersion: `${group}/v1`,
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'mirror' },
    spec: {
      reinvocationPolicy: 'Never',
      matchConstraints: { resourceRules: [rule] },
      matchConditions: [
        { name: 'ours', expression: `object.metadata.name in ["${desk.name}", "${before.name}", "canary"]` },
      ],
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: `[JSONPatch{op: "replace", path: "${path}", value: "mirror.example/agent:1"}]` },
        },
      ],
    },
  })
  const binding = { apiVersion: `${group}/v1`, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: 'mirror' } }
  await cluster.apply(bindings, { ...binding, spec: { policyName: 'mirror' } })
  const canary = desiredDeployment(
    { name: 'canary' },
    { label: 'a/b', namespace: NAMESPACE, image: 'x' },
    { name: 'a', uid: 'b' },
  )
  const dry = { force: true, dryRun: true }
  await cluster.eventually(
    'the mirror',
    async () =>
      imageOf(
        await client.apply(deployments, { ...canary, metadata: { name: 'canary', namespace: NAMESPACE } }, dry, soon()),
      ) === 'mirror.example/agent:1',
  )
  writes = 0
  for (let round = 0; round < 5; round++) await desk.keep()
  expect([await desk.image(), writes]).toEqual(['mirror.example/agent:1', 1])

  // It runs since before the policy, and somebody scales it.
  const args = ['-n', NAMESPACE, 'scale', 'deployment', before.name, '--replicas=2']
  expect((await controlPlane.kubectl(...args)).code).toBe(0)
  const labelled = ['-n', NAMESPACE, 'label', 'deployment', before.name, 'team=one']
  expect((await controlPlane.kubectl(...labelled)).code).toBe(0)
  expect(await before.image()).toBe('mirror.example/agent:1')
  writes = 0
  for (let round = 0; round < 5; round++) await before.keep()
  expect(writes).toBe(1)

  // A hand on it is told from the mirror; the mirror has the last word again.
  const again = aDesk(MINUTES, desk.name)
  for (let round = 0; round < 5; round++) await again.keep()
  expect([writes, desk.restored, before.restored, again.restored]).toEqual([2, [], [], []])
})

test('what the cluster refuses is reported in its words, and does not stand in the way of others', async () => {
  const spec = {
    matchConstraints: {
      resourceRules: [
        { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE'] },
        { apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'], operations: ['CREATE'] },
      ],
    },
    matchConditions: [{ name: 'refused', expression: 'object.metadata.name in ["refused", "canary"]' }],
    validations: [{ expression: 'false', message: 'every container needs limits' }],
  }
  const metadata = { name: 'limits' }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  await cluster.apply(admissionPolicies, { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec })
  await cluster.apply(admissionPolicyBindings, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'limits', validationActions: ['Deny'] },
  })
  const canary = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'canary' } }
  await cluster.eventually('the policy', () =>
    client.apply(namespaces, canary, { force: true, dryRun: true }, soon()).then(
      () => false,
      () => true,
    ),
  )
  const desk = aDesk(MINUTES, 'refused')
  await desk.keep()
  expect(desk.health.findings, 'not yet').toEqual([])
  await cluster.eventually('the finding', async () => {
    await desk.keep()
    return desk.health.findings.length === 1
  })
  expect(desk.health.findings[0]).toMatchObject({ type: 'AgentsApplied', healthy: false, reason: 'RefusedByCluster' })
  expect(desk.health.findings[0]?.message).toMatch(
    new RegExp(`^Deployment ${NAMESPACE}/refused could not be written: .*every container needs limits`),
  )
  // It waits longer and longer.
  writes = 0
  for (let round = 0; round < 20; round++) await desk.keep()
  expect(writes).toBeLessThan(5)
  await cluster.remove(admissionPolicyBindings, 'limits')
  await cluster.eventually('it to go through', async () => {
    await desk.keep()
    return (await desk.image()) === 'example.com/agent:1'
  })
  expect(desk.health.findings).toEqual([])
  expect(desk.restored).toEqual([])
})

test('what is no use in another form counts as refused when it is rewritten', async () => {
  const health = createHealthBoard()
  const timing = { ...MINUTES, patienceMs: 0 }
  const keeper = new Keeper({ client, clock: systemClock, health, onRestored: () => undefined, timing })
  // A label that is not applied at all stands for one that is taken off on the way.
  const wanted = { metadata: { labels: { [MANAGED_LABEL]: 'true', another: 'label' } } }
  const desired = desiredNamespace('rewritten')
  const kept = { resource: namespaces, desired, version: '', wanted, force: true, mustBeAsWanted: true }
  await keeper.keep({ ...kept, written: () => undefined }, soon())
  expect(health.findings[0]?.message).toContain('did not keep metadata.labels.another as it was applied')
  keeper.keepOnly(new Set())
  expect(health.findings).toEqual([])
})
