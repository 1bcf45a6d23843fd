// What lasts: the type that counts, the grace of an overage, and the highest count, over decisions and restarts.

import { describe, expect, test } from 'vitest'
import { readRemembered } from '../../../../src/api/entitlement.ts'
import { memoryFrom } from '../../../../src/operator/controllers/entitlement/memory.ts'
import { entitlementStatus } from '../../../../src/operator/controllers/entitlement/status.ts'
import type { ClusterType } from '../../../../src/domain/cluster/cluster-type.ts'
import { TYPE_LASTS } from '../../../../src/domain/cluster/stability.ts'
import { decide, type Decision } from '../../../../src/domain/entitlement/decision.ts'
import { type Facts, NO_MEMORY } from '../../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR, type Instant, SECOND } from '../../../../src/domain/time.ts'
import { eks, facts, kind, license, NOW, wanted, workload, circumstances } from '../../../support/builders.ts'

const unknown: ClusterType = {
  type: 'Unknown',
  platform: 'unknown',
  proven: false,
  confidence: 'low',
  evidence: ['no node is known'],
  contradictions: [],
}
const looksLikeKind: ClusterType = { ...kind, proven: false, confidence: 'medium' }
const nodes = (counted: number) => ({ counted, total: counted, excluded: [] })

/** Decisions one after the other, each from the memory of the one before. */
function course(given: Partial<Facts> = {}) {
  let memory = given.memory ?? NO_MEMORY
  let now = NOW
  return {
    /** What is seen after `ms` more have gone by. */
    after(ms: number, seen: Partial<Facts> = {}): Decision {
      now += ms
      const decision = decide(facts({ ...given, ...seen, now, memory }))
      memory = decision.memory
      return decision
    },
    /** A restart: all that is known is what was published. */
    restart(decision: Decision): void {
      const status = JSON.parse(
        JSON.stringify(entitlementStatus(decision, undefined, 1, now, circumstances)),
      ) as unknown
      memory = memoryFrom({ status })
    },
  }
}

describe('the type', () => {
  test('a node of another kind that comes and goes does not change it', () => {
    const { after } = course()
    expect(after(0).cluster).toMatchObject({ type: 'Kind', proven: true })
    const mixed = { ...unknown, type: 'Mixed', contradictions: ['the nodes are of different types'] }
    for (let flap = 0; flap < 20; flap++) {
      const during = after(SECOND, { cluster: mixed })
      expect(during).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', proven: true } })
      expect(during.cluster.contradictions[0]).toContain('Mixed is seen now, and counts from 2026-11-21T08:0')
      expect(after(SECOND)).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', contradictions: [] } })
    }
  })

  test('what lasts changes it, at the instant that was said', () => {
    const { after } = course()
    after(0)
    const seen = after(SECOND, { cluster: eks })
    expect(seen.nextChangeAt).toBe(NOW + SECOND + TYPE_LASTS)
    expect(after(TYPE_LASTS - 1, { cluster: eks })).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind' } })
    expect(after(1, { cluster: eks })).toMatchObject({ verdict: 'ClusterTypeNotAllowed', cluster: { type: 'EKS' } })
    // And back in the same way.
    expect(after(HOUR).cluster.type).toBe('EKS')
    expect(after(TYPE_LASTS).cluster.type).toBe('Kind')
  })

  test('hiding the other nodes for a moment does not begin the time anew', () => {
    const { after } = course()
    after(0)
    let type = ''
    for (let round = 0; round < 9 && type !== 'EKS'; round++) {
      after(SECOND, { cluster: eks })
      type = after(60 * SECOND, { cluster: eks }).cluster.type
      after(0)
    }
    expect(type).toBe('EKS')
  })

  test('an empty list changes nothing, however long it lasts', () => {
    const { after } = course({ licenses: [license()] })
    after(0, { nodes: nodes(3) })
    const empty = { cluster: unknown, nodes: nodes(0) }
    for (const ms of [SECOND, HOUR, 30 * DAY]) {
      const decision = after(ms, empty)
      expect(decision.cluster).toMatchObject({ type: 'Kind', proven: true })
      expect(decision.cluster.contradictions).toEqual(['no node is listed at the moment; what was known before stands'])
      expect(decision.nodes).toMatchObject({ counted: 3, total: 0 })
    }
    expect(after(SECOND, { nodes: nodes(2) })).toMatchObject({ cluster: { contradictions: [] }, nodes: { counted: 2 } })
  })

  test('the first decision without nodes: nothing is known, and nobody is held on it', () => {
    const running = { workloads: [workload('rex')], wanted: wanted(['rex']) }
    const { after } = course(running)
    const first = after(0, { cluster: unknown, nodes: nodes(0) })
    expect(first).toMatchObject({ verdict: 'ClusterTypeNotAllowed', cluster: { type: 'Unknown' } })
    expect(first.agents.toHold.size).toBe(0)
    expect(first.memory.cluster).toBeUndefined()
    // The first nodes are believed at once.
    expect(after(SECOND)).toMatchObject({ verdict: 'Valid', cluster: { type: 'Kind', proven: true } })
  })

  test('what nothing named is named at once; a proof that comes late counts at once, one that goes lasts a while', () => {
    const { after } = course()
    expect(after(0, { cluster: { ...unknown, evidence: ['nothing names a type on 1 node'] } }).cluster.type).toBe(
      'Unknown',
    )
    expect(after(SECOND, { cluster: looksLikeKind }).verdict).toBe('ClusterTypeNotAllowed')
    expect(after(SECOND)).toMatchObject({ verdict: 'Valid', cluster: { proven: true } })
    expect(after(SECOND, { cluster: looksLikeKind })).toMatchObject({ verdict: 'Valid', cluster: { proven: true } })
    expect(after(TYPE_LASTS, { cluster: looksLikeKind })).toMatchObject({ verdict: 'ClusterTypeNotAllowed' })
  })

  test('what was contradicted becomes Kind only when that lasts', () => {
    const { after } = course()
    const forged = { ...unknown, contradictions: ['Kind by provider ID on 1 node, set once by kubelet or cloud'] }
    after(0, { cluster: forged })
    expect(after(SECOND).cluster.type).toBe('Unknown')
    expect(after(TYPE_LASTS).cluster).toMatchObject({ type: 'Kind', proven: true })
  })

  test('a restart keeps the type, and the time for which another has been seen', () => {
    const { after, restart } = course()
    after(0)
    restart(after(SECOND, { cluster: unknown, nodes: nodes(0) }))
    expect(after(SECOND, { cluster: unknown, nodes: nodes(0) }).cluster).toMatchObject({ type: 'Kind', proven: true })
    const looksLikeEks = { ...eks, proven: false }
    restart(after(SECOND, { cluster: looksLikeEks }))
    expect(after(TYPE_LASTS - SECOND, { cluster: looksLikeEks }).cluster.type).toBe('Kind')
    expect(after(SECOND, { cluster: looksLikeEks }).cluster.type).toBe('EKS')
  })

  test('what is proven after a restart is more than what is remembered from before it', () => {
    const { after, restart } = course()
    restart(after(0))
    expect(after(SECOND, { cluster: eks }).cluster.type).toBe('EKS')
  })
})

describe('the overage', () => {
  const GRACE = 72 * HOUR
  const starter = { licenses: [license({ plan: 'starter' })], cluster: eks }

  test("a rolling upgrade's surge each day is no violation", () => {
    const { after } = course(starter)
    for (let day = 0; day < 30; day++) {
      expect(after(0, { nodes: nodes(2) }).verdict).toBe('Valid')
      expect(after(2 * HOUR, { nodes: nodes(1) }).verdict).toBe('Valid')
      after(22 * HOUR, { nodes: nodes(1) })
    }
  })

  test('one node fewer for a moment does not begin the grace anew', () => {
    const { after, restart } = course(starter)
    after(0, { nodes: nodes(2) })
    const relieved = after(GRACE - HOUR, { nodes: nodes(1) })
    expect(relieved.nodes.overage).toBeUndefined()
    restart(relieved)
    const again = after(SECOND, { nodes: nodes(3) })
    expect(again.nodes.overage).toMatchObject({ since: NOW, peak: 3, graceIsOver: false })
    expect(again.nextChangeAt).toBe(NOW + GRACE + 2 * SECOND)
    expect(after(HOUR + SECOND, { nodes: nodes(3) }).verdict).toBe('NodeLimitExceeded')
    // The restriction lifts the moment that the count is back.
    expect(after(SECOND, { nodes: nodes(1) })).toMatchObject({ verdict: 'Valid', gate: { growth: 'Open' } })
  })

  test('after as long within the limit as above it, an overage is a new one', () => {
    const { after } = course(starter)
    after(0, { nodes: nodes(5) })
    after(HOUR, { nodes: nodes(1) })
    const again = after(HOUR, { nodes: nodes(2) })
    expect(again.nodes.overage).toEqual({
      since: NOW + 2 * HOUR,
      peak: 2,
      graceEndsAt: NOW + 2 * HOUR + GRACE,
      graceIsOver: false,
    })
  })
})

describe('the highest count', () => {
  test('stays for as many days as the catalog keeps it, and goes at its time', () => {
    const { after, restart } = course({ licenses: [license({ plan: 'enterprise' })] })
    const peak = (ms: number, counted: number) => after(ms, { nodes: nodes(counted) }).nodes.peak
    expect(peak(0, 5)).toBe(5)
    expect(peak(DAY, 9)).toBe(9)
    expect(peak(DAY, 4)).toBe(9)
    const decision = after(DAY, { nodes: nodes(6) })
    expect(decision.nodes.peak).toBe(9)
    expect(decision.nextChangeAt).toBe(NOW + 32 * DAY)
    restart(decision)
    expect(peak(DAY, 2)).toBe(9)
    expect(peak(28 * DAY - SECOND, 2)).toBe(9)
    expect(peak(SECOND, 2)).toBe(6)
    expect(peak(2 * DAY, 2)).toBe(2)
  })

  test('a day of many changes is one entry', () => {
    const { after } = course({ licenses: [license({ plan: 'enterprise' })] })
    let decision = after(0, { nodes: nodes(500) })
    for (let left = 499; left > 0; left--) decision = after(SECOND, { nodes: nodes(left) })
    expect(decision.memory.nodePeaks?.past).toEqual([{ counted: 500, until: NOW + SECOND }])
  })
})

test('whoever writes the far future into the status gains no more than one whole patience', () => {
  const never: Instant = NOW + 1_000 * DAY
  const status = {
    cluster: { ...kind, changesAt: new Date(never).toISOString() },
    nodes: { overSince: new Date(NOW).toISOString(), graceEndsAt: new Date(never).toISOString(), peak: 9 },
  }
  expect(readRemembered({ status }).cluster?.type).toBe('Kind')
  const { after } = course({ memory: memoryFrom({ status }), licenses: [license({ plan: 'starter' })] })
  const decision = after(0, { cluster: eks, nodes: nodes(2) })
  expect(decision.nodes.overage?.graceEndsAt).toBe(NOW + 72 * HOUR)
  expect(decision.memory.cluster?.patience?.endsAt).toBe(NOW + TYPE_LASTS)
})
