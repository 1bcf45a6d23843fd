// What a workload carries of a hold: what is believed of it, who owns its fields, and what a person did meanwhile. With the
// controllers that carry a hold out.

import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { licenses } from '../../src/api/resources.ts'
import { createMarks } from '../../src/operator/observed/hold-record.ts'
import { ownersOf } from '../../src/operator/observed/managed-fields.ts'
import type { ObjectMeta } from '../../src/kube/object.ts'
import { SECOND } from '../../src/domain/time.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { createClient } from '../../src/kube/client.ts'
import { deployments, namespaces, type Resource, secrets } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  aLicense,
  aVendor,
  type Cluster,
  connect,
  cronJobs,
  makeKind,
  prepare,
  runOperator,
  soon,
  statefulSets,
} from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const controllers: Resource = {
  ...deployments,
  group: '',
  plural: 'replicationcontrollers',
  kind: 'ReplicationController',
}
const MARK = /held-replicas|held-reason|hold-record/

let cluster: Cluster
let vendor: SigningKey
beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  vendor = await aVendor()
  const labels = { 'cto.5dlabs.io/managed': 'true' }
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team', labels } })
})

/** What runs an agent, as its owner writes it. */
function manifest(resource: Resource, name: string, spec: object): RawObject {
  const labels = { 'cto.5dlabs.io/agent': name }
  const pod = {
    metadata: { labels },
    spec: {
      restartPolicy: resource.group === 'batch' ? 'Never' : 'Always',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'agent', image: 'example.com/agent:1' }],
    },
  }
  const runs =
    resource.group === 'batch'
      ? { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: pod } } }
      : { template: pod, selector: resource.group === '' ? labels : { matchLabels: labels } }
  const apiVersion = resource.group === '' ? 'v1' : `${resource.group}/v1`
  return { apiVersion, kind: resource.kind, metadata: { name, namespace: 'team', labels }, spec: { ...runs, ...spec } }
}

/** Applies it as that manager would. */
async function applyAs(manager: string, resource: Resource, object: RawObject, force = false): Promise<RawObject> {
  const client = createClient(await cluster.access(), { fieldManager: manager, userAgent: 'test' })
  return client.apply(resource, object, { force }, soon())
}

async function stateOf(resource: Resource, name: string) {
  const object = await cluster.object(resource, name, 'team')
  const { replicas, suspend } = (object?.['spec'] ?? {}) as { replicas?: number; suspend?: boolean }
  const { annotations = {}, managedFields = [] } = (object?.metadata ?? {}) as ObjectMeta
  const path = resource.group === 'batch' ? 'spec.suspend' : 'spec.replicas'
  return {
    size: replicas ?? suspend,
    marked: MARK.test(JSON.stringify(annotations)),
    annotations,
    owners: ownersOf(managedFields, path).map(({ manager, operation }) => `${manager} ${operation}`),
    managers: managedFields.map(({ manager }) => manager),
  }
}

const be = (resource: Resource, name: string, size: unknown) =>
  cluster.eventually(`${name} to be ${String(size)}`, async () => {
    const state = await stateOf(resource, name)
    return state.size === size ? state : undefined
  })

async function eventsOf(name: string): Promise<string> {
  return (await controlPlane.kubectl('get', 'events', '-n', 'team', `--field-selector=involvedObject.name=${name}`))
    .stdout
}

async function kubectl(...args: (string | { input: string })[]): Promise<string> {
  const answer = await controlPlane.kubectl(...args)
  expect(answer.code, answer.stderr).toBe(0)
  return answer.stdout
}

const run = async () => runOperator(await cluster.access(), vendor, { holdNotice: SECOND })

async function licensed(): Promise<void> {
  await cluster.installLicense(await aLicense(vendor, { plan: 'enterprise' }))
  await cluster.entitled(({ plan }) => plan === 'enterprise')
}

/** Takes the license away: what only it admitted is held a second later. */
async function unlicensed(): Promise<void> {
  await cluster.remove(secrets, 'acme', 'cto-system')
  await cluster.remove(licenses, 'acme')
}

const removeAll = async (...workloads: (readonly [Resource, string])[]) => {
  for (const [resource, name] of workloads) await cluster.remove(resource, name, 'team')
}

test('fields go back to whom they belonged, of every kind, and no claim is lost', { timeout: 120_000 }, async () => {
  await using _ = await run()
  await licensed()
  const volume = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const retention = { whenScaled: 'Delete', whenDeleted: 'Retain' }
  const stateful = {
    replicas: 2,
    serviceName: 'two',
    podManagementPolicy: 'Parallel',
    persistentVolumeClaimRetentionPolicy: retention,
    volumeClaimTemplates: [volume],
  }
  const workloads: readonly (readonly [Resource, string, object, unknown, unknown])[] = [
    [deployments, 'one', { replicas: 3 }, 3, 0],
    [statefulSets, 'two', stateful, 2, 0],
    [controllers, 'three', { replicas: 2 }, 2, 0],
    [cronJobs, 'four', { suspend: false }, false, true],
  ]
  await applyAs('creator', deployments, manifest(deployments, 'five', {}))
  await kubectl('patch', '-n', 'team', 'deployment', 'five', '-p', '{"spec":{"replicas":4}}')
  const claimsOfTwo = async () => (await kubectl('get', 'pvc', '-n', 'team', '-o', 'name')).trim().split('\n').length

  // What is done to them once is done to them again: a license that goes, comes, and goes.
  for (const round of [1, 2]) {
    for (const [resource, name, spec, size] of workloads) {
      await applyAs('helm', resource, manifest(resource, name, spec))
      await be(resource, name, size)
    }
    if (round === 1) await cluster.eventually('the claims', async () => (await claimsOfTwo()) === 2)
    await unlicensed()
    for (const [resource, name, spec, , held] of workloads) {
      await be(resource, name, held)
      await cluster.eventually(`nobody to own ${name}`, async () => (await stateOf(resource, name)).owners.length === 0)
      // Helm, Argo CD or Flux, as it goes on applying what it has: it is told why, and meets no conflict.
      if (resource !== controllers)
        await expect(applyAs('helm', resource, manifest(resource, name, spec))).rejects.toThrow(/is not licensed/)
    }
    await be(deployments, 'five', 0)
    const pods = ['get', 'pods', '-n', 'team', '-l', 'cto.5dlabs.io/agent=two', '-o', 'name'] as const
    await cluster.eventually('the pods of two to go', async () => (await kubectl(...pods)) === '')
    expect(await claimsOfTwo()).toBe(2)

    await licensed()
    for (const [resource, name, spec, size] of workloads) {
      await be(resource, name, size)
      const state = await cluster.eventually(`${name} to be given back`, async () => {
        const one = await stateOf(resource, name)
        return one.owners.join() === 'helm Apply' ? one : undefined
      })
      expect(state).toMatchObject({ marked: false })
      expect(state.managers, name).not.toContain('cto-operator')
      // It just works.
      const more = 'replicas' in spec ? { ...spec, replicas: 1 } : { suspend: true }
      await applyAs('helm', resource, manifest(resource, name, more))
      await be(resource, name, 'replicas' in spec ? 1 : true)
    }
    await be(deployments, 'five', 4)
    await cluster.eventually('five to be given back', async () => {
      return (await stateOf(deployments, 'five')).owners.join() === 'kubectl-patch Update'
    })
  }
  const two = await cluster.object(statefulSets, 'two', 'team')
  expect(two?.['spec']).toMatchObject({ persistentVolumeClaimRetentionPolicy: retention })
  await removeAll(...workloads.map(([resource, name]) => [resource, name] as const), [deployments, 'five'])
})

test(
  'what a person does during a hold is kept, and what he does to its marks is not',
  { timeout: 120_000 },
  async () => {
    const names = ['sync', 'apply', 'number', 'nonsense', 'record', 'bare', 'later'] as const
    const file = (replicas: number) => JSON.stringify(manifest(deployments, 'apply', { replicas }))
    const annotate = (name: string, ...what: string[]) =>
      kubectl('annotate', '-n', 'team', 'deployment', name, '--overwrite', ...what)
    const all = ['held-replicas-', 'held-reason-', 'hold-record-'].map((one) => `cto.5dlabs.io/${one}`)
    {
      await using _ = await run()
      await licensed()
      for (const name of names.filter((one) => one !== 'apply')) {
        await applyAs('argocd-controller', deployments, manifest(deployments, name, { replicas: 3 }))
      }
      await kubectl('apply', '-f', '-', { input: file(3) })
      await unlicensed()
      for (const name of names) await be(deployments, name, 0)
      await cluster.eventually('nobody to own sync', async () => {
        return (await stateOf(deployments, 'sync')).owners.length === 0
      })

      // Git says 0 now.
      await applyAs('argocd-controller', deployments, manifest(deployments, 'sync', { replicas: 0 }))
      await kubectl('apply', '-f', '-', { input: file(0) })
      const before = new Map<string, object>()
      for (const name of names) before.set(name, (await stateOf(deployments, name)).annotations)
      const tampered = [
        ['number', 'cto.5dlabs.io/held-replicas=99'],
        ['nonsense', 'cto.5dlabs.io/held-replicas=abc', 'cto.5dlabs.io/hold-record=abc.def'],
        ['record', 'cto.5dlabs.io/hold-record-'],
        ['bare', ...all],
      ] as const
      for (const [name, ...what] of tampered) await annotate(name, ...what)
      for (const [name] of tampered) {
        await cluster.eventually(`the marks of ${name}`, async () => {
          return isDeepStrictEqual((await stateOf(deployments, name)).annotations, before.get(name))
        })
        await cluster.eventually(`the Event about ${name}`, async () =>
          (await eventsOf(name)).includes('TamperingRestored'),
        )
      }
    }
    // While no operator runs.
    await annotate('later', 'cto.5dlabs.io/held-replicas=99')
    await using _ = await run()
    await licensed()
    for (const name of names) {
      const state = await cluster.eventually(`the marks of ${name} to go`, async () => {
        const one = await stateOf(deployments, name)
        return one.marked ? undefined : one
      })
      expect([name, state.size]).toEqual([name, name === 'sync' || name === 'apply' ? 0 : 3])
    }
    await cluster.eventually('the Event about sync', async () =>
      (await eventsOf('sync')).includes('argocd-controller has set'),
    )
    await cluster.eventually('the Event about apply', async () => (await eventsOf('apply')).includes('NotResumed'))
    expect(await eventsOf('later')).toContain('Resumed Deployment later with 3 replicas')
    await removeAll(...names.map((name) => [deployments, name] as const))
  },
)

test('a mark that is not ours is no hold: it is said and taken off', { timeout: 60_000 }, async () => {
  await using running = await run()
  await licensed()
  const stranger = createMarks('cto')
  stranger.open(randomBytes(32).toString('base64'), [])
  await applyAs('helm', deployments, manifest(deployments, 'forged', { replicas: 0 }))
  const { uid = '' } = (await cluster.object(deployments, 'forged', 'team'))?.metadata ?? {}
  const fields = [{ path: 'spec.replicas', value: 6, owners: [] }] as const
  const record = stranger.sign({ uid, replicas: 6, fields })
  await kubectl('annotate', '-n', 'team', 'deployment', 'forged', `cto.5dlabs.io/hold-record=${record}`)
  await cluster.eventually('the Event', async () => (await eventsOf('forged')).includes('MarkNotOurs'))
  await kubectl('annotate', '-n', 'team', 'deployment', 'forged', 'cto.5dlabs.io/held-replicas=6')
  await cluster.eventually('the mark to go', async () => !(await stateOf(deployments, 'forged')).marked)
  await running.operator.idle()
  expect(await stateOf(deployments, 'forged')).toMatchObject({ size: 0, marked: false })
  await removeAll([deployments, 'forged'])
})

test('a key that is lost loses no hold', { timeout: 90_000 }, async () => {
  const key = async () => {
    const data = (await cluster.object(secrets, 'cto-evidence', 'cto-system'))?.['data'] as Record<string, string>
    return data?.['marks']
  }
  {
    await using _ = await run()
    await licensed()
    await applyAs('helm', deployments, manifest(deployments, 'kept', { replicas: 3 }))
    await applyAs('helm', deployments, manifest(deployments, 'old', { replicas: 2 }))
    await unlicensed()
    await be(deployments, 'kept', 0)
    await be(deployments, 'old', 0)
    const before = await key()
    expect(before).toBeDefined()
    await cluster.remove(secrets, 'cto-evidence', 'cto-system')
    await cluster.eventually('the same key again', async () => (await key()) === before)
  }
  await cluster.remove(secrets, 'cto-evidence', 'cto-system')
  // As an operator held it that signed nothing.
  await kubectl('annotate', '-n', 'team', 'deployment', 'old', 'cto.5dlabs.io/hold-record-')
  {
    await using running = await run()
    await running.operator.idle()
    expect((await eventsOf('kept')) + (await eventsOf('old'))).not.toContain('TamperingRestored')
    await licensed()
    await be(deployments, 'kept', 3)
    await be(deployments, 'old', 2)
  }
  await removeAll([deployments, 'kept'], [deployments, 'old'])
})

test('whoever writes annotations all the time is held all the same', { timeout: 60_000 }, async () => {
  await using _ = await run()
  await licensed()
  await applyAs('helm', deployments, manifest(deployments, 'busy', { replicas: 3 }))
  const over = new AbortController()
  let writes = 0
  const write = async () => {
    while (!over.signal.aborted) {
      const metadata = { annotations: { busy: String(writes++) } }
      await cluster.client.mergePatch(deployments, { namespace: 'team', name: 'busy' }, { metadata }, soon())
    }
  }
  const writing = Promise.all([write(), write(), write()])
  try {
    await unlicensed()
    await be(deployments, 'busy', 0)
    const before = writes
    await cluster.eventually('more annotations', () => Promise.resolve(writes > before + 10))
    await licensed()
    await be(deployments, 'busy', 3)
  } finally {
    over.abort()
    await writing
  }
  await cluster.eventually('it to be given back', async () => {
    const { owners, marked } = await stateOf(deployments, 'busy')
    return owners.join() === 'helm Apply' && !marked
  })
  await removeAll([deployments, 'busy'])
})
