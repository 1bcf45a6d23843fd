// A private key under a pass phrase: PKCS#8 with PBES2 (RFC 8018), scrypt (RFC 7914) and AES-256, which `openssl pkey` reads
// too. Written by hand, because what Node writes itself takes a guess at the pass phrase in a millisecond.

import { createCipheriv, type KeyObject, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { integer, objectIdentifier, octets, sequence } from './der.ts'

const PBES2 = objectIdentifier('1.2.840.113549.1.5.13')
const SCRYPT = objectIdentifier('1.3.6.1.4.1.11591.4.11')
const AES_256_CBC = objectIdentifier('2.16.840.1.101.3.4.1.42')

// The most memory that OpenSSL lets scrypt have when it reads a key is 32 MiB: N cannot be larger, so p makes up for it.
const COST = { N: 2 ** 14, r: 8, p: 5 }
const SALT_BYTES = 16
const AES_KEY_BYTES = 32
const AES_BLOCK_BYTES = 16
const PEM_LINE = /.{1,64}/g

const deriveKey = promisify<string, Uint8Array, number, typeof COST, Buffer>(scrypt)

/** The key as PEM. */
export async function encryptPrivateKey(key: KeyObject, passphrase: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const iv = randomBytes(AES_BLOCK_BYTES)
  const cipher = createCipheriv('aes-256-cbc', await deriveKey(passphrase, salt, AES_KEY_BYTES, COST), iv)
  const encrypted = Buffer.concat([cipher.update(key.export({ type: 'pkcs8', format: 'der' })), cipher.final()])
  const kdf = sequence(SCRYPT, sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p)))
  const der = sequence(sequence(PBES2, sequence(kdf, sequence(AES_256_CBC, octets(iv)))), octets(encrypted)).toString(
    'base64',
  )
  const lines = der.match(PEM_LINE) ?? []
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join('\n')
}
