// What is believed of the times in the Secret of the evidence.

import { describe, expect, test } from 'vitest'
import { evidenceData, evidenceIn, plausible } from '../../../../src/operator/observed/evidence-vault.ts'
import type { SecretData } from '../../../../src/operator/observed/license-secrets.ts'
import { DAY, formatInstant } from '../../../../src/domain/time.ts'
import { NOW } from '../../../support/builders.ts'

const kept = {
  licenses: new Map([['acme', ['a license', 'the one before']]]),
  replacers: ['a replacement'],
  unreadable: new Map([['acme', NOW - DAY]]),
  revocations: 'a list',
  time: NOW + 40 * DAY,
  contested: NOW + 41 * DAY,
  doubted: NOW - DAY,
  marks: Buffer.alloc(32, 7).toString('base64'),
}
const base64 = (text: string) => Buffer.from(text).toString('base64')
const without = (key: string) => (data: SecretData) =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== key))

test('what was written is read again', () => {
  expect(evidenceIn(evidenceData(kept))).toEqual({ ...kept, isSealed: true })
})

test('a time that an operator has signed counts, also ahead of every clock', () => {
  const read = evidenceIn(evidenceData(kept))
  expect(plausible(read, NOW)).toEqual({ evidence: read, refused: [] })
})

describe('a time that nobody has signed', () => {
  const ahead = base64(formatInstant(NOW + 900 * DAY))
  test.each<[string, (data: SecretData) => SecretData]>([
    ['is changed', (data) => ({ ...data, time: ahead })],
    ['is added', (data) => ({ ...data, 'unreadable.other': ahead })],
    ['is taken out', without('unreadable.acme')],
    ['has no signature', without('seal')],
    ['has no key', without('marks')],
  ])('%s: none counts that lies ahead', (_what, change) => {
    const read = evidenceIn(change(evidenceData(kept)))
    const { evidence, refused } = plausible(read, NOW)
    expect([evidence.time, evidence.contested, evidence.doubted]).toEqual([undefined, undefined, kept.doubted])
    expect(refused).toEqual([read.time, kept.contested])
  })

  test('counts where it has passed: an operator that did not sign yet has written it', () => {
    const data = without('seal')(evidenceData({ ...kept, time: NOW - DAY, contested: undefined }))
    expect(plausible(evidenceIn(data), NOW)).toMatchObject({ evidence: { time: NOW - DAY }, refused: [] })
  })
})
