// The JWT that a product's own license server signs, read as it is; and only for a product that has such.

import { describe, expect, test } from 'vitest'
import { DAY } from '../../../../src/domain/time.ts'
import { jws, newKey, NOW, outcome, read, seconds, token, payload as ours } from './signed.ts'

const rsa = await newKey('rsa', 'RS256')
const other = await newKey('other', 'RS256')
const heartbeat = await newKey('heartbeat', 'RS256', 'heartbeat')
const profile = { issuer: 'license.example.com', limits: { max_teams: 'teams', max_runs: 'runs' } }
const product = { product: 'example', plans: ['starter', 'enterprise-plus'], jwt: profile, keys: rsa.trust }
const header = { alg: 'RS256', typ: 'JWT' }
const payload = {
  iss: 'license.example.com',
  sub: 'acme-corp',
  iat: seconds(NOW - 10 * DAY),
  exp: seconds(NOW + 300 * DAY),
  entitlements: {
    tier: 'enterprise_plus',
    max_teams: -1,
    max_runs: 200_000,
    features: ['slack', 'sso'],
    support_sla_hours: 4,
    custom_fields: { renewal_date: '2027-01-10' },
  },
}
const changed = (entitlements: object) => ({ ...payload, entitlements: { ...payload.entitlements, ...entitlements } })

test('it becomes the claims that every license becomes', async () => {
  const answer = await read(jws(header, payload, rsa), product)
  expect(answer).toEqual({
    kind: 'authentic',
    keyId: 'rsa',
    claims: {
      form: 'jwt',
      licenseId: expect.stringMatching(/^sha256:[0-9a-f]{32}$/) as string,
      organization: 'acme-corp',
      product: 'example',
      plan: 'enterprise-plus',
      issuer: 'license.example.com',
      issuedAt: NOW - 10 * DAY,
      expiresAt: NOW + 300 * DAY,
      limits: { teams: -1, runs: 200_000 },
      features: ['slack', 'sso'],
      addons: [],
    },
  })
})

test('its identity is what was signed, however it was signed', async () => {
  const both = { ...product, keys: new Map([...rsa.trust, ...other.trust]) }
  const ids: unknown[] = []
  for (const text of [jws(header, payload, rsa), jws({ ...header, kid: 'other' }, payload, other)]) {
    const answer = await read(text, both)
    ids.push(answer.kind === 'authentic' && answer.claims.licenseId)
  }
  expect(ids[0]).toBe(ids[1])
})

test('where it names no key, every key of its kind may have signed it', async () => {
  const keys = new Map([...other.trust, ...rsa.trust])
  expect(await outcome(jws(header, payload, rsa), { ...product, keys })).toBe('authentic')
})

describe('it is refused', () => {
  test.each([
    ['with another key', jws(header, payload, other), 'BadSignature'],
    ['with a key that is trusted for something else', jws(header, payload, heartbeat), 'BadSignature'],
    ['with a key that it names and nobody trusts', jws({ ...header, kid: 'nobody' }, payload, rsa), 'UnknownKey'],
    ['with the name of another key', jws({ ...header, kid: 'other' }, payload, rsa), 'UnknownKey'],
    ['without a signature', jws({ alg: 'none', typ: 'JWT' }, payload, rsa), 'WrongAlgorithm'],
    ['with an algorithm that its key has not', jws({ alg: 'ES256', typ: 'JWT' }, payload, rsa), 'UnknownKey'],
    ['with a header that brings its own key', jws({ ...header, jwk: {} }, payload, rsa), 'MalformedHeader'],
    ['from another issuer', jws(header, { ...payload, iss: 'evil.example.com' }, rsa), 'WrongProduct'],
    ['without an issuer', jws(header, { ...payload, iss: undefined }, rsa), 'MalformedClaims'],
    ['without an end', jws(header, { ...payload, exp: undefined }, rsa), 'MalformedClaims'],
    ['that ends in milliseconds', jws(header, { ...payload, exp: NOW }, rsa), 'DateOutOfRange'],
    ['for a plan that is not known', jws(header, changed({ tier: 'ultimate' }), rsa), 'UnknownPlan'],
    ['with a limit that is no number', jws(header, changed({ max_teams: '5' }), rsa), 'MalformedClaims'],
    ['with a limit below unlimited', jws(header, changed({ max_runs: -2 }), rsa), 'MalformedClaims'],
    ['with a name twice', jws(header, '{"iss":"a","iss":"license.example.com"}', rsa), 'MalformedClaims'],
  ])('%s', async (_what, text, reason) => {
    const keys = new Map([...rsa.trust, ...heartbeat.trust])
    expect(await outcome(text, { ...product, keys })).toBe(reason)
  })

  test('by a product that has no such form', async () => {
    const { jwt: _, ...without } = product
    expect(await outcome(jws(header, payload, rsa), without)).toBe('MalformedHeader')
  })

  test('when it calls itself what it is not: each form keeps its own rules', async () => {
    const typed = jws({ alg: 'RS256', kid: 'rsa', typ: 'license+jwt' }, payload, rsa)
    expect(await outcome(typed, product)).toBe('MalformedClaims')
    const mistyped = jws(header, { ...ours, aud: 'example' }, rsa)
    expect(await outcome(mistyped, product)).toBe('WrongProduct')
  })
})

test('a product with such a form still reads ours', async () => {
  const license = token({ ...ours, aud: 'example', entitlements: { tier: 'starter' } }, rsa)
  expect(await outcome(license, product)).toBe('authentic')
})
