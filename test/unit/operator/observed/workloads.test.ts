// What is kept of a workload of each kind.

import { expect, test } from 'vitest'
import { AGENT_LABEL } from '../../../../src/api/names.ts'
import {
  differsInOwnersOnly,
  projectWorkload,
  type Workload,
  WORKLOAD_KINDS,
} from '../../../../src/operator/observed/workloads.ts'

const kindOf = (plural: string) => WORKLOAD_KINDS.find((kind) => kind.plural === plural)!
const raw = (plural: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: kindOf(plural).kind,
  metadata: {
    name: 'rex',
    namespace: 'cto-agents',
    uid: 'u',
    creationTimestamp: '2026-11-21T08:00:00Z',
    labels: { 'cto.5dlabs.io/agent': 'rex' },
    ...metadata,
  },
  spec,
})
const read = (plural: string, object: unknown): Workload => projectWorkload(kindOf(plural), AGENT_LABEL, object)!

test('what has no label is no agent, and an empty name is one', () => {
  expect(projectWorkload(kindOf('deployments'), AGENT_LABEL, raw('deployments', {}, { labels: {} }))).toBeUndefined()
  const unnamed = raw('deployments', {}, { labels: { [AGENT_LABEL]: '' } })
  expect(read('deployments', unnamed).agent).toBe('')
})

test('what belongs to a controller names it; an owner that controls nothing is none', () => {
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'x', uid: 'y' }
  const owned = (controller?: boolean) =>
    read('replicasets', raw('replicasets', {}, { ownerReferences: [{ ...rollout, controller }] }))
  expect(owned(true).controller).toEqual(rollout)
  expect(owned()).not.toHaveProperty('controller')
})

test('of what a workload runs, its images and the agent of its pods are known', () => {
  const template = {
    metadata: { labels: { [AGENT_LABEL]: 'rex' } },
    spec: { initContainers: [{ image: 'init:1' }], containers: [{ image: 'agent:2' }, { image: 'side:3' }] },
  }
  const pods = { templateAgent: 'rex', images: 'init:1,agent:2,side:3' }
  expect(read('deployments', raw('deployments', { template }))).toMatchObject(pods)
  expect(read('cronjobs', raw('cronjobs', { jobTemplate: { spec: { template } } }))).toMatchObject(pods)
  expect(read('deployments', raw('deployments', {}))).toMatchObject({ images: '' })
})

test('the selector shows the label, or does not', () => {
  const labels = { [AGENT_LABEL]: 'rex' }
  const shows = (plural: string, selector?: object) => read(plural, raw(plural, { selector })).labelInSelector
  expect(shows('deployments', { matchLabels: labels })).toBe(true)
  expect(shows('deployments', { matchLabels: { app: 'rex' } })).toBe(false)
  expect(shows('replicationcontrollers', labels)).toBe(true)
  expect(shows('replicationcontrollers', { matchLabels: labels })).toBe(false)
  expect(shows('replicationcontrollers')).toBe(false)
})

test('a Job wants as many as run side by side; one that has ended is none any more', () => {
  const job = (spec: object, ...conditions: object[]) =>
    projectWorkload(kindOf('jobs'), AGENT_LABEL, { ...raw('jobs', spec), status: { conditions } })
  expect(job({})).toMatchObject({ replicas: 1 })
  expect(job({ parallelism: 4 })).toMatchObject({ replicas: 4 })
  expect(job({ parallelism: 4, suspend: true })).toMatchObject({ replicas: 0 })
  expect(job({}, { type: 'Complete', status: 'True' })).toBeUndefined()
  expect(job({}, { type: 'Failed', status: 'True' })).toBeUndefined()
  expect(job({}, { type: 'Failed', status: 'False' }, { type: 'Suspended', status: 'True' })).toBeDefined()
})

test('a CronJob says which of its Jobs run', () => {
  const active = (status: object) =>
    projectWorkload(kindOf('cronjobs'), AGENT_LABEL, { ...raw('cronjobs', {}), status })?.active
  expect(active({ active: [{ uid: 'a' }, { uid: 'b' }] })).toEqual(['a', 'b'])
  expect(active({})).toEqual([])
})

test('the fields that a hold changes are known with their owners, and the same ones are kept once', () => {
  const by = (manager: string, fields: object, more: object = {}) => {
    return { manager, operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1: fields, ...more }
  }
  const managedFields = [
    by('creator', { 'f:metadata': {}, 'f:spec': { 'f:template': {} } }),
    by('scaler', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale' }),
  ]
  const spec = { replicas: 2, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } }
  const one = read('statefulsets', raw('statefulsets', spec, { managedFields }))
  expect(one.fields).toEqual([
    {
      path: 'spec.replicas',
      value: 2,
      owners: [{ manager: 'scaler', operation: 'Update', apiVersion: 'apps/v1', subresource: 'scale' }],
    },
    { path: 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', value: 'Delete', owners: [] },
  ])
  const another = read('statefulsets', raw('statefulsets', spec, { managedFields, name: 'tess' }))
  expect(another.fields).toBe(one.fields)
  expect(read('cronjobs', raw('cronjobs', {})).fields).toEqual([{ path: 'spec.suspend', value: false, owners: [] }])
  expect(read('daemonsets', raw('daemonsets', {})).fields).toEqual([])
  const before = read('statefulsets', raw('statefulsets', spec))
  expect(differsInOwnersOnly(before, one)).toBe(true)
  expect(differsInOwnersOnly(before, { ...one, replicas: 3 })).toBe(false)
})

test('what kubectl apply was given last is known where it was given, and nonsense there is nothing', () => {
  const applied = (plural: string, text: string) => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': text }
    return read(plural, raw(plural, {}, { annotations })).applied
  }
  expect(applied('deployments', '{"spec":{"replicas":0}}')).toBe(0)
  expect(applied('deployments', '{"spec":{}}')).toBeUndefined()
  expect(applied('cronjobs', '{"spec":{"suspend":true}}')).toBe(0)
  expect(applied('cronjobs', '{"spec":{"suspend":false}}')).toBe(1)
  for (const nonsense of ['', 'null', '{"spec":{"replicas":"3"}}']) {
    expect(applied('deployments', nonsense), nonsense).toBeUndefined()
  }
})
