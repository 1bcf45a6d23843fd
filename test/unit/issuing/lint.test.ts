// What a vendor is told before a license is signed: refused is what nobody can mean, warned of what hardly anybody means.

import { describe, expect, test } from 'vitest'
import { planNamed } from '../../../src/domain/catalog/catalog.ts'
import { DAY } from '../../../src/domain/time.ts'
import type { LicenseClaims } from '../../../src/domain/license/claims.ts'
import { lint } from '../../../src/issuing/lint/lint.ts'
import { draftOf, type Order } from '../../../src/issuing/order.ts'
import { claims, NOW } from '../../support/builders.ts'
import { builtIn, CATALOGS } from '../../support/catalog-tables.ts'

interface Case extends Partial<Order> {
  readonly product?: string
  readonly plan?: string
  readonly issued?: readonly LicenseClaims[]
}

function advise({ product = 'cto', plan: planName = 'team', issued = [], ...overrides }: Case) {
  const catalog = builtIn(product)
  const plan = planNamed(catalog, planName)
  if (plan === undefined) throw new Error(`no plan ${planName}`)
  const order: Order = {
    organization: 'Acme Corp',
    form: 'jws',
    id: 'lic-new',
    end: { days: 365 },
    limits: {},
    features: [],
    addons: [],
    clusterTypes: [],
    supersedes: [],
    ...overrides,
  }
  return lint(draftOf(order, { catalog, plan, now: NOW, issued }))
}

const before = (overrides: Partial<LicenseClaims>) =>
  claims({ licenseId: 'lic-old', issuedAt: NOW - DAY, ...overrides })

test('of every plan of every catalog, a plain license for a year is beyond reproach', () => {
  for (const { product, plans } of CATALOGS) {
    for (const plan of plans) {
      expect(advise({ product, plan: plan.name }), `${product} ${plan.name}`).toEqual({ problems: [], warnings: [] })
    }
  }
})

describe('is refused', () => {
  test.each<[string, Case, string]>([
    [
      'an end before the begin',
      { notBefore: NOW + 9 * DAY, end: { at: NOW + 8 * DAY } },
      'would end (2026-11-29T08:00:00Z) before it begins',
    ],
    [
      'an end at the begin',
      { notBefore: NOW + 9 * DAY, end: { at: NOW + 9 * DAY } },
      'before it begins (2026-11-30T08:00:00Z)',
    ],
    ['an end before the issue', { end: { at: NOW - DAY } }, 'before it is issued (2026-11-21T08:00:00Z)'],
    [
      'no nodes',
      { limits: { nodes: 0 } },
      'the license allows 0 nodes, so every cluster would be over it; allow at least 1',
    ],
    ['no agents', { limits: { agents: 0 } }, 'would admit not a single agent: agent rex is not licensed'],
    ['no channels', { product: 'clawtex', plan: 'gold', limits: { channels: 0 } }, 'would admit not a single channel'],
    [
      'no servers, although the limit is soft',
      { product: 'ipmi-monitor', plan: 'standard', limits: { servers: 0 } },
      'not a single server',
    ],
    [
      'an add-on that the plan cannot have',
      { plan: 'starter', addons: ['localModels'] },
      'the Starter plan cannot have the add-on localModels; it is for Team, Business and Enterprise',
    ],
    [
      'clusters beyond the plan',
      { plan: 'free', clusterTypes: ['Kind', 'EKS'] },
      'the Free plan is for Kind clusters only, and the license for EKS',
    ],
    [
      'an ID that was given before',
      { id: 'lic-old', issued: [before({})] },
      'the license ID lic-old was given to Acme Corp on',
    ],
    [
      'a serial number that is not above the last',
      { serial: 3, issued: [before({ serial: 3 })] },
      'is not above 3, the last one of Acme Corp',
    ],
    ['a license that supersedes itself', { supersedes: ['lic-new'] }, 'cannot supersede itself'],
    [
      'one that supersedes a later one',
      { issuedAt: NOW - 9 * DAY, supersedes: ['lic-old'], issued: [before({})] },
      'cannot be superseded by one that is not issued later',
    ],
    [
      'one that is replaced already',
      { issued: [before({ supersedes: ['lic-new'], issuedAt: NOW + DAY })] },
      'has been replaced by license lic-old',
    ],
    [
      'an organization with a no-break space at its end',
      { organization: 'Acme Corp\u00A0' },
      'has the character U+00A0 (no-break space) in place 10, which nobody can see',
    ],
    [
      'an organization with a zero width space',
      { organization: 'Acme\u200BCorp' },
      'has the character U+200B (zero width space) in place 5',
    ],
    [
      'a Hebrew organization with a right-to-left mark',
      { organization: 'חברה\u200F' },
      'has the character U+200F (right-to-left mark) in place 5',
    ],
    [
      'an ID with a soft hyphen',
      { id: 'lic-\u00ADnew' },
      'the license ID has the character U+00AD (soft hyphen) in place 5',
    ],
    [
      'a superseded ID with a zero width space',
      { supersedes: ['lic-old\u200B'] },
      'the ID of a license that this one supersedes has the character U+200B (zero width space) in place 8',
    ],
    [
      'a UID of a cluster with a byte order mark',
      { clusterUid: '\uFEFF0c1d' },
      'the UID of the cluster has the character U+FEFF (byte order mark) in place 1',
    ],
    ['an organization with a space at its end', { organization: 'Acme Corp ' }, 'has a space at its beginning or end'],
  ])('%s', (_, given, problem) => {
    const { problems } = advise(given)
    expect(problems.join('\n')).toContain(problem)
  })

  test('an end in the past, unless its date of issue says that it is meant', () => {
    const past = { issuedAt: NOW - 90 * DAY, end: { at: NOW - DAY } }
    expect(advise(past)).toEqual({ problems: [], warnings: ['this license ended on 2026-11-20T08:00:00Z already'] })
    expect(advise({ end: { at: NOW } }).problems).toHaveLength(1)
  })
})

describe('is a warning', () => {
  test.each<[string, Case, string]>([
    ['a term of more than five years', { end: { days: 5 * 366 } }, 'the license runs for 5.0 years'],
    [
      'the midnight before the last day of a month',
      { end: { at: Date.UTC(2027, 11, 31), startOf: '2027-12-31' } },
      'ends with the first moment of 2027-12-31, so not on that day; for all of it, write 2027-12-31',
    ],
    [
      'the midnight of 29 February in a leap year',
      { end: { at: Date.UTC(2028, 1, 29), startOf: '2028-02-29' } },
      'first moment of 2028-02-29',
    ],
    [
      'a limit below the plan',
      { limits: { agents: 5 } },
      'allows 5 agents, which is less than the Team plan (15 agents)',
    ],
    [
      'a limit where the plan has none',
      { plan: 'business', limits: { agents: 50 } },
      'less than the Business plan (any number of agents)',
    ],
    ['a feature of the plan', { features: ['MultiNode'] }, 'the Team plan has the feature MultiNode already'],
    [
      'a feature twice',
      { features: ['SsoIntegration', 'SsoIntegration'] },
      'the feature SsoIntegration is named twice',
    ],
    [
      'a feature of an add-on',
      { addons: ['designSystem'], features: ['DesignSystem'] },
      'the add-on designSystem brings the feature',
    ],
    [
      'an add-on of the plan',
      { addons: ['projectManagement'] },
      'the Team plan includes the add-on projectManagement already',
    ],
    [
      'an add-on of a bundle',
      { addons: ['proBundle', 'designSystem'] },
      'the add-on proBundle contains the add-on designSystem',
    ],
    ['an add-on twice', { addons: ['designSystem', 'designSystem'] }, 'the add-on designSystem is named twice'],
    [
      'a limit that an add-on raises',
      { product: 'ipmi-monitor', plan: 'standard', limits: { servers: 60 }, addons: ['standardPlus', 'standardPlus'] },
      'on top of the 60 servers that the license names: 80 servers in all',
    ],
    [
      'a hard end that is later than the schedule',
      { hardEnd: { at: NOW + 900 * DAY } },
      'puts off the level ReadOnly, which would begin on 2028-02-20T08:00:00Z',
    ],
    [
      'no serial number after one that had one',
      { issued: [before({ serial: 3 })] },
      'so it replaces nothing; give it the serial number 4',
    ],
    [
      'an organization in another Unicode form',
      { organization: 'Société'.normalize('NFD'), issued: [before({ organization: 'Société' })] },
      'is written with letters and accents apart',
    ],
    [
      'another spelling of the organization',
      { organization: 'ACME Corp.', issued: [before({})] },
      'licenses were issued to "Acme Corp" before',
    ],
    [
      'superseding what nobody knows',
      { supersedes: ['lic-x'] },
      'lic-x, which this one supersedes, is not in the ledger',
    ],
    [
      'superseding what is of somebody else',
      { supersedes: ['lic-old'], issued: [before({ organization: 'Globex' })] },
      'lic-old, which this one supersedes, is of Globex',
    ],
  ])('%s', (_, given, warning) => {
    const { problems, warnings } = advise(given)
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringContaining(warning)])
  })
})

describe('is fine', () => {
  test.each<[string, Case]>([
    ['five years', { end: { days: 5 * 365 + 1 } }],
    ['all of the last day of a year', { end: { at: Date.UTC(2028, 0, 1) } }],
    ['a midnight that begins a month', { end: { at: Date.UTC(2028, 0, 1), startOf: '2028-01-01' } }],
    ['more than the plan has', { limits: { nodes: 50, agents: -1 } }],
    ['the same as the plan has', { limits: { nodes: 3, agents: 15 } }],
    [
      'an add-on that raises a limit, twice',
      { product: 'ipmi-monitor', plan: 'standard', addons: ['standardPlus', 'standardPlus'] },
    ],
    ['no retention at all', { product: 'clawtex', plan: 'bronze', limits: { backupDays: 0 } }],
    ['fewer types of clusters than the plan', { plan: 'free', clusterTypes: ['Kind'] }],
    ['types of clusters in another case', { clusterTypes: ['eks', 'gke'] }],
    ['a cluster of its own', { clusterUid: 'u-1' }],
    ['a hard end before the schedule', { hardEnd: { at: NOW + 366 * DAY } }],
    ['a renewal with the next serial number', { serial: 4, issued: [before({ serial: 3 })] }],
    ['the same serial number of another product', { serial: 3, issued: [before({ serial: 3, product: 'clawtex' })] }],
    ['superseding the license before', { supersedes: ['lic-old'], issued: [before({})] }],
    ['a second license, next to the first', { issued: [before({})] }],
    ['a license that begins later', { notBefore: NOW + 100 * DAY }],
  ])('%s', (_, given) => {
    expect(advise(given)).toEqual({ problems: [], warnings: [] })
  })
})
