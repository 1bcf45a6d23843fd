// What a status remembers is believed as it was written, whatever the API server does to the order of its members.

import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { EntitlementStatus } from '../../../../src/api/entitlement.ts'
import { doubtfulMemory } from '../../../../src/operator/controllers/entitlement/memory.ts'
import { isSealed, sealed } from '../../../../src/operator/controllers/entitlement/seal.ts'
import { entitlementStatus } from '../../../../src/operator/controllers/entitlement/status.ts'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import { DAY, HOUR } from '../../../../src/domain/time.ts'
import { circumstances, facts, license, NOW, workload } from '../../../support/builders.ts'

const key = randomBytes(32).toString('base64')
const decision = decide(
  facts({ licenses: [license()], workloads: [workload('rex')], nodes: { counted: 9, total: 9, excluded: [] } }),
)
const status = sealed(entitlementStatus(decision, undefined, 1, NOW, circumstances), 'cto', key)
const reordered = (value: unknown): unknown =>
  typeof value !== 'object' || value === null
    ? value
    : Array.isArray(value)
      ? value.map(reordered)
      : Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([name, part]) => [name, reordered(part)]),
        )

test('as it was written, in any order', () => {
  expect(isSealed(status, 'cto', key)).toBe(true)
  expect(isSealed(reordered(status), 'cto', key)).toBe(true)
})

test.each<[string, (forged: EntitlementStatus) => unknown]>([
  ['another type of cluster', (one) => ({ ...one, cluster: { ...one.cluster, type: 'EKS' } })],
  [
    'another agent',
    (one) => ({
      ...one,
      agents: {
        ...one.agents,
        admitted: [...one.agents.admitted, { name: 'x', namespace: 'y', kind: 'Deployment', workload: 'z' }],
      },
    }),
  ],
  ['more time for too many nodes', (one) => ({ ...one, nodes: { ...one.nodes, graceEndsAt: '2099-01-01T00:00:00Z' } })],
  ['nothing over', ({ nodes, ...one }) => ({ ...one, nodes: { ...nodes, overSince: undefined } })],
  ['other frozen configurations', (one) => ({ ...one, gate: { ...one.gate, frozen: [{ name: 'a', spec: {} }] } })],
  [
    'no violation',
    (one) => ({ ...one, violations: [{ reason: 'Expired', message: '', since: '2020-01-01T00:00:00Z' }] }),
  ],
  ['no seal', (one) => Object.fromEntries(Object.entries(one).filter(([field]) => field !== 'seal'))],
  ['half a seal', (one) => ({ ...one, seal: one.seal?.slice(0, 20) })],
  ['the seal of another product', (one) => sealed(one, 'clawtex', key)],
  ['the seal of another key', (one) => sealed(one, 'cto', randomBytes(32).toString('base64'))],
  ['no status', () => undefined],
])('not with %s', (_what, forge) => {
  expect(isSealed(forge(status), 'cto', key)).toBe(false)
})

test('a memory that is not believed gives one notice, however often that happens', () => {
  const first = doubtfulMemory(NOW, 24 * HOUR, undefined)
  const again = doubtfulMemory(NOW + 23 * HOUR, 24 * HOUR, first.doubtedAt)
  const muchLater = doubtfulMemory(NOW + 40 * DAY, 24 * HOUR, again.doubtedAt)
  const ends = [first, again, muchLater].map(({ memory }) => memory.cut?.noticeEndsAt)
  expect(ends).toEqual([NOW + DAY, NOW + DAY, NOW + 41 * DAY])
  const running = facts({
    clusterUid: '',
    licenses: [],
    cluster: { ...facts().cluster, type: 'EKS' },
    workloads: [workload('rex')],
  })
  const held = (memory: typeof first.memory, now: number) => decide({ ...running, memory, now }).agents.toHold.size
  expect(held(first.memory, NOW)).toBe(0)
  expect(held(again.memory, NOW + 25 * HOUR)).toBe(1)
})
