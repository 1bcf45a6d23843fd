// Clawtex: the catalog beside the product document.

import { expect, test } from 'vitest'
import { DAY } from '../../../src/domain/time.ts'
import { NOW } from '../../support/builders.ts'
import {
  builtIn,
  decisionFor,
  degradationRows,
  featureRows,
  meterRows,
  planRows,
  supportRows,
  table,
} from '../../support/catalog-tables.ts'

const catalog = builtIn('clawtex')

test('plans, prices and limits', () => {
  expect(planRows(catalog)).toEqual(
    table(`
      | plan       | title      | price                  | channels  | vcpus     | memoryGb  | storageGb | backupDays |
      | unlicensed | Unlicensed |                        | 0         | 0         | 0         | 0         | 0          |
      | bronze     | Bronze     | $49 to $99 a month     | 1         | 1         | 2         | 10        | 0          |
      | silver     | Silver     | $199 to $299 a month   | 2         | 2         | 4         | 40        | 7          |
      | gold       | Gold       | $799 to $1,499 a month | unlimited | 4         | 8         | 80        | 30         |
      | platinum   | Platinum   | $2,000+ a month        | unlimited | unlimited | unlimited | unlimited | unlimited  |
    `),
  )
})

test('what happens at a limit', () => {
  expect(meterRows(catalog)).toEqual(
    table(`
      | meter      | unit     | per | at the limit | one more costs |
      | channels   | channel  |     | hard         |                |
      | vcpus      | vCPU     |     | hard         |                |
      | memoryGb   | gigabyte |     | hard         |                |
      | storageGb  | gigabyte |     | hard         |                |
      | backupDays | day      |     | hard         |                |
    `),
  )
  expect(catalog.governed).toEqual({ label: 'clawtex/channel', noun: 'channel', axis: 'channels' })
})

test('features', () => {
  expect(featureRows(catalog)).toEqual(
    table(`
      | feature                  | unlicensed | bronze | silver | gold | platinum |
      | shared_instance          |            | x      |        |      |          |
      | standard_skills          |            | x      | x      | x    | x        |
      | dedicated_vps            |            |        | x      | x    | x        |
      | basic_monitoring         |            |        | x      | x    | x        |
      | daily_backups            |            |        | x      | x    | x        |
      | custom_skills            |            |        | x      | x    | x        |
      | performance_vps          |            |        |        | x    | x        |
      | wazuh_siem               |            |        |        | x    | x        |
      | realtime_alerting        |            |        |        | x    | x        |
      | vulnerability_scanning   |            |        |        | x    | x        |
      | hourly_backups           |            |        |        | x    | x        |
      | custom_domain            |            |        |        | x    | x        |
      | advanced_skills          |            |        |        | x    | x        |
      | multi_region_ha          |            |        |        |      | x        |
      | auto_scaling             |            |        |        |      | x        |
      | disaster_recovery        |            |        |        |      | x        |
      | dedicated_infrastructure |            |        |        |      | x        |
      | compliance_logging       |            |        |        |      | x        |
      | white_label              |            |        |        |      | x        |
      | custom_model_endpoints   |            |        |        |      | x        |
    `),
  )
  expect(catalog.featureRefusals).toEqual({})
  expect(catalog.addons).toEqual([])
})

test('support, uptime and set-up', () => {
  expect(supportRows(catalog)).toEqual(
    table(`
      | plan       | level     | channels                           | availability         | first answer | solution | on call | uptime                  | set up             | services                                                                          |
      | unlicensed |           |                                    |                      |              |          |         |                         |                    |                                                                                   |
      | bronze     | standard  | email, Discord                     | business hours CET   | 8 h          |          |         | 95% best effort         | less than 2 hours  | community knowledge base, monthly usage reports                                   |
      | silver     | priority  | email, Discord                     | business hours CET   | 4 h          |          |         | 98%                     | less than 4 hours  | quarterly optimization reviews, monthly performance reports                       |
      | gold       | dedicated | dedicated Slack or Discord channel | 24/5, CET and beyond | 1 h          |          |         | 99.5% credits           | less than 24 hours | monthly strategy calls, proactive performance tuning, quarterly security audits   |
      | platinum   | 24/7      | dedicated Slack channel            | 24/7/365             |              |          | 24/7    | 99.9% custom guarantees | 1 to 2 weeks       | dedicated account manager, on-site deployment support, quarterly business reviews |
    `),
  )
})

test('no grace: from the end on no new channel', () => {
  expect(degradationRows(catalog, [-1, 0, 1, 365])).toEqual(
    table(`
      | day | level              | updates | guardian at most | growth       | read-only |
      | -1  | None               | yes     | full             | Open         | no        |
      | 0   | NewChannelsBlocked | yes     | full             | ExistingOnly | no        |
      | 1   | NewChannelsBlocked | yes     | full             | ExistingOnly | no        |
      | 365 | NewChannelsBlocked | yes     | full             | ExistingOnly | no        |
    `),
  )
  expect(decisionFor(catalog, 'bronze', { expiresAt: NOW + 7 * DAY + 1 }).expiring).toBe(false)
  expect(decisionFor(catalog, 'bronze', { expiresAt: NOW + 7 * DAY }).expiring).toBe(true)
})

test('nothing is granted without a license', () => {
  const { features, agents, gate } = decisionFor(catalog, 'unlicensed')
  expect([features, agents.limit, gate.slots]).toEqual([[], 0, 0])
})

test('there is no key to type in; a license file stands in the Secret clawtex-license', () => {
  expect(catalog.license).toEqual({ offlineSecret: { name: 'clawtex-license', key: 'license.lic' } })
})
