// Holding and resuming: what is written, that it undoes itself exactly, and that a person's edits win.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AGENT_LABEL } from '../../../src/api/names.ts'
import {
  holdPatch,
  isHeld,
  projectWorkload,
  resumePatch,
  wantedReplicas,
  type Workload,
  WORKLOAD_KINDS,
} from '../../../src/cluster/workloads.ts'

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

/** As the API server merges a patch into an object (RFC 7396). */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merged(result[name], value)
  }
  return result
}

test('hold then resume is the identity, whatever the workload was', () => {
  const some = fc.oneof(
    fc.tuple(
      fc.constantFrom('deployments', 'statefulsets', 'replicasets', 'replicationcontrollers'),
      fc.record({ replicas: fc.integer({ min: 1, max: 1000 }), paused: fc.boolean() }),
    ),
    fc.tuple(
      fc.constantFrom('jobs', 'cronjobs'),
      fc.record({ suspend: fc.constant(false), parallelism: fc.integer({ min: 1, max: 5 }) }),
    ),
  )
  const annotations = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string())
  fc.assert(
    fc.property(some, annotations, ([plural, spec], annotations) => {
      const object = raw(plural, spec, { annotations })
      const workload = read(plural, object)
      const held = merged(object, holdPatch(workload, 'because'))
      expect(isHeld(read(plural, held))).toBe(true)
      expect(wantedReplicas(read(plural, held))).toBe(wantedReplicas(workload))
      expect(read(plural, held).replicas).toBe(0)
      expect(merged(held, resumePatch(read(plural, held)))).toEqual(object)
    }),
  )
})

test('the record and the zero are one write', () => {
  expect(holdPatch(read('deployments', raw('deployments', { replicas: 3 })), 'because')).toEqual({
    metadata: { annotations: { 'cto.5dlabs.io/held-replicas': '3', 'cto.5dlabs.io/held-reason': 'because' } },
    spec: { replicas: 0 },
  })
})

test('what a person set meanwhile wins', () => {
  const annotations = { 'cto.5dlabs.io/held-replicas': '3' }
  const scaled = read('deployments', raw('deployments', { replicas: 7 }, { annotations }))
  expect(isHeld(scaled)).toBe(false)
  expect(wantedReplicas(scaled)).toBe(7)
  expect(resumePatch(scaled)).not.toHaveProperty('spec')
  const edited = read(
    'deployments',
    raw('deployments', { replicas: 0 }, { annotations: { 'cto.5dlabs.io/held-replicas': '5' } }),
  )
  expect(resumePatch(edited)).toMatchObject({ spec: { replicas: 5 } })
  for (const nonsense of ['-1', '1e9', 'many', '']) {
    const broken = read(
      'deployments',
      raw('deployments', { replicas: 0 }, { annotations: { 'cto.5dlabs.io/held-replicas': nonsense } }),
    )
    expect(isHeld(broken), nonsense).toBe(false)
  }
})

test('a DaemonSet cannot be held; what has no label is no agent, and an empty name is one', () => {
  expect(holdPatch(read('daemonsets', raw('daemonsets', {})), 'because')).toBeUndefined()
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
