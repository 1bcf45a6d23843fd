// Reading a `.lic`: all its claims, and an answer to whatever else. Its rules stand in strict-reader-rules.test.ts.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY } from '../../../../src/domain/time.ts'
import { newKey, NOW, payload, read, seconds, token } from './signed.ts'

const entitlements = payload.entitlements
const json = JSON.stringify
const KNOWN =
  'iss sub aud jti iat nbf exp hard_exp entitlements cluster serial supersedes revocation_notice_hours __proto__'

// Texts of all of Unicode take seconds to prepare on a busy machine, so not within the time of a test.
const name = fc.string({ unit: 'grapheme' }).filter((name) => !KNOWN.split(' ').includes(name))
const value = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
const unknownClaims = fc.dictionary(name, value, { maxKeys: 5 })
const secret = 'c2VjcmV0'
const parts = [secret, ...token({ ...payload, aud: 'other' }).split('.'), json(payload), '{', '.', '\n', '\u0000']
const pieces = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary' })), { maxLength: 8 })

describe('an authentic license', () => {
  test('says all its claims', async () => {
    const content = {
      ...payload,
      nbf: seconds(NOW),
      hard_exp: seconds(NOW + 330 * DAY),
      entitlements: {
        ...entitlements,
        features: ['SsoIntegration'],
        addons: ['sso'],
        limits: { seats: 5, agents: -1 },
      },
      cluster: { uid: 'u-1', types: ['EKS'] },
      serial: 7,
      supersedes: ['lic-0'],
      revocation_notice_hours: 48,
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
        hardEndsAt: NOW + 330 * DAY,
        limits: { nodes: 10, agents: -1, seats: 5 },
        features: ['SsoIntegration'],
        addons: ['sso'],
        cluster: { uid: 'u-1', types: ['EKS'] },
        serial: 7,
        supersedes: ['lic-0'],
        revocationNoticeHours: 48,
      },
    })
  })

  test('needs little more than a tier', async () => {
    expect(await read(token({ ...payload, entitlements: { tier: 'free' } }))).toMatchObject({
      claims: { plan: 'free', limits: {}, features: [], addons: [] },
    })
  })

  test('is the same whatever unknown claims it has', async () => {
    const expected = await read(token(payload))
    await fc.assert(
      fc.asyncProperty(unknownClaims, async (unknown) => {
        const content = { ...unknown, ...payload, cluster: undefined, entitlements: { ...unknown, ...entitlements } }
        fc.pre(!json(content).includes('__proto__'))
        fc.pre(!Object.hasOwn(unknown, 'limits'))
        expect(await read(token(content))).toEqual(expected)
      }),
      { numRuns: 200 },
    )
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
  expect(await read(token(payload), { keys: new Map() })).toMatchObject({
    message: 'the license is signed with key k1, which is not trusted (no key is trusted here)',
  })
  const next = await newKey('k2')
  expect(await read(token(payload), { keys: next.trust })).toMatchObject({
    message: 'the license is signed with key k1, which is not trusted (trusted here: k2)',
  })
  const heartbeat = await newKey('h1', 'EdDSA', 'heartbeat')
  expect(await read(token(payload, heartbeat), { keys: heartbeat.trust })).toMatchObject({
    message: 'the license is signed with key h1, which is trusted for heartbeat only',
  })
})

test('whatever it is given, the reader answers, and quotes no part of it', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (pieces) => {
      const answer = await read(pieces.join(''))
      const quoted = parts.filter((part) => part.length > 4 && json(answer).includes(part))
      expect([answer.kind, quoted]).toEqual(['rejected', []])
    }),
    { numRuns: 500 },
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async (bytes) => {
      expect((await read(bytes)).kind).toBe('rejected')
    }),
  )
})
