// Laws of the core, for any facts: what must hold whatever the license, the cluster and the time are.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GUARDIAN_MODES, NO_DEGRADATION } from '../../../src/domain/catalog/catalog.ts'
import { decide, type Decision } from '../../../src/domain/entitlement/decision.ts'
import type { Facts } from '../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../../src/domain/time.ts'
import { catalog, claims, eks, facts, kind, NOW, wanted, workload } from '../../support/builders.ts'

const AGENTS = ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas', 'guardian', 'custom']
const plan = fc.constantFrom(...catalog.plans.map((one) => one.name))
const agents = fc.uniqueArray(fc.constantFrom(...AGENTS))
const someClaims = fc
  .record({ plan, ended: fc.integer({ min: -400, max: 400 }), agentLimit: fc.option(fc.integer({ min: -1, max: 9 })) })
  .map(({ plan, ended, agentLimit }) =>
    claims({ plan, expiresAt: NOW - ended * DAY, limits: agentLimit === null ? {} : { agents: agentLimit } }),
  )
const someWorkloads = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...AGENTS, 'other-1', 'other-2'),
      agent: fc.constantFrom(...AGENTS),
      wants: fc.integer({ min: 0, max: 5 }),
      held: fc.boolean(),
      age: fc.integer({ min: 0, max: 200 }),
    }),
    { selector: (one) => one.name },
  )
  .map((ones) =>
    ones.map(({ name, agent, wants, held, age }) => workload(agent, { name, wants, held, createdAt: NOW - age * DAY })),
  )
const someFacts: fc.Arbitrary<Facts> = fc
  .record({
    licenses: fc.array(someClaims, { maxLength: 3 }),
    onKind: fc.boolean(),
    nodes: fc.integer({ min: 1, max: 20 }),
    agents,
    guardian: fc.constantFrom(...GUARDIAN_MODES),
    workloads: someWorkloads,
  })
  .map(({ licenses, onKind, nodes, agents, guardian, workloads }) =>
    facts({
      licenses: licenses.map((claims, index) => ({ name: `license-${index}`, claims })),
      cluster: onKind ? kind : eks,
      nodes: { counted: nodes, total: nodes, excluded: [] },
      wanted: wanted(agents, { guardian }),
      workloads,
    }),
  )

const LEVELS: readonly string[] = [NO_DEGRADATION, ...catalog.degradation.map((step) => step.level)]
const level = (decision: Decision) => LEVELS.indexOf(decision.degradation.level)
const GROWTH = ['Open', 'ExistingOnly', 'Closed'] as const
const growth = (decision: Decision) => GROWTH.indexOf(decision.gate.growth)

function law(name: string, ...parts: Parameters<typeof fc.property<[Facts, number]>>): void {
  test(name, () => fc.assert(fc.property(...parts), { numRuns: 400 }))
}

law(
  'with the same single license, later never improves the level or opens growth',
  someFacts,
  fc.nat(300 * DAY),
  (given, later) => {
    const one = { ...given, licenses: given.licenses.slice(0, 1) }
    const before = decide(one)
    const after = decide({ ...one, now: one.now + later, memory: before.memory })
    expect(level(after)).toBeGreaterThanOrEqual(level(before))
    expect(growth(after)).toBeGreaterThanOrEqual(growth(before))
  },
)

law('more nodes never lower a violation', someFacts, fc.nat(50), (given, more) => {
  const counted = given.nodes.counted + more
  const memory = {
    ...given.memory,
    nodesOver: { since: NOW - 100 * HOUR, peak: 1, grace: { endsAt: NOW - 28 * HOUR } },
  }
  const few = decide({ ...given, memory })
  const many = decide({ ...given, memory, nodes: { ...given.nodes, counted, total: counted } })
  const reasons = many.violations.map((violation) => violation.reason)
  for (const violation of few.violations) expect(reasons).toContain(violation.reason)
})

law('nothing changes before nextChangeAt', someFacts, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
  const before = decide(given)
  const until = before.nextChangeAt ?? NOW + 5000 * DAY
  const now = NOW + Math.floor((until - 1 - NOW) * share)
  const after = decide({ ...given, now, memory: before.memory })
  expect({ ...after, agents: { ...after.agents, toHold: null } }).toEqual({
    ...before,
    agents: { ...before.agents, toHold: null },
  })
})

law(
  'no more agents are admitted than the limit, and everyone is in exactly one place',
  someFacts,
  fc.nat(),
  (given) => {
    const { agents: admission } = decide(given)
    if (admission.limit !== -1) expect(admission.admitted.length).toBeLessThanOrEqual(admission.limit)
    const keys = [...admission.admitted, ...admission.refused, ...admission.held].map((agent) => agent.key)
    expect(new Set(keys).size).toBe(keys.length)
  },
)

law('an agent that runs is never stopped because a license ended', someFacts, fc.nat(400), (given, days) => {
  const ended = { name: 'ended', claims: claims({ plan: 'enterprise', expiresAt: NOW - days * DAY }) }
  const old = given.workloads.map((one) => ({ ...one, held: false, createdAt: 0 }))
  expect(
    decide({ ...given, licenses: [ended], workloads: old, nodes: { counted: 1, total: 1, excluded: [] } }).agents.toHold
      .size,
  ).toBe(0)
})

law('the order in which licenses and workloads are listed does not matter', someFacts, fc.nat(), (given) => {
  const turned = { ...given, licenses: given.licenses.toReversed(), workloads: given.workloads.toReversed() }
  const [a, b] = [decide(given), decide(turned)]
  expect({ ...b, licenses: b.licenses.toReversed() }).toEqual(a)
})

law('the guardian never does more than is wanted', someFacts, fc.nat(), (given) => {
  const { mode } = decide(given).guardian
  expect(GUARDIAN_MODES.indexOf(mode)).toBeLessThanOrEqual(GUARDIAN_MODES.indexOf(given.wanted?.guardian ?? 'off'))
})

law('a decision taken again from its own memory is the same: it never flaps', someFacts, fc.nat(), (given) => {
  const first = decide(given)
  const second = decide({ ...given, memory: first.memory })
  expect(decide({ ...given, memory: second.memory })).toEqual(second)
  expect(second.verdict).toBe(first.verdict)
})
