// Every license with one bit changed, cut anywhere, or with one byte more anywhere, is refused. The exceptions are few,
// have a name each, and say exactly what the license said.

import { describe, expect, test } from 'vitest'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import { readRevocationList } from '../../src/domain/license/revocation-list.ts'
import { FORMS, issue } from '../unit/domain/license/forms.ts'
import { jws, newKey, NOW, read, seconds } from '../unit/domain/license/signed.ts'
import { ACCEPTED, expectVerdicts, REJECTED, type Verdict } from './verdicts.ts'

interface Mutant {
  readonly kind: 'bit' | 'cut' | 'byte'
  /** Of the byte that is changed, or before which the text is cut or the byte added. */
  readonly at: number
  /** What is added, or what the byte has become. */
  readonly byte: number
  readonly bytes: Uint8Array
}

interface Document {
  readonly name: string
  readonly text: string
  readonly read: (file: Uint8Array) => Promise<{ readonly kind: 'authentic' | 'rejected' }>
  /** Why a mutant may be accepted, if it may. */
  readonly excuse: (text: Buffer, mutant: Mutant) => string | undefined
  /** How many mutants are accepted, by the reason why they may be. */
  readonly excused: Readonly<Record<string, number>>
}

const ADDED = [...Buffer.from(' \t\n\r0A-.="\\,'), 0x00, 0xc3]
const FACTS = { id: 'lic-1', organization: 'Søhne/Acme <&>' }
const BLANK = 'blank around it'
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const keys = {
  EdDSA: await newKey('k1', 'EdDSA'),
  ES256: await newKey('k1', 'ES256'),
  RS256: await newKey('k1', 'RS256'),
  revocation: await newKey('k1', 'EdDSA', 'revocation'),
}

const list = {
  iss: '5D Labs',
  aud: 'cto',
  iat: seconds(NOW),
  version: 7,
  revoked: [{ jti: 'lic-1', at: seconds(NOW) }],
}

const compact = { excuse: blankAround, excused: { [BLANK]: 8 } }
const ctoJson = {
  excuse: excuseForJson,
  excused: {
    'blanks between tokens': 160,
    'in the features, which are not signed': 328,
    'tier in small letters': 1,
    'slash escaped': 1,
  },
}

const DOCUMENTS: readonly Document[] = [
  ...FORMS.map((form) => ({
    name: form.name,
    text: issue(form, FACTS, keys[form.alg]),
    read: (file: Uint8Array) => read(file, { keys: keys[form.alg].trust, ...form.options }),
    ...(form.name === 'CTO JSON' ? ctoJson : compact),
  })),
  {
    name: 'revocation list',
    text: jws({ alg: 'EdDSA', kid: 'k1', typ: REVOCATION_LIST.type }, list, keys.revocation),
    read: (file) => readRevocationList(file, { keys: keys.revocation.trust, product: 'cto', now: NOW }),
    ...compact,
  },
]

describe('one change makes it another license, and no license', () => {
  // Ten to twenty thousand readings each.
  test.for(DOCUMENTS)('$name', { timeout: 60_000 }, async ({ name, text, read, excuse, excused }, context) => {
    const bytes = Buffer.from(text)
    const original = await read(bytes)
    expect(original.kind).toBe('authentic')
    const [actual, expected] = [new Map<string, Verdict>(), new Map<string, Verdict>()]
    const accepted: Record<string, number> = {}
    for (const mutant of mutantsOf(bytes)) {
      const label = `${mutant.kind} ${mutant.at} ${mutant.byte}`
      const answer = await read(mutant.bytes)
      const why = answer.kind === 'authentic' ? excuse(bytes, mutant) : undefined
      actual.set(label, answer.kind === 'authentic' ? ACCEPTED : REJECTED)
      expected.set(label, why === undefined ? REJECTED : ACCEPTED)
      if (why === undefined) continue
      expect(answer, label).toEqual(original)
      accepted[why] = (accepted[why] ?? 0) + 1
    }
    const remark = Object.entries(accepted).map(([why, count]) => `${count} ${why}`)
    expectVerdicts(context, `mutations of ${name}`, actual, expected, remark.join(', '))
    expect(accepted).toEqual(excused)
  })
})

test('an ECDSA signature has a twin that anybody can make: with it the license says the same', async () => {
  const license = issue(
    FORMS.find(({ name }) => name === 'JWS ES256')!,
    FACTS,
    keys.ES256,
  )
  const signature = Buffer.from(license.split('.')[2]!, 'base64url')
  const s = BigInt(`0x${signature.toString('hex', 32)}`)
  signature.write((P256_ORDER - s).toString(16).padStart(64, '0'), 32, 'hex')
  const twin = license.replace(/[^.]*$/, signature.toString('base64url'))
  const options = { keys: keys.ES256.trust }
  expect(twin).not.toBe(license)
  expect(await read(twin, options)).toEqual(await read(license, options))
  expect(await read(license, options)).toMatchObject({ kind: 'authentic' })
})

function* mutantsOf(text: Buffer): Generator<Mutant> {
  for (let at = 0; at < text.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = Buffer.from(text)
      const byte = text[at]! ^ (1 << bit)
      bytes[at] = byte
      yield { kind: 'bit', at, byte, bytes }
    }
    yield { kind: 'cut', at, byte: 0, bytes: text.subarray(0, at) }
  }
  for (let at = 0; at <= text.length; at++) {
    for (const byte of ADDED) {
      yield { kind: 'byte', at, byte, bytes: Buffer.concat([text.subarray(0, at), Buffer.of(byte), text.subarray(at)]) }
    }
  }
}

/** Blanks and newlines around a license are no part of it. */
function blankAround(text: Buffer, { kind, at, byte }: Mutant): string | undefined {
  const isAround = at === 0 || at === text.length
  return kind === 'byte' && isAround && /[ \t\n\r]/.test(String.fromCharCode(byte)) ? BLANK : undefined
}

/** The CTO JSON form signs the values of seven fields, however they are spelled. */
function excuseForJson(text: Buffer, { kind, at, byte }: Mutant): string | undefined {
  const json = text.toString('latin1') // one character for each byte
  const isAt = (pattern: RegExp) =>
    [...json.matchAll(pattern)].some(({ index, 0: { length } }) => at > index && at < index + length)
  const isBetweenTokens = !isAt(/"[^"]*"|\d+/g)
  if (kind === 'byte' && isBetweenTokens && /[ \t\n\r]/.test(String.fromCharCode(byte))) return 'blanks between tokens'
  if (isAt(/,"features":\[[^\]]*\]/g)) return 'in the features, which are not signed'
  if (kind === 'bit' && json.slice(0, at).endsWith('"tier":"') && byte === 't'.charCodeAt(0))
    return 'tier in small letters'
  if (kind === 'byte' && json[at] === '/' && byte === '\\'.charCodeAt(0)) return 'slash escaped'
  return undefined
}
