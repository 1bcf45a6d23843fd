// The CTO Platform: the catalog beside the product document.

import { expect, test } from 'vitest'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { DAY } from '../../../src/domain/time.ts'
import { eks, facts, kind, NOW, wanted } from '../../support/builders.ts'
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

const catalog = builtIn('cto')

test('plans, prices and limits', () => {
  expect(planRows(catalog)).toEqual(
    table(`
      | plan       | title      | price                                              | nodes     | agents    |
      | free       | Free       | $0 a month, $0 a year                              | 3         | 2         |
      | starter    | Starter    | $79 a month, $790 a year, $299 a month hosted      | 1         | 5         |
      | team       | Team       | $249 a month, $2,490 a year, $799 a month hosted   | 3         | 15        |
      | business   | Business   | $699 a month, $6,990 a year, $1,999 a month hosted | 10        | unlimited |
      | enterprise | Enterprise | $20,000+ a year                                    | unlimited | unlimited |
    `),
  )
})

test('what happens at a limit', () => {
  expect(meterRows(catalog)).toEqual(
    table(`
      | meter  | unit  | per | at the limit | one more costs |
      | nodes  | node  |     | hard         |                |
      | agents | agent |     | hard         |                |
    `),
  )
  expect(catalog.governed).toMatchObject({ label: 'cto.5dlabs.io/agent', noun: 'agent', axis: 'agents' })
})

test('features', () => {
  expect(featureRows(catalog)).toEqual(
    table(`
      | feature             | free | starter | team | business | enterprise |
      | BasicAgents         | x    | x       | x    | x        | x          |
      | ManualInstall       | x    |         |      |          |            |
      | CommunitySupport    | x    |         |      |          |            |
      | SetupWizard         |      | x       | x    | x        | x          |
      | BasicGuardian       |      | x       | x    | x        | x          |
      | OtaUpdates          |      | x       | x    | x        | x          |
      | EmailSupport        |      | x       | x    | x        | x          |
      | SingleNode          |      | x       | x    | x        | x          |
      | MultiNode           |      |         | x    | x        | x          |
      | FullGuardian        |      |         | x    | x        | x          |
      | AllAgents           |      |         | x    | x        | x          |
      | ServiceMarketplace  |      |         | x    | x        | x          |
      | PrioritySupport     |      |         | x    | x        | x          |
      | ProjectManagement   |      |         | x    | x        | x          |
      | AdvancedAnalytics   |      |         |      | x        | x          |
      | CustomAgents        |      |         |      | x        | x          |
      | AgentBuilder        |      |         |      | x        | x          |
      | StagedRollouts      |      |         |      | x        | x          |
      | SsoIntegration      |      |         |      |          | x          |
      | AirGapBundle        |      |         |      |          | x          |
      | AuditLogging        |      |         |      |          | x          |
      | DedicatedSupport    |      |         |      |          | x          |
      | SlaGuarantees       |      |         |      |          | x          |
      | CustomGuardianRules |      |         |      |          | x          |
      | WhiteLabeling       |      |         |      |          | x          |
      | DesignSystem        |      |         |      |          | x          |
      | LocalModels         |      |         |      |          | x          |
    `),
  )
})

test('agents: two for free, each of the catalog for who pays', () => {
  const admitted = (plan: string) => {
    const { gate } = decisionFor(catalog, plan)
    return [gate.agents.join(' '), gate.anyAgent]
  }
  const everyone = 'rex blaze tess morgan cypher atlas guardian'
  expect(catalog.plans.map((plan) => [plan.name, ...admitted(plan.name)])).toEqual([
    ['free', 'rex blaze', false],
    ['starter', everyone, false],
    ['team', everyone, false],
    ['business', everyone, true],
    ['enterprise', everyone, true],
  ])
})

test('add-ons', () => {
  expect(addonRows(catalog)).toEqual(
    table(`
      | add-on            | free | starter     | team        | business    | enterprise |
      | agentBuilder      |      | $49 a month | $49 a month | included    | included   |
      | designSystem      |      | $29 a month | $29 a month | $29 a month | included   |
      | analytics         |      | $39 a month | $39 a month | included    | included   |
      | projectManagement |      | $19 a month | included    | included    | included   |
      | localModels       |      |             | $99 a month | $99 a month | included   |
      | proBundle         |      | $99 a month | $69 a month | $29 a month | included   |
    `),
  )
})

test('the add-ons that a plan has without and with the Pro Bundle', () => {
  const addons = (plan: string, bought: string[]) => decisionFor(catalog, plan, { addons: bought }).addons.join(' ')
  const each = catalog.plans.map(({ name }) => [name, addons(name, []), addons(name, ['pro-bundle'])])
  const all = 'agentBuilder designSystem analytics projectManagement localModels proBundle'
  expect(each).toEqual([
    ['free', '', ''],
    ['starter', '', 'agentBuilder designSystem analytics projectManagement proBundle'],
    ['team', 'projectManagement', all],
    ['business', 'agentBuilder analytics projectManagement', all],
    ['enterprise', all, all],
  ])
})

test('the Pro Bundle saves a Starter $37', () => {
  const price = (name: string) => catalog.addons.find((addon) => addon.name === name)?.offers['starter']
  const parts = ['agentBuilder', 'designSystem', 'analytics', 'projectManagement'].map(price)
  expect(parts.reduce((sum: number, part) => sum + Number(part), 0) - Number(price('proBundle'))).toBe(37)
})

test('support and branding', () => {
  expect(supportRows(catalog)).toEqual(
    table(`
      | plan       | level          | channels               | availability | first answer | solution | on call | uptime | set up | services          |
      | free       | community      | github_issues, discord |              |              |          |         |        |        |                   |
      | starter    | email          |                        |              |              |          |         |        |        |                   |
      | team       | priority email |                        |              |              |          |         |        |        |                   |
      | business   | priority       |                        |              | 8 h          |          |         |        |        |                   |
      | enterprise | dedicated      |                        |              | 4 h          |          |         |        |        | white-glove setup |
    `),
  )
  expect(catalog.plans.map(({ branding }) => branding)).toEqual([
    { badgeRequired: true, badgeText: 'Powered by 5D Labs', badgeLocation: 'footer' },
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('five levels after the end, announced 30 days before it', () => {
  expect(degradationRows(catalog, [-1, 0, 7, 8, 14, 15, 30, 31, 90, 91, 400])).toEqual(
    table(`
      | day | level            | updates | guardian at most | growth       | read-only |
      | -1  | None             | yes     | full             | Open         | no        |
      | 0   | Warning          | yes     | full             | Open         | no        |
      | 7   | Warning          | yes     | full             | Open         | no        |
      | 8   | UpdatesDisabled  | no      | full             | Open         | no        |
      | 14  | UpdatesDisabled  | no      | full             | Open         | no        |
      | 15  | GuardianReduced  | no      | monitor-only     | Open         | no        |
      | 30  | GuardianReduced  | no      | monitor-only     | Open         | no        |
      | 31  | NewAgentsBlocked | no      | monitor-only     | ExistingOnly | no        |
      | 90  | NewAgentsBlocked | no      | monitor-only     | ExistingOnly | no        |
      | 91  | ReadOnly         | no      | monitor-only     | Closed       | yes       |
      | 400 | ReadOnly         | no      | monitor-only     | Closed       | yes       |
    `),
  )
  expect(decisionFor(catalog, 'team', { expiresAt: NOW + 30 * DAY + 1 }).expiring).toBe(false)
  expect(decisionFor(catalog, 'team', { expiresAt: NOW + 30 * DAY }).expiring).toBe(true)
})

test('the guardian and updates, by plan', () => {
  const wants = wanted([], { guardian: 'full' })
  const what = (plan: string) => {
    const licenses = decisionFor(catalog, plan).grant.license
    const { guardian, updates } = decide(
      facts({ wanted: wants, licenses: licenses === undefined ? [] : [licenses.facts] }),
    )
    return [plan, guardian.mode, updates.enabled, updates.staged]
  }
  expect(catalog.plans.map(({ name }) => what(name))).toEqual([
    ['free', 'off', false, false],
    ['starter', 'basic', true, false],
    ['team', 'full', true, false],
    ['business', 'full', true, true],
    ['enterprise', 'full', true, true],
  ])
})

test('only the free plan is bound to Kind', () => {
  const verdict = (plan: string, cluster: typeof kind) => {
    const license = decisionFor(catalog, plan).grant.license
    return decide(facts({ cluster, licenses: license === undefined ? [] : [license.facts] })).verdict
  }
  expect(catalog.plans.map(({ name }) => [name, verdict(name, kind), verdict(name, eks)])).toEqual([
    ['free', 'Valid', 'ClusterTypeNotAllowed'],
    ['starter', 'Valid', 'Valid'],
    ['team', 'Valid', 'Valid'],
    ['business', 'Valid', 'Valid'],
    ['enterprise', 'Valid', 'Valid'],
  ])
})

test.each([
  ['lic_abc123def456', true],
  ['lic_abc123def456...', true],
  ['lic_xxx', true],
  ['lic_', false],
  ['abc123def456', false],
  ['lic_abc 123', false],
])('key %j fits: %s', (key, fits) => {
  expect(keyFits(catalog, key)).toBe(fits)
})

test('what comes with a notice', () => {
  expect(catalog.notice).toEqual({
    expiryDays: 30,
    holdHours: 24,
    nodeOverageHours: 72,
    lastKnownGoodHours: 72,
    revocationHours: 0,
  })
})

test('a license file stands in the Secret cto-license', () => {
  expect(catalog.license.key?.format).toBe('lic_<KEY>')
  expect(catalog.license.offlineSecret).toEqual({ name: 'cto-license', key: 'license.lic' })
  expect(catalog.featureRefusals).toEqual({})
})
