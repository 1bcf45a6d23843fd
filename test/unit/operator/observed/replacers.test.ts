// What was replaced stays replaced, after however many licenses; and what is remembered for that stays small.

import { expect, test } from 'vitest'
import { Replacers } from '../../../../src/operator/observed/replacers.ts'
import { DAY } from '../../../../src/domain/time.ts'
import type { LicenseClaims } from '../../../../src/domain/license/claims.ts'
import { replaces } from '../../../../src/domain/entitlement/license-standing.ts'
import { claims, NOW } from '../../../support/builders.ts'

const MANY = 200
const issue = (index: number, overrides: Partial<LicenseClaims>) =>
  claims({ licenseId: `lic-${index}`, issuedAt: NOW - (MANY + 1 - index) * DAY, ...overrides })
const textOf = (license: LicenseClaims) => `${license.licenseId}.${'x'.repeat(700)}`

test.each<[string, (index: number) => Partial<LicenseClaims>, number]>([
  ['numbers', (index) => ({ serial: index }), 1],
  ['names', (index) => ({ supersedes: [`lic-${index - 1}`] }), MANY],
  ['names and numbers', (index) => ({ serial: index, supersedes: [`lic-${index - 1}`] }), MANY],
  [
    'names, each with all before it',
    (index) => ({ supersedes: Array.from({ length: index }, (_, i) => `lic-${i}`) }),
    1,
  ],
  [
    'numbers, for two organizations in turn',
    (index) => ({ serial: index, organization: index % 2 === 0 ? 'Acme Corp' : 'Globex' }),
    2,
  ],
])('replaced by %s', (_what, how, most) => {
  const memory = new Replacers()
  const all = Array.from({ length: MANY }, (_, index) => issue(index, how(index)))
  for (const license of all) memory.add({ text: textOf(license), claims: license }, NOW)
  const remembered = memory.licenses()
  expect(remembered.length).toBeLessThanOrEqual(most)
  for (const old of all) {
    const is = remembered.some((one) => replaces(one.claims, old))
    expect(is, old.licenseId).toBe(all.some((one) => replaces(one, old)))
  }
})

test('what is read back has the same effect in any order', () => {
  const all = [issue(1, { serial: 1 }), issue(2, { serial: 3 }), issue(3, { serial: 2, supersedes: ['a', 'b'] })]
  const kept = [all, all.toReversed()].map((licenses) => {
    const memory = new Replacers()
    for (const license of licenses) memory.add({ text: textOf(license), claims: license }, NOW)
    return memory.licenses().map((one) => one.claims.licenseId)
  })
  expect(kept[0]).toEqual(['lic-3', 'lic-2'])
  expect(kept[1]).toEqual(kept[0])
})

test('a license without number and names is nothing to remember', () => {
  const memory = new Replacers()
  memory.add({ text: 'x', claims: claims() }, NOW)
  expect(memory.licenses()).toEqual([])
})
