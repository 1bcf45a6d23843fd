// The vendor's keys: made, stored as a JWK or PEM, read back, and never quoted.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateSigningKey } from '../../../../src/issuing/keys/keygen.ts'
import { keyIdFor, parseSigningKey } from '../../../../src/issuing/keys/signing-key.ts'

describe.each(['EdDSA', 'ES256', 'RS256'] as const)('%s', (alg) => {
  test('a new key is named after itself, and its public half has no private part', async () => {
    const key = await generateSigningKey({ alg, use: 'license' })
    expect(key.keyId).toMatch(/^[\w-]{16}$/)
    expect(key.publicJwk).toMatchObject({ kid: key.keyId, alg, use: 'license' })
    expect(key.publicJwk).not.toHaveProperty('d')
    expect(key.privateJwk).toMatchObject(key.publicJwk)
    expect((await parseSigningKey(JSON.stringify(key.privateJwk))).publicJwk).toEqual(key.publicJwk)
  })

  test('as PEM it has no ID, so it gets the same one from the key', async () => {
    const key = await generateSigningKey({ alg, use: 'license' })
    const pem = createPrivateKey({ key: { ...key.privateJwk }, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' })
    expect(await parseSigningKey(String(pem))).toMatchObject({ keyId: key.keyId, alg })
  })
})

test('RSA keys have 3072 bits', async () => {
  const { publicJwk } = await generateSigningKey({ alg: 'RS256', use: 'license' })
  expect(Buffer.from(String(publicJwk['n']), 'base64url').length * 8).toBe(3072)
})

test('the ID is the beginning of the thumbprint of RFC 7638 (vector of RFC 8037 §A.3)', async () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  expect(await keyIdFor(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'.slice(0, 16))
})

describe('what is no private key of ours is refused, and not quoted', async () => {
  const { publicJwk, privateJwk } = await generateSigningKey({ alg: 'EdDSA', use: 'license' })
  const secret = String(privateJwk['d'])
  const pem = (type: 'ec' | 'ed448') => {
    const { privateKey } =
      type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-384' }) : generateKeyPairSync(type)
    return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
  test.each([
    ['a public key', JSON.stringify(publicJwk), /not a private key: it may be the public half/],
    ['a set of keys', JSON.stringify({ keys: [privateJwk] }), /not a private key/],
    ['broken JSON', JSON.stringify(privateJwk).slice(0, -1), /is not valid JSON/],
    ['a broken JWK', JSON.stringify({ ...privateJwk, d: secret.slice(1) }), /cannot be read: it must be a JWK or/],
    ['nothing', '', /cannot be read/],
    ['a broken PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', /cannot be read/],
    ['P-384', pem('ec'), /must be an Ed25519, P-256 or RSA key/],
    ['Ed448', pem('ed448'), /must be an Ed25519, P-256 or RSA key/],
    ['a bad key ID', JSON.stringify({ ...privateJwk, kid: 'к1' }), /kid: must be 1 to 128 printable ASCII/],
    ['a use that is none', JSON.stringify({ ...privateJwk, use: 'enc' }), /use: must be one of license/],
  ])('%s', async (_, text, problem) => {
    const error: unknown = await parseSigningKey(text).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toMatch(problem)
    expect(String(error)).not.toContain(secret.slice(1))
  })
})
