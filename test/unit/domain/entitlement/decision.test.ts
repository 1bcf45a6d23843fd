// The rule book, rule by rule. Each row says what it is about.

import { describe, expect, test } from 'vitest'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import { NO_MEMORY } from '../../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../../../src/domain/time.ts'
import {
  catalog,
  claims,
  CLUSTER_UID,
  eks,
  facts,
  license,
  NOW,
  revoked,
  wanted,
  workload,
  messagesOf,
} from '../../../support/builders.ts'

const names = (agents: readonly { agent: string }[]) => agents.map((agent) => agent.agent)

describe('without a license', () => {
  test('on Kind, the free plan admits rex and blaze and refuses tess by name, plan and limit', () => {
    const decision = decide(facts({ wanted: wanted(['rex', 'blaze', 'tess']) }))
    expect(decision).toMatchObject({ verdict: 'Valid', reason: 'FreePlan', message: 'the Free plan is in force' })
    expect(names(decision.agents.admitted)).toEqual(['rex', 'blaze'])
    expect(decision.agents.refused).toMatchObject([
      {
        agent: 'tess',
        reason: 'AgentNotInPlan',
        message: 'agent tess is not licensed: the Free plan admits rex and blaze (at most 2 agents)',
      },
    ])
    expect(decision.guardian.mode).toBe('off')
    expect(decision.updates).toEqual({ enabled: false, staged: false })
  })

  test('on EKS nobody is admitted and nothing grows', () => {
    const decision = decide(facts({ cluster: eks, wanted: wanted(['rex', 'blaze']) }))
    expect(decision.verdict).toBe('ClusterTypeNotAllowed')
    expect(decision.agents.admitted).toEqual([])
    expect(decision.gate).toMatchObject({ growth: 'Closed' })
    expect(decision.gate.workloads['deployments/cto-agents/rex']).toBe('refused rex')
    expect(decision.agents.refused[0]?.message).toBe(
      'agent rex is not licensed: the Free plan is for Kind clusters only, and this cluster is EKS; install a license that may be used here',
    )
  })

  test('a Kind without proof is not enough for the free plan', () => {
    const decision = decide(facts({ cluster: { ...facts().cluster, proven: false } }))
    expect(decision.verdict).toBe('ClusterTypeNotAllowed')
  })

  test('an activation key alone grants nothing and is never repeated', () => {
    const decision = decide(facts({ wanted: wanted(['rex'], { activationKey: true, plan: 'starter' }) }))
    expect(decision.grant.plan.name).toBe('free')
    expect(messagesOf(decision).join('\n')).toContain('a license key is given but not activated')
    expect(messagesOf(decision).join('\n')).toContain('expects the starter plan, but the Free plan applies')
  })
})

test('another agent under the name of an admitted one is what its label says', () => {
  const decision = decide(facts({ wanted: wanted(['rex']), workloads: [workload('cypher', { name: 'rex' })] }))
  expect(decision.agents.refused).toMatchObject([{ agent: 'cypher', workload: 'rex', reason: 'AgentNotInPlan' }])
})

test('a name that the catalog does not know is answered with the one that is meant; one of another plan is not', () => {
  const { agents } = decide(facts({ wanted: wanted(['Rex', 'blazed', 'tess', 'something-else']) }))
  const why = 'is not licensed: the Free plan admits rex and blaze (at most 2 agents)'
  expect(agents.refused.map(({ message }) => message)).toEqual([
    `agent Rex ${why} (did you mean rex?)`,
    `agent blazed ${why} (did you mean blaze?)`,
    `agent tess ${why}`,
    `agent something-else ${why}`,
  ])
})

describe('plans', () => {
  test.each([
    ['starter', ['rex', 'blaze', 'tess', 'morgan', 'cypher'], ['atlas', 'custom'], 5],
    ['team', ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas'], ['custom'], 15],
    ['business', ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas', 'custom'], [], -1],
  ])('%s', (plan, admitted, refused, limit) => {
    const agents = ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas', 'custom']
    const decision = decide(facts({ cluster: eks, licenses: [license({ plan })], wanted: wanted(agents) }))
    expect(names(decision.agents.admitted)).toEqual(admitted)
    expect(names(decision.agents.refused)).toEqual(refused)
    expect(decision.agents.limit).toBe(limit)
  })

  test('limits of the license override those of the plan', () => {
    const decision = decide(
      facts({ licenses: [license({ limits: { agents: 1, nodes: -1 } })], wanted: wanted(['rex', 'tess']) }),
    )
    expect(names(decision.agents.admitted)).toEqual(['rex'])
    expect(decision.agents.refused[0]?.message).toBe(
      'agent tess is not licensed: the Team license of Acme Corp admits at most 1 agent, and rex is there already',
    )
    expect(decision.nodes.limit).toBe(-1)
  })

  test('what an add-on brings is granted where the plan offers it and the license names it', () => {
    const grants = (plan: string, addons: string[]) => decide(facts({ licenses: [license({ plan, addons })] })).addons
    expect(grants('starter', ['design-system'])).toEqual(['designSystem'])
    expect(grants('starter', ['localModels'])).toEqual([])
    expect(grants('team', [])).toEqual(['projectManagement'])
    expect(grants('starter', ['proBundle'])).toEqual([
      'agentBuilder',
      'designSystem',
      'analytics',
      'projectManagement',
      'proBundle',
    ])
    expect(grants('enterprise', [])).toHaveLength(6)
  })

  test('whoever buys the Agent Builder can run what he builds', () => {
    const admitted = (addons: string[]) =>
      names(
        decide(facts({ licenses: [license({ plan: 'starter', addons })], wanted: wanted(['custom']) })).agents.admitted,
      )
    expect(admitted([])).toEqual([])
    expect(admitted(['agent-builder'])).toEqual(['custom'])
  })

  test('the guardian is an agent like any other: it runs where it is named, and counts', () => {
    const team = (agents: string[]) =>
      decide(facts({ licenses: [license()], wanted: wanted(agents, { guardian: 'full' }) })).agents
    expect(names(team([]).admitted)).toEqual([])
    expect(names(team(['guardian']).admitted)).toEqual(['guardian'])
    expect(decide(facts({ wanted: wanted(['guardian']) })).agents.refused).toMatchObject([{ reason: 'AgentNotInPlan' }])
  })

  test.each([
    ['free', 'full', 'off'],
    ['starter', 'full', 'basic'],
    ['team', 'full', 'full'],
    ['team', 'monitor-only', 'monitor-only'],
  ] as const)('guardian on %s, wanted %s, is %s', (plan, mode, effective) => {
    const licenses = plan === 'free' ? [] : [license({ plan })]
    expect(decide(facts({ licenses, wanted: wanted([], { guardian: mode }) })).guardian.mode).toBe(effective)
  })
})

describe('the end of a license', () => {
  test.each([
    [-1, 'None', 'Open', true, 'full', false],
    [0, 'Warning', 'Open', true, 'full', false],
    [7, 'Warning', 'Open', true, 'full', false],
    [8, 'UpdatesDisabled', 'Open', false, 'full', false],
    [14, 'UpdatesDisabled', 'Open', false, 'full', false],
    [15, 'GuardianReduced', 'Open', false, 'monitor-only', false],
    [30, 'GuardianReduced', 'Open', false, 'monitor-only', false],
    [31, 'NewAgentsBlocked', 'ExistingOnly', false, 'monitor-only', false],
    [90, 'NewAgentsBlocked', 'ExistingOnly', false, 'monitor-only', false],
    [91, 'ReadOnly', 'Closed', false, 'monitor-only', true],
    [4000, 'ReadOnly', 'Closed', false, 'monitor-only', true],
  ] as const)('%i days ago: %s', (days, level, growth, updates, guardian, readOnly) => {
    // Both ends of the day: its first instant and its last.
    for (const expiresAt of [NOW - days * DAY, NOW - (days + 1) * DAY + 1]) {
      const decision = decide(
        facts({
          licenses: [license({ plan: 'business', expiresAt })],
          wanted: wanted(['rex', 'tess'], { guardian: 'full' }),
          workloads: [workload('rex', { createdAt: NOW - 5000 * DAY })],
        }),
      )
      expect(decision.degradation.level).toBe(level)
      expect(decision.gate.growth).toBe(growth)
      expect(decision.updates.enabled).toBe(updates)
      expect(decision.guardian.mode).toBe(guardian)
      expect(decision.degradation.readOnly).toBe(readOnly)
      expect(decision.verdict).toBe(level === 'None' ? 'Valid' : 'Expired')
      expect(names(decision.agents.admitted), 'what runs keeps running').toContain('rex')
      expect(names(decision.agents.admitted).includes('tess')).toBe(growth === 'Open')
    }
  })

  test('the end itself is the first instant without the license', () => {
    expect(decide(facts({ licenses: [license({ expiresAt: NOW })] })).verdict).toBe('Expired')
    expect(decide(facts({ licenses: [license({ expiresAt: NOW + 1 })] })).verdict).toBe('Valid')
  })

  test('the decision says when it changes next', () => {
    const at = (expiresAt: number) => decide(facts({ licenses: [license({ expiresAt })] })).nextChangeAt
    expect(at(NOW + 40 * DAY)).toBe(NOW + 10 * DAY)
    expect(at(NOW + 5 * DAY)).toBe(NOW + 5 * DAY)
    expect(at(NOW - DAY)).toBe(NOW + 7 * DAY)
    expect(at(NOW - 40 * DAY)).toBe(NOW + 51 * DAY)
    expect(at(NOW - 200 * DAY)).toBeUndefined()
  })

  test('the API server is told from when it must refuse by its own clock', () => {
    const expiresAt = NOW - 3 * DAY
    const { gate } = decide(facts({ licenses: [license({ expiresAt })] }))
    expect(gate.createUntil).toBe(expiresAt + 31 * DAY)
    expect(gate.createMessage).toContain('expired on 2026-11-18T08:00:00Z')
  })

  test('an agent that appeared while none was to appear is not one that was running', () => {
    const decision = decide(
      facts({
        licenses: [license({ expiresAt: NOW - 40 * DAY })],
        workloads: [workload('rex', { createdAt: NOW - 41 * DAY }), workload('tess', { createdAt: NOW - DAY })],
      }),
    )
    expect(names(decision.agents.admitted)).toEqual(['rex'])
    expect(decision.agents.refused).toMatchObject([{ agent: 'tess', reason: 'NewAgentsBlocked', holdAt: NOW }])
  })

  test('an agent that was admitted is not new, whenever it began: a license that ended long ago may be installed today', () => {
    const decision = decide(
      facts({
        licenses: [license({ expiresAt: NOW - 100 * DAY })],
        workloads: [workload('tess', { createdAt: NOW - HOUR })],
        memory: { ...NO_MEMORY, admitted: new Map([['deployments/cto-agents/tess', { agent: 'tess', images: '' }]]) },
      }),
    )
    expect(names(decision.agents.admitted)).toEqual(['tess'])
  })
})

describe('several licenses', () => {
  test('a bad one affects itself alone', () => {
    const bad = {
      name: 'bad',
      problem: { reason: 'BadSignature', message: 'the signature does not fit', since: NOW },
    } as const
    const decision = decide(facts({ licenses: [bad, license()] }))
    expect(decision.verdict).toBe('Valid')
    expect(decision.licenses).toMatchObject([
      { name: 'bad', state: 'InvalidSignature', reason: 'BadSignature' },
      { name: 'acme', state: 'Valid' },
    ])
  })

  test('a bad one alone is the verdict, and the free plan applies', () => {
    const bad = {
      name: 'bad',
      problem: { reason: 'BadSignature', message: 'the signature does not fit', since: NOW },
    } as const
    const decision = decide(facts({ licenses: [bad], wanted: wanted(['rex']) }))
    expect(decision).toMatchObject({ verdict: 'InvalidSignature', reason: 'BadSignature' })
    expect(names(decision.agents.admitted)).toEqual(['rex'])
  })

  test('the last good one stays in force while it cannot be read', () => {
    const torn = license(
      {},
      { problem: { reason: 'MalformedLicense', message: 'the file is not a license', since: NOW } },
    )
    const decision = decide(facts({ licenses: [torn] }))
    expect(decision.verdict).toBe('Valid')
    expect(decision.grant.plan.name).toBe('team')
    expect(decision.licenses[0]).toMatchObject({
      state: 'InvalidSignature',
      message: 'the file is not a license; the license that was read before stays in force',
    })
    expect(decision.nextChangeAt).toBe(NOW + 72 * HOUR)
  })

  test('the larger plan in force wins, whatever the order; the others are superseded', () => {
    const starter = license({ plan: 'starter' }, { name: 'a' })
    const business = license({ plan: 'business', expiresAt: NOW + DAY }, { name: 'b' })
    const old = license({ plan: 'enterprise', expiresAt: NOW - DAY }, { name: 'c' })
    for (const licenses of [
      [starter, business, old],
      [old, business, starter],
    ]) {
      const decision = decide(facts({ licenses }))
      expect(decision.grant.plan.name).toBe('business')
      expect(decision.licenses.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
        'a Superseded',
        'b Valid',
        'c Superseded',
      ])
    }
  })

  test('a future one waits, and one for another cluster is refused', () => {
    const future = license({ notBefore: NOW + DAY }, { name: 'future' })
    const elsewhere = license({ cluster: { uid: 'another' } }, { name: 'elsewhere' })
    const here = license({ plan: 'starter', cluster: { uid: CLUSTER_UID } }, { name: 'here' })
    const decision = decide(facts({ licenses: [future, elsewhere, here] }))
    expect(decision.grant.plan.name).toBe('starter')
    expect(decision.licenses.map((one) => [one.state, one.reason])).toEqual([
      ['Future', 'NotYetValid'],
      ['InvalidSignature', 'WrongCluster'],
      ['Valid', 'Valid'],
    ])
    expect(decision.nextChangeAt).toBe(NOW + DAY)
  })

  test('a revoked one admits nobody', () => {
    const decision = decide(facts({ licenses: [license()], revocations: revoked(NOW - DAY), wanted: wanted(['rex']) }))
    expect(decision.verdict).toBe('Revoked')
    expect(decision.agents.admitted).toEqual([])
  })
})

describe('nodes', () => {
  const over = (counted: number, memory = NO_MEMORY) =>
    decide(
      facts({ licenses: [license({ plan: 'starter' })], nodes: { counted, total: counted, excluded: [] }, memory }),
    )

  test('an overage is tolerated for 72 h, then growth is refused until the count is back', () => {
    const first = over(2)
    expect(first.verdict).toBe('Valid')
    expect(first.nodes.overage).toMatchObject({ since: NOW, peak: 2, graceEndsAt: NOW + 72 * HOUR, graceIsOver: false })
    expect(first.nextChangeAt).toBe(NOW + 72 * HOUR)
    const memory = { ...NO_MEMORY, nodesOver: { since: NOW - 72 * HOUR, peak: 5, grace: { endsAt: NOW } } }
    expect(over(2, memory)).toMatchObject({ verdict: 'NodeLimitExceeded', gate: { growth: 'Closed' } })
    expect(over(2, memory).nodes.overage?.peak).toBe(5)
    expect(over(1, memory)).toMatchObject({ verdict: 'Valid', gate: { growth: 'Open' } })
  })
})

describe('holding', () => {
  test('one that was never admitted is held at once, one that was gets the notice, with the hour of the hold', () => {
    const running = facts({ workloads: [workload('tess'), workload('morgan')] })
    const decision = decide({
      ...running,
      memory: { ...NO_MEMORY, admitted: new Map([['deployments/cto-agents/morgan', { agent: 'morgan', images: '' }]]) },
    })
    expect([...decision.agents.toHold]).toEqual(['deployments/cto-agents/tess'])
    expect(decision.agents.refused).toMatchObject([
      { agent: 'morgan', holdAt: NOW + 24 * HOUR },
      { agent: 'tess', holdAt: NOW },
    ])
    const later = decide({ ...running, memory: decision.memory, now: NOW + 24 * HOUR })
    expect([...later.agents.toHold]).toContain('deployments/cto-agents/morgan')
  })

  test('a shorter notice shortens, a longer one does not lengthen what was announced', () => {
    const memory = { ...NO_MEMORY, notices: new Map([['deployments/cto-agents/tess', { endsAt: NOW + 2 * HOUR }]]) }
    const holdAt = (holdNotice: number) =>
      decide(facts({ workloads: [workload('tess')], memory, holdNotice })).agents.refused[0]?.holdAt
    expect(holdAt(HOUR)).toBe(NOW + HOUR)
    expect(holdAt(48 * HOUR)).toBe(NOW + 2 * HOUR)
  })

  test('nobody is held on an empty list of nodes', () => {
    const decision = decide(
      facts({
        nodes: { counted: 0, total: 0, excluded: [] },
        cluster: { ...eks, type: 'Unknown' },
        workloads: [workload('rex')],
      }),
    )
    expect(decision.verdict).toBe('ClusterTypeNotAllowed')
    expect(decision.agents.toHold.size).toBe(0)
  })

  test('a held one resumes as soon as it is admitted', () => {
    const held = workload('tess', { held: true, wants: 3 })
    expect(decide(facts({ workloads: [held] })).agents.held).toMatchObject([{ agent: 'tess', replicas: 3 }])
    const decision = decide(facts({ workloads: [held], licenses: [license()] }))
    expect([...decision.agents.toResume]).toEqual(['deployments/cto-agents/tess'])
    expect(decision.agents.held).toEqual([])
  })

  test('outside the namespaces that the gate covers, an agent counts but is not held', () => {
    const decision = decide(facts({ workloads: [workload('tess', { governedSince: undefined })] }))
    expect(decision.agents.toHold.size).toBe(0)
    expect(names(decision.agents.refused)).toEqual(['tess'])
  })
})

test('claims of an unknown plan count for nothing', () => {
  const decision = decide(facts({ licenses: [{ name: 'x', claims: claims({ plan: 'galaxy' }) }] }))
  expect(decision.grant.plan.name).toBe('free')
})

describe('a soft limit', () => {
  const soft = {
    ...catalog,
    meters: { ...catalog.meters, agents: { ...catalog.meters['agents']!, enforcement: 'soft' } },
  } as const
  const licensed = (agents: number) =>
    decide(facts({ catalog: soft, licenses: [license({ limits: { agents } })], wanted: wanted(['rex', 'tess']) }))

  test('is said and not enforced', () => {
    const decision = licensed(1)
    expect(names(decision.agents.admitted)).toEqual(['rex', 'tess'])
    expect(decision.gate.slots).toBe(-1)
    expect(messagesOf(decision).join()).toContain('is for 1 agent, and there are 2; more are not refused')
  })

  test('of 0 grants nothing', () => {
    const decision = licensed(0)
    expect(names(decision.agents.refused)).toEqual(['rex', 'tess'])
    expect(decision.gate.slots).toBe(0)
  })
})
