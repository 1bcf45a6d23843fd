// Ed25519: public vectors, and the corners where verifiers differ. Ours is two of them, node:crypto and noble in its
// strict mode, behind a check of the key: what is accepted is what all three accept.

import { createPublicKey, verify } from 'node:crypto'
import { verifyAsync } from '@noble/ed25519'
import { describe, expect, test } from 'vitest'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { NEEDS_VECTORS, readVectors, readVectorText, VECTORS_ABSENT } from './public-vectors.ts'
import {
  BAD_KEY,
  disagreements,
  ed25519Jwk,
  fromHex,
  readWycheproof,
  type SignatureVector,
  verdictOn,
} from './signatures.ts'
import { ACCEPTED, expectVerdicts, numbered, REJECTED, type Verdict } from './verdicts.ts'

type HexRecord = Readonly<Record<string, string>>

const SPECCHECK = 'ed25519-speccheck/cases.json'
const ZIP215 = 'noble-ed25519/zip215.json'

const toVector = (key = '', message = '', signature = '') => ({
  jwk: ed25519Jwk(key),
  message: fromHex(message),
  signature: fromHex(signature),
})
const rfc8032 = ({ pub, msg, sig }: HexRecord) => toVector(pub, msg, sig)
const taming = ({ pub_key, message, signature }: HexRecord) => toVector(pub_key, message, signature)
const zcash = ({ vk_bytes, sig_bytes }: HexRecord) =>
  toVector(vk_bytes, Buffer.from('Zcash').toString('hex'), sig_bytes)

// The cases of "Taming the many EdDSAs". Only 6 and 7 have a sound key, and with it an S beyond the order of the group;
// the other keys are of small or mixed order, so it does not matter that noble accepts 2, 4 and 5.
const TWELVE = { expected: numbered('0-11', { [BAD_KEY]: '0-5 8-11' }), nobleAlone: ['2', '4', '5'] }

const FILES: readonly {
  readonly source: string
  readonly read: () => readonly SignatureVector[]
  readonly expected: ReadonlyMap<string, Verdict>
  readonly nobleAlone?: readonly string[]
}[] = [
  {
    source: 'RFC 8032 section 7.1',
    read: () => readRecords('noble-ed25519/rfc8032-ed25519.json', rfc8032),
    expected: numbered('0-3', { [ACCEPTED]: '0-3' }),
  },
  {
    source: 'Wycheproof Ed25519',
    read: () => readWycheproof('wycheproof/ed25519_test.json'),
    expected: numbered('1-151', { [ACCEPTED]: '1-9 71-84 86-150' }),
  },
  {
    source: 'Wycheproof Ed25519, older',
    read: () => readWycheproof('noble-ed25519/ed25519_test_OLD.json'),
    expected: numbered('1-145', { [ACCEPTED]: '1-9 71-145' }),
  },
  { source: 'djb sign.input', read: readSignInput, expected: numbered('1-1024', { [ACCEPTED]: '1-1024' }) },
  { source: 'speccheck', read: () => readRecords(SPECCHECK, taming), ...TWELVE },
  {
    source: 'noble edge cases',
    read: () => readRecords('noble-ed25519/edge-cases.json', taming),
    ...TWELVE,
  },
  {
    source: 'ZIP-215',
    read: () => readRecords(ZIP215, zcash),
    expected: numbered('0-195', { [BAD_KEY]: '0-195' }),
  },
]

describe.skipIf(VECTORS_ABSENT)(`Ed25519 ${NEEDS_VECTORS}`, () => {
  // More than a thousand signatures, each verified in four ways.
  test.for(FILES)('$source', { timeout: 120_000 }, async ({ source, read, expected, nobleAlone = [] }, context) => {
    const vectors = read()
    const verdicts = new Map<string, Verdict>()
    const alone: Record<'node' | 'noble', string[]> = { node: [], noble: [] }
    for (const vector of vectors) {
      const { name } = vector
      const [verdict, node, noble] = [await verdictOn('EdDSA', vector), nodeAccepts(vector), await nobleAccepts(vector)]
      if (node && !noble) alone.node.push(name)
      if (noble && !node) alone.noble.push(name)
      if (verdict !== BAD_KEY) expect(verdict, name).toBe(node && noble ? ACCEPTED : REJECTED)
      verdicts.set(name, verdict)
    }
    expectVerdicts(context, source, verdicts, expected, remark(alone))
    expect(alone).toEqual({ node: [], noble: nobleAlone })
    expect(disagreements(vectors, expected)).toEqual([])
  })

  test('keys of small or mixed order, in any spelling, cannot be trusted', () => {
    const unsound = readRecords(SPECCHECK, taming).filter(({ name }) => TWELVE.expected.get(name) === BAD_KEY)
    const keys = [...readRecords(ZIP215, zcash), ...unsound].map(({ jwk }) =>
      JSON.stringify({ keys: [{ ...jwk, kid: 'k1', alg: 'EdDSA' }] }),
    )
    for (const set of new Set(keys)) expect(() => parseTrustedKeys(set)).toThrow('x is not a sound Ed25519 point')
  })
})

function nodeAccepts({ jwk, message, signature }: SignatureVector): boolean {
  return verify(null, message, createPublicKey({ key: { ...jwk }, format: 'jwk' }), signature)
}

async function nobleAccepts({ jwk, message, signature }: SignatureVector): Promise<boolean> {
  try {
    return await verifyAsync(signature, message, Buffer.from(String(jwk['x']), 'base64url'), { zip215: false })
  } catch {
    return false // a signature of another length
  }
}

function remark({ node, noble }: Record<'node' | 'noble', readonly string[]>): string {
  const found = [
    ...(node.length === 0 ? [] : [`node:crypto alone accepts ${node.join(' ')}`]),
    ...(noble.length === 0 ? [] : [`noble alone accepts ${noble.join(' ')}`]),
  ]
  return found.length === 0 ? 'node:crypto and noble agree' : found.join('; ')
}

function readRecords(path: string, read: (record: HexRecord) => Omit<SignatureVector, 'name'>): SignatureVector[] {
  const records: readonly HexRecord[] = readVectors(path)
  return records.map((record, index) => ({ name: String(index), ...read(record) }))
}

/** Lines of `secret key : public key : message : signature and message :`, in hexadecimal digits. */
function readSignInput(): SignatureVector[] {
  const lines = readVectorText('noble-ed25519/vectors.txt').trimEnd().split('\n')
  return lines.map((line, index) => {
    const [, key, message, signed] = line.split(':')
    return { name: String(index + 1), ...toVector(key, message, signed?.slice(0, 128)) }
  })
}
