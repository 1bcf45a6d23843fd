// Events: said when something changed, once, and never by a start that changes nothing.

import { expect, test } from 'vitest'
import { entitlementStatus, licenseStatus } from '../../../../src/operator/controllers/entitlement/status.ts'
import {
  entitlementTransitions,
  licenseTransitions,
} from '../../../../src/operator/controllers/entitlement/transitions.ts'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import type { Facts } from '../../../../src/domain/entitlement/facts.ts'
import { DAY } from '../../../../src/domain/time.ts'
import { eks, facts, license, NOW, wanted, circumstances } from '../../../support/builders.ts'

const status = (overrides: Partial<Facts>) =>
  entitlementStatus(decide(facts(overrides)), undefined, 1, NOW, circumstances)
const reasons = (before: Partial<Facts> | undefined, after: Partial<Facts>) =>
  entitlementTransitions(before === undefined ? undefined : status(before), status(after)).map(
    ({ type, reason }) => `${type} ${reason}`,
  )
const ended = (days: number) => ({ licenses: [license({ expiresAt: NOW - days * DAY })] })

test.each([
  ['a first decision that is as it should be', undefined, {}, []],
  ['the same again', ended(40), ended(40), []],
  ['a cluster where the plan may not be used', undefined, { cluster: eks }, ['Warning ClusterTypeNotAllowed']],
  ['a license', {}, { licenses: [license()] }, ['Normal PlanChanged']],
  ['its end, which is the first level too', { licenses: [license()] }, ended(0), ['Warning Expired']],
  ['the next level', ended(0), ended(8), ['Warning UpdatesDisabled']],
  ['its renewal', ended(40), { licenses: [license()] }, ['Normal Valid', 'Normal RestrictionsLifted']],
  [
    'an agent that is refused',
    { wanted: wanted(['rex']) },
    { wanted: wanted(['rex', 'tess']) },
    ['Warning AgentNotInPlan'],
  ],
  ['the same agent, still refused', { wanted: wanted(['tess']) }, { wanted: wanted(['rex', 'tess']) }, []],
])('%s', (_what, before, after, expected) => {
  expect(reasons(before, after)).toEqual(expected)
})

test('a License speaks when its state changes', () => {
  const of = (overrides: Partial<Facts>) => {
    const decision = decide(facts(overrides))
    return licenseStatus(decision.licenses[0]!, decision, undefined, 1, NOW)
  }
  const valid = of({ licenses: [license()] })
  expect(licenseTransitions(undefined, valid)).toMatchObject([{ type: 'Normal', reason: 'Valid' }])
  expect(licenseTransitions(valid, valid)).toEqual([])
  expect(licenseTransitions(valid, of(ended(1)))).toMatchObject([{ type: 'Warning', reason: 'Expired' }])
})
