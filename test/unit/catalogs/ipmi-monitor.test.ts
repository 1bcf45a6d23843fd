// IPMI Monitor: the catalog beside the product document.

import { expect, test } from 'vitest'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { DAY } from '../../../src/domain/time.ts'
import { facts, NOW, workload } from '../../support/builders.ts'
import {
  addonRows,
  builtIn,
  decisionFor,
  degradationRows,
  featureRows,
  keyFits,
  meterRows,
  planRows,
  table,
} from '../../support/catalog-tables.ts'

const catalog = builtIn('ipmi-monitor')

test('plans, prices and limits', () => {
  expect(planRows(catalog)).toEqual(
    table(`
      | plan         | title        | price        | servers | tokens     | retentionDays |
      | free         | Free         | $0 a month   | 50      | 0          | 7             |
      | standard     | Standard     | $100 a month | 50      | 1,000,000  | 90            |
      | professional | Professional | $500 a month | 500     | 10,000,000 | 90            |
    `),
  )
})

test('what happens at a limit', () => {
  expect(meterRows(catalog)).toEqual(
    table(`
      | meter         | unit   | per   | at the limit | one more costs |
      | servers       | server |       | soft         | standard $1    |
      | tokens        | token  | month | hard         |                |
      | retentionDays | day    |       | hard         |                |
    `),
  )
  expect(catalog.governed).toEqual({
    label: 'ipmi-monitor.cryptolabs.co.za/server',
    noun: 'server',
    axis: 'servers',
  })
})

test('a fifty-first server is not refused, on the free plan either', () => {
  const workloads = Array.from({ length: 51 }, (_, index) => workload(`bmc-${index}`, { name: `bmc-${index}` }))
  const { agents } = decide(facts({ catalog, workloads }))
  expect([agents.admitted.length, agents.refused.length]).toEqual([51, 0])
})

test('features', () => {
  expect(featureRows(catalog)).toEqual(
    table(`
      | feature                 | free | standard | professional |
      | sensor_monitoring       | x    | x        | x            |
      | sel_events              | x    | x        | x            |
      | severity_classification | x    | x        | x            |
      | dashboard               | x    | x        | x            |
      | csv_export              | x    | x        | x            |
      | prometheus_metrics      | x    | x        | x            |
      | grafana_dashboards      | x    | x        | x            |
      | alerting                |      | x        | x            |
      | ai_daily_summaries      |      | x        | x            |
      | ai_weekly_reports       |      | x        | x            |
      | ai_chat                 |      | x        | x            |
      | maintenance_tasks       |      | x        | x            |
      | predictive_analytics    |      | x        | x            |
      | root_cause_analysis     |      | x        | x            |
      | alert_deduplication     |      | x        | x            |
      | long_term_retention     |      | x        | x            |
      | pdf_reports             |      | x        | x            |
    `),
  )
  expect(catalog.featureRefusals).toEqual({})
})

test('Standard+ is bought ten servers at a time', () => {
  expect(addonRows(catalog)).toEqual(
    table(`
      | add-on       | free | standard    | professional |
      | standardPlus |      | $15 a month |              |
    `),
  )
  const limits = (plan: string, times: number) => {
    const addons = Array.from({ length: times }, () => 'standardPlus')
    const { servers, tokens } = decisionFor(catalog, plan, { addons }).grant.limits
    return [servers, tokens]
  }
  expect(limits('standard', 1)).toEqual([60, 1_100_000])
  expect(limits('standard', 3)).toEqual([80, 1_300_000])
  expect(limits('professional', 1)).toEqual([500, 10_000_000])
})

test('support', () => {
  expect(catalog.plans.map(({ support }) => support)).toEqual([
    undefined,
    { level: 'email', channels: ['email'] },
    { level: 'priority' },
  ])
})

test('no grace: from the end on no new server; a revoked license ends at once', () => {
  expect(degradationRows(catalog, [-1, 0, 1, 365])).toEqual(
    table(`
      | day | level             | updates | guardian at most | growth       | read-only |
      | -1  | None              | yes     | full             | Open         | no        |
      | 0   | NewServersBlocked | yes     | full             | ExistingOnly | no        |
      | 1   | NewServersBlocked | yes     | full             | ExistingOnly | no        |
      | 365 | NewServersBlocked | yes     | full             | ExistingOnly | no        |
    `),
  )
  expect(catalog.notice.revocationHours).toBe(0)
  expect(decisionFor(catalog, 'standard', { expiresAt: NOW + 7 * DAY + 1 }).expiring).toBe(false)
  expect(decisionFor(catalog, 'standard', { expiresAt: NOW + 7 * DAY }).expiring).toBe(true)
})

test.each([
  ['EXAMPLEexampleEXAMPLEexample0123', true],
  ['EXAMPLEexampleEXAMPLEexample012', false],
  ['EXAMPLEexampleEXAMPLEexample01234', false],
  ['EXAMPLE-example-EXAMPLE-example0', false],
])('key %j fits: %s', (key, fits) => {
  expect(keyFits(catalog, key)).toBe(fits)
})

test('a license file stands in the Secret ipmi-monitor-license', () => {
  expect(catalog.license.key?.format).toBe('32 letters and digits')
  expect(catalog.license.offlineSecret).toEqual({ name: 'ipmi-monitor-license', key: 'license.lic' })
})
