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
      fc.constantFrom('deployments', 'statefulsets', 'replicasets'),
      fc.record({ replicas: fc.integer({ min: 1, max: 1000 }), paused: fc.boolean() }),
    ),
    fc.tuple(fc.constantFrom('jobs', 'cronjobs'), fc.record({ suspend: fc.constant(false), parallelism: fc.nat(5) })),
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

test('one that Kubernetes made for another workload is not an agent of its own; a DaemonSet cannot be held', () => {
  const owner = (kind: string) => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'y', controller: true }],
  })
  expect(
    projectWorkload(kindOf('replicasets'), AGENT_LABEL, raw('replicasets', {}, owner('Deployment'))),
  ).toBeUndefined()
  expect(projectWorkload(kindOf('jobs'), AGENT_LABEL, raw('jobs', {}, owner('CronJob')))).toBeUndefined()
  expect(projectWorkload(kindOf('replicasets'), AGENT_LABEL, raw('replicasets', {}, owner('Rollout')))).toBeDefined()
  expect(projectWorkload(kindOf('deployments'), AGENT_LABEL, raw('deployments', {}, { labels: {} }))).toBeUndefined()
  expect(holdPatch(read('daemonsets', raw('daemonsets', {})), 'because')).toBeUndefined()
})
