// The CTO catalog is the product document's, and a catalog that makes no sense is refused in words.

import { expect, test } from 'vitest'
import ctoCatalog from '../../../src/catalogs/cto.json' with { type: 'json' }
import { parseCatalog, planNamed } from '../../../src/domain/catalog.ts'
import { catalog } from '../../support/builders.ts'

test.each([
  ['free', 3, 2, 3],
  ['starter', 1, 5, 6],
  ['team', 3, 15, 12],
  ['business', 10, -1, 16],
  ['enterprise', -1, -1, 23],
])('%s: %i nodes, %i agents, %i features', (name, nodes, agents, features) => {
  const plan = planNamed(catalog, name)
  expect(plan?.limits).toEqual({ nodes, agents })
  expect(plan?.features).toHaveLength(features)
})

test('each plan has what the one before has, from Starter up; only Free is bound to Kind', () => {
  for (const [smaller, larger] of [
    ['starter', 'team'],
    ['team', 'business'],
    ['business', 'enterprise'],
  ] as const) {
    expect(planNamed(catalog, larger)?.features).toEqual(
      expect.arrayContaining([...(planNamed(catalog, smaller)?.features ?? [])]),
    )
  }
  expect(catalog.plans.filter((plan) => plan.clusterTypes !== undefined).map((plan) => plan.name)).toEqual(['free'])
})

test.each([
  ['a misspelt field', { plan: [] }, /the catalog: Unrecognized key: "plan"/],
  ['a free plan that is not there', { freePlan: 'gratis' }, /freePlan: there is no plan "gratis"/],
  [
    'an unknown feature',
    { plans: [{ name: 'free', title: 'Free', limits: {}, features: ['Teleport'] }] },
    /plans\.free\.features: there is no feature "Teleport"/,
  ],
  [
    'a plan that extends a later one',
    { plans: [{ name: 'free', title: 'Free', limits: {}, extends: 'team' }] },
    /plans\.0\.extends: no plan "team" stands before it/,
  ],
  [
    'a limit below -1',
    { plans: [{ name: 'free', title: 'Free', limits: { nodes: -2 } }] },
    /plans\.0\.limits\.nodes: a number from 0 up, or -1 for unlimited/,
  ],
  [
    'a schedule that goes back',
    {
      degradation: [
        { level: 'Warning', fromDay: 5 },
        { level: 'ReadOnly', fromDay: 5 },
      ],
    },
    /degradation\.1\.fromDay: must be later/,
  ],
])('%s', (_what, change, message) => {
  expect(() => parseCatalog({ ...ctoCatalog, ...change })).toThrow(message)
})
