// What the operator remembers across a restart, whoever wrote the status and however badly.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRemembered } from '../../../src/api/entitlement.ts'
import { kind } from '../../support/builders.ts'

const NO_AGENTS = { totals: { admitted: 0, refused: 0 }, admitted: [], refused: [], held: [], recovering: [] }
const NOTHING = { agents: NO_AGENTS, gate: { frozen: [] }, nodes: { pastPeaks: [] }, violations: [] }
const SINCE = '2026-11-21T08:00:00Z'
const rex = { name: 'rex', namespace: 'cto-agents', kind: 'Deployment', workload: 'rex', images: '' }

test('what the next decision depends on is read, the rest is left', () => {
  const status = {
    agents: {
      limit: 2,
      totals: { admitted: 3, refused: 1, held: 1 },
      admitted: [rex],
      refused: [{ ...rex, workload: 'tess', name: 'tess', reason: 'AgentLimitReached', message: 'no', holdAt: SINCE }],
      held: [{ ...rex, workload: 'atlas', name: 'atlas', replicas: 2 }],
      recovering: [{ ...rex, images: 'a,b', until: SINCE }],
      othersHeldBy: SINCE,
    },
    gate: { frozen: [{ name: 'acme', spec: { agents: {} } }] },
    cluster: { ...kind, uid: 'u-1', changesAt: SINCE },
    nodes: { counted: 4, total: 4, limit: 3, pastPeaks: [{ counted: 6, until: SINCE }], peak: 5, overSince: SINCE },
    violations: [{ reason: 'Expired', message: 'it ended', since: SINCE }],
  }
  expect(readRemembered({ status })).toEqual({
    agents: {
      totals: { admitted: 3, refused: 1 },
      admitted: [rex],
      refused: [{ ...rex, workload: 'tess', name: 'tess', holdAt: SINCE }],
      held: [{ ...rex, workload: 'atlas', name: 'atlas' }],
      recovering: [{ ...rex, images: 'a,b', until: SINCE }],
      othersHeldBy: SINCE,
    },
    gate: { frozen: [{ name: 'acme', spec: { agents: {} } }] },
    cluster: { ...kind, changesAt: SINCE },
    nodes: { counted: 4, pastPeaks: [{ counted: 6, until: SINCE }], peak: 5, overSince: SINCE },
    violations: [{ reason: 'Expired', since: SINCE }],
  })
})

test('what cannot be read is forgotten, and nothing else with it', () => {
  const status = {
    agents: { admitted: [rex, null, { ...rex, kind: 7 }], refused: [{ ...rex, holdAt: 'soon' }], held: 'none' },
    cluster: { ...kind, confidence: 'total' },
    nodes: { overSince: SINCE, peak: -1, pastPeaks: [7, { counted: 6, until: 'soon' }] },
    violations: [{ reason: 'Expired' }, { reason: 'Revoked', since: SINCE }],
  }
  expect(readRemembered({ status })).toEqual({
    agents: { ...NO_AGENTS, admitted: [rex], refused: [rex], held: [] },
    gate: { frozen: [] },
    nodes: { pastPeaks: [], overSince: SINCE },
    violations: [{ reason: 'Revoked', since: SINCE }],
  })
})

test.each([[undefined], [null], [[]], [{}], [{ status: null }], [{ status: { agents: null, nodes: 3 } }]])(
  'from %j nothing is remembered',
  (object) => {
    expect(readRemembered(object)).toEqual(NOTHING)
  },
)

test('it never fails', () => {
  const part = fc.oneof(fc.anything(), fc.array(fc.anything()), fc.array(fc.record({ ...rexOf(fc.anything()) })))
  const status = fc.record(
    {
      agents: fc.record({ admitted: part, refused: part, held: part }, { requiredKeys: [] }),
      cluster: fc.oneof(fc.anything(), fc.record({ type: fc.anything(), evidence: part })),
      nodes: fc.oneof(fc.anything(), fc.record({ overSince: fc.anything(), peak: fc.anything(), pastPeaks: part })),
      violations: part,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ status })), (object) => {
      const { agents, nodes, violations } = readRemembered(object)
      expect([agents.admitted, agents.refused, agents.held, violations].every(Array.isArray)).toBe(true)
      expect(nodes).toBeTypeOf('object')
    }),
  )
})

function rexOf<T>(value: T): Record<keyof typeof rex | 'holdAt', T> {
  return { name: value, namespace: value, kind: value, workload: value, images: value, holdAt: value }
}
