// Owners as the API server knows them: a Rollout that exists, one that does not, one of another agent, a kind that nobody
// has, and very many that somebody made up.

import { beforeAll, afterEach, expect, test } from 'vitest'
import { OwnerRegistry, type OwnerReference } from '../../src/operator/observed/agent-owners.ts'
import type { Access } from '../../src/kube/access.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { createClient } from '../../src/kube/client.ts'
import { deployments, namespaces, type Resource } from '../../src/kube/resource.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { type Cluster, connect, crds, cronJobs, soon } from '../support/operator.ts'

const controlPlane = useControlPlane()
const LABEL = 'cto.5dlabs.io/agent'
const rollouts: Resource = {
  group: 'delivery.example',
  version: 'v1alpha1',
  plural: 'rollouts',
  kind: 'Rollout',
  namespaced: true,
}
const scaledJobs: Resource = { ...rollouts, plural: 'scaledjobs', kind: 'ScaledJob' }
const fleets: Resource = { ...rollouts, plural: 'fleets', kind: 'Fleet', namespaced: false }

let cluster: Cluster
const registries: OwnerRegistry[] = []
let asked: string[] = []

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  for (const name of ['team', 'other']) {
    await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  for (const resource of [rollouts, scaledJobs, fleets]) await cluster.apply(crds, aCrd(resource))
  for (const { plural } of [rollouts, scaledJobs, fleets]) {
    await cluster.eventually(`the kind ${plural}`, async () => {
      const list = (await cluster.client.raw('/apis/delivery.example/v1alpha1', soon()).catch(() => ({}))) as {
        resources?: { name: string }[]
      }
      return list.resources?.some(({ name }) => name === plural)
    })
  }
})
afterEach(() => {
  for (const registry of registries.splice(0)) registry.stop()
})

function aCrd({ group, version, plural, kind, namespaced }: Resource): RawObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  }
}

async function registryOf(change: (access: Access) => Access = (access) => access): Promise<OwnerRegistry> {
  const client = createClient(change(await cluster.access()), { fieldManager: 'test', userAgent: 'test' })
  asked = []
  const registry = new OwnerRegistry({
    client: {
      get: (resource, place, signal) => {
        asked.push(`${resource.plural}/${place.name}`)
        return client.get(resource, place, signal)
      },
      raw: (path, signal) => {
        asked.push(path)
        return client.raw(path, signal)
      },
    },
    clock: systemClock,
    label: LABEL,
  })
  registries.push(registry)
  return registry
}

async function made(resource: Resource, name: string, spec: object): Promise<OwnerReference> {
  const { group, version, kind, namespaced } = resource
  const metadata = { name, ...(namespaced ? { namespace: 'team' } : {}) }
  const apiVersion = `${group}/${version}`
  const object = await cluster.client.create(resource, { apiVersion, kind, metadata, spec }, soon())
  return { apiVersion, kind, name, uid: object.metadata.uid ?? '' }
}

function pods(agent: string | undefined) {
  const labels = { app: 'x', ...(agent === undefined ? {} : { [LABEL]: agent }) }
  return { metadata: { labels }, spec: { restartPolicy: 'Always', containers: [{ name: 'a', image: 'a:1' }] } }
}

/** What it says once the API server has been asked. */
async function answerOf(registry: OwnerRegistry, owner: OwnerReference, agent = 'rex', namespace = 'team') {
  const told = new Promise<void>((resolve) => registry.onChange(resolve))
  expect(registry.lookUp(namespace, owner, agent), 'before anybody was asked').toBe('unknown')
  await told
  return registry.lookUp(namespace, owner, agent)
}

test('one that runs the same agent exists; by another UID, name, kind, namespace or agent it does not', async () => {
  const registry = await registryOf()
  const owner = await made(rollouts, 'canary', { template: pods('rex') })
  expect(await answerOf(registry, owner)).toBe('exists')
  expect(registry.lookUp('team', owner, 'blaze')).toBe('absent')
  expect(registry.lookUp('team', owner, '')).toBe('absent')
  expect(await answerOf(registry, { ...owner, uid: 'another' })).toBe('absent')
  expect(await answerOf(registry, { ...owner, name: 'another' })).toBe('absent')
  expect(await answerOf(registry, { ...owner, kind: 'ScaledJob' })).toBe('absent')
  expect(await answerOf(registry, { ...owner, kind: 'NoSuchKind' })).toBe('absent')
  expect(await answerOf(registry, { ...owner, apiVersion: 'no.such.group/v1' })).toBe('absent')
  expect(await answerOf(registry, owner, 'rex', 'other')).toBe('absent')
  // The API server is asked for a kind's place once, and for an owner once.
  expect(asked.filter((path) => path === '/apis/delivery.example/v1alpha1')).toHaveLength(1)
  expect(asked.filter((one) => one === 'rollouts/canary')).toHaveLength(3)
})

test.each([
  ['a template', rollouts, (agent: string | undefined) => ({ template: pods(agent) })],
  ["a ScaledJob's", scaledJobs, (agent: string | undefined) => ({ jobTargetRef: { template: pods(agent) } })],
  [
    "a CronJob's",
    cronJobs,
    (agent: string | undefined) => ({
      schedule: '0 0 1 1 *',
      jobTemplate: { spec: { template: { ...pods(agent), spec: { ...pods(agent).spec, restartPolicy: 'Never' } } } },
    }),
  ],
  [
    'a Deployment without the label',
    deployments,
    (agent: string | undefined) => ({ selector: { matchLabels: { app: 'x' } }, template: pods(agent) }),
  ],
  ['a kind without namespaces', fleets, (agent: string | undefined) => ({ template: pods(agent) })],
] as const)('%s: its own pod template tells which agent it runs', async (what, resource, specOf) => {
  const registry = await registryOf()
  const name = what.replaceAll(/[^a-z]/g, '')
  expect(await answerOf(registry, await made(resource, `${name}-1`, specOf('rex')))).toBe('exists')
  expect(await answerOf(registry, await made(resource, `${name}-2`, specOf('blaze')))).toBe('absent')
  expect(await answerOf(registry, await made(resource, `${name}-3`, specOf(undefined)))).toBe('absent')
  expect(await answerOf(registry, await made(resource, `${name}-4`, specOf('')), '')).toBe('exists')
})

test('one without a template of its own is no owner', async () => {
  const registry = await registryOf()
  expect(await answerOf(registry, await made(rollouts, 'bare', {}))).toBe('absent')
})

test.each([
  '',
  '/',
  'v1',
  '../../api/v1',
  'apps/v1/namespaces',
  'APPS/v1',
  'delivery.example/v1alpha1?x=1',
  `${'a'.repeat(9_000)}/v1`,
])('what is no group and version leads nowhere: %s', async (apiVersion) => {
  const registry = await registryOf()
  const owner = { apiVersion, kind: 'Rollout', name: 'canary', uid: 'u' }
  expect(await answerOf(registry, owner)).toBe('absent')
  expect(asked).toEqual(apiVersion === 'v1' ? ['/api/v1'] : [])
})

test.each(['../secrets', 'a/b', 'a?b', '..', '', 'x'.repeat(9_000)])(
  'a name that is none leads nowhere: %s',
  async (name) => {
    const registry = await registryOf()
    expect(['absent', 'unknown']).toContain(
      await answerOf(registry, { apiVersion: 'delivery.example/v1alpha1', kind: 'Rollout', name, uid: 'u' }),
    )
    expect(asked.filter((one) => one.startsWith('rollouts')).length).toBeLessThan(2)
  },
)

test('who may not see it does not know, and names the right', async () => {
  const registry = await registryOf((access) => ({
    ...access,
    headers: async () => ({
      ...(await access.headers()),
      'impersonate-user': 'nobody',
      'impersonate-group': 'system:authenticated',
    }),
  }))
  const owner = await made(rollouts, 'hidden', { template: pods('rex') })
  expect(await answerOf(registry, owner)).toBe('unknown')
  expect(registry.missingRights).toEqual(['get rollouts.delivery.example in team'])
  const before = asked.length
  expect(registry.lookUp('team', owner, 'rex')).toBe('unknown')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(asked).toHaveLength(before)
})

test(
  'made-up owners cost a bounded number of questions, and another namespace has its turn at once',
  { timeout: 30_000 },
  async () => {
    const registry = await registryOf()
    const owner = await made(rollouts, 'in-between', { template: pods('rex') })
    const forged = (index: number) => ({ ...owner, name: `forged-${index}` })
    const lookAtAll = () => {
      for (let index = 0; index < 20_000; index++) registry.lookUp('other', forged(index), 'rex')
      return registry.lookUp('team', owner, 'rex')
    }
    registry.onChange(lookAtAll)
    const began = performance.now()
    lookAtAll()
    await cluster.eventually('the one that exists', () =>
      Promise.resolve(registry.lookUp('team', owner, 'rex') === 'exists'),
    )
    expect(performance.now() - began).toBeLessThan(2_000)
    await cluster.eventually('the end of the questions', async () => {
      const before = asked.length
      await new Promise((resolve) => setTimeout(resolve, 500))
      return asked.length === before
    })
    const gets = asked.filter((one) => one.startsWith('rollouts'))
    expect(gets.length).toBeLessThanOrEqual(201)
    // No more than twenty a second.
    expect(gets.length / ((performance.now() - began) / 1_000)).toBeLessThan(21)
    expect(registry.size).toBeLessThanOrEqual(201)
    expect(registry.lookUp('other', forged(0), 'rex')).toBe('absent')
    expect(registry.lookUp('other', forged(19_999), 'rex')).toBe('unknown')
  },
)
