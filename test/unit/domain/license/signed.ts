// Licenses for tests, good and bad: anything can be signed here, also what our own issuer refuses to sign.

import { type KeyObject, sign } from 'node:crypto'
import { DAY, type Instant, SECOND } from '../../../../src/domain/time.ts'
import type { Authenticity } from '../../../../src/domain/license/claims.ts'
import { readLicense, type ReadLicenseOptions } from '../../../../src/domain/license/read-license.ts'
import type { SignatureAlgorithm } from '../../../../src/domain/license/signature.ts'
import type { KeyUse } from '../../../../src/domain/license/trusted-keys.ts'
import { generateSigningKey } from '../../../../src/issuing/keys/keygen.ts'
import { parseSigningKey, type SigningKey } from '../../../../src/issuing/keys/signing-key.ts'

/** 2026-11-21T08:00:00Z */
export const NOW = Date.UTC(2026, 10, 21, 8)
export const PLANS = ['free', 'starter', 'team', 'business', 'enterprise']

export async function newKey(keyId = 'k1', alg: SignatureAlgorithm = 'EdDSA', use: KeyUse = 'license') {
  const { privateJwk } = await generateSigningKey({ alg, keyId, use })
  return parseSigningKey(JSON.stringify(privateJwk))
}

export const key: SigningKey = await newKey()

export const payload = {
  iss: '5D Labs',
  sub: 'Acme Corp',
  aud: 'cto',
  jti: 'lic-1',
  iat: seconds(NOW - 10 * DAY),
  exp: seconds(NOW + 300 * DAY),
  entitlements: { tier: 'team', max_nodes: 10, max_agents: -1, features: [], addons: [] },
}

export function seconds(instant: Instant): number {
  return instant / SECOND
}

/** A compact JWS over exactly this header and payload; a text is taken as it is, to write JSON that no library writes. */
export function jws(header: object | string, content: object | string | Uint8Array, signer: SigningKey = key): string {
  const input = `${encode(header)}.${encode(content)}`
  return `${input}.${rawSignature(signer.privateKey, signer.alg, Buffer.from(input)).toString('base64url')}`
}

/** A license with the proper header. */
export function token(content: object | string | Uint8Array, signer: SigningKey = key): string {
  return jws({ alg: signer.alg, kid: signer.keyId, typ: 'license+jwt' }, content, signer)
}

export function rawSignature(privateKey: KeyObject, alg: SignatureAlgorithm, message: Uint8Array): Buffer {
  if (alg === 'ES256') return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return sign(alg === 'EdDSA' ? null : 'sha256', message, privateKey)
}

export function read(file: string | Uint8Array, options: Partial<ReadLicenseOptions> = {}): Promise<Authenticity> {
  return readLicense(file, { keys: key.trust, product: 'cto', plans: PLANS, now: NOW, ...options })
}

/** A reader's answer in short: the reason of a rejection, or `authentic`. */
export async function outcome(file: string | Uint8Array, options: Partial<ReadLicenseOptions> = {}): Promise<string> {
  const answer = await read(file, options)
  return answer.kind === 'rejected' ? answer.reason : answer.kind
}

function encode(part: object | string | Uint8Array): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url')
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}
