// AI Control Plane: the catalog beside the product document.

import { expect, test } from 'vitest'
import { DAY } from '../../../src/domain/time.ts'
import { NOW } from '../../support/builders.ts'
import {
  addonRows,
  builtIn,
  decisionFor,
  degradationRows,
  featureRows,
  meterRows,
  planRows,
  table,
} from '../../support/catalog-tables.ts'

const catalog = builtIn('ai-control-plane')

test('plans, prices and limits', () => {
  expect(planRows(catalog)).toEqual(
    table(`
      | plan         | title        | price          | requests  | policyPacks | complianceModules | agents    | seats     |
      | open-source  | Open Source  | $0 a month     | 10,000    | 0           | 0                 | unlimited | unlimited |
      | starter      | Starter      | $299 a month   | 100,000   | 2           | 1                 | unlimited | unlimited |
      | professional | Professional | $999 a month   | 1,000,000 | 4           | 3                 | unlimited | unlimited |
      | enterprise   | Enterprise   | $4,999 a month | unlimited | unlimited   | unlimited         | unlimited | unlimited |
    `),
  )
})

test('what happens at a limit', () => {
  expect(meterRows(catalog)).toEqual(
    table(`
      | meter             | unit              | per   | at the limit | one more costs                                                     |
      | requests          | request           | month | soft         | starter $0.0002 to $0.001, professional $0.0002 to $0.001          |
      | policyPacks       | policy pack       |       | hard         |                                                                    |
      | complianceModules | compliance module |       | hard         |                                                                    |
      | agents            | agent             |       | hard         |                                                                    |
      | seats             | seat              |       | soft         | starter $29 to $99, professional $29 to $99, enterprise $29 to $99 |
    `),
  )
  expect(catalog.governed).toEqual({ label: 'ai-control-plane/agent', noun: 'agent', axis: 'agents' })
})

test('the document counts agents and seats without numbers: the license says them', () => {
  const { grant, agents } = decisionFor(catalog, 'starter', { limits: { agents: 10, seats: 25 } })
  expect([grant.limits['seats'], agents.limit, agents.isHard]).toEqual([25, 10, true])
})

test('features', () => {
  expect(featureRows(catalog)).toEqual(
    table(`
      | feature            | open-source | starter | professional | enterprise |
      | basic_governance   | x           | x       | x            | x          |
      | policy_packs       |             | x       | x            | x          |
      | compliance_modules |             | x       | x            | x          |
      | sso                |             |         | x            | x          |
      | plugins            |             |         |              | x          |
      | audit_retention    |             |         |              | x          |
    `),
  )
  expect(catalog.featureRefusals).toEqual({})
})

test('add-ons', () => {
  expect(addonRows(catalog)).toEqual(
    table(`
      | add-on           | open-source | starter             | professional        | enterprise |
      | policyPack       |             | $49 to $99 a month  | $49 to $99 a month  |            |
      | complianceModule |             | $99 to $199 a month | $99 to $199 a month |            |
      | auditRetention   |             | $0 to $999 a month  | $0 to $999 a month  | included   |
    `),
  )
  const { grant } = decisionFor(catalog, 'starter', {
    addons: ['policyPack', 'policyPack', 'complianceModule', 'auditRetention'],
  })
  expect(grant.limits).toMatchObject({ policyPacks: 4, complianceModules: 2 })
  expect(grant.features).toContain('audit_retention')
})

test('support', () => {
  expect(catalog.plans.map(({ support }) => support?.level)).toEqual([undefined, undefined, undefined, 'dedicated'])
})

test('no grace: from the end on no new agent', () => {
  expect(degradationRows(catalog, [-1, 0, 1, 365])).toEqual(
    table(`
      | day | level            | updates | guardian at most | growth       | read-only |
      | -1  | None             | yes     | full             | Open         | no        |
      | 0   | NewAgentsBlocked | yes     | full             | ExistingOnly | no        |
      | 1   | NewAgentsBlocked | yes     | full             | ExistingOnly | no        |
      | 365 | NewAgentsBlocked | yes     | full             | ExistingOnly | no        |
    `),
  )
  expect(decisionFor(catalog, 'starter', { expiresAt: NOW + 7 * DAY + 1 }).expiring).toBe(false)
  expect(decisionFor(catalog, 'starter', { expiresAt: NOW + 7 * DAY }).expiring).toBe(true)
})

test('there is no form of key in the document; a license file stands in the Secret ai-control-plane-license', () => {
  expect(catalog.license).toEqual({ offlineSecret: { name: 'ai-control-plane-license', key: 'license.lic' } })
})
