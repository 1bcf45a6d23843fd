// What is published of a decision, however many agents it is about.

import { expect, test } from 'vitest'
import { entitlementStatus } from '../../../src/controllers/entitlement/status.ts'
import { decide } from '../../../src/domain/decision.ts'
import { eks, facts, license, NOW, revoked, workload } from '../../support/builders.ts'

const AGENTS = 5_000
/** What etcd takes, less what the object has beside its status. */
const MOST_BYTES = 1_400_000

test.each([
  ['run', false],
  ['must be held', false],
  ['are held', true],
] as const)(`${AGENTS} agents that %s fit into one object`, (what, held) => {
  const workloads = Array.from({ length: AGENTS }, (_, index) =>
    workload(`an-agent-with-a-name-${index}`, held ? { held: true } : {}),
  )
  const isRevoked = what !== 'run'
  const decision = decide(
    facts({
      cluster: eks,
      holdNotice: 0,
      licenses: [license({ plan: 'enterprise' })],
      workloads,
      ...(isRevoked ? { revocations: revoked(NOW - 1_000) } : {}),
    }),
  )
  const { agents, gate } = entitlementStatus(decision, undefined, 1, NOW, 'enforced')
  const status = entitlementStatus(decision, undefined, 1, NOW, 'enforced')
  const left = [...agents.refused, ...agents.held]
  expect(left).toHaveLength(isRevoked ? AGENTS : 0)
  expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(MOST_BYTES)
  // The first say why in full; each says its reason, and none of them may grow.
  expect(left.every(({ reason }) => reason === 'Revoked')).toBe(true)
  expect(Object.values(gate.workloads).filter((sentence) => sentence !== '')).toHaveLength(isRevoked ? AGENTS : 0)
  if (isRevoked) expect(left[0]?.message).toContain('revoked')
})
