// Opens a compact JWS (RFC 7515): strict to the byte, with the algorithm of the trusted key. Only then is the payload read.

import type { Instant } from '../time.ts'
import { list } from '../text.ts'
import { checkKeyPeriod } from './expectations.ts'
import { Rejection } from './rejection.ts'
import { SIGNATURE_ALGORITHMS, verifySignature } from './signature.ts'
import { isJsonObject, readStrictJson } from './strict-json.ts'
import type { KeyUse, TrustedKey, TrustedKeys } from './trusted-keys.ts'

/** A kind of document that the vendor signs. Type and use keep them apart: none of them can pass for another. */
export interface DocumentKind {
  /** What it is called in a sentence. */
  readonly noun: string
  /** Its media type, as `typ` in the header (RFC 8725 §3.11). */
  readonly type: string
  /** What a key must be trusted for to sign it. */
  readonly use: KeyUse
}

export const LICENSE: DocumentKind = { noun: 'license', type: 'license+jwt', use: 'license' }
export const REVOCATION_LIST: DocumentKind = {
  noun: 'revocation list',
  type: 'license-revocations+jwt',
  use: 'revocation',
}
export const SIGNED_CATALOG: DocumentKind = { noun: 'catalog', type: 'license-catalog+jwt', use: 'catalog' }

const HEADER_NAMES = ['alg', 'kid', 'typ']
const HEADER_MAX_DEPTH = 4

export interface OpenedJws {
  readonly payload: Uint8Array
  readonly key: TrustedKey
}

/**
 * Checks form, header, key and signature of a document of that kind.
 * @throws Rejection
 */
export async function openCompactJws(
  token: string,
  kind: DocumentKind,
  keys: TrustedKeys,
  now: Instant,
): Promise<OpenedJws> {
  const { noun } = kind
  const [header, payload, signature] = splitToken(token, noun)
  const { alg, kid } = readHeader(header.bytes, kind)
  const key = findKey(kid, kind, keys)
  if (alg !== key.publicKey.alg) {
    throw new Rejection('WrongAlgorithm', `the ${noun} says ${alg}, but its key ${kid} is for ${key.publicKey.alg}`)
  }
  checkKeyPeriod(key, now, noun)
  const signingInput = Buffer.from(`${header.text}.${payload.text}`, 'ascii')
  if (!(await verifySignature(key.publicKey, signingInput, signature.bytes))) {
    throw new Rejection(
      'BadSignature',
      `the signature by key ${kid} does not fit: the ${noun} was damaged or changed after it was signed`,
    )
  }
  return { payload: payload.bytes, key }
}

export interface Part {
  readonly text: string
  readonly bytes: Uint8Array
}

/** The three parts of a compact JWS. @throws Rejection */
export function splitToken(token: string, noun: string): [Part, Part, Part] {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) {
    throw new Rejection(
      'MalformedLicense',
      `this is not a ${noun} file: a ${noun} has three parts with dots between them; check that it is complete and the right file`,
    )
  }
  return [decodePart(header, noun), decodePart(payload, noun), decodePart(signature, noun)]
}

/** Encoding again must give the same text: base64url with padding, spaces or stray bits has more than one spelling. */
function decodePart(text: string, noun: string): Part {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) {
    throw new Rejection(
      'MalformedLicense',
      `the ${noun} has characters that do not belong there (a space, a line break, or a missing end): copy the file again`,
    )
  }
  return { text, bytes }
}

function readHeader(bytes: Uint8Array, { noun, type }: DocumentKind): { alg: string; kid: string } {
  const header = readHeaderObject(bytes, noun)
  const { alg, kid, typ } = header
  // Nothing else is let in: jwk, jku, x5u and x5c bring their own key, crit and b64 change what is signed.
  if (Object.keys(header).sort().join() !== HEADER_NAMES.join() || typeof alg !== 'string' || typeof kid !== 'string') {
    throw new Rejection('MalformedHeader', `the header of the ${noun} must have exactly alg, kid and typ, each a text`)
  }
  if (typ !== type) throw new Rejection('MalformedHeader', `the header of the ${noun} must have the typ "${type}"`)
  if (!SIGNATURE_ALGORITHMS.some((known) => known === alg)) {
    throw new Rejection('WrongAlgorithm', `the ${noun} must be signed with ${SIGNATURE_ALGORITHMS.join(', ')}`)
  }
  return { alg, kid }
}

/** The header of a token, whatever is in it; an empty object when it is none. @throws Rejection */
export function readHeaderObject(bytes: Uint8Array, noun: string): Readonly<Record<string, unknown>> {
  const json = readStrictJson(bytes, HEADER_MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedHeader', `the header of the ${noun} ${json.problem}`)
  return isJsonObject(json.value) ? json.value : {}
}

function findKey(kid: string, { noun, use }: DocumentKind, keys: TrustedKeys): TrustedKey {
  const key = keys.get(kid)
  if (key === undefined) {
    const trusted = keys.size === 0 ? 'no key is trusted here' : `trusted here: ${list([...keys.keys()])}`
    throw new Rejection('UnknownKey', `the ${noun} is signed with ${named(kid)}, which is not trusted (${trusted})`)
  }
  if (key.use !== use) {
    throw new Rejection('UnknownKey', `the ${noun} is signed with key ${kid}, which is trusted for ${key.use} only`)
  }
  return key
}

/** The ID comes from a stranger: it is shown only when it cannot play tricks on a terminal. */
function named(kid: string): string {
  return /^[\x21-\x7E]{1,128}$/.test(kid) ? `key ${kid}` : 'a key without a proper ID'
}
