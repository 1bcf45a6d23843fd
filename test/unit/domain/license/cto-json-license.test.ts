// The CTO JSON license: what its signature covers is believed, and nothing else has any effect.

import { describe, expect, test } from 'vitest'
import { DAY, formatInstant, MINUTE } from '../../../../src/domain/time.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { key, newKey, NOW, outcome, rawSignature, read, seconds } from './signed.ts'

const issuedAt = NOW - 10 * DAY
const expiresAt = NOW + 300 * DAY
const fields = {
  id: 'lic-1',
  tier: 'Team',
  organization: 'Acme Corp',
  max_nodes: 10,
  max_agents: 4_294_967_295,
  features: ['SsoIntegration'],
  issued_at: formatInstant(issuedAt),
  expires_at: formatInstant(expiresAt),
}
// Written out, not taken from the source: this is the format that the vendor's Rust code signs.
const signedText = `lic-1:2:Acme Corp:10:4294967295:${seconds(issuedAt)}:${seconds(expiresAt)}`

const signatureOf = (text: string, signer = key) =>
  rawSignature(signer.privateKey, signer.alg, Buffer.from(text)).toString('hex')
const license = (changes: object = {}, text = signedText) =>
  JSON.stringify({ ...fields, ...changes, signature: signatureOf(text) })

test('an authentic license says what its signature covers, and grants none of its features', async () => {
  expect(await read(license())).toEqual({
    kind: 'authentic',
    keyId: 'k1',
    claims: {
      form: 'cto-json',
      licenseId: 'lic-1',
      organization: 'Acme Corp',
      product: 'cto',
      plan: 'team',
      issuedAt,
      expiresAt,
      limits: { nodes: 10, agents: -1 },
      features: [],
      addons: [],
    },
  })
})

test.each([
  ['the tier in small letters', { tier: 'team' }],
  ['another offset', { issued_at: new Date(issuedAt + 60 * MINUTE).toISOString().replace('.000Z', '+01:00') }],
  ['fractions of a second, which are not signed', { expires_at: formatInstant(expiresAt).replace('Z', '.999999Z') }],
  ['other features', { features: ['AuditLogging', 'AllAgents'] }],
  ['no features', { features: undefined }],
  ['unknown fields', { max_clusters: 99, plan: 'enterprise', kind: 'x', apiVersion: 'v1' }],
])('reads the same with %s', async (_, changes) => {
  expect(await read(license(changes))).toEqual(await read(license()))
})

test('indented, with a newline at the end, it is the same license', async () => {
  const indented = `\n  ${JSON.stringify(JSON.parse(license()), undefined, 2)}\n`
  expect(await read(indented)).toEqual(await read(license()))
})

test.each(['Free', 'Starter', 'Team', 'Business', 'Enterprise'].entries().toArray())(
  'tier %i is %s',
  async (number, tier) => {
    const text = signedText.replace(':2:', `:${number}:`)
    expect(await read(license({ tier }, text))).toMatchObject({ claims: { plan: tier.toLowerCase() } })
  },
)

describe('a change of a signed field does not fit the signature', () => {
  test.each([
    { id: 'lic-2' },
    { tier: 'Enterprise' },
    { organization: 'Acme Corp.' },
    { max_nodes: 11 },
    { max_agents: 5 },
    { issued_at: formatInstant(issuedAt - 1000) },
    { expires_at: formatInstant(expiresAt + 1000) },
  ])('%j', async (changes) => {
    expect(await outcome(license(changes))).toBe('BadSignature')
  })
})

test('fields cannot be shifted across a colon', async () => {
  // The same bytes as a license of "lic-1" with tier 2, read as a license of "lic-1:2" with another tier.
  const shifted = { id: 'lic-1:2', tier: 'Free', organization: 'Acme Corp' }
  expect(await read(license(shifted, signedText))).toMatchObject({
    reason: 'MalformedClaims',
    message: 'the JSON license is not as it must be: id: must not have a colon',
  })
  expect(await outcome(license({ organization: 'Acme: Corp' }, signedText.replace('Acme', 'Acme:')))).toBe(
    'MalformedClaims',
  )
})

describe('a license is refused', () => {
  const signed = (changes: Record<string, unknown>, from: string, to: string) =>
    license(changes, signedText.replace(from, to))
  test.each([
    ['not JSON', license().replace(':', ';'), 'MalformedLicense'],
    ['a field twice', license().replace('{', '{"tier":"Free",'), 'MalformedLicense'],
    ['a list of licenses', `{"licenses":[${license()}]}`, 'MalformedClaims'],
    ['a missing field', license({ max_nodes: undefined }), 'MalformedClaims'],
    ['a negative number', signed({ max_nodes: -1 }, ':10:', ':-1:'), 'MalformedClaims'],
    ['more than 32 bits', signed({ max_nodes: 4_294_967_296 }, ':10:', ':4294967296:'), 'MalformedClaims'],
    ['a fraction', signed({ max_nodes: 10.5 }, ':10:', ':10.5:'), 'MalformedClaims'],
    ['a control character', signed({ organization: 'Acme\nCorp' }, 'Acme Corp', 'Acme\nCorp'), 'MalformedClaims'],
    ['a date that is none', license({ expires_at: '2027-02-30T00:00:00Z' }), 'MalformedClaims'],
    ['a day without a time', license({ expires_at: '2027-01-01' }), 'MalformedClaims'],
    ['a time without a zone', license({ expires_at: '2027-01-01T00:00:00' }), 'MalformedClaims'],
    ['the tier by number', license({ tier: 2 }), 'MalformedClaims'],
    ['an unknown tier', license({ tier: 'Platinum' }), 'UnknownPlan'],
    ['a tier in capitals', license({ tier: 'TEAM' }), 'UnknownPlan'],
    ['no signature', JSON.stringify(fields), 'MalformedClaims'],
    ['a short signature', JSON.stringify({ ...fields, signature: 'ab' }), 'MalformedClaims'],
    [
      'a signature in capitals',
      JSON.stringify({ ...fields, signature: signatureOf(signedText).toUpperCase() }),
      'MalformedClaims',
    ],
    [
      'a date beyond 2099',
      signed({ expires_at: '2100-01-01T00:00:00Z' }, `:${seconds(expiresAt)}`, ':4102444800'),
      'DateOutOfRange',
    ],
    [
      'an issue in the future',
      signed({ issued_at: formatInstant(NOW + DAY) }, `:${seconds(issuedAt)}:`, `:${seconds(NOW + DAY)}:`),
      'DateOutOfRange',
    ],
  ])('%s', async (_, text, reason) => {
    expect(await outcome(text)).toBe(reason)
  })

  test('for another product, or a plan that the product does not have', async () => {
    expect(await outcome(license(), { product: 'incidentfox' })).toBe('WrongProduct')
    expect(await outcome(license(), { plans: ['free'] })).toBe('UnknownPlan')
  })
})

describe('the key', () => {
  test('is whichever trusted Ed25519 key for licenses fits', async () => {
    const other = await newKey('k2')
    const rsa = await newKey('r1', 'RS256')
    const keys = new Map([...rsa.trust, ...other.trust, ...key.trust])
    expect(await read(license(), { keys })).toMatchObject({ keyId: 'k1' })
    expect(await outcome(license(), { keys: other.trust })).toBe('BadSignature')
    expect(await outcome(license(), { keys: rsa.trust })).toBe('UnknownKey')
  })

  test('is not one for heartbeats, and not one outside its period', async () => {
    const trust = (more: object) => parseTrustedKeys(JSON.stringify({ keys: [{ ...key.publicJwk, ...more }] }))
    expect(await outcome(license(), { keys: trust({ use: 'heartbeat' }) })).toBe('UnknownKey')
    expect(await outcome(license(), { keys: trust({ exp: seconds(NOW) }) })).toBe('KeyNotValidNow')
  })
})
