// Reading a `.lic`, rule by rule: what is believed, and the reason for everything that is not.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY, MINUTE } from '../../../../src/domain/instant.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { jws, key, newKey, NOW, outcome, payload, read, seconds, token } from './signed.ts'

const header = { alg: 'EdDSA', kid: 'k1', typ: 'license+jwt' }
const entitlements = payload.entitlements
const json = JSON.stringify

describe('an authentic license', () => {
  test('says all its claims', async () => {
    const content = {
      ...payload,
      nbf: seconds(NOW),
      entitlements: {
        ...entitlements,
        features: ['SsoIntegration'],
        addons: ['sso'],
        limits: { seats: 5, agents: -1 },
      },
      cluster: { uid: 'u-1', types: ['EKS'] },
      serial: 7,
      supersedes: ['lic-0'],
    }
    expect(await read(token(content))).toEqual({
      kind: 'authentic',
      keyId: 'k1',
      claims: {
        form: 'jws',
        licenseId: 'lic-1',
        organization: 'Acme Corp',
        product: 'cto',
        plan: 'team',
        issuer: '5D Labs',
        issuedAt: NOW - 10 * DAY,
        notBefore: NOW,
        expiresAt: NOW + 300 * DAY,
        limits: { nodes: 10, agents: -1, seats: 5 },
        features: ['SsoIntegration'],
        addons: ['sso'],
        cluster: { uid: 'u-1', types: ['EKS'] },
        serial: 7,
        supersedes: ['lic-0'],
      },
    })
  })

  test('needs little more than a tier', async () => {
    expect(await read(token({ ...payload, entitlements: { tier: 'free' } }))).toMatchObject({
      claims: { plan: 'free', limits: {}, features: [], addons: [] },
    })
  })

  test.each(['ES256', 'RS256'] as const)('may be signed with %s', async (alg) => {
    const signer = await newKey('k2', alg)
    expect(await outcome(token(payload, signer), { keys: signer.trust })).toBe('authentic')
  })

  test('stays authentic after it has expired, and before it begins', async () => {
    expect(await outcome(token(payload), { now: NOW + 400 * DAY })).toBe('authentic')
    expect(await outcome(token({ ...payload, nbf: seconds(NOW + DAY) }))).toBe('authentic')
  })

  test('is the same whatever unknown claims it has', async () => {
    const known = new Set('iss sub aud jti iat nbf exp entitlements cluster serial supersedes __proto__'.split(' '))
    const name = fc.string({ unit: 'grapheme' }).filter((name) => !known.has(name))
    const value = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
    const expected = await read(token(payload))
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 5 }), async (unknown) => {
        const content = { ...unknown, ...payload, cluster: undefined, entitlements: { ...unknown, ...entitlements } }
        fc.pre(!json(content).includes('__proto__'))
        fc.pre(!Object.hasOwn(unknown, 'limits'))
        expect(await read(token(content))).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the header', () => {
  const raw = (text: string) => jws(text, payload)
  test.each([
    ['alg none', jws({ ...header, alg: 'none' }, payload), 'WrongAlgorithm'],
    ['HS256', jws({ ...header, alg: 'HS256' }, payload), 'WrongAlgorithm'],
    ['an algorithm other than the key’s', jws({ ...header, alg: 'RS256' }, payload), 'WrongAlgorithm'],
    ['no kid', jws({ alg: 'EdDSA', typ: 'license+jwt' }, payload), 'MalformedHeader'],
    ['no typ', jws({ alg: 'EdDSA', kid: 'k1' }, payload), 'MalformedHeader'],
    ['typ JWT', jws({ ...header, typ: 'JWT' }, payload), 'MalformedHeader'],
    ['typ in capitals', jws({ ...header, typ: 'License+JWT' }, payload), 'MalformedHeader'],
    ['a kid that is a number', jws({ ...header, kid: 1 }, payload), 'MalformedHeader'],
    ...['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'x'].map((name) => [
      `${name} in it`,
      jws({ ...header, [name]: 'x' }, payload),
      'MalformedHeader',
    ]),
    ['alg twice', raw('{"alg":"none","alg":"EdDSA","kid":"k1","typ":"license+jwt"}'), 'MalformedHeader'],
    [
      'kid twice, once escaped',
      raw(String.raw`{"alg":"EdDSA","kid":"k1","\u006bid":"k1","typ":"license+jwt"}`),
      'MalformedHeader',
    ],
    ['a byte order mark', raw(`\uFEFF${json(header)}`), 'MalformedHeader'],
    ['a list', raw('["alg","kid","typ"]'), 'MalformedHeader'],
    ['null', raw('null'), 'MalformedHeader'],
    ['too deep', raw(json({ ...header, kid: [[[[1]]]] })), 'MalformedHeader'],
  ])('is refused: %s', async (_, license, reason) => {
    expect(await outcome(license)).toBe(reason)
  })
})

describe('the key', () => {
  test.each(['k2', 'K1', 'к1', 'k1 ', ' k1', 'k1\u0000', '__proto__', 'constructor', '../k1', ''])(
    'with the ID %j is not trusted',
    async (kid) => {
      expect(await outcome(jws({ ...header, kid }, payload))).toBe('UnknownKey')
    },
  )

  test('is not trusted when no key is', async () => {
    expect(await read(token(payload), { keys: new Map() })).toMatchObject({
      reason: 'UnknownKey',
      message: 'the license is signed with key k1, which is not trusted (no key is trusted here)',
    })
  })

  test('of another use is not trusted for licenses', async () => {
    const heartbeat = await newKey('h1', 'EdDSA', 'heartbeat')
    expect(await read(token(payload, heartbeat), { keys: heartbeat.trust })).toMatchObject({
      reason: 'UnknownKey',
      message: 'the license is signed with key h1, which is trusted for heartbeat only',
    })
  })

  test('counts only within its period', async () => {
    const keys = parseTrustedKeys(json({ keys: [{ ...key.publicJwk, nbf: seconds(NOW), exp: seconds(NOW + DAY) }] }))
    const at = (now: number) => outcome(token(payload), { keys, now })
    expect([await at(NOW - 1), await at(NOW), await at(NOW + DAY - 1), await at(NOW + DAY)]).toEqual([
      'KeyNotValidNow',
      'authentic',
      'authentic',
      'KeyNotValidNow',
    ])
  })

  test('that is bound to an issuer signs for no other', async () => {
    const bound = (iss: string) => parseTrustedKeys(json({ keys: [{ ...key.publicJwk, iss }] }))
    expect(await outcome(token(payload), { keys: bound('5D Labs') })).toBe('authentic')
    expect(await outcome(token(payload), { keys: bound('5d labs') })).toBe('UnknownKey')
  })

  test('that is new stands beside the old one; when the old one is removed, its licenses name it', async () => {
    const next = await newKey('k2')
    const both = new Map([...key.trust, ...next.trust])
    expect(await outcome(token(payload), { keys: both })).toBe('authentic')
    expect(await outcome(token(payload, next), { keys: both })).toBe('authentic')
    expect(await read(token(payload), { keys: next.trust })).toMatchObject({
      message: 'the license is signed with key k1, which is not trusted (trusted here: k2)',
    })
  })

  test('of the same ID but another vendor does not fit', async () => {
    expect(await outcome(token(payload, await newKey('k1')))).toBe('BadSignature')
  })
})

describe('the claims', () => {
  const withTier = (more: object) => ({ ...payload, entitlements: { ...entitlements, ...more } })
  test.each<[string, object | string, string]>([
    ['no issuer', { ...payload, iss: undefined }, 'MalformedClaims'],
    ['no organization', { ...payload, sub: undefined }, 'MalformedClaims'],
    ['an empty organization', { ...payload, sub: '' }, 'MalformedClaims'],
    ['an organization with an escape sequence', { ...payload, sub: 'Acme\u001B[2J' }, 'MalformedClaims'],
    ['an organization that turns the writing', { ...payload, sub: 'Acme\u202Eproc' }, 'MalformedClaims'],
    ['an organization without end', { ...payload, sub: 'A'.repeat(257) }, 'MalformedClaims'],
    ['no ID', { ...payload, jti: undefined }, 'MalformedClaims'],
    ['no audience', { ...payload, aud: undefined }, 'MalformedClaims'],
    ['several audiences', { ...payload, aud: ['cto', 'x'] }, 'MalformedClaims'],
    ['another product', { ...payload, aud: 'incidentfox' }, 'WrongProduct'],
    ['another case of the product', { ...payload, aud: 'CTO' }, 'WrongProduct'],
    ['an unknown plan', withTier({ tier: 'platinum' }), 'UnknownPlan'],
    ['a plan in capitals', withTier({ tier: 'Team' }), 'UnknownPlan'],
    ['a plan from the prototype', withTier({ tier: 'constructor' }), 'UnknownPlan'],
    ['no tier', { ...payload, entitlements: {} }, 'MalformedClaims'],
    ['no entitlements', { ...payload, entitlements: undefined }, 'MalformedClaims'],
    ['a limit below unlimited', withTier({ max_nodes: -2 }), 'MalformedClaims'],
    ['half a node', withTier({ max_nodes: 1.5 }), 'MalformedClaims'],
    ['nodes in words', withTier({ max_nodes: '10' }), 'MalformedClaims'],
    ['a limit beyond exact numbers', withTier({ limits: { seats: 2 ** 53 } }), 'MalformedClaims'],
    ['an axis without a name', withTier({ limits: { '': 1 } }), 'MalformedClaims'],
    ['two limits for one axis', withTier({ limits: { nodes: 11 } }), 'MalformedClaims'],
    ['features that are no list', withTier({ features: 'all' }), 'MalformedClaims'],
    ['features that are no texts', withTier({ features: [1] }), 'MalformedClaims'],
    ['clusters of no type', { ...payload, cluster: { types: [] } }, 'MalformedClaims'],
    ['a negative serial', { ...payload, serial: -1 }, 'MalformedClaims'],
    ['a list', '[]', 'MalformedClaims'],
    ['null', 'null', 'MalformedClaims'],
    ['a claim twice', json(payload).replace('{', '{"exp":1,'), 'MalformedClaims'],
    ['__proto__', json(payload).replace('{', '{"__proto__":{"aud":"cto"},'), 'MalformedClaims'],
    ['an end that never comes', json(payload).replace(/"exp":\d+/, '"exp":1e999'), 'MalformedClaims'],
    ['an end in words', { ...payload, exp: '1800000000' }, 'MalformedClaims'],
    ['no end', { ...payload, exp: undefined }, 'MalformedClaims'],
    ['milliseconds', { ...payload, exp: NOW + DAY }, 'DateOutOfRange'],
    ['half a second', { ...payload, exp: payload.exp + 0.5 }, 'DateOutOfRange'],
    ['an end before 2020', { ...payload, exp: 1_577_836_799 }, 'DateOutOfRange'],
    ['an end in 2100', { ...payload, exp: 4_102_444_800 }, 'DateOutOfRange'],
    ['a number that is no longer exact', { ...payload, exp: 2 ** 53 + 2 }, 'DateOutOfRange'],
    ['a beginning after the end', { ...payload, nbf: payload.exp + 1 }, 'DateOutOfRange'],
    ['a beginning in 1970', { ...payload, nbf: 0 }, 'DateOutOfRange'],
    ['an issue in the future', { ...payload, iat: seconds(NOW + 5 * MINUTE) + 1 }, 'DateOutOfRange'],
  ])('are refused: %s', async (_, content, reason) => {
    expect(await outcome(token(content))).toBe(reason)
  })

  test.each<[string, object]>([
    ['the first second of 2020 and the last of 2099', { ...payload, iat: 1_577_836_800, exp: 4_102_444_799 }],
    ['an issue five minutes ahead, for clocks differ', { ...payload, iat: seconds(NOW + 5 * MINUTE) }],
    ['a beginning at the end', { ...payload, nbf: payload.exp }],
    ['the same limit in both spellings', withTier({ limits: { nodes: 10 } })],
    ['a limit of nothing', withTier({ max_nodes: 0 })],
  ])('are accepted: %s', async (_, content) => {
    expect(await outcome(token(content))).toBe('authentic')
  })

  test('of the payload in another encoding are refused', async () => {
    expect(await outcome(token(Buffer.from(json(payload), 'utf16le')))).toBe('MalformedClaims')
    expect(await outcome(token(Buffer.from(json(payload).replace('Acme', '\u00FF'), 'latin1')))).toBe('MalformedClaims')
  })
})

test('a rejection says what is wrong in one sentence without a full stop', async () => {
  expect(await read(token({ ...payload, aud: 'clawtex' }))).toEqual({
    kind: 'rejected',
    reason: 'WrongProduct',
    message: 'the license is for the product clawtex, not for cto',
  })
  expect(await read(token({ ...payload, entitlements: { tier: 'Team' } }))).toMatchObject({
    message:
      'the license is for the plan Team, which is not known here; known are free, starter, team, business and enterprise',
  })
  expect(await read(token({ ...payload, exp: undefined }))).toMatchObject({
    message: 'the content of the license is not as it must be: exp: expected number, received undefined',
  })
})

describe('tampering', () => {
  const license = token(payload)

  test('by exchanging the parts of two licenses is noticed', async () => {
    const other = token({ ...payload, jti: 'lic-2' }).split('.')
    const parts = license.split('.')
    expect(await outcome([parts[0], other[1], parts[2]].join('.'))).toBe('BadSignature')
    expect(await outcome([parts[0], parts[1], other[2]].join('.'))).toBe('BadSignature')
  })

  test('with the last character, where base64url has bits to spare, is noticed', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const accepted = []
    for (const last of alphabet) if ((await outcome(license.slice(0, -1) + last)) === 'authentic') accepted.push(last)
    expect(accepted).toEqual([license.at(-1)])
  })
})

test('whatever it is given, the reader answers, and quotes no part of it', async () => {
  const secret = 'c2VjcmV0'
  const parts = [secret, ...token({ ...payload, aud: 'other' }).split('.'), json(payload), '{', '.', '\n', '\u0000']
  const pieces = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary' })), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(pieces, async (pieces) => {
      const answer = await read(pieces.join(''))
      expect(answer.kind).toBe('rejected')
      for (const part of parts.filter((part) => part.length > 4)) expect(json(answer)).not.toContain(part)
    }),
    { numRuns: 500 },
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async (bytes) => {
      expect((await read(bytes)).kind).toBe('rejected')
    }),
  )
})
