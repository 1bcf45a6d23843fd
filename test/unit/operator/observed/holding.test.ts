// Holding and resuming: what is written, that it undoes itself exactly, whose edits win, and that a mark cannot be forged.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AGENT_LABEL } from '../../../../src/api/names.ts'
import { createMarks, type HoldRecord, type Marks } from '../../../../src/operator/observed/hold-record.ts'
import {
  fieldsToRestore,
  handBackPatch,
  hasToHandBack,
  holdPatch,
  mendPatch,
  recordOfHold,
  resumePatch,
  whoDecided,
} from '../../../../src/operator/observed/holding.ts'
import type { ManagedFieldsEntry } from '../../../../src/kube/object.ts'
import {
  isHeld,
  isHeldOrResumed,
  projectWorkload,
  wantedReplicas,
  type Workload,
  WORKLOAD_KINDS,
} from '../../../../src/operator/observed/workloads.ts'
import { patched } from '../../../support/json-patch.ts'

const RECORD = 'cto.5dlabs.io/hold-record'
const REPLICAS = 'cto.5dlabs.io/held-replicas'
const REASON = 'cto.5dlabs.io/held-reason'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

interface Raw {
  readonly metadata: {
    readonly uid: string
    readonly annotations?: Record<string, string>
    readonly managedFields?: ManagedFieldsEntry[]
    readonly [field: string]: unknown
  }
  readonly spec: Record<string, unknown>
}

const kindOf = (plural: string) => WORKLOAD_KINDS.find((kind) => kind.plural === plural)!
const raw = (spec: object, metadata: object = {}): Raw => ({
  metadata: {
    name: 'rex',
    namespace: 'cto-agents',
    uid: 'u',
    resourceVersion: '7',
    labels: { [AGENT_LABEL]: 'rex' },
    ...metadata,
  },
  spec: { ...spec },
})
const read = (object: Raw, plural = 'deployments'): Workload => projectWorkload(kindOf(plural), AGENT_LABEL, object)!
const opened = (key?: string, workloads: Workload[] = [], product = 'cto'): Marks => {
  const marks = createMarks(product)
  marks.open(key, workloads)
  return marks
}

function held(object: Raw, marks: Marks, plural = 'deployments'): Raw {
  const workload = read(object, plural)
  const record = marks.begin(recordOfHold(workload, marks.recordOf(workload))!)
  const mark = { record: marks.sign(record), replicas: String(record.replicas), reason: 'because' }
  return patched(object, holdPatch(workload, mark, true))
}

function resumed(object: Raw, marks: Marks, plural = 'deployments'): Raw {
  const workload = read(object, plural)
  return patched(object, resumePatch(workload, fieldsToRestore(workload, marks.recordOf(workload)!)))
}

const edited = (object: Raw, annotations: Record<string, string>, spec: object = {}): Raw => ({
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
  spec: { ...object.spec, ...spec },
})

test('hold then resume is the identity, whatever the workload was', () => {
  const some = fc.oneof(
    fc.tuple(
      fc.constantFrom('deployments', 'replicasets', 'replicationcontrollers'),
      fc.record({ replicas: fc.integer({ min: 1, max: 1000 }), paused: fc.boolean() }),
    ),
    fc.tuple(
      fc.constant('statefulsets'),
      fc.record({
        replicas: fc.integer({ min: 1, max: 1000 }),
        persistentVolumeClaimRetentionPolicy: fc.record({
          whenScaled: fc.constantFrom('Delete', 'Retain'),
          whenDeleted: fc.constantFrom('Delete', 'Retain'),
        }),
      }),
    ),
    fc.tuple(
      fc.constantFrom('jobs', 'cronjobs'),
      fc.record({ suspend: fc.constant(false), parallelism: fc.integer({ min: 1, max: 5 }) }),
    ),
  )
  const annotations = fc.option(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), { minKeys: 1 }), {
    nil: undefined,
  })
  fc.assert(
    fc.property(some, annotations, ([plural, spec], annotations) => {
      const marks = opened()
      const object = raw(spec, annotations === undefined ? {} : { annotations })
      const before = read(object, plural)
      const after = held(object, marks, plural)
      const workload = read(after, plural)
      expect(isHeld(workload, marks)).toBe(true)
      expect(isHeldOrResumed(before, workload, marks)).toBe(true)
      expect(wantedReplicas(workload, marks)).toBe(before.replicas)
      expect(workload.replicas).toBe(0)
      expect(after.metadata.annotations).toMatchObject({ [REPLICAS]: String(before.replicas), [REASON]: 'because' })
      const { annotations: left = {}, ...metadata } = resumed(after, marks, plural).metadata
      expect(metadata).toEqual(raw(spec).metadata)
      expect(left).toEqual(annotations ?? {})
      expect(resumed(after, marks, plural).spec).toEqual(object.spec)
    }),
  )
})

test('claims that go when a StatefulSet is scaled are kept while it is held', () => {
  const marks = opened()
  const object = raw({
    replicas: 3,
    persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
  })
  const retention = (one: Raw) => one.spec['persistentVolumeClaimRetentionPolicy']
  const after = held(object, marks, 'statefulsets')
  expect(retention(after)).toEqual({ whenScaled: 'Retain', whenDeleted: 'Delete' })
  // Scaled up while it is held, and held again: that it was Delete is not forgotten.
  const again = held(edited(after, {}, { replicas: 5 }), marks, 'statefulsets')
  expect(resumed(again, marks, 'statefulsets').spec).toMatchObject({
    replicas: 5,
    persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
  })
})

test('a hold hits what was seen, or, when it has to, only the same object', () => {
  const marks = opened()
  const workload = read(raw({ replicas: 3 }))
  const mark = { record: marks.sign(recordOfHold(workload)!), replicas: '3', reason: 'because' }
  const scaled = raw({ replicas: 4 })
  expect(() => patched(scaled, holdPatch(workload, mark, true))).toThrow('/spec/replicas is something else')
  expect(patched(scaled, holdPatch(workload, mark, false)).spec).toEqual({ replicas: 0 })
  const another = raw({ replicas: 3 }, { uid: 'v' })
  expect(() => patched(another, holdPatch(workload, mark, false))).toThrow('/metadata/uid is something else')
  // Annotations that have appeared meanwhile are not replaced.
  const annotated = raw({ replicas: 3 }, { annotations: { a: 'b' } })
  expect(() => patched(annotated, holdPatch(workload, mark, false))).toThrow('/metadata/annotations is something else')
  expect(recordOfHold(read(raw({}), 'daemonsets'))).toBeUndefined()
})

test('what a person set meanwhile wins', () => {
  const marks = opened()
  const after = held(raw({ replicas: 3 }), marks)
  // Scaled up.
  const scaled = edited(after, {}, { replicas: 7 })
  expect(isHeld(read(scaled), marks)).toBe(false)
  expect(wantedReplicas(read(scaled), marks)).toBe(7)
  expect(resumed(scaled, marks).spec).toEqual({ replicas: 7 })
  // Applied with 0 by one who owns the field since.
  const owner = { manager: 'argocd-controller', operation: 'Apply', apiVersion: 'apps/v1' } as const
  const owned = {
    ...after,
    metadata: { ...after.metadata, managedFields: [{ ...owner, fieldsV1: fields('replicas') }] },
  }
  expect(whoDecided(read(owned))).toEqual(['argocd-controller'])
  expect(resumed(owned, marks).spec).toEqual({ replicas: 0 })
  // Applied with 0 by kubectl, which writes nothing where there is 0 already.
  const given = (replicas: number) => ({ [LAST_APPLIED]: JSON.stringify({ spec: { replicas } }) })
  const applied = held(raw({ replicas: 3 }, { annotations: given(3) }), marks)
  expect(resumed(edited(applied, given(0)), marks).spec).toEqual({ replicas: 0 })
  expect(resumed(applied, marks).spec).toEqual({ replicas: 3 })
  // Its file said 0 all along, and somebody had scaled it up.
  expect(resumed(held(raw({ replicas: 3 }, { annotations: given(0) }), marks), marks).spec).toEqual({ replicas: 3 })
})

const fields = (...names: string[]) => ({ 'f:spec': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) })

test('the fields go back to exactly those who owned them, and while it is held to nobody', () => {
  const us = { manager: 'cto-operator', operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' } as const
  const helm = { manager: 'helm', operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1' } as const
  const scaler = { manager: 'kubectl', operation: 'Update', apiVersion: 'apps/v1', subresource: 'scale' } as const
  const { fieldsType: _, ...helmOwner } = helm
  const record: HoldRecord = {
    uid: 'u',
    replicas: 3,
    fields: [{ path: 'spec.replicas', value: 3, owners: [helmOwner, scaler] }],
  }
  const noted = { 'f:metadata': { 'f:annotations': { '.': {}, [`f:${RECORD}`]: {} } } }
  const object = raw(
    { replicas: 3 },
    {
      managedFields: [
        { ...helm, fieldsV1: fields('template') },
        { ...us, fieldsV1: { ...noted, ...fields('replicas') } },
      ],
    },
  )
  const now = new Date('2026-11-28T05:00:00.123Z')
  const given = (owners?: HoldRecord['fields']) => {
    expect(hasToHandBack(read(object))).toBe(true)
    return patched(object, handBackPatch(read(object), '7', owners, now)!).metadata.managedFields
  }
  expect(given(undefined)).toEqual([
    { ...helm, fieldsV1: fields('template') },
    { ...us, fieldsV1: noted },
  ])
  expect(given(record.fields)).toEqual([
    { ...helm, fieldsV1: fields('template', 'replicas') },
    { ...scaler, time: '2026-11-28T05:00:00Z', fieldsType: 'FieldsV1', fieldsV1: fields('replicas') },
  ])
  const ofOthers = raw({ replicas: 3 }, { managedFields: [{ ...helm, fieldsV1: fields('replicas') }] })
  expect(handBackPatch(read(ofOthers), '7', [], now)).toBeUndefined()
  // What we apply ourselves is ours.
  const own = { ...us, operation: 'Apply' } as const
  expect(hasToHandBack(read(raw({}, { managedFields: [{ ...own, fieldsV1: fields('replicas') }] })))).toBe(false)
})

test('only a record that we signed for this very workload is believed', () => {
  const marks = opened()
  const after = held(raw({ replicas: 3 }), marks)
  const text = after.metadata.annotations![RECORD]!
  // By another process, which knows the key and nothing else.
  const recordIn = (annotations: Record<string, string>, metadata: object = {}, product = 'cto') =>
    opened(marks.key, [], product).recordOf(read(raw({ replicas: 0 }, { ...metadata, annotations })))
  expect(recordIn({ [RECORD]: text })).toMatchObject({ uid: 'u', replicas: 3 })
  expect(recordIn({ [RECORD]: text, [REPLICAS]: '99' })).toMatchObject({ replicas: 3 })
  expect(recordIn({ [REPLICAS]: '3' })).toBeUndefined()
  expect(recordIn({ [RECORD]: text }, { uid: 'another' })).toBeUndefined()
  expect(recordIn({ [RECORD]: text }, {}, 'another')).toBeUndefined()
  const [payload = '', tag = ''] = text.split('.')
  const more = Buffer.from(JSON.stringify({ uid: 'u', replicas: 99, fields: [] })).toString('base64url')
  for (const forged of [`${more}.${tag}`, `${payload}.`, payload, '', '.', `${payload}.${tag}A`, `${payload}.AAAA`]) {
    expect(recordIn({ [RECORD]: forged }), forged).toBeUndefined()
  }
  expect(opened().recordOf(read(after))).toBeUndefined()
})

test('what was seen once is remembered when somebody damages it, until the hold is over', () => {
  const marks = opened()
  const after = held(raw({ replicas: 3 }), marks)
  expect(isHeld(read(after), marks)).toBe(true)
  const damaged = edited(after, { [RECORD]: 'nonsense', [REPLICAS]: 'abc' })
  expect(wantedReplicas(read(damaged), marks)).toBe(3)
  const mark = { record: marks.sign(marks.recordOf(read(damaged))!), replicas: '3', reason: 'because' }
  expect(patched(damaged, mendPatch(read(damaged), mark))).toEqual(after)
  const bare = { ...after, metadata: { ...after.metadata, annotations: {} } }
  expect(wantedReplicas(read(bare), marks)).toBe(3)

  marks.end(read(after), marks.recordOf(read(after))!)
  expect(isHeld(read(bare), marks)).toBe(false)
  // Brought back, by a rollback or by hand.
  expect(isHeld(read(structuredClone(after)), marks)).toBe(false)
  marks.reopen(read(after), { uid: 'u', replicas: 3, fields: [] })
  expect(isHeld(read(bare), marks)).toBe(true)
  // Whoever takes the marks off and scales it up has ended it; and it ends with the workload.
  marks.observe(read(after), read(raw({ replicas: 2 })))
  expect(isHeld(read(bare), marks)).toBe(false)
})

test('a hold is not over because an earlier one that was just like it is', () => {
  const marks = opened()
  const before = raw({ replicas: 3 })
  const first = held(before, marks)
  marks.end(read(first), marks.recordOf(read(first))!)
  marks.observe(read(first), read(before))
  const second = held(before, marks)
  expect(marks.recordOf(read(second))).toMatchObject({ uid: 'u', replicas: 3 })
  expect(resumed(second, marks).spec).toEqual(before.spec)
  expect(marks.isSigned(read(structuredClone(first)))).toBe(false)
})

test('with a key that is lost, what is there is believed once, and what comes later is not', () => {
  const one = read(held(raw({ replicas: 3 }), opened()))
  const unsigned = read(raw({ replicas: 0 }, { uid: 'v', annotations: { [REPLICAS]: '4' } }))
  const copied = read(raw({ replicas: 0 }, { uid: 'w', annotations: { [RECORD]: one.mark!.record! } }))
  const runs = read(raw({ replicas: 1 }, { uid: 'x', annotations: { [REPLICAS]: '4' } }))
  const marks = opened(undefined, [one, unsigned, copied, runs])
  expect([one, unsigned, copied, runs].map((workload) => marks.recordOf(workload)?.replicas)).toEqual([
    3,
    4,
    undefined,
    undefined,
  ])
  expect(marks.recordOf(read(raw({ replicas: 0 }, { uid: 'y', annotations: { [REPLICAS]: '4' } })))).toBeUndefined()
  // With a key that was kept there is nothing to make good.
  expect(opened(marks.key, [unsigned]).recordOf(unsigned)).toBeUndefined()
})
