// The life of a license: several at once, one after the other, replaced, revoked, ended twice.

import { describe, expect, test } from 'vitest'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import type { Facts } from '../../../src/domain/entitlement/facts.ts'
import { DAY, formatInstant, HOUR } from '../../../src/domain/time.ts'
import { changeText, timelineFrom } from '../../../src/domain/entitlement/timeline.ts'
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
  messagesOf,
} from '../../support/builders.ts'

const named = (name: string, overrides: Parameters<typeof claims>[0]) => ({
  name,
  claims: claims({ licenseId: name, ...overrides }),
})
const stateOf = (given: Partial<Facts>, name: string) => {
  const found = decide(facts(given)).licenses.find((one) => one.name === name)
  return [found?.state, found?.reason]
}

describe('several at once', () => {
  test('of those in force the larger plan counts, and among equals the one that ends last', () => {
    const licenses = [
      named('small', { plan: 'starter', expiresAt: NOW + 900 * DAY }),
      named('soon', { plan: 'team', expiresAt: NOW + 10 * DAY }),
      named('late', { plan: 'team', expiresAt: NOW + 20 * DAY }),
      named('gone', { plan: 'enterprise', expiresAt: NOW - DAY }),
    ]
    expect(decide(facts({ licenses })).grant.license?.facts.name).toBe('late')
    expect(decide(facts({ licenses: licenses.toReversed() })).grant.license?.facts.name).toBe('late')
  })

  test('of one plan the one under which more may run counts, however long the smaller one lasts', () => {
    const licenses = [
      named('small', { limits: { agents: 1, nodes: 1 }, expiresAt: NOW + 400 * DAY }),
      named('big', { limits: { agents: 30, nodes: 20 }, expiresAt: NOW + 60 * DAY }),
      named('nodes', { limits: { agents: 30, nodes: 3 }, expiresAt: NOW + 500 * DAY }),
    ]
    const decision = decide(facts({ licenses, workloads: [workload('rex'), workload('tess')] }))
    expect(decision.grant.license?.facts.name).toBe('big')
    expect(decision.agents.refused).toEqual([])
    // What follows allows less: the end of the larger one is an end that has to be warned of.
    expect(decision.grant.coveredBy?.licenseId).toBe('big')
    const endless = named('endless', { limits: { agents: -1 } })
    expect(decide(facts({ licenses: [...licenses, endless] })).grant.license?.facts.name).toBe('endless')
  })

  test('of those that have ended the last one counts, however large an older one was', () => {
    const licenses = [
      named('long-ago', { plan: 'enterprise', expiresAt: NOW - 700 * DAY }),
      named('yesterday', { plan: 'team', expiresAt: NOW - DAY }),
    ]
    const decision = decide(facts({ licenses }))
    expect(decision.grant.license?.facts.name).toBe('yesterday')
    expect(decision.degradation.level).toBe('Warning')
  })
})

describe('one after the other', () => {
  const now = named('now', { expiresAt: NOW + 5 * DAY })
  const next = named('next', { notBefore: NOW + 5 * DAY, expiresAt: NOW + 370 * DAY })
  const later = named('later', { notBefore: NOW + 100 * DAY, expiresAt: NOW + 735 * DAY })

  test('a license that follows silences the warning, and says so', () => {
    const alone = decide(facts({ licenses: [now] }))
    expect(alone.expiring).toBe(true)
    const followed = decide(facts({ licenses: [now, next] }))
    expect(followed.expiring).toBe(false)
    expect(followed.message).toBe(`the Team license of Acme Corp is in force until ${formatInstant(NOW + 370 * DAY)}`)
    expect(messagesOf(followed)).toContain(
      `the Team license of Acme Corp ends on ${formatInstant(NOW + 5 * DAY)}, and license next follows it until ${formatInstant(NOW + 370 * DAY)}`,
    )
  })

  test('periods that touch or overlap are one', () => {
    const decision = decide(facts({ licenses: [later, now, next] }))
    expect(decision.grant.coveredBy?.licenseId).toBe('later')
    // Also for the API server, which has to know while nobody is there to tell it.
    expect(decision.gate.createUntil).toBe(NOW + (735 + 31) * DAY)
  })

  test.each([
    ['a gap of a millisecond', { notBefore: NOW + 5 * DAY + 1 }],
    ['a smaller plan', { plan: 'starter' }],
    ['another type of cluster', { cluster: { types: ['EKS'] } }],
    ['another cluster', { cluster: { uid: 'another' } }],
  ])('%s does not follow', (_what, overrides) => {
    const decision = decide(facts({ licenses: [now, named('next', { ...next.claims, ...overrides })] }))
    expect(decision.grant.coveredBy?.licenseId).toBe('now')
    expect(decision.expiring).toBe(true)
  })

  test('one that is revoked does not follow', () => {
    const decision = decide(facts({ licenses: [now, next], revocations: revoked(NOW - DAY, 'next') }))
    expect(decision.expiring).toBe(true)
  })

  test('nothing changes at the moment when one takes over from the other', () => {
    const timeline = timelineFrom(
      facts({ licenses: [now, next], wanted: wanted(['rex', 'tess']), workloads: [workload('rex'), workload('tess')] }),
    )
    expect(timeline[0]).toEqual({ at: NOW + 340 * DAY, changes: [{ what: 'expiring', from: 'no', to: 'yes' }] })
  })
})

describe('in the place of another', () => {
  const good = claims({ licenseId: 'good', serial: 6, expiresAt: NOW + 14 * DAY })
  const held = (current: Parameters<typeof claims>[0], more: Partial<Facts> = {}) => {
    const now = claims({ licenseId: 'new', ...current })
    return decide(facts({ licenses: [{ name: 'acme', claims: now, kept: [{ claims: good }] }], ...more }))
  }
  const counting = (decision: ReturnType<typeof decide>) => decision.grant.license?.claims.licenseId
  const STAYS = `license good, which was in its place before, stays in force until ${formatInstant(NOW + 14 * DAY)}`

  test.each<[string, Parameters<typeof claims>[0], string, string]>([
    ['begins later', { notBefore: NOW + 20 * DAY }, 'Future', 'the license begins on'],
    ['has ended', { expiresAt: NOW - 100 * DAY }, 'Expired', 'the license ended on'],
    [
      'is of another cluster',
      { cluster: { uid: 'another' } },
      'InvalidSignature',
      'the license is bound to cluster another',
    ],
    [
      'is for another type',
      { cluster: { types: ['EKS'] } },
      'ClusterTypeNotAllowed',
      'the license is for EKS clusters only',
    ],
    ['is smaller', { plan: 'starter' }, 'Superseded', 'the license before it allows more'],
    ['ends sooner', { expiresAt: NOW + DAY }, 'Superseded', 'the license before it allows more, or as much for longer'],
  ])('one that %s ends nothing', (_what, current, state, message) => {
    // A higher number says nothing where the license is for elsewhere or has not begun. One that has ended with it is the newest.
    for (const serial of ['Superseded', 'Expired'].includes(state) ? [{}] : [{}, { serial: 7 }]) {
      const decision = held({ ...current, ...serial })
      expect(counting(decision)).toBe('good')
      expect(decision).toMatchObject({ verdict: 'Valid', degradation: { level: 'None' } })
      const [license] = decision.licenses
      expect(license).toMatchObject({ state, inUse: false, kept: [{ claims: { licenseId: 'good' } }] })
      expect(license?.message).toContain(message)
      expect(license?.message).toContain(STAYS)
      expect(messagesOf(decision)).toContain(`License acme: ${license?.message}`)
    }
  })

  test('one with a higher number takes its place, also when it has ended', () => {
    const decision = held({ serial: 7, expiresAt: NOW - DAY })
    expect([counting(decision), decision.verdict]).toEqual(['new', 'Expired'])
  })

  test.each<[string, Parameters<typeof claims>[0]]>([
    ['goes on longer', { expiresAt: NOW + 300 * DAY }],
    ['is larger', { plan: 'business', expiresAt: NOW + DAY }],
    ['is smaller and has replaced it', { plan: 'starter', supersedes: ['good'], issuedAt: NOW - DAY }],
  ])('one that %s takes its place for good', (_what, current) => {
    const decision = held(current)
    expect(counting(decision)).toBe('new')
    expect(decision.licenses).toMatchObject([{ state: 'Valid', inUse: true, kept: [] }])
  })

  test('a renewal takes over by itself, and nothing has to be looked into before', () => {
    const renewal = { notBefore: NOW + 14 * DAY, expiresAt: NOW + 380 * DAY }
    const decision = held(renewal)
    expect(decision).toMatchObject({ expiring: false, nextChangeAt: NOW + 14 * DAY })
    expect(messagesOf(decision).filter((message) => message.startsWith('License acme'))).toEqual([])
    expect(counting(held(renewal, { now: NOW + 14 * DAY - 1 }))).toBe('good')
    const after = held(renewal, { now: NOW + 14 * DAY })
    expect(counting(after)).toBe('new')
    expect(after.licenses).toMatchObject([{ state: 'Valid', kept: [] }])
  })

  test('an end, too, stays: the free plan is no way out of it', () => {
    const decision = held({ notBefore: NOW + 90 * DAY }, { now: NOW + 20 * DAY })
    expect(decision).toMatchObject({ verdict: 'Expired', degradation: { level: 'Warning' } })
    const revocations = revoked(NOW - DAY, 'good')
    expect(held({ notBefore: NOW + 90 * DAY }, { revocations }).verdict).toBe('Revoked')
  })

  test('a renewal that was displaced by what is of no use stays as well', () => {
    const renewal = { claims: claims({ licenseId: 'next', notBefore: NOW + 14 * DAY }) }
    const of = (current: Parameters<typeof claims>[0]) =>
      decide(
        facts({
          licenses: [
            { name: 'acme', claims: claims({ licenseId: 'new', ...current }), kept: [renewal, { claims: good }] },
          ],
        }),
      ).licenses[0]?.kept.map((one) => one.claims.licenseId)
    expect(of({ cluster: { uid: 'another' } })).toEqual(['next', 'good'])
    expect(of({ notBefore: NOW + 14 * DAY })).toEqual(['good'])
  })
})

describe('replaced', () => {
  const larger = named('old', { plan: 'enterprise', serial: 1, issuedAt: NOW - 30 * DAY })
  const smaller = named('new', { plan: 'team', serial: 2, issuedAt: NOW - DAY })

  test('the higher serial number replaces the lower, though the lower is larger', () => {
    const given = { licenses: [larger, smaller] }
    expect(decide(facts(given)).grant.plan.name).toBe('team')
    expect(stateOf(given, 'old')).toEqual(['Superseded', 'Replaced'])
  })

  test('the older one is refused also when the newer one is gone, as long as it is remembered', () => {
    const decision = decide(facts({ licenses: [larger], formerLicenses: [smaller.claims] }))
    expect(decision).toMatchObject({ verdict: 'InvalidSignature', reason: 'Replaced' })
    expect(decision.message).toBe(
      'License old has been replaced by license new and no longer counts; the Free plan applies until a good license is installed',
    )
    expect(decision.grant.plan.name).toBe('free')
  })

  test('a renewal that has not begun replaces nothing yet', () => {
    const renewal = named('new', { ...smaller.claims, notBefore: NOW + DAY })
    const given = { licenses: [larger, renewal] }
    expect(decide(facts(given)).grant.plan.name).toBe('enterprise')
    expect(decide(facts({ ...given, now: NOW + DAY })).grant.plan.name).toBe('team')
  })

  test('what was replaced stays so when the newer one ends', () => {
    const ended = named('new', { ...smaller.claims, expiresAt: NOW - 100 * DAY, issuedAt: NOW - 200 * DAY })
    const given = { licenses: [larger, ended] }
    expect(decide(facts({ ...given, formerLicenses: [ended.claims] })).grant.license?.facts.name).toBe('new')
    expect(decide(facts(given)).grant.license?.facts.name).toBe('new')
    // Last year's file, which has no number or an older one, ends nothing.
    const { serial: _, ...unnumbered } = ended.claims
    const lastYears = { licenses: [larger, named('new', unnumbered)] }
    expect(decide(facts(lastYears)).grant.license?.facts.name).toBe('old')
  })

  const unnumbered = claims({ licenseId: 'new', issuedAt: NOW - DAY })
  test.each([
    ['of another organization', { ...smaller.claims, organization: 'Other Inc' }],
    ['for another cluster', { ...smaller.claims, cluster: { uid: 'another' } }],
    ['with the same number', { ...smaller.claims, serial: 1 }],
    ['without a number', unnumbered],
  ])('one %s replaces nothing', (_what, other) => {
    const licenses = [larger, { name: 'new', claims: other }]
    expect(decide(facts({ licenses })).grant.plan.name).toBe('enterprise')
  })

  test('a license is replaced by one that names it, and of two that name each other the later counts', () => {
    const a = named('a', { supersedes: ['b'], issuedAt: NOW - 2 * DAY, plan: 'business' })
    const b = named('b', { supersedes: ['a'], issuedAt: NOW - DAY })
    expect(decide(facts({ licenses: [a, b] })).grant.license?.facts.name).toBe('b')
    expect(decide(facts({ licenses: [b, a] })).grant.license?.facts.name).toBe('b')
  })
})

describe('revoked', () => {
  test('at once, where neither catalog nor license gives notice', () => {
    const decision = decide(facts({ licenses: [license()], revocations: revoked(NOW) }))
    expect(decision).toMatchObject({ verdict: 'Revoked', gate: { growth: 'Closed' } })
  })

  test('after the notice that the license gives, and the API server knows the hour', () => {
    const given = { licenses: [license({ revocationNoticeHours: 72 })], revocations: revoked(NOW - HOUR) }
    const end = NOW + 71 * HOUR
    const before = decide(facts(given))
    expect(before).toMatchObject({ verdict: 'Valid', nextChangeAt: end, gate: { growth: 'Open', createUntil: end } })
    expect(messagesOf(before)).toContain(
      `the vendor has revoked the Team license of Acme Corp; it counts until ${formatInstant(end)}; ask your vendor`,
    )
    expect(stateOf(given, 'acme')).toEqual(['Valid', 'Valid'])
    expect(decide(facts({ ...given, now: end - 1 })).verdict).toBe('Valid')
    expect(decide(facts({ ...given, now: end })).verdict).toBe('Revoked')
  })

  test('another license takes over', () => {
    const licenses = [license(), named('other', { plan: 'starter' })]
    const decision = decide(facts({ licenses, revocations: revoked(NOW) }))
    expect(decision).toMatchObject({ verdict: 'Valid' })
    expect(decision.grant.plan.name).toBe('starter')
  })

  test('what was admitted before goes on for the notice of a hold', () => {
    const before = decide(facts({ licenses: [license()], workloads: [workload('rex')] }))
    const after = decide(
      facts({ licenses: [license()], workloads: [workload('rex')], revocations: revoked(NOW), memory: before.memory }),
    )
    expect(after.agents.refused).toMatchObject([{ agent: 'rex', reason: 'Revoked', holdAt: NOW + 24 * HOUR }])
  })
})

describe('two dates', () => {
  const at = (days: number, hardEnd: number) =>
    decide(
      facts({
        licenses: [license({ expiresAt: NOW - days * DAY, hardEndsAt: NOW + (hardEnd - days) * DAY })],
      }),
    ).degradation.level

  test.each([
    ['the hard end brings the last level forward', 20, 20, 'ReadOnly'],
    ['no level comes after it', 3, 2, 'ReadOnly'],
    ['before it the schedule applies', 19, 20, 'GuardianReduced'],
    ['it also puts the last level off', 120, 365, 'NewAgentsBlocked'],
    ['until it is there', 365, 365, 'ReadOnly'],
  ])('%s: %i days after the end, with a hard end after %i', (_what, days, hardEnd, level) => {
    expect(at(days, hardEnd)).toBe(level)
  })

  test('it is one of the instants at which something changes', () => {
    const timeline = timelineFrom(
      facts({ licenses: [license({ expiresAt: NOW + DAY, hardEndsAt: NOW + 11 * DAY })], cluster: eks }),
    )
    const levels = timeline.flatMap(({ at, changes }) =>
      changes.filter(({ what }) => what === 'degradation').map((change) => [(at - NOW) / DAY, changeText(change)]),
    )
    expect(levels).toEqual([
      [1, 'degradation: None → Warning'],
      [9, 'degradation: Warning → UpdatesDisabled'],
      [11, 'degradation: UpdatesDisabled → ReadOnly'],
    ])
    expect(catalog.degradation).toHaveLength(5)
  })
})
