// The ledger: what is written is read back, what is changed is seen, and a line is there whole or not at all.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECOND } from '../../../src/domain/time.ts'
import type { LedgerEntry } from '../../../src/issuing/ledger-entry.ts'
import { appendToLedger, LedgerProblem, parseLedger, readLedgerFile, sha256 } from '../../../src/issuing/ledger.ts'
import { claims, NOW } from '../../support/builders.ts'

const signed = { keyId: 'k1', sha256: sha256('a file'), file: 'a.lic' }
const entries: readonly LedgerEntry[] = [
  { kind: 'key', keyId: 'k1', alg: 'EdDSA', use: 'license', encrypted: true, file: 'key.pem' },
  { kind: 'license', ...claims({ cluster: { uid: 'u', types: ['EKS'] }, notBefore: NOW, serial: 1 }), ...signed },
  { kind: 'license', ...claims({ licenseId: 'lic-2', supersedes: ['lic-1'], hardEndsAt: NOW + SECOND }), ...signed },
  {
    kind: 'revocation-list',
    product: 'cto',
    version: 1,
    revoked: [{ licenseId: 'lic-2', at: NOW, reason: 'x' }],
    ...signed,
  },
  { kind: 'catalog', product: 'clawtex', ...signed },
  {
    kind: 'key',
    keyId: 'k2',
    alg: 'RS256',
    use: 'license',
    encrypted: false,
    file: 'key.json',
    replaces: { keyId: 'k1', endsAt: NOW },
  },
]

let folder: string
let text: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-ledger-'))
  const path = join(folder, 'ledger.jsonl')
  for (const entry of entries) {
    await appendToLedger(path, parseLedger(await readLedgerFile(path)), [entry], NOW)
  }
  text = await readFile(path, 'utf8')
})
afterAll(() => rm(folder, { recursive: true }))

test('what is written is read back, every kind of it, one on each line', () => {
  const { lines, hashes, head } = parseLedger(text)
  expect(lines).toMatchObject(entries)
  expect(text.split('\n')).toHaveLength(entries.length + 1)
  expect(hashes).toHaveLength(entries.length)
  expect(head).toBe(sha256(text.trimEnd().split('\n').at(-1) ?? ''))
})

test('several at once are one chain, too', async () => {
  const path = join(folder, 'several.jsonl')
  await appendToLedger(path, parseLedger(''), entries, NOW)
  expect(parseLedger(await readFile(path, 'utf8')).lines).toHaveLength(entries.length)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('who changes anything but the last line breaks the chain; the last line changes the head', () => {
  const { head } = parseLedger(text)
  const anywhere = fc.nat(text.length - 2)
  const change = fc
    .tuple(anywhere, fc.stringMatching(/^[ -~]$/))
    .filter(([at, by]) => text[at] !== by && text[at] !== '\n')
  fc.assert(
    fc.property(change, ([at, by]) => {
      const changed = text.slice(0, at) + by + text.slice(at + 1)
      try {
        return parseLedger(changed).head !== head
      } catch (error) {
        return error instanceof LedgerProblem
      }
    }),
    { numRuns: 500 },
  )
})

describe('refuses', () => {
  const lines = () => text.trimEnd().split('\n')
  const whole = (parts: readonly (string | undefined)[]) => `${parts.join('\n')}\n`
  test.each<[string, () => string, number, RegExp]>([
    [
      'a line that is changed',
      () => text.replace('Acme Corp', 'Acme Gorp'),
      3,
      /does not follow line 2: that line, or/,
    ],
    ['a line that is missing', () => whole(lines().toSpliced(2, 1)), 3, /does not follow line 2/],
    ['the first line missing', () => whole(lines().slice(1)), 1, /lines before it were removed/],
    ['two lines in another order', () => whole([lines()[1], lines()[0], ...lines().slice(2)]), 1, /lines before it/],
    ['a line twice', () => whole([lines()[0], lines()[0]]), 2, /does not follow line 1/],
    ['half of a line', () => text.slice(0, -9), entries.length, /was cut off while it was written, and nothing was/],
    ['an empty line', () => `${text}\n`, entries.length + 1, /is not valid JSON/],
    ['something else', () => '{"kind":"note"}\n', 1, /is no line of a ledger/],
    ['a name twice', () => text.replace('{"kind"', '{"kind":"key","kind"'), 1, /the same name twice/],
    ['a time that is none', () => text.replace('"at":"2026', '"at":"soon'), 1, /no line of a ledger \(at: /],
  ])('%s', (_, make, line, problem) => {
    const error = (() => {
      try {
        return parseLedger(make())
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(LedgerProblem)
    expect(error).toMatchObject({ line, message: expect.stringMatching(problem) })
  })
})

test('who adds without the lock, on an old view of the ledger, is found out', async () => {
  const path = join(folder, 'stale.jsonl')
  const stale = parseLedger('')
  await appendToLedger(path, stale, entries.slice(0, 1), NOW)
  await appendToLedger(path, stale, entries.slice(1, 2), NOW)
  const content = await readFile(path, 'utf8')
  expect(() => parseLedger(content)).toThrow(/does not follow line 1/)
})
