// A private key under a pass phrase: the standard form, which node:crypto and openssl open, and nobody without the phrase.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { integer, objectIdentifier, octets, sequence } from '../../../../src/issuing/keys/der.ts'
import { encryptPrivateKey } from '../../../../src/issuing/keys/encrypted-key.ts'
import { generateSigningKey } from '../../../../src/issuing/keys/keygen.ts'
import { encryptedKeyFile, parseSigningKey } from '../../../../src/issuing/keys/signing-key.ts'

const PASSPHRASE = 'pâss phrase 🦊'
const keys: readonly (readonly [string, KeyObject])[] = [
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  // As long as lengths of one, two and three bytes.
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
]

test.each(keys)('%s', async (_, key) => {
  const pem = await encryptPrivateKey(key, PASSPHRASE)
  expect(createPrivateKey({ key: pem, passphrase: PASSPHRASE }).equals(key)).toBe(true)
  expect(() => createPrivateKey({ key: pem, passphrase: 'pass phrase' })).toThrow(/bad decrypt|asn1|unsupported/i)
  expect(() => createPrivateKey(pem)).toThrow()
})

test('the pass phrase costs 16 MiB and 2^14 × 5 rounds to try; the same key never looks the same', async () => {
  const [, key] = keys[0]!
  const [one, two] = [await encryptPrivateKey(key, PASSPHRASE), await encryptPrivateKey(key, PASSPHRASE)]
  expect(one).not.toBe(two)
  const der = Buffer.from(one.split('\n').slice(1, -2).join(''), 'base64')
  // As in RFC 7914 §7: scrypt, then the salt, N = 16384, r = 8, p = 5; then AES-256-CBC.
  const scrypt = der.indexOf(objectIdentifier('1.3.6.1.4.1.11591.4.11'))
  expect(scrypt).toBeGreaterThan(0)
  expect(der.includes(Buffer.concat([integer(16_384), integer(8), integer(5)]), scrypt)).toBe(true)
  expect(der.includes(objectIdentifier('2.16.840.1.101.3.4.1.42'), scrypt)).toBe(true)
})

test('a file of ours knows its ID and use; without the pass phrase it tells no more than that', async () => {
  const { privateJwk, keyId } = await generateSigningKey({ alg: 'EdDSA', use: 'revocation' })
  const file = await encryptedKeyFile(privateJwk, PASSPHRASE)
  const opened = await parseSigningKey(file, () => Promise.resolve(PASSPHRASE))
  expect(opened.publicJwk).toMatchObject({ kid: keyId, use: 'revocation', x: privateJwk['x'] })
  const crlf = await parseSigningKey(file.replaceAll('\n', '\r\n'), () => Promise.resolve(PASSPHRASE))
  expect(crlf.publicJwk).toEqual(opened.publicJwk)
  await expect(parseSigningKey(file)).rejects.toThrow('the private key is encrypted, and its pass phrase is not given')
  await expect(parseSigningKey(file, () => Promise.resolve('wrong'))).rejects.toThrow(/^the pass phrase does not open/)
})

test('the pass phrase is asked for only where there is one', async () => {
  const { privateJwk } = await generateSigningKey({ alg: 'EdDSA', use: 'license' })
  const never = () => Promise.reject(new Error('asked'))
  await expect(parseSigningKey(JSON.stringify(privateJwk), never)).resolves.toMatchObject({ alg: 'EdDSA' })
})

test.each([
  ['a small number', integer(5), '020105'],
  ['one whose first bit is set', integer(0x80), '02020080'],
  ['one of three bytes', integer(0x1234), '02021234'],
  ['zero', integer(0), '020100'],
  ['an object identifier', objectIdentifier('1.2.840.113549'), '06062a864886f70d'],
  ['127 bytes', octets(Buffer.alloc(127)).subarray(0, 2), '047f'],
  ['128 bytes', octets(Buffer.alloc(128)).subarray(0, 3), '048180'],
  ['256 bytes', octets(Buffer.alloc(256)).subarray(0, 4), '04820100'],
  ['nothing in a sequence', sequence(), '3000'],
])('DER, %s', (_, der, hex) => {
  expect(der.toString('hex')).toBe(hex)
})
