// Issuing: what is signed is read back the same, or it is not issued.

import * as fc from 'fast-check'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { DAY, SECOND } from '../../../src/domain/time.ts'
import type { LicenseClaims } from '../../../src/domain/license/claims.ts'
import { readLicense } from '../../../src/domain/license/read-license.ts'
import { issueLicense } from '../../../src/issuing/issue.ts'
import type { SigningKey } from '../../../src/issuing/keys/signing-key.ts'
import { key, newKey, NOW, PLANS } from '../domain/license/signed.ts'

const claims: LicenseClaims = {
  form: 'jws',
  licenseId: 'lic-1',
  organization: 'Acme Corp',
  product: 'cto',
  plan: 'team',
  issuer: '5D Labs',
  issuedAt: NOW,
  expiresAt: NOW + 365 * DAY,
  limits: { nodes: 10 },
  features: [],
  addons: [],
}
const { issuer: _, ...withoutIssuer } = claims
const jsonClaims: LicenseClaims = { ...withoutIssuer, form: 'cto-json', limits: { nodes: 10, agents: -1 } }

const read = (license: string, signer: SigningKey = key) =>
  readLicense(license, { keys: signer.trust, product: 'cto', plans: PLANS, now: NOW })

test.each(['EdDSA', 'ES256', 'RS256'] as const)('a .lic signed with %s is read back', async (alg) => {
  const signer = await newKey('k2', alg)
  const license = await issueLicense(claims, signer, NOW)
  expect(decodeProtectedHeader(license.trimEnd())).toEqual({ alg, kid: 'k2', typ: 'license+jwt' })
  expect(await read(license, signer)).toEqual({ kind: 'authentic', keyId: 'k2', claims })
})

test('the JSON form is read back; unlimited is the largest number that it can write', async () => {
  const license = await issueLicense(jsonClaims, key, NOW)
  expect(JSON.parse(license)).toMatchObject({ tier: 'Team', max_nodes: 10, max_agents: 4_294_967_295, features: [] })
  expect(await read(license)).toEqual({ kind: 'authentic', keyId: 'k1', claims: jsonClaims })
})

describe('any claims, in both forms', () => {
  const text = fc.stringMatching(/^[A-Za-z0-9 .,&'äöü日本🦊-]{1,40}$/u)
  const limit = fc.integer({ min: -1, max: 4_294_967_294 })
  const seconds = (from: number, days: number) => fc.integer({ min: from, max: from + (days * DAY) / SECOND })
  const common = {
    licenseId: text,
    organization: text,
    product: fc.constant('cto'),
    plan: fc.constantFrom(...PLANS),
    issuedAt: seconds(NOW / SECOND - 86_400, 1).map((at) => at * SECOND),
    expiresAt: seconds(NOW / SECOND + 86_400, 9_000).map((at) => at * SECOND),
  }

  const required = ['licenseId', 'organization', 'product', 'plan', 'issuedAt', 'expiresAt'] as const

  test('survive as a JWS', async () => {
    const anyClaims: fc.Arbitrary<LicenseClaims> = fc.record(
      {
        ...common,
        form: fc.constant('jws' as const),
        issuer: text,
        notBefore: seconds(NOW / SECOND - 86_400, 2).map((at) => at * SECOND),
        limits: fc.dictionary(fc.constantFrom('nodes', 'agents', 'seats', 'api-calls'), limit, {
          noNullPrototype: true,
        }),
        features: fc.array(text, { maxLength: 3 }),
        addons: fc.array(text, { maxLength: 3 }),
        cluster: fc.record(
          { uid: fc.uuid(), types: fc.array(text, { minLength: 1, maxLength: 3 }) },
          { requiredKeys: [], noNullPrototype: true },
        ),
        serial: fc.nat(),
        supersedes: fc.array(text, { maxLength: 3 }),
      },
      {
        requiredKeys: [...required, 'form', 'issuer', 'limits', 'features', 'addons'],
        noNullPrototype: true,
      },
    )
    await fc.assert(
      fc.asyncProperty(anyClaims, async (claims) => {
        expect(await read(await issueLicense(claims, key, NOW))).toEqual({ kind: 'authentic', keyId: 'k1', claims })
      }),
    )
  })

  test('survive as JSON', async () => {
    const anyClaims: fc.Arbitrary<LicenseClaims> = fc.record(
      {
        ...common,
        form: fc.constant('cto-json' as const),
        limits: fc.record({ nodes: limit, agents: limit }, { noNullPrototype: true }),
        features: fc.constant([]),
        addons: fc.constant([]),
      },
      { noNullPrototype: true },
    )
    await fc.assert(
      fc.asyncProperty(anyClaims, async (claims) => {
        expect(await read(await issueLicense(claims, key, NOW))).toEqual({ kind: 'authentic', keyId: 'k1', claims })
      }),
    )
  })
})

describe('is not issued', () => {
  test.each<[string, LicenseClaims, RegExp]>([
    ['an end in the wrong unit', { ...claims, expiresAt: claims.expiresAt * 1000 }, /would be refused: the date exp/],
    ['an end before the beginning', { ...claims, notBefore: NOW, expiresAt: NOW - DAY }, /it begins/],
    ['an issue in the future', { ...claims, issuedAt: NOW + DAY }, /was issued in the future/],
    ['an organization without a name', { ...claims, organization: '' }, /sub: must not be empty/],
    ['a limit below unlimited', { ...claims, limits: { nodes: -2 } }, /max_nodes: must be a whole number from 0 up/],
    ['no issuer', { ...withoutIssuer }, /iss: expected string/],
    ['half a second', { ...claims, expiresAt: claims.expiresAt + 500 }, /cannot carry expiresAt as given/],
    ['too much for a license', { ...claims, features: Array(100).fill('x'.repeat(250)) }, /larger than 16 KiB/],
    ['JSON with a colon', { ...jsonClaims, organization: 'Acme: Corp' }, /organization: must not have a colon/],
    ['JSON with features', { ...jsonClaims, features: ['SsoIntegration'] }, /cannot carry features as given/],
    [
      'JSON with what it has no place for',
      { ...jsonClaims, addons: ['x'], notBefore: NOW, cluster: { uid: 'u' } },
      /cannot carry addons, notBefore, cluster as given/,
    ],
    ['JSON without limits', { ...jsonClaims, limits: {} }, /always says how many nodes and agents/],
    ['JSON with another limit', { ...jsonClaims, limits: { nodes: 1, agents: 1, seats: 1 } }, /cannot carry limits/],
    ['JSON for a plan that it does not have', { ...jsonClaims, plan: 'platinum' }, /has the tiers free, starter/],
    ['JSON for another product', { ...jsonClaims, product: 'clawtex' }, /for the product cto, not for clawtex/],
  ])('%s', async (_, claims, problem) => {
    await expect(issueLicense(claims, key, NOW)).rejects.toThrow(problem)
  })

  test('JSON with a key other than Ed25519', async () => {
    await expect(issueLicense(jsonClaims, await newKey('k2', 'ES256'), NOW)).rejects.toThrow(/is signed with Ed25519/)
  })

  test('a license with a key for another use', async () => {
    await expect(issueLicense(claims, await newKey('h1', 'EdDSA', 'heartbeat'), NOW)).rejects.toThrow(
      /which is trusted for heartbeat only/,
    )
  })
})
