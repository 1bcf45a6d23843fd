// Opens a compact JWS (RFC 7515): strict to the byte, with the algorithm of the trusted key. Only then is the payload read.

import type { Instant } from '../instant.ts'
import { list } from '../words.ts'
import { checkKeyPeriod } from './expectations.ts'
import { Rejection } from './rejection.ts'
import { SIGNATURE_ALGORITHMS, verifySignature } from './signature.ts'
import { isJsonObject, readStrictJson } from './strict-json.ts'
import type { TrustedKey, TrustedKeys } from './trusted-keys.ts'

/** The media type of our licenses (RFC 8725 §3.11): no other token of the same key can pass for one. */
export const LICENSE_TYPE = 'license+jwt'

const HEADER_NAMES = ['alg', 'kid', 'typ']
const HEADER_MAX_DEPTH = 4

export interface OpenedJws {
  readonly payload: Uint8Array
  readonly key: TrustedKey
}

/**
 * Checks form, header, key and signature of a license.
 * @throws Rejection
 */
export async function openCompactJws(token: string, keys: TrustedKeys, now: Instant): Promise<OpenedJws> {
  const [header, payload, signature] = splitToken(token)
  const { alg, kid } = readHeader(header.bytes)
  const key = findKey(kid, keys)
  if (alg !== key.publicKey.alg) {
    throw new Rejection('WrongAlgorithm', `the license says ${alg}, but its key ${kid} is for ${key.publicKey.alg}`)
  }
  checkKeyPeriod(key, now)
  const signingInput = Buffer.from(`${header.text}.${payload.text}`, 'ascii')
  if (!(await verifySignature(key.publicKey, signingInput, signature.bytes))) {
    throw new Rejection(
      'BadSignature',
      `the signature by key ${kid} does not fit: the license was damaged or changed after it was signed`,
    )
  }
  return { payload: payload.bytes, key }
}

interface Part {
  readonly text: string
  readonly bytes: Uint8Array
}

function splitToken(token: string): [Part, Part, Part] {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) {
    throw new Rejection(
      'MalformedLicense',
      'this is not a license file: a license has three parts with dots between them; check that it is complete and the right file',
    )
  }
  return [decodePart(header), decodePart(payload), decodePart(signature)]
}

/** Encoding again must give the same text: base64url with padding, spaces or stray bits has more than one spelling. */
function decodePart(text: string): Part {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) {
    throw new Rejection(
      'MalformedLicense',
      'the license has characters that do not belong there (a space, a line break, or a missing end): copy the file again',
    )
  }
  return { text, bytes }
}

function readHeader(bytes: Uint8Array): { alg: string; kid: string } {
  const json = readStrictJson(bytes, HEADER_MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedHeader', `the header of the license ${json.problem}`)
  const header = isJsonObject(json.value) ? json.value : {}
  const { alg, kid, typ } = header
  // Nothing else is let in: jwk, jku, x5u and x5c bring their own key, crit and b64 change what is signed.
  if (Object.keys(header).sort().join() !== HEADER_NAMES.join() || typeof alg !== 'string' || typeof kid !== 'string') {
    throw new Rejection('MalformedHeader', 'the header of the license must have exactly alg, kid and typ, each a text')
  }
  if (typ !== LICENSE_TYPE) {
    throw new Rejection('MalformedHeader', `the header of the license must have the typ "${LICENSE_TYPE}"`)
  }
  if (!SIGNATURE_ALGORITHMS.some((known) => known === alg)) {
    throw new Rejection('WrongAlgorithm', `the license must be signed with ${SIGNATURE_ALGORITHMS.join(', ')}`)
  }
  return { alg, kid }
}

function findKey(kid: string, keys: TrustedKeys): TrustedKey {
  const key = keys.get(kid)
  if (key === undefined) {
    const trusted = keys.size === 0 ? 'no key is trusted here' : `trusted here: ${list([...keys.keys()])}`
    throw new Rejection('UnknownKey', `the license is signed with ${named(kid)}, which is not trusted (${trusted})`)
  }
  if (key.use !== 'license') {
    throw new Rejection('UnknownKey', `the license is signed with key ${kid}, which is trusted for ${key.use} only`)
  }
  return key
}

/** The ID comes from a stranger: it is shown only when it cannot play tricks on a terminal. */
function named(kid: string): string {
  return /^[\x21-\x7E]{1,128}$/.test(kid) ? `key ${kid}` : 'a key without a proper ID'
}
