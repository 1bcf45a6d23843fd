// Vectors of signatures, and what the verifier that all licenses go through says to them.

import { importPublicKey, type SignatureAlgorithm, verifySignature } from '../../src/domain/license/signature.ts'
import { readVectors } from './public-vectors.ts'
import { ACCEPTED, REJECTED, type Verdict } from './verdicts.ts'

/** The verdict on a signature whose key would never be trusted. */
export const BAD_KEY = 'bad key'

export interface SignatureVector {
  readonly name: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** What the authors say, where they do: `acceptable` leaves it to the verifier. */
  readonly result?: 'valid' | 'invalid' | 'acceptable'
}

export async function verdictOn(alg: SignatureAlgorithm, vector: SignatureVector): Promise<Verdict> {
  const key = soundKey(alg, vector.jwk)
  if (key === undefined) return BAD_KEY
  return (await verifySignature(key, vector.message, vector.signature)) ? ACCEPTED : REJECTED
}

export async function verdictsOn(alg: SignatureAlgorithm, vectors: readonly SignatureVector[]) {
  const verdicts = new Map<string, Verdict>()
  for (const vector of vectors) verdicts.set(vector.name, await verdictOn(alg, vector))
  return verdicts
}

function soundKey(alg: SignatureAlgorithm, jwk: SignatureVector['jwk']) {
  try {
    return importPublicKey(alg, jwk)
  } catch {
    return undefined
  }
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKeyJwk?: SignatureVector['jwk']
    readonly keyJwk?: SignatureVector['jwk']
    readonly jwk?: SignatureVector['jwk']
    readonly publicKey: { readonly wx: string; readonly wy: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: NonNullable<SignatureVector['result']>
    }[]
  }[]
}

export function readWycheproof(path: string): SignatureVector[] {
  const { testGroups }: WycheproofFile = readVectors(path)
  return testGroups.flatMap(({ publicKeyJwk, keyJwk, jwk, publicKey, tests }) =>
    tests.map(({ tcId, msg, sig, result }) => ({
      name: String(tcId),
      jwk: publicKeyJwk ?? keyJwk ?? jwk ?? p256Jwk(publicKey),
      message: fromHex(msg),
      signature: fromHex(sig),
      result,
    })),
  )
}

/** The numbers of the vectors on which our table and the authors say different things. */
export function disagreements(vectors: readonly SignatureVector[], table: ReadonlyMap<string, Verdict>): string[] {
  return vectors
    .filter(({ result }) => result === 'valid' || result === 'invalid')
    .filter(({ name, result }) => (table.get(name) === ACCEPTED) !== (result === 'valid'))
    .map(({ name }) => name)
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

export function ed25519Jwk(publicKey: string): SignatureVector['jwk'] {
  return { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }
}

/** Some groups come without a JWK; their numbers have zeros in front, or too few of them. */
function p256Jwk({ wx, wy }: WycheproofFile['testGroups'][number]['publicKey']): SignatureVector['jwk'] {
  const coordinate = (text: string) => Buffer.from(text.padStart(64, '0').slice(-64), 'hex').toString('base64url')
  return { kty: 'EC', crv: 'P-256', x: coordinate(wx), y: coordinate(wy) }
}
