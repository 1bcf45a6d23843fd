// A license that was believed once stays for a while when it can no longer be read; what is new is read once.

import { beforeEach, describe, expect, test } from 'vitest'
import { LicenseEvidence } from '../../../../src/operator/observed/license-evidence.ts'
import { decide } from '../../../../src/domain/entitlement/decision.ts'
import type { LicenseFacts } from '../../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../../../src/domain/time.ts'
import type { Authenticity } from '../../../../src/domain/license/claims.ts'
import { claims, facts, NOW } from '../../../support/builders.ts'

let read: string[]
let evidence: LicenseEvidence

function newEvidence(): LicenseEvidence {
  return new LicenseEvidence((text): Promise<Authenticity> => {
    read.push(text)
    if (text.startsWith('good'))
      return Promise.resolve({ kind: 'authentic', claims: claims({ licenseId: text }), keyId: 'k' })
    if (text.startsWith('late')) {
      const later = claims({ licenseId: text, notBefore: NOW + 310 * DAY, expiresAt: NOW + 900 * DAY })
      return Promise.resolve({ kind: 'authentic', claims: later, keyId: 'k' })
    }
    const reason = text === 'early' ? 'KeyNotValidNow' : 'BadSignature'
    return Promise.resolve({ kind: 'rejected', reason, message: 'it is bad' })
  }, 72 * HOUR)
}

beforeEach(() => {
  read = []
  evidence = newEvidence()
})

const nothing = { replacers: [], unreadable: new Map() }
const present = (text: string) => ({ kind: 'present', text }) as const
const absent = { kind: 'absent', reason: 'SecretNotFound', message: 'it is not there' } as const

test('the same bytes are verified once, other bytes anew', async () => {
  for (const text of ['good-1', 'good-1', 'good-2', 'good-1']) await evidence.factsOf('a', present(text), NOW)
  expect(read).toEqual(['good-1', 'good-2', 'good-1'])
})

test('bytes that time may mend are read again', async () => {
  for (let times = 0; times < 3; times++) await evidence.factsOf('a', present('early'), NOW)
  expect(read).toHaveLength(3)
})

test('a license is not believed beyond the period of its key', async () => {
  const asked: number[] = []
  const shortLived = new LicenseEvidence((_text, now): Promise<Authenticity> => {
    asked.push(now)
    if (now >= NOW + HOUR)
      return Promise.resolve({ kind: 'rejected', reason: 'KeyNotValidNow', message: 'the key is too old' })
    return Promise.resolve({ kind: 'authentic', claims: claims(), keyId: 'k', keyExpiresAt: NOW + HOUR })
  }, 72 * HOUR)
  for (const now of [NOW, NOW + 1, NOW + HOUR]) await shortLived.factsOf('a', present('x'), now)
  expect(asked).toEqual([NOW, NOW + HOUR])
})

test.each([
  ['bad', present('bad'), 'BadSignature'],
  ['gone', absent, 'SecretNotFound'],
] as const)('the last good one stays for 72 h when the new one is %s', async (_what, content, reason) => {
  await evidence.factsOf('a', present('good-1'), NOW)
  const later = await evidence.factsOf('a', content, NOW + HOUR)
  expect(later.claims?.licenseId).toBe('good-1')
  expect(later.problem).toMatchObject({ reason, since: NOW + HOUR })
  // Another problem in its place does not begin the period anew.
  const other = await evidence.factsOf('a', reason === 'BadSignature' ? absent : present('bad'), NOW + 50 * HOUR)
  expect(other.problem?.since).toBe(NOW + HOUR)
  expect((await evidence.factsOf('a', content, NOW + 73 * HOUR - 1)).claims).toBeDefined()
  expect((await evidence.factsOf('a', content, NOW + 73 * HOUR)).claims).toBeUndefined()
  const mended = await evidence.factsOf('a', present('good-2'), NOW + 80 * HOUR)
  expect(mended).toEqual({ name: 'a', claims: claims({ licenseId: 'good-2' }) })
})

test('after a restart: what is restored is verified, and the time without a license is not counted anew', async () => {
  await evidence.factsOf('a', present('good-1'), NOW - 20 * HOUR)
  await evidence.factsOf('a', absent, NOW - 10 * HOUR)
  // Of one that was never read there is nothing to go on with.
  await evidence.factsOf('b', absent, NOW - 10 * HOUR)
  const unreadable = evidence.unreadable()
  expect([...unreadable]).toEqual([['a', NOW - 10 * HOUR]])
  evidence = newEvidence()
  const licenses = new Map([
    ['a', ['good-1']],
    ['b', ['bad']],
  ])
  await evidence.restore({ licenses, replacers: [], unreadable }, NOW)
  expect([...evidence.files().keys()]).toEqual(['a'])
  const fact = await evidence.factsOf('a', absent, NOW)
  expect(fact.claims?.licenseId).toBe('good-1')
  expect(fact.problem?.since).toBe(NOW - 10 * HOUR)
  expect((await evidence.factsOf('a', absent, NOW + 62 * HOUR)).claims).toBeUndefined()
})

test('nothing is kept of a License that was deleted, and nothing is lent to another', async () => {
  await evidence.factsOf('a', present('good-1'), NOW)
  expect((await evidence.factsOf('b', present('bad'), NOW)).claims).toBeUndefined()
  evidence.keepOnly(new Map([['b', 'uid-b']]))
  expect((await evidence.factsOf('a', present('bad'), NOW)).claims).toBeUndefined()
})

test('a License that was deleted and made again under its name is another one', async () => {
  evidence.keepOnly(new Map([['a', 'uid-1']]))
  await evidence.factsOf('a', present('good-1'), NOW)
  evidence.keepOnly(new Map([['a', 'uid-1']]))
  expect((await evidence.factsOf('a', present('bad'), NOW)).claims?.licenseId).toBe('good-1')
  evidence.keepOnly(new Map([['a', 'uid-2']]))
  expect((await evidence.factsOf('a', present('bad'), NOW)).claims).toBeUndefined()
})

describe('in the place of another', () => {
  const decided = (license: LicenseFacts, now = NOW) => decide(facts({ now, licenses: [license] }))
  const counting = async (text: string, now = NOW) => {
    const decision = decided(await evidence.factsOf('a', present(text), now), now)
    evidence.settle(decision.licenses, decision.begun, now)
    return decision.grant.license?.claims.licenseId
  }

  test('the one in force goes on for as long as it is valid, also after restarts', async () => {
    expect(await counting('good-1')).toBe('good-1')
    const end = claims().expiresAt
    for (let day = 1; NOW + day * DAY < end; day += 30) {
      expect(await counting('late-9', NOW + day * DAY)).toBe('good-1')
      const files = evidence.files()
      expect(files).toEqual(new Map([['a', ['late-9', 'good-1']]]))
      evidence = newEvidence()
      await evidence.restore({ licenses: files, ...nothing }, NOW + day * DAY)
    }
    expect(await counting('late-9', NOW + 400 * DAY)).toBe('late-9')
    expect(evidence.files()).toEqual(new Map([['a', ['late-9']]]))
  })

  test('what takes its place is not lost when the one before comes back', async () => {
    for (const text of ['good-1', 'late-9', 'good-1', 'late-9']) expect(await counting(text)).toBe('good-1')
    expect(evidence.files().get('a')).toEqual(['late-9', 'good-1'])
  })

  test('a Secret that is a license by its name gets a License of its own: what was known of it goes there', async () => {
    await evidence.factsOf('secret/cto-license', present('good-1'), NOW)
    await evidence.factsOf('secret/cto-license', present('late-9'), NOW)
    evidence.move('secret/cto-license', 'a')
    evidence.keepOnly(new Map([['a', 'uid-a']]))
    expect(await counting('late-9')).toBe('good-1')
  })
})

test('however long the names of Licenses are, each is remembered, and apart from the others', async () => {
  const names = ['a'.repeat(250), `${'a'.repeat(249)}b`, 'a'.repeat(201), 'a'.repeat(200)]
  for (const [index, name] of names.entries()) await evidence.factsOf(name, present(`good-${index}`), NOW)
  const files = evidence.files()
  expect(files.size).toBe(names.length)
  for (const name of files.keys()) expect(name.length).toBeLessThanOrEqual(200)
  evidence = newEvidence()
  // Also as they were kept before names were shortened.
  const licenses = new Map([...files, ['b'.repeat(240), ['good-9']] as const])
  await evidence.restore({ licenses, ...nothing }, NOW)
  for (const [index, name] of [...names.entries(), [9, 'b'.repeat(240)] as const]) {
    expect((await evidence.factsOf(name, absent, NOW)).claims?.licenseId).toBe(`good-${index}`)
  }
})
