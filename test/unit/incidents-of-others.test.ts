// What went wrong, or well, with the licenses of others, each as a test of ours under the name it is known by.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LicenseEvidence } from '../../src/operator/observed/license-evidence.ts'
import { entitlementStatus } from '../../src/operator/controllers/entitlement/status.ts'
import { desiredPolicies } from '../../src/operator/controllers/policy/desired.ts'
import { decide } from '../../src/domain/entitlement/decision.ts'
import type { Facts } from '../../src/domain/entitlement/facts.ts'
import { DAY, formatInstant, HOUR, MINUTE } from '../../src/domain/time.ts'
import type { Authenticity } from '../../src/domain/license/claims.ts'
import { changeText, timelineFrom } from '../../src/domain/entitlement/timeline.ts'
import {
  catalog,
  claims,
  eks,
  facts,
  license,
  NOW,
  revoked,
  wanted,
  workload,
  circumstances,
  messagesOf,
} from '../support/builders.ts'

const running = { workloads: [workload('rex'), workload('tess')], cluster: eks }
const admitted = (given: Partial<Facts>) => decide(facts(given)).agents.admitted.map(({ agent }) => agent)
/** The decision some days after another, with what that one remembered. */
const later = (given: Partial<Facts>, days: number) => {
  const before = decide(facts(given))
  return decide(facts({ ...given, now: NOW + days * DAY, memory: before.memory }))
}

describe('time', () => {
  test.each([1, 5, 10])('VMware ESX 3.5u2: with the clock %i years ahead, what runs still runs', (years) => {
    const licensed = { ...running, licenses: [license({ expiresAt: NOW + DAY })] }
    const decision = later(licensed, years * 365)
    expect(decision.agents.admitted.map(({ agent }) => agent)).toEqual(['rex', 'tess'])
    expect(decision.agents.toHold.size).toBe(0)
    // The free plan has no date at all.
    expect(later({ workloads: [workload('rex')] }, years * 365).verdict).toBe('Valid')
  })

  test('VMware ESX 3.5u2: nothing that Kubernetes restarts or moves passes the gate', () => {
    const resources = desiredPolicies(catalog).flatMap(({ spec }) => {
      const { resourceRules = [] } = (spec['matchConstraints'] ?? {}) as { resourceRules?: Rule[] }
      return resourceRules.flatMap((rule) => rule.resources)
    })
    expect(resources).not.toContain('pods')
    // Of a status only the labels are looked at: no field that says how a workload fares.
    const own = resources.filter(
      (resource) =>
        !/^(deployments|statefulsets|daemonsets|replicasets|replicationcontrollers|jobs|cronjobs)\/status$/.test(
          resource,
        ),
    )
    expect(own.join()).not.toMatch(/node|lease|event|status/)
  })

  test('Ericsson SGSN-MME: a key that ends before the license is said long before, and its end is not slept through', () => {
    const keyExpiresAt = NOW + 200 * DAY
    const decision = decide(facts({ licenses: [license({}, { keyExpiresAt })] }))
    expect(messagesOf(decision).join()).toContain(`a key that may be used until ${formatInstant(keyExpiresAt)}`)
    expect(timelineFrom(facts({ licenses: [license({}, { keyExpiresAt })] })).length).toBeGreaterThan(0)
    expect(
      decide(facts({ now: NOW, licenses: [license({ expiresAt: NOW + 400 * DAY }, { keyExpiresAt })] })),
    ).toMatchObject({
      nextChangeAt: keyExpiresAt,
    })
  })

  test('Cisco vEdge: a restart after the end changes nothing', () => {
    const given = { ...running, licenses: [license({ expiresAt: NOW - 40 * DAY })] }
    const before = decide(facts({ ...given, memory: decide(facts({ ...given, now: NOW - 50 * DAY })).memory }))
    const restarted = decide(facts({ ...given, memory: before.memory }))
    expect(restarted.agents).toEqual(before.agents)
    expect(restarted.gate).toEqual(before.gate)
  })

  test('FME Cloud: a renewal that is late is warned of for a month, and hurts a month later still', () => {
    const changes = timelineFrom(facts({ ...running, licenses: [license({ expiresAt: NOW + 60 * DAY })] }))
    const day = (change: string) => {
      const entry = changes.find((one) => one.changes.some((each) => changeText(each) === change))
      return ((entry?.at ?? 0) - NOW) / DAY
    }
    expect(day('expiring: no → yes')).toBe(30)
    expect(day('growth: Open → ExistingOnly')).toBe(60 + 31)
  })

  test('Citrix CTX306437: the date that is shown is the date that is enforced', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 24 * 60 }), (minutes) => {
        const expiresAt = NOW + minutes * MINUTE
        const at = (now: number) => decide(facts({ now, licenses: [license({ expiresAt })] }))
        const shown = entitlementStatus(at(NOW), undefined, 1, NOW, circumstances).expiresAt
        expect(shown).toBe(formatInstant(expiresAt))
        expect(at(Date.parse(shown ?? '') - 1).verdict).toBe('Valid')
        expect(at(Date.parse(shown ?? '')).verdict).toBe('Expired')
      }),
      { numRuns: 50 },
    )
  })

  test('Vault, InfluxDB: a license may have two dates, and the second one is when everything applies', () => {
    const given = { licenses: [license({ expiresAt: NOW, hardEndsAt: NOW + 10 * DAY })] }
    expect(decide(facts({ ...given, now: NOW + 9 * DAY })).degradation.level).toBe('UpdatesDisabled')
    expect(decide(facts({ ...given, now: NOW + 10 * DAY })).degradation.level).toBe('ReadOnly')
  })
})

describe('what cannot be read', () => {
  const broken = () => {
    const reader = (text: string): Promise<Authenticity> =>
      Promise.resolve(
        text === 'good'
          ? { kind: 'authentic', claims: claims(), keyId: 'k' }
          : { kind: 'rejected', reason: 'BadSignature', message: 'it is bad' },
      )
    return new LicenseEvidence(reader, 72 * HOUR)
  }
  const absent = { kind: 'absent', reason: 'SecretNotFound', message: 'it is not there' } as const

  test.each([
    ['half-written', { kind: 'present', text: 'goo' } as const],
    ['empty', { kind: 'present', text: '' } as const],
    ['gone', absent],
  ])('Mendix: a Secret that is %s for a moment is never said to have expired', async (_what, content) => {
    const evidence = broken()
    await evidence.factsOf('acme', { kind: 'present', text: 'good' }, NOW)
    for (const minutes of [0, 1, 60, 24 * 60]) {
      const now = NOW + minutes * MINUTE
      const decision = decide(facts({ now, licenses: [await evidence.factsOf('acme', content, now)] }))
      expect(decision).toMatchObject({ verdict: 'Valid', degradation: { level: 'None' } })
      expect(decision.licenses[0]?.state).not.toBe('Expired')
    }
    // When it stays so, it counts as what it is: missing or bad, and still not as ended.
    const now = NOW + 100 * HOUR
    const decision = decide(facts({ now, licenses: [await evidence.factsOf('acme', content, now)] }))
    expect(decision.verdict).not.toBe('Expired')
  })

  test('xMatters: a count that could not be had holds nobody', () => {
    const nodes = { counted: 0, total: 0, excluded: [] }
    const decision = decide(facts({ ...running, nodes }))
    expect(decision.agents.refused).toHaveLength(2)
    expect(decision.agents.toHold.size).toBe(0)
  })

  test('InfluxDB Clustered, KubeDB: a bad license is a sentence in a status, and no reason to end', () => {
    const problem = { reason: 'BadSignature', message: 'it is bad', since: NOW } as const
    const decision = decide(facts({ licenses: [{ name: 'acme', problem }] }))
    expect(decision).toMatchObject({ verdict: 'InvalidSignature', reason: 'BadSignature' })
    expect(decision.grant.plan.name).toBe('free')
  })

  test('stash: without a license there is a free plan, and no crash', () => {
    expect(decide(facts())).toMatchObject({ verdict: 'Valid', reason: 'FreePlan' })
  })

  test('Kong: absent, ended and bad are three things', () => {
    const problem = { reason: 'BadSignature', message: 'it is bad', since: NOW } as const
    const verdicts = [[], [license({ expiresAt: NOW })], [{ name: 'acme', problem }]].map(
      (licenses) => decide(facts({ licenses })).reason,
    )
    expect(verdicts).toEqual(['FreePlan', 'Expired', 'BadSignature'])
  })
})

describe('what is enforced', () => {
  test('Portainer #11827: of two licenses with the same content the one that ends later counts', () => {
    const licenses = [
      { name: 'a', claims: claims({ expiresAt: NOW - DAY }) },
      { name: 'b', claims: claims({ expiresAt: NOW + DAY }) },
    ]
    expect(decide(facts({ licenses })).grant.license?.facts.name).toBe('b')
  })

  test('KubeDB: nothing is ever in the way of a delete', () => {
    const operations = desiredPolicies(catalog).flatMap(({ spec }) => {
      const { resourceRules = [] } = (spec['matchConstraints'] ?? {}) as { resourceRules?: Rule[] }
      return resourceRules.flatMap((rule) => rule.operations)
    })
    expect(new Set(operations)).toEqual(new Set(['CREATE', 'UPDATE']))
  })

  test('Redis Enterprise: Ready says that the operator has done its work, whatever the license says', () => {
    const decision = decide(facts({ licenses: [license({ expiresAt: NOW - 400 * DAY })] }))
    const { conditions } = entitlementStatus(decision, undefined, 1, NOW, circumstances)
    expect(conditions.find(({ type }) => type === 'Ready')?.status).toBe('True')
  })

  test.each([1, 14, 90, 1000])('NetApp CVO, EDB, Cloudera: %i days after the end nothing is shut down', (days) => {
    const given = { ...running, licenses: [license({ expiresAt: NOW })] }
    const decision = later(given, days)
    expect(decision.agents).toMatchObject({ toHold: new Set(), held: [] })
  })

  test('Lucenia Octane: starting needs a license, ending never does', () => {
    const decision = decide(facts({ ...running, licenses: [license({ expiresAt: NOW - 40 * DAY })] }))
    expect(decision.gate.growth).toBe('ExistingOnly')
    expect(admitted({ ...running, licenses: [license({ expiresAt: NOW - 40 * DAY })] })).toEqual([])
    // What ran before the block may also be restarted and grown.
    expect(later({ ...running, licenses: [license({ expiresAt: NOW + DAY })] }, 41).gate.workloads).toEqual({
      'deployments/cto-agents/rex': 'admitted rex',
      'deployments/cto-agents/tess': 'admitted tess',
    })
  })

  test('Thales RMS: a revocation gives notice', () => {
    const given = {
      licenses: [license({ revocationNoticeHours: 24 })],
      revocations: revoked(NOW),
      wanted: wanted(['rex']),
    }
    expect(decide(facts(given)).verdict).toBe('Valid')
    expect(decide(facts({ ...given, now: NOW + DAY })).verdict).toBe('Revoked')
  })

  test('NGINX Plus: nothing has to be asked of anybody before the first start', () => {
    // The core has no way to ask; a decision needs no more than these facts.
    expect(decide(facts({ licenses: [license()], cluster: eks })).verdict).toBe('Valid')
  })
})

interface Rule {
  readonly resources: readonly string[]
  readonly operations: readonly string[]
}
