// The fingerprint of a trusted key is the one of RFC 7638, whatever else stands beside the key.

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'

test.each<[string, () => KeyObject]>([
  ['EdDSA', () => generateKeyPairSync('ed25519').publicKey],
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
])('%s', async (alg, make) => {
  const jwk = make().export({ format: 'jwk' })
  const set = { keys: [{ use: 'license', x5t: 'ignored', ...jwk, kid: 'a', alg }] }
  expect(parseTrustedKeys(JSON.stringify(set)).get('a')?.thumbprint).toBe(await calculateJwkThumbprint(jwk as never))
})
