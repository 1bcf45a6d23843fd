// What is published of a decision, however many agents it is about and whatever they are called.

import { describe, expect, test } from 'vitest'
import { entitlementStatus, platformConfigStatus } from '../../../../src/operator/controllers/entitlement/status.ts'
import { memoryFrom } from '../../../../src/operator/controllers/entitlement/memory.ts'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import { type Facts, type WorkloadFacts, workloadKey } from '../../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../../../src/domain/time.ts'
import { circumstances, eks, facts, license, NOW, revoked, wanted, workload } from '../../../support/builders.ts'

/** What the Entitlement may have, less what the object has beside its status. */
const MOST_BYTES = 250 * 1024

const many = (count: number, overrides: (index: number) => Partial<WorkloadFacts>) =>
  Array.from({ length: count }, (_, index) => workload(`agent-${index}`, overrides(index)))
const published = (given: Partial<Facts>) => {
  const decision = decide(facts({ cluster: eks, licenses: [license({ plan: 'enterprise' })], ...given }))
  return { decision, status: entitlementStatus(decision, undefined, 1, NOW, circumstances) }
}
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

describe('the Entitlement has a bound', () => {
  const longName = (index: number) => ({ namespace: 'n'.repeat(63), name: `${'w'.repeat(246)}-${index}` })
  test.each<[string, number, (index: number) => Partial<WorkloadFacts>]>([
    ['1 admitted', 1, () => ({})],
    ['100 admitted', 100, () => ({})],
    ['100,000 admitted', 100_000, () => ({})],
    ['20,000 admitted with long names', 20_000, longName],
    ['20,000 that rest, with long names', 20_000, (index) => ({ ...longName(index), wants: 0 })],
    ['20,000 held', 20_000, () => ({ held: true })],
    ['20,000 in a namespace each', 20_000, (index) => ({ namespace: `namespace-${index}`.padEnd(63, 'x') })],
    ['20,000 that are not governed', 20_000, () => ({ governedSince: undefined })],
    ['20,000 with long images', 20_000, () => ({ images: 'i'.repeat(2_000) })],
  ])('%s', { timeout: 60_000 }, (_what, count, overrides) => {
    const workloads = many(count, overrides)
    const readOnly = [license({ plan: 'enterprise', expiresAt: NOW - 100 * DAY })]
    for (const given of [
      { workloads },
      { workloads, revocations: revoked(NOW - DAY), holdNotice: 0 },
      { workloads, licenses: readOnly },
      { workloads, licenses: [] },
    ]) {
      const { status, decision } = published(given)
      expect(bytesOf(status)).toBeLessThan(MOST_BYTES)
      const { admitted, refused, held } = decision.agents
      expect(status.agents.totals).toEqual({ admitted: admitted.length, refused: refused.length, held: held.length })
    }
  })

  test('licenses and files say what they want: each text is cut, and there are not too many', () => {
    const problem = { reason: 'SecretKeyNotFound', message: 'it has keys '.repeat(10_000), since: NOW } as const
    const licenses = Array.from({ length: 5_000 }, (_, index) => ({ name: `license-${index}`, problem }))
    const { status } = published({ licenses })
    expect(bytesOf(status)).toBeLessThan(MOST_BYTES)
    expect(status.messages.at(-1)).toMatch(/^\d+ more$/)
  })
})

test('of a few, each says in full why it is refused', () => {
  const { status } = published({ workloads: many(10, () => ({})), revocations: revoked(NOW - DAY) })
  expect(status.agents.refused.every(({ message }) => message?.includes('revoked'))).toBe(true)
})

test('whoever floods a namespace crowds out himself and nobody else', () => {
  const flood = many(5_000, (index) => ({ namespace: 'mine', name: `idle-${index}`, wants: 0 }))
  const { status } = published({ workloads: [...flood, workload('rex', { namespace: 'prod' })] })
  expect(status.gate.crowded).toEqual(['mine'])
  expect(status.gate.workloads).toEqual({ 'deployments/prod/rex': 'admitted rex' })
})

test('after a restart those that were cut off are taken for admitted, and have no longer a notice than they had', () => {
  const workloads = many(2_000, () => ({}))
  const running = published({ workloads })
  const ended = decide({ ...facts({ workloads, cluster: eks, memory: running.decision.memory }), now: NOW + HOUR })
  const status = entitlementStatus(ended, undefined, 1, NOW + HOUR, circumstances)
  expect(status.agents.totals.refused).toBeGreaterThan(status.agents.refused.length)
  const memory = memoryFrom({ status: JSON.parse(JSON.stringify(status)) as unknown })
  const restarted = decide({ ...facts({ workloads, cluster: eks, memory }), now: NOW + 2 * HOUR })
  expect(new Set(restarted.agents.refused.map(({ holdAt }) => holdAt))).toEqual(new Set([NOW + 25 * HOUR]))
  expect(restarted.agents.toHold.size).toBe(0)
})

test('the serial follows the gate and nothing else', () => {
  const serial = (given: Partial<Facts>) => published(given).status.gate.serial
  expect(serial({})).toBe(serial({}))
  expect(serial({ workloads: [workload('rex')] })).not.toBe(serial({}))
})

describe('a PlatformConfig counts the agents that it asks for', () => {
  const asked = ['rex', 'tess'].map((name) => workloadKey({ resource: 'deployments', namespace: 'cto-agents', name }))
  const summaryOf = (...workloads: WorkloadFacts[]) => {
    const decision = decide(facts({ cluster: eks, licenses: [license()], wanted: wanted(['rex', 'tess']), workloads }))
    const health = { level: 'Healthy', headline: '', problems: [] } as const
    const status = platformConfigStatus(decision, { health, wanted: asked, generation: 1, now: NOW })
    return [status.agents.summary, status.conditions.find(({ type }) => type === 'AgentsAvailable')?.status]
  }
  const failure = { reason: 'PodsRefused', message: 'the cluster refuses its pods: quota' } as const

  test('and none of the same name elsewhere', () => {
    const elsewhere = workload('rex', { namespace: 'team-b' })
    expect(summaryOf(elsewhere, workload('rex'), workload('tess'))).toEqual(['2/2', 'True'])
    expect(summaryOf(elsewhere, workload('tess'))).toEqual(['1/2', 'False'])
  })

  test('and none that is not there, or whose pods are refused', () => {
    expect(summaryOf(workload('rex'))).toEqual(['1/2', 'False'])
    expect(summaryOf(workload('rex', { failure }), workload('tess'))).toEqual(['1/2', 'False'])
  })
})
