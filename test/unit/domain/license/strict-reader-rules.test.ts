// The rules of the strict reader, one by one: what each lets through, what it refuses, and under which reason.

import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DAY, formatInstant, MINUTE } from '../../../../src/domain/time.ts'
import type { RejectionReason } from '../../../../src/domain/license/claims.ts'
import type { ReadLicenseOptions } from '../../../../src/domain/license/read-license.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { validityAt } from '../../../../src/domain/license/validity.ts'
import { FORMS, issue } from './forms.ts'
import { jws, key, newKey, NOW, outcome, payload, rawSignature, read, seconds, token } from './signed.ts'

type Outcome = 'authentic' | RejectionReason
type Options = Partial<ReadLicenseOptions>
type Case = readonly [what: string, outcome: Outcome, file: string | Uint8Array, options?: Options]

interface Rule {
  readonly rule: string
  readonly cases: readonly Case[]
}

const json = JSON.stringify
const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
const header = { alg: 'EdDSA', kid: 'k1', typ: 'license+jwt' }
const entitlements = payload.entitlements
const license = token(payload)
const ecKey = await newKey('e1', 'ES256')
const rsaKey = await newKey('r1', 'RS256')
const heartbeatKey = await newKey('h1', 'EdDSA', 'heartbeat')
const revocationKey = await newKey('v1', 'EdDSA', 'revocation')
const catalogKey = await newKey('c1', 'EdDSA', 'catalog')
const nextKey = await newKey('k2')
const impostor = await newKey('k1')
const ctoJson = FORMS.find(({ name }) => name === 'CTO JSON')!

/** The license with a header, or a payload, that is written as given. */
const withHeader = (text: string) => jws(text, payload)
const withPayload = (text: string | Uint8Array) => jws(header, text)
/** The license with some claims more, or without those that are undefined. */
const claiming = (more: object) => token({ ...payload, ...more })
const entitling = (more: object) => token({ ...payload, entitlements: { ...entitlements, ...more } })
/** The license with one claim written as given. */
const writing = (name: string, value: string) =>
  withPayload(json(payload).replace(new RegExp(`"${name}":[^,}]*`), `"${name}":${value}`))
/** A license signed as it stands, also where it is not base64url as it should be. */
const signed = (input: string) =>
  `${input}.${rawSignature(key.privateKey, key.alg, Buffer.from(input)).toString('base64url')}`
const trusting = (more: object): Options => ({
  keys: parseTrustedKeys(json({ keys: [{ ...key.publicJwk, ...more }] })),
})

const RULES: readonly Rule[] = [
  {
    rule: '1 a file of more than 16 KiB is not looked at',
    cases: [
      ['16 KiB', 'authentic', ofSize(16 * 1024)],
      ['16 KiB of something else', 'MalformedLicense', 'a'.repeat(16 * 1024)],
      ['one byte more', 'TooLarge', `${ofSize(16 * 1024)}\n`],
      ['as bytes, one more', 'TooLarge', Buffer.from(`${ofSize(16 * 1024)}\n`)],
      ['16 KiB in characters, more in bytes', 'TooLarge', 'ø'.repeat(10_000)],
    ],
  },
  {
    rule: '1 a license is three parts of base64url with dots between, and at most blanks around them',
    cases: [
      ['as text', 'authentic', license],
      ['as bytes', 'authentic', Buffer.from(license)],
      ['with a newline', 'authentic', `${license}\n`],
      ['with the newline of Windows', 'authentic', `${license}\r\n`],
      ...['\n\n', ' ', '\r', '\n ', '\t', '\r\n\r\n'].map((blank): Case => {
        return [`with ${json(blank)} around it`, 'authentic', blank + license + blank]
      }),
      ...['\u0000', '=', '.', '\u200B', '\u00A0', '\uFEFF'].map((end): Case => {
        return [`with ${json(end)} behind it`, 'MalformedLicense', license + end]
      }),
      ...['\u00A0', '\uFEFF', '\u200B', '.'].map((start): Case => {
        return [`with ${json(start)} before it`, 'MalformedLicense', start + license]
      }),
      ...[' ', '\n', '=', '+', '/', '\u200B', 'А', '%2E'].map((middle): Case => {
        return [`with ${json(middle)} at a dot`, 'MalformedLicense', license.replace('.', `${middle}.`)]
      }),
      [
        'padded, and signed so',
        'MalformedLicense',
        signed(`${base64url(`${json(header)} `)}==.${base64url(json(payload))}`),
      ],
      ['of two parts', 'MalformedLicense', license.split('.').slice(0, 2).join('.')],
      ['of four', 'MalformedLicense', `${license}.${base64url('x')}`],
      ['of five, as an encrypted token', 'MalformedLicense', `${license}.${base64url('x')}.${base64url('x')}`],
      ['with no header', 'MalformedLicense', license.replace(/^[^.]*/, '')],
      ['with no payload', 'MalformedLicense', license.replace(/\.[^.]*\./, '..')],
      ['with no signature', 'MalformedLicense', license.replace(/[^.]*$/, '')],
    ],
  },
  {
    rule: '1 each part has one spelling: written again it is the same',
    cases: [
      ['no bits to spare', 'authentic', signed(`${base64url(json(header))}.${base64url(json(payload))}`)],
      [
        'spare bits in the header',
        'MalformedLicense',
        signed(`${spareBits(json(header))}.${base64url(json(payload))}`),
      ],
      [
        'spare bits in the payload',
        'MalformedLicense',
        signed(`${base64url(json(header))}.${spareBits(json(payload))}`),
      ],
      ...[...otherSpellings(license)].map((text): Case => [`signature …${text.slice(-1)}`, 'MalformedLicense', text]),
      ['a character too many', 'MalformedLicense', signed(`${base64url(json(header))}.${base64url('123')}A`)],
    ],
  },
  {
    rule: '2 the header is strict JSON',
    cases: [
      ['in another order, with blanks', 'authentic', withHeader(' {"typ":"license+jwt",\n"kid" : "k1","alg":"EdDSA"}')],
      [
        'with letters escaped',
        'authentic',
        withHeader(String.raw`{"\u0061lg":"EdDSA","kid":"\u006b1","typ":"license+jwt"}`),
      ],
      ['alg twice', 'MalformedHeader', withHeader('{"alg":"none","alg":"EdDSA","kid":"k1","typ":"license+jwt"}')],
      [
        'kid twice, once escaped',
        'MalformedHeader',
        withHeader(String.raw`{"alg":"EdDSA","kid":"k1","\u006bid":"k1","typ":"license+jwt"}`),
      ],
      ['a byte order mark', 'MalformedHeader', withHeader(`\uFEFF${json(header)}`)],
      ['text behind it', 'MalformedHeader', withHeader(`${json(header)}x`)],
      ['a comment', 'MalformedHeader', withHeader(json(header).replace('{', '{/**/'))],
      ['UTF-16', 'MalformedHeader', rawHeader(Buffer.from(json(header), 'utf16le'))],
      [
        'a byte that is no UTF-8',
        'MalformedHeader',
        rawHeader(Buffer.from(json({ ...header, kid: 'k\u00FF' }), 'latin1')),
      ],
      [
        'half a character',
        'MalformedHeader',
        withHeader(String.raw`{"alg":"EdDSA","kid":"\ud800","typ":"license+jwt"}`),
      ],
      ['a list', 'MalformedHeader', withHeader('["alg","kid","typ"]')],
      ['null', 'MalformedHeader', withHeader('null')],
      ['more than four deep', 'MalformedHeader', withHeader(json({ ...header, kid: [[[[1]]]] }))],
      ['__proto__', 'MalformedHeader', withHeader('{"__proto__":{"alg":"EdDSA","kid":"k1","typ":"license+jwt"}}')],
    ],
  },
  {
    rule: '2 the header has exactly alg, kid and typ, each a text; it brings no key and changes no meaning',
    cases: [
      ['exactly these', 'authentic', jws(header, payload)],
      ['no alg', 'MalformedHeader', jws({ ...header, alg: undefined }, payload)],
      ['no kid', 'MalformedHeader', jws({ ...header, kid: undefined }, payload)],
      ['no typ', 'MalformedHeader', jws({ ...header, typ: undefined }, payload)],
      ['alg in capitals', 'MalformedHeader', jws({ ALG: 'EdDSA', kid: 'k1', typ: 'license+jwt' }, payload)],
      ['a kid that is a number', 'MalformedHeader', jws({ ...header, kid: 1 }, payload)],
      ['an alg that is a list', 'MalformedHeader', jws({ ...header, alg: ['EdDSA'] }, payload)],
      ['its own key', 'MalformedHeader', jws({ ...header, jwk: impostor.publicJwk }, payload, impostor)],
      ...['jku', 'x5u', 'x5c', 'x5t', 'crit', 'b64', 'zip', 'cty', 'nonce', ''].map((name): Case => {
        return [`${json(name)} in it`, 'MalformedHeader', jws({ ...header, [name]: 'x' }, payload)]
      }),
      ['b64, and crit says so', 'MalformedHeader', jws({ ...header, b64: false, crit: ['b64'] }, payload)],
    ],
  },
  {
    rule: '2 the type is that of a license, to the letter',
    cases: [
      ['license+jwt', 'authentic', jws({ ...header, typ: 'license+jwt' }, payload)],
      ...['JWT', 'License+JWT', 'application/license+jwt', 'license+jwt ', '', 'license-revocations+jwt'].map(
        (typ): Case => [json(typ), 'MalformedHeader', jws({ ...header, typ }, payload)],
      ),
    ],
  },
  {
    rule: '2 the algorithm is that of the trusted key, whatever the license says',
    cases: [
      ['EdDSA', 'authentic', license],
      ['ES256', 'authentic', token(payload, ecKey), { keys: ecKey.trust }],
      ['RS256', 'authentic', token(payload, rsaKey), { keys: rsaKey.trust }],
      ...['none', 'None', '', 'eddsa', 'Ed25519', 'HS256', 'PS256', 'ES384', 'EdDSA '].map((alg): Case => {
        return [`alg ${json(alg)}`, 'WrongAlgorithm', jws({ ...header, alg }, payload)]
      }),
      ['the algorithm of another key', 'WrongAlgorithm', jws({ ...header, alg: 'RS256' }, payload)],
      [
        'the algorithm of an RSA key under the ID of one for EdDSA',
        'WrongAlgorithm',
        jws({ ...header, alg: 'RS256' }, payload, rsaKey),
        { keys: new Map([...key.trust, ...rsaKey.trust]) },
      ],
      // What everybody knows of an RSA key is no secret to sign with.
      ...[rsaPem(), rsaPem().trim(), json(rsaKey.publicJwk), ''].map((secret, index): Case => {
        return [`a MAC with the public key (${index})`, 'WrongAlgorithm', mac(secret), { keys: rsaKey.trust }]
      }),
    ],
  },
  {
    rule: '3 the key is the one with that ID, byte for byte, or none',
    cases: [
      ['k1', 'authentic', jws({ ...header, kid: 'k1' }, payload)],
      [
        '__proto__, where a key is called so',
        'authentic',
        jws({ ...header, kid: '__proto__' }, payload),
        trusting({ kid: '__proto__' }),
      ],
      ...['k2', 'K1', 'к1', 'k1 ', ' k1', 'k1\u0000', '__proto__', 'constructor', 'toString', '../k1', 'k1,k1', ''].map(
        (kid): Case => [json(kid), 'UnknownKey', jws({ ...header, kid }, payload)],
      ),
      ['no key is trusted', 'UnknownKey', license, { keys: new Map() }],
      ['the ID is right, the key another vendor’s', 'BadSignature', token(payload, impostor)],
    ],
  },
  {
    rule: '4 the content is strict JSON',
    cases: [
      ['in another order, with blanks', 'authentic', withPayload(` ${json({ extra: 1, ...payload }, undefined, 2)}\n`)],
      ['as deep as sixteen', 'authentic', claiming({ extra: nested(15) })],
      ['deeper', 'MalformedClaims', claiming({ extra: nested(16) })],
      ['a claim twice', 'MalformedClaims', withPayload(json(payload).replace('{', '{"exp":1,'))],
      [
        'a claim twice, once escaped',
        'MalformedClaims',
        withPayload(json(payload).replace('{', String.raw`{"\u0065xp":1,`)),
      ],
      [
        'a limit twice',
        'MalformedClaims',
        withPayload(json(payload).replace('"max_nodes"', '"max_nodes":99,"max_nodes"')),
      ],
      ['__proto__', 'MalformedClaims', withPayload(json(payload).replace('{', '{"__proto__":{"aud":"cto"},'))],
      ['a byte order mark', 'MalformedClaims', withPayload(`\uFEFF${json(payload)}`)],
      ['half a character', 'MalformedClaims', withPayload(json(payload).replace('Acme', String.raw`\udc00`))],
      ['UTF-16', 'MalformedClaims', withPayload(Buffer.from(json(payload), 'utf16le'))],
      ['Latin-1', 'MalformedClaims', withPayload(Buffer.from(json(payload).replace('Acme', '\u00FF'), 'latin1'))],
      ['text behind it', 'MalformedClaims', withPayload(`${json(payload)} {}`)],
      ['a comma at the end', 'MalformedClaims', withPayload(json(payload).replace(/\}$/, ',}'))],
      ['a list', 'MalformedClaims', withPayload('[]')],
      ['null', 'MalformedClaims', withPayload('null')],
      ['a text', 'MalformedClaims', withPayload('"license"')],
    ],
  },
  {
    rule: '4 numbers are what they say: none overflows, none has a second spelling, and what counts is a safe integer',
    cases: [
      ['1e308 where nobody looks', 'authentic', claiming({ extra: 1e308 })],
      ['1e999 where nobody looks', 'MalformedClaims', withPayload(json(payload).replace('{', '{"extra":1e999,'))],
      ['a limit of nothing', 'authentic', entitling({ max_nodes: 0 })],
      ['a limit of minus nothing', 'MalformedClaims', writing('max_nodes', '-0')],
      ['the largest safe limit', 'authentic', writing('max_nodes', '9007199254740991')],
      ['2^53 + 1, which is not that when read', 'MalformedClaims', writing('max_nodes', '9007199254740993')],
      ['a limit in exponent form', 'authentic', writing('max_nodes', '1e1')],
      ['half a node', 'MalformedClaims', writing('max_nodes', '1.5')],
      ['nodes in words', 'MalformedClaims', entitling({ max_nodes: '10' })],
      ['unlimited', 'authentic', entitling({ max_nodes: -1 })],
      ['less than unlimited', 'MalformedClaims', entitling({ max_nodes: -2 })],
      ['a negative serial', 'MalformedClaims', claiming({ serial: -1 })],
      ['a serial that is no safe integer', 'MalformedClaims', writing('jti', '"lic-1","serial":9007199254740993')],
    ],
  },
  {
    rule: '4 a date is whole seconds since 1970, from 2020 up to, but not in, 2100',
    cases: [
      ['in exponent form', 'authentic', writing('iat', '1.641446169e9')],
      ['in exponent form, as a fraction of itself', 'authentic', writing('iat', '16414461690e-1')],
      ['the first second and the last', 'authentic', claiming({ iat: 1_577_836_800, exp: 4_102_444_799 })],
      ['a second earlier', 'DateOutOfRange', claiming({ iat: 1_577_836_799 })],
      ['a second later', 'DateOutOfRange', claiming({ exp: 4_102_444_800 })],
      ['0', 'DateOutOfRange', claiming({ nbf: 0 })],
      ['a negative date', 'DateOutOfRange', claiming({ exp: -1 })],
      ['milliseconds', 'DateOutOfRange', claiming({ exp: NOW + DAY })],
      ['half a second', 'DateOutOfRange', claiming({ exp: payload.exp + 0.5 })],
      ['nanoseconds behind the point', 'DateOutOfRange', writing('exp', '1.641446169001198894e9')],
      ['1e308', 'DateOutOfRange', writing('exp', '1e308')],
      ['2^53 + 1', 'DateOutOfRange', writing('exp', '9007199254740993')],
      ['the largest of 64 bits', 'DateOutOfRange', writing('exp', '9223372036854775807')],
      ['1e999, an end that never comes', 'MalformedClaims', writing('exp', '1e999')],
      ['in words', 'MalformedClaims', claiming({ exp: '1800000000' })],
      ['as RFC 3339 writes it', 'MalformedClaims', claiming({ exp: formatInstant(NOW + DAY) })],
      ['true', 'MalformedClaims', claiming({ exp: true })],
      ['null', 'MalformedClaims', claiming({ exp: null })],
      ['in a list', 'MalformedClaims', claiming({ exp: [payload.exp] })],
      ['no end', 'MalformedClaims', claiming({ exp: undefined })],
      ['no issue', 'MalformedClaims', claiming({ iat: undefined })],
    ],
  },
  {
    rule: '4 the dates of a license are in order',
    cases: [
      ['it begins when it ends', 'authentic', claiming({ nbf: payload.exp })],
      ['it begins after its end', 'DateOutOfRange', claiming({ nbf: payload.exp + 1 })],
      ['its hard end is its end', 'authentic', claiming({ hard_exp: payload.exp })],
      ['its hard end comes first', 'DateOutOfRange', claiming({ hard_exp: payload.exp - 1 })],
      ['issued five minutes ahead, for clocks differ', 'authentic', claiming({ iat: seconds(NOW + 5 * MINUTE) })],
      ['issued later than that', 'DateOutOfRange', claiming({ iat: seconds(NOW + 5 * MINUTE) + 1 })],
      ['it has ended long ago, which is no matter of authenticity', 'authentic', license, { now: NOW + 400 * DAY }],
      ['it has not begun', 'authentic', claiming({ nbf: seconds(NOW + DAY) })],
    ],
  },
  {
    rule: '4 what a license must say it says, in the right type and in characters that do no harm',
    cases: [
      ['a claim that is not known', 'authentic', claiming({ scope: { admin: true } })],
      ['no issuer', 'MalformedClaims', claiming({ iss: undefined })],
      ['several issuers', 'MalformedClaims', claiming({ iss: ['5D Labs'] })],
      ['no organization', 'MalformedClaims', claiming({ sub: undefined })],
      ['an organization that is an object', 'MalformedClaims', claiming({ sub: { name: 'Acme Corp' } })],
      ['an empty organization', 'MalformedClaims', claiming({ sub: '' })],
      ['an organization with an escape sequence', 'MalformedClaims', claiming({ sub: 'Acme\u001B[2J' })],
      ['an organization that turns the writing', 'MalformedClaims', claiming({ sub: 'Acme\u202Eproc' })],
      ['an organization that isolates its writing', 'MalformedClaims', claiming({ sub: 'Acme\u2066Corp' })],
      ['a Hebrew organization with a mark', 'authentic', claiming({ sub: 'חברה (1)\u200F' })],
      ['an Arabic organization with a mark', 'authentic', claiming({ sub: 'شركة 7\u061C' })],
      ['a left-to-right mark', 'authentic', claiming({ sub: 'חברה\u200E Ltd.' })],
      ['an organization of 256 characters', 'authentic', claiming({ sub: 'A'.repeat(256) })],
      ['an organization without end', 'MalformedClaims', claiming({ sub: 'A'.repeat(257) })],
      ['no ID', 'MalformedClaims', claiming({ jti: undefined })],
      ['no audience', 'MalformedClaims', claiming({ aud: undefined })],
      ['several audiences', 'MalformedClaims', claiming({ aud: ['cto', 'x'] })],
      ['little more than a tier', 'authentic', token({ ...payload, entitlements: { tier: 'free' } })],
      ['no tier', 'MalformedClaims', token({ ...payload, entitlements: {} })],
      ['no entitlements', 'MalformedClaims', claiming({ entitlements: undefined })],
      ['an axis without a name', 'MalformedClaims', entitling({ limits: { '': 1 } })],
      ['the same limit in both spellings', 'authentic', entitling({ limits: { nodes: 10 } })],
      ['two limits for one axis', 'MalformedClaims', entitling({ limits: { nodes: 11 } })],
      ['features that are no list', 'MalformedClaims', entitling({ features: 'all' })],
      ['features that are no texts', 'MalformedClaims', entitling({ features: [1] })],
      ['clusters of no type', 'MalformedClaims', claiming({ cluster: { types: [] } })],
    ],
  },
  {
    rule: '4 a license is for this product, and for a plan of it, to the letter',
    cases: [
      ['this product', 'authentic', claiming({ aud: 'cto' })],
      ['another product', 'WrongProduct', claiming({ aud: 'incidentfox' })],
      ['another case of the product', 'WrongProduct', claiming({ aud: 'CTO' })],
      ['a plan', 'authentic', entitling({ tier: 'business' })],
      ['an unknown plan', 'UnknownPlan', entitling({ tier: 'platinum' })],
      ['a plan in capitals', 'UnknownPlan', entitling({ tier: 'Team' })],
      ['a plan from the prototype', 'UnknownPlan', entitling({ tier: 'constructor' })],
    ],
  },
  {
    rule: '5 the bytes are signed: what means the same and is written otherwise is another license',
    cases: [
      ['as it was signed', 'authentic', withPayload(json(payload, undefined, 1))],
      ['written anew', 'BadSignature', exchange(withPayload(json(payload, undefined, 1)), { payload: json(payload) })],
      ['a blank in the header', 'BadSignature', exchange(license, { header: `${json(header)} ` })],
      [
        'an escaped letter',
        'BadSignature',
        exchange(license, { payload: json(payload).replace('Acme', String.raw`\u0041cme`) }),
      ],
    ],
  },
  {
    rule: '5 a signature is for one kind of document and one form',
    cases: [
      ['of a JWS, in a JWS', 'authentic', license],
      ['of a CTO JSON license, in one', 'authentic', issue(ctoJson, facts(), key)],
      ['of a JWS, in a CTO JSON license', 'BadSignature', ctoJson.write(facts(), 'k1', () => signatureOf(license))],
      ['of a CTO JSON license, in a JWS', 'BadSignature', exchange(license, { signature: ctoJsonSignature() })],
      ['of a revocation list', 'MalformedHeader', jws({ ...header, typ: 'license-revocations+jwt' }, payload)],
      ['of a catalog', 'MalformedHeader', jws({ ...header, typ: 'license-catalog+jwt' }, payload)],
      ['of a heartbeat', 'MalformedHeader', jws({ ...header, typ: 'heartbeat+jwt' }, payload)],
      ['of a plain JWT, where there are none', 'MalformedHeader', jws({ ...header, typ: 'JWT' }, payload)],
    ],
  },
  {
    rule: '8 several keys may be trusted, each for its use, its period and its issuer only',
    cases: [
      ['the old key beside the new one', 'authentic', license, { keys: new Map([...key.trust, ...nextKey.trust]) }],
      [
        'the new key beside the old one',
        'authentic',
        token(payload, nextKey),
        { keys: new Map([...key.trust, ...nextKey.trust]) },
      ],
      ['the old key, when it is removed', 'UnknownKey', license, { keys: nextKey.trust }],
      ...[heartbeatKey, revocationKey, catalogKey].map((signer): Case => {
        return [
          `a key for ${String(signer.publicJwk['use'])}`,
          'UnknownKey',
          token(payload, signer),
          { keys: signer.trust },
        ]
      }),
      ['before its period', 'KeyNotValidNow', license, { ...period(), now: NOW - 1 }],
      ['in its first millisecond', 'authentic', license, { ...period(), now: NOW }],
      ['in its last millisecond', 'authentic', license, { ...period(), now: NOW + DAY - 1 }],
      ['at its end', 'KeyNotValidNow', license, { ...period(), now: NOW + DAY }],
      ['its issuer', 'authentic', license, trusting({ iss: '5D Labs' })],
      ['another issuer', 'UnknownKey', license, trusting({ iss: '5d labs' })],
    ],
  },
]

describe.each(RULES)('$rule', ({ cases }) => {
  test.for(cases)('%s: %s', async ([, expected, file, options = {}]) => {
    expect(await outcome(file, options)).toBe(expected)
  })

  test('both sides are shown', () => {
    const outcomes = new Set(cases.map(([, expected]) => expected))
    expect(outcomes).toContain('authentic')
    expect(outcomes.size).toBeGreaterThan(1)
  })
})

test('4 the end is exclusive, to the millisecond', async () => {
  const answer = await read(license)
  const end = payload.exp * 1000
  const kinds = [end - 1, end].map((now) => answer.kind === 'authentic' && validityAt(answer.claims, now).kind)
  expect(kinds).toEqual(['in-force', 'expired'])
})

test('6 what is verified is what is read: bytes that change meanwhile change nothing', async () => {
  for (const form of FORMS) {
    const signer = { EdDSA: key, ES256: ecKey, RS256: rsaKey }[form.alg]
    const options = { ...form.options, keys: signer.trust }
    const bytes = Buffer.from(issue(form, facts(), signer))
    const other = Buffer.from(issue(form, { ...facts(), organization: 'Evil Corp' }, signer))
    const pending = read(bytes, options)
    other.copy(bytes)
    expect(await pending, form.name).toMatchObject({ kind: 'authentic', claims: { organization: 'Acme Corp' } })
  }
})

test('7 every reason of the reader stands in a rule', () => {
  const reasons: Readonly<Record<RejectionReason, true>> = {
    TooLarge: true,
    MalformedLicense: true,
    MalformedHeader: true,
    MalformedClaims: true,
    UnknownKey: true,
    KeyNotValidNow: true,
    WrongAlgorithm: true,
    BadSignature: true,
    WrongProduct: true,
    UnknownPlan: true,
    DateOutOfRange: true,
  }
  const given = new Set<string>(RULES.flatMap(({ cases }) => cases.map(([, expected]) => expected)))
  expect([...given].toSorted()).toEqual([...Object.keys(reasons), 'authentic'].toSorted())
})

function facts() {
  return { id: 'lic-1', organization: 'Acme Corp' }
}

/** A license of exactly that many bytes. */
function ofSize(bytes: number): string {
  for (let filler = Math.floor((bytes * 3) / 4); filler > 0; filler--) {
    const text = token({ ...payload, filler: 'x'.repeat(filler) })
    if (text.length === bytes) return text
  }
  throw new Error(`no license has ${bytes} bytes`)
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

function rawHeader(bytes: Uint8Array): string {
  return signed(`${base64url(bytes)}.${base64url(json(payload))}`)
}

/** The text in base64url, with a bit set that no byte needs. */
function spareBits(text: string): string {
  const encoded = base64url(text.length % 3 === 0 ? `${text} ` : text)
  return encoded.slice(0, -1) + String.fromCharCode(encoded.charCodeAt(encoded.length - 1) + 1)
}

/** Licenses whose signature decodes to the same bytes and ends in another character. */
function* otherSpellings(text: string): Generator<string> {
  const signature = text.split('.')[2]!
  for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
    const other = signature.slice(0, -1) + last
    if (other === signature) continue
    if (Buffer.from(other, 'base64url').equals(Buffer.from(signature, 'base64url'))) yield text.slice(0, -1) + last
  }
}

function exchange(text: string, parts: { header?: string; payload?: string; signature?: Uint8Array }): string {
  const [header = '', payload = '', signature = ''] = text.split('.')
  return [
    parts.header === undefined ? header : base64url(parts.header),
    parts.payload === undefined ? payload : base64url(parts.payload),
    parts.signature === undefined ? signature : base64url(parts.signature),
  ].join('.')
}

function signatureOf(text: string): Uint8Array {
  return Buffer.from(text.split('.')[2]!, 'base64url')
}

function ctoJsonSignature(): Uint8Array {
  return Buffer.from(String(JSON.parse(issue(ctoJson, facts(), key)).signature), 'hex')
}

function period(): Options {
  return trusting({ nbf: seconds(NOW), exp: seconds(NOW + DAY) })
}

function rsaPem(): string {
  return rsaKey.trust.get('r1')!.publicKey.keyObject.export({ type: 'spki', format: 'pem' }).toString()
}

/** A license that is signed with a secret, as if the public key were one. */
function mac(secret: string): string {
  const input = `${base64url(json({ ...header, alg: 'HS256', kid: 'r1' }))}.${base64url(json(payload))}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
