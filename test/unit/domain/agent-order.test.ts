// Who comes first under a limit, and that nobody loses a place by what somebody else does.

import { describe, expect, test } from 'vitest'
import { decide, type Decision } from '../../../src/domain/entitlement/decision.ts'
import type { Facts, WorkloadFacts } from '../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR, MINUTE } from '../../../src/domain/time.ts'
import { facts, license, NOW, wanted, workload } from '../../support/builders.ts'

const starter = (agents: number) => [license({ plan: 'starter', limits: { agents } })]
const admitted = ({ agents }: Decision) => agents.admitted.map((agent) => agent.workload)
const refused = ({ agents }: Decision) => agents.refused.map((agent) => agent.workload)
const next = (before: Decision, given: Partial<Facts>, later = MINUTE) =>
  decide(facts({ ...given, now: NOW + later, memory: before.memory }))

describe('what runs keeps its place', () => {
  const agents = ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas']

  test('when the order of a PlatformConfig is rotated again and again, the same two run', () => {
    const licenses = starter(2)
    let decision = decide(facts({ licenses, wanted: wanted(agents) }))
    const first = admitted(decision)
    for (let turn = 0; turn < 12; turn++) {
      const order = [...agents.slice(turn % 6), ...agents.slice(0, turn % 6)]
      decision = next(decision, { licenses, wanted: wanted(order), workloads: first.map((name) => workload(name)) })
      expect(admitted(decision).toSorted()).toEqual(first.toSorted())
    }
  })

  test('when older workloads that rested elsewhere begin to run', () => {
    const mine = ['rex', 'blaze'].map((name) => workload(name, { namespace: 'mine', createdAt: NOW - DAY }))
    const decoys = ['rex', 'blaze'].map((name) =>
      workload(name, { namespace: 'wild', name: `decoy-${name}`, createdAt: NOW - 9 * DAY, governedSince: undefined }),
    )
    const licenses = starter(2)
    const before = decide(facts({ licenses, workloads: mine }))
    const after = next(before, { licenses, workloads: [...decoys, ...mine] })
    expect(admitted(after)).toEqual(['blaze', 'rex'])
    expect(refused(after)).toEqual(['decoy-blaze', 'decoy-rex'])
    expect(after.agents.toHold.size).toBe(0)
  })

  test('a governed one takes the place of one that is not, and that takes no slot from it', () => {
    const wild = workload('tess', { namespace: 'wild', governedSince: undefined, createdAt: NOW - 9 * DAY })
    const licenses = starter(1)
    const before = decide(facts({ licenses, workloads: [wild] }))
    expect(before.gate.slots).toBe(1)
    const after = next(before, { licenses, workloads: [wild, workload('rex')] })
    expect([admitted(after), refused(after), after.gate.slots]).toEqual([['rex'], ['tess'], 0])
  })

  test('one that is held comes before one that is new', () => {
    const held = workload('tess', { held: true, createdAt: NOW - HOUR })
    const fresh = workload('rex', { createdAt: NOW - DAY })
    expect(admitted(decide(facts({ licenses: starter(1), workloads: [fresh, held] })))).toEqual(['tess'])
  })
})

describe('one controller is one agent', () => {
  const set = (name: string, overrides: Partial<WorkloadFacts> = {}) =>
    workload('rex', {
      resource: 'replicasets',
      kind: 'ReplicaSet',
      name,
      controller: 'uid-of-the-rollout',
      ...overrides,
    })

  test('a canary beside the stable ReplicaSet takes no place', () => {
    const decision = decide(facts({ licenses: starter(1), workloads: [set('stable'), set('canary')] }))
    expect(admitted(decision)).toEqual(['canary', 'stable'])
    expect([decision.agents.used, decision.gate.slots]).toEqual([1, 0])
    expect(decision.gate.controllers).toEqual({ 'uid-of-the-rollout': 'rex' })
  })

  test('another agent under the same controller is another agent', () => {
    const decision = decide(facts({ licenses: starter(1), workloads: [set('stable'), set('tess', { agent: 'tess' })] }))
    expect(decision.agents.used).toBe(1)
    expect(refused(decision)).toEqual(['tess'])
  })

  test('without a controller that exists, each counts for itself', () => {
    const alone = ['a', 'b'].map((name) => workload('rex', { kind: 'ReplicaSet', resource: 'replicasets', name }))
    expect(refused(decide(facts({ licenses: starter(1), workloads: alone })))).toEqual(['b'])
  })
})

describe('the notice', () => {
  const running = [workload('tess')]
  const holdAt = (decision: Decision) => decision.agents.refused[0]?.holdAt

  test('is for whoever ran before there was an operator', () => {
    const early = [workload('tess', { createdAt: NOW - DAY, governedSince: NOW })]
    expect(holdAt(decide(facts({ workloads: early })))).toBe(NOW + 24 * HOUR)
    expect(holdAt(decide(facts({ workloads: running })))).toBe(NOW)
  })

  test('is given while a license that is named has not come yet, and not for ever', () => {
    const problem = { reason: 'SecretNotFound', message: 'it does not exist', since: NOW } as const
    const licenses = [{ name: 'acme', problem }]
    expect(holdAt(decide(facts({ workloads: running, licenses })))).toBe(NOW + 24 * HOUR)
    // Also where the notice is none: what is on its way is waited for.
    const first = decide(facts({ workloads: running, licenses, holdNotice: 0 }))
    expect(holdAt(first)).toBe(NOW + HOUR)
    const still = next(first, { workloads: running, licenses, holdNotice: 0 }, 59 * MINUTE)
    expect([holdAt(still), still.agents.toHold.size]).toEqual([NOW + HOUR, 0])
    expect(next(still, { workloads: running, licenses, holdNotice: 0 }, HOUR).agents.toHold.size).toBe(1)
    const later = facts({ workloads: running, licenses, now: NOW + 2 * HOUR })
    expect(holdAt(decide(later))).toBe(NOW + 2 * HOUR)
  })

  test('does not begin anew for a moment of admission, and does after an hour of it', () => {
    const team = { licenses: [license()], workloads: running }
    const free = { workloads: running }
    const first = next(decide(facts(team)), free, 0)
    expect(holdAt(first)).toBe(NOW + 24 * HOUR)
    const relieved = next(first, team, 23 * HOUR)
    const again = next(relieved, free, 23 * HOUR + MINUTE)
    expect(holdAt(again)).toBe(NOW + 24 * HOUR + 2 * MINUTE)
    let calm = relieved
    for (const minutes of [30, 61]) calm = next(calm, team, 23 * HOUR + minutes * MINUTE)
    expect(holdAt(next(calm, free, 25 * HOUR))).toBe(NOW + 49 * HOUR)
  })

  test('is not said of what cannot be held: what to do is', () => {
    const set = workload('atlas', { kind: 'DaemonSet', resource: 'daemonsets', holdable: false })
    const [agent] = decide(facts({ workloads: [set] })).agents.refused
    expect(agent).not.toHaveProperty('holdAt')
    expect(agent?.message).toContain('DaemonSet atlas goes on running')
    expect(agent?.message).toContain('delete it')
  })
})

describe('recovery', () => {
  const licenses = [license({ expiresAt: NOW - 40 * DAY })]
  const old = workload('rex', { createdAt: NOW - 200 * DAY, images: 'agent:1' })
  const running = decide(facts({ licenses, workloads: [old] }))
  const gone = next(running, { licenses, workloads: [] })

  test('what ran a moment ago may be made anew though nothing new may start', () => {
    expect(running.gate.growth).toBe('ExistingOnly')
    expect(gone.gate.workloads).toEqual({ 'deployments/cto-agents/rex': 'admitted rex' })
    const anew = next(gone, { licenses, workloads: [workload('rex', { createdAt: NOW + MINUTE })] }, 2 * MINUTE)
    expect(admitted(anew)).toEqual(['rex'])
    expect(anew.agents.toHold.size).toBe(0)
  })

  test('it may also be scaled to 0 and back', () => {
    const resting = next(running, { licenses, workloads: [{ ...old, wants: 0 }] })
    expect(resting.gate.workloads).toEqual({ 'deployments/cto-agents/rex': 'admitted rex' })
  })

  test('an hour later it is new', () => {
    const late = next(gone, { licenses, workloads: [] }, 2 * HOUR)
    expect(late.gate.workloads).toEqual({})
    const anew = next(late, { licenses, workloads: [workload('rex', { createdAt: NOW + 2 * HOUR })] }, 3 * HOUR)
    expect(refused(anew)).toEqual(['rex'])
  })

  test('an agent of a PlatformConfig that was deleted by accident is made again', () => {
    const config = { licenses, wanted: wanted(['rex']) }
    const before = decide(facts({ ...config, workloads: [old] }))
    const after = next(before, { ...config, workloads: [] })
    expect(admitted(after)).toEqual(['rex'])
    expect(after.gate.workloads).toEqual({ 'deployments/cto-agents/rex': 'admitted rex' })
  })

  test('it lets nobody past a limit, and nobody back who is not to run at all', () => {
    const two = [license({ plan: 'starter', limits: { agents: 1 }, expiresAt: NOW - 40 * DAY })]
    const ran = decide(facts({ licenses: two, workloads: [old] }))
    const swapped = next(ran, { licenses: two, workloads: [workload('tess', { createdAt: NOW - 300 * DAY })] })
    expect(Object.keys(swapped.gate.workloads)).toEqual(['deployments/cto-agents/tess'])
    const revoked = next(ran, { workloads: [] })
    expect(revoked.gate.workloads).toEqual({})
  })
})
