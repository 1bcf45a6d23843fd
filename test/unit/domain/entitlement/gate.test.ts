// What the API server is told for the time in which nobody counts, and of a platform that is read-only.

import { describe, expect, test } from 'vitest'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import type { Facts } from '../../../../src/domain/entitlement/facts.ts'
import { type Gate, unattendedGate } from '../../../../src/domain/entitlement/gate.ts'
import { DAY } from '../../../../src/domain/time.ts'
import { facts, license, NOW, workload } from '../../../support/builders.ts'

const idle = (count: number, agent = 'rex') =>
  Array.from({ length: count }, (_, index) =>
    workload(agent, { namespace: 'mine', name: `idle-${index}`, wants: 0, createdAt: NOW - DAY + index }),
  )

function leaves(given: Partial<Facts>): Gate {
  const decision = decide(facts(given))
  return unattendedGate(decision.gate, decision.agents)
}

describe('when the operator stops', () => {
  test('each free place is given to somebody by name: those that rest first, the oldest in front', () => {
    const gate = leaves({ workloads: idle(12) })
    const tickets = Object.entries(gate.workloads).filter(([, text]) => text === 'admitted rex')
    expect(tickets.map(([key]) => key)).toEqual(['deployments/mine/idle-0', 'deployments/mine/idle-1'])
    expect([gate.slots, gate.mayCreate, gate.attended]).toEqual([0, [], false])
    expect(gate.slotsMessage).toContain('the license operator is not running')
  })

  test('what is left goes to agents that are not there', () => {
    expect(leaves({ workloads: idle(1) })).toMatchObject({ slots: 0, mayCreate: ['blaze'] })
    expect(leaves({})).toMatchObject({ slots: 0, mayCreate: ['rex', 'blaze'] })
  })

  test('no place is given to an agent that the plan does not have', () => {
    const gate = leaves({ workloads: idle(3, 'tess') })
    expect(Object.values(gate.workloads)).toEqual(['stopped tess', 'stopped tess', 'stopped tess'])
    expect(gate.mayCreate).toEqual(['rex', 'blaze'])
  })

  test('under a limit that is reached, the sentence is the same as before', () => {
    const workloads = [workload('rex'), workload('blaze')]
    const gate = leaves({ workloads })
    expect(gate.slotsMessage).toBe(decide(facts({ workloads })).gate.slotsMessage)
  })

  test('without a limit nothing has to be counted, and growth that is closed stays so', () => {
    expect(leaves({ licenses: [license({ plan: 'enterprise' })] })).toMatchObject({ slots: -1, attended: false })
    const ended = leaves({ licenses: [license({ expiresAt: NOW - 40 * DAY })] })
    expect(ended).toMatchObject({ growth: 'ExistingOnly', attended: false })
  })
})

describe('read-only', () => {
  const licenses = [license({ expiresAt: NOW - 100 * DAY })]
  const configs = [{ name: 'acme', spec: { agents: {} } }]

  test('PlatformConfigs are frozen as they are, also one that is deleted', () => {
    const before = decide(facts({ licenses, configs }))
    expect(before.gate.frozen).toEqual(configs)
    const after = decide(facts({ licenses, configs: [], memory: before.memory }))
    expect(after.gate.frozen).toEqual(configs)
    expect(decide(facts({ licenses: [license()], memory: before.memory })).gate.frozen).toEqual([])
  })

  test('what may be made anew is known by its images, too', () => {
    const workloads = [workload('rex', { createdAt: NOW - 200 * DAY, images: 'agent:1,proxy:2' })]
    expect(Object.values(decide(facts({ licenses, workloads })).gate.workloads)).toEqual([
      'admitted rex agent:1,proxy:2',
    ])
  })
})
