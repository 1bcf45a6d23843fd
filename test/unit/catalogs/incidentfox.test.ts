// IncidentFox: the catalog beside the product document.

import { expect, test } from 'vitest'
import { DAY } from '../../../src/domain/time.ts'
import { readLicense } from '../../../src/domain/license/read-license.ts'
import {
  addonRows,
  builtIn,
  decisionFor,
  degradationRows,
  featureRows,
  keyFits,
  meterRows,
  planRows,
  supportRows,
  table,
} from '../../support/catalog-tables.ts'
import { jws, newKey, NOW, seconds } from '../domain/license/signed.ts'

const catalog = builtIn('incidentfox')
const vendor = await newKey('ifox-1', 'RS256')

test('plans, prices and limits', () => {
  expect(planRows(catalog)).toEqual(
    table(`
      | plan            | title           | price            | teams     | agentRuns |
      | unlicensed      | Unlicensed      |                  | 0         | 0         |
      | starter         | Starter         | $25,000 a year   | 5         | 10,000    |
      | professional    | Professional    | $75,000 a year   | 20        | 50,000    |
      | enterprise      | Enterprise      | $200,000+ a year | unlimited | 200,000   |
      | enterprise-plus | Enterprise Plus |                  | unlimited | unlimited |
    `),
  )
})

test('what happens at a limit', () => {
  expect(meterRows(catalog)).toEqual(
    table(`
      | meter     | unit | per   | at the limit | one more costs                                        |
      | teams     | team |       | hard         |                                                       |
      | agentRuns | run  | month | soft         | starter $0.50, professional $0.50, enterprise true-up |
    `),
  )
  expect(catalog.governed).toEqual({ label: 'incidentfox.ai/team', noun: 'team', axis: 'teams' })
})

test('features', () => {
  expect(featureRows(catalog)).toEqual(
    table(`
      | feature                     | unlicensed | starter | professional | enterprise | enterprise-plus |
      | slack                       |            | x       | x            | x          | x               |
      | github                      |            | x       | x            | x          | x               |
      | basic_tools                 |            | x       | x            | x          | x               |
      | pagerduty                   |            |         | x            | x          | x               |
      | datadog                     |            |         | x            | x          | x               |
      | grafana                     |            |         | x            | x          | x               |
      | sso                         |            |         | x            | x          | x               |
      | approval_workflows          |            |         |              | x          | x               |
      | custom_mcps                 |            |         |              | x          | x               |
      | airgapped                   |            |         |              | x          | x               |
      | sla                         |            |         |              | x          | x               |
      | professional_services_hours |            |         |              |            | x               |
      | custom_agents               |            |         |              |            | x               |
    `),
  )
})

test('a feature that is not licensed is refused with its HTTP status', () => {
  expect(catalog.featureRefusals).toEqual({ sso: 403, github: 402 })
})

test('professional services', () => {
  expect(addonRows(catalog)).toEqual(
    table(`
      | add-on                 | unlicensed | starter        | professional   | enterprise     | enterprise-plus |
      | customMcpDevelopment   |            | $15,000 once   | $15,000 once   | $15,000 once   | $15,000 once    |
      | customAgentDevelopment |            | $25,000 once   | $25,000 once   | $25,000 once   | $25,000 once    |
      | airGappedDeployment    |            | $10,000 once   | $10,000 once   | $10,000 once   | $10,000 once    |
      | annualTraining         |            | $20,000 a year | $20,000 a year | $20,000 a year | $20,000 a year  |
    `),
  )
  const { features } = decisionFor(catalog, 'starter', { addons: ['customAgentDevelopment'] })
  expect(features).toEqual(decisionFor(catalog, 'starter').features)
})

test('discounts', () => {
  expect(catalog.discounts.map(({ title, percent }) => [title, percent])).toEqual([
    ['2 years', 10],
    ['3 years', 15],
    ['Non-profit and education', 50],
    ['Early adopters (the first 10 customers)', 20],
  ])
})

test('support', () => {
  expect(supportRows(catalog)).toEqual(
    table(`
      | plan            | level           | channels                       | availability | first answer | solution        | on call | uptime | set up | services                  |
      | unlicensed      |                 |                                |              |              |                 |         |        |        |                           |
      | starter         | email           | email                          |              | 48 h         | 5 business days |         |        |        |                           |
      | professional    | email and Slack | email, shared Slack channel    |              | 24 h         | 3 business days |         |        |        |                           |
      | enterprise      | dedicated       | dedicated Slack channel        |              | 4 h          | 1 business day  | Sev 1   |        |        |                           |
      | enterprise-plus | 24/7            | dedicated Slack channel, phone | 24/7         | 1 h          | 4 hours (Sev 1) | 24/7    |        |        | technical account manager |
    `),
  )
})

test('30 days of grace, then no new runs; the end is announced 14 days before', () => {
  expect(degradationRows(catalog, [-1, 0, 7, 14, 29, 30, 365])).toEqual(
    table(`
      | day | level          | updates | guardian at most | growth       | read-only |
      | -1  | None           | yes     | full             | Open         | no        |
      | 0   | Grace          | yes     | full             | Open         | no        |
      | 7   | Grace          | yes     | full             | Open         | no        |
      | 14  | Grace          | yes     | full             | Open         | no        |
      | 29  | Grace          | yes     | full             | Open         | no        |
      | 30  | NewRunsBlocked | yes     | full             | ExistingOnly | no        |
      | 365 | NewRunsBlocked | yes     | full             | ExistingOnly | no        |
    `),
  )
  expect(decisionFor(catalog, 'starter', { expiresAt: NOW + 14 * DAY + 1 }).expiring).toBe(false)
  expect(decisionFor(catalog, 'starter', { expiresAt: NOW + 14 * DAY }).expiring).toBe(true)
})

test('nothing is granted without a license', () => {
  const { grant, features, agents } = decisionFor(catalog, 'unlicensed')
  expect(grant.limits).toEqual({ teams: 0, agentRuns: 0 })
  expect(features).toEqual([])
  expect(agents.limit).toBe(0)
})

test.each([
  ['IFOX-ENT-ACME-a7b3c9d1e2f4g5h6', true],
  ['IFOX-STARTER-ACME-0f8fad5b-d9cb-469f-a165-70867728950e', true],
  ['IFOX-ENT-ACME', false],
  ['IFOX-ENT-acme-a7b3c9d1e2f4g5h6', false],
  ['ifox-ENT-ACME-a7b3c9d1e2f4g5h6', false],
  ['IFOX-ENT-ACME-a7b3c9d1e2f4g5h6\n', false],
  ['lic_abc123def456', false],
])('key %j fits: %s', (key, fits) => {
  expect(keyFits(catalog, key)).toBe(fits)
})

test('its own RS256 token is a license, from the Secret that its chart makes', async () => {
  expect(catalog.license.key?.format).toBe('IFOX-<TIER>-<CUSTOMER_ID>-<UUID>')
  expect(catalog.license.offlineSecret).toEqual({ name: 'incidentfox-license', key: 'license.jwt' })
  const token = jws(
    { alg: 'RS256', typ: 'JWT' },
    {
      iss: 'license.incidentfox.ai',
      sub: 'globex',
      iat: seconds(NOW - DAY),
      exp: seconds(NOW + 364 * DAY),
      entitlements: {
        tier: 'enterprise_plus',
        max_teams: 50,
        max_agent_runs_per_month: -1,
        features: ['slack', 'approval_workflows'],
        support_sla_hours: 1,
        custom_fields: { account_manager: 'somebody@example.com' },
      },
    },
    vendor,
  )
  const plans = catalog.plans.map((plan) => plan.name)
  const { jwt } = catalog.license
  const read = await readLicense(token, { keys: vendor.trust, product: 'incidentfox', plans, jwt, now: NOW })
  expect(read).toMatchObject({
    kind: 'authentic',
    claims: { plan: 'enterprise-plus', organization: 'globex', limits: { teams: 50, agentRuns: -1 } },
  })
  if (read.kind === 'rejected') return
  expect(decisionFor(catalog, 'enterprise-plus', read.claims)).toMatchObject({
    verdict: 'Valid',
    grant: { limits: { teams: 50, agentRuns: -1 } },
  })
})
