// Names that look the same are one; names that are not say how they differ.

import { describe, expect, test } from 'vitest'
import { characterName, differenceOf, isSameName, unseenCharacter } from '../../../src/domain/names.ts'
import { replaces } from '../../../src/domain/entitlement/license-standing.ts'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { claims, facts, license, wanted, messagesOf } from '../../support/builders.ts'

describe('one name', () => {
  test.each([
    ['NFD and NFC', 'Société Générale'.normalize('NFD'), 'Société Générale'],
    ['a no-break space', 'Acme\u00A0Corp', 'Acme Corp'],
    ['an ideographic space', 'Acme\u3000Corp', 'Acme Corp'],
    ['two spaces', 'Acme  Corp', 'Acme Corp'],
    ['a zero width space', 'Acme\u200B Corp', 'Acme Corp'],
    ['a zero width joiner inside a composed letter', 'Ge\u200D\u0301ant', 'Géant'],
    ['a byte order mark', '\uFEFFAcme Corp', 'Acme Corp'],
    ['a soft hyphen', 'Ac\u00ADme Corp', 'Acme Corp'],
    ['a right-to-left mark', 'חברה\u200F', 'חברה'],
    ['a space at the end', 'Acme Corp ', 'Acme Corp'],
  ])('%s', (_what, one, other) => {
    expect(one).not.toBe(other)
    expect(isSameName(one, other)).toBe(true)
    const expecting = facts({ licenses: [license({ organization: one })], wanted: wanted([], { organization: other }) })
    expect(messagesOf(decide(expecting)).filter((message) => message.includes('expects a license'))).toEqual([])
    const [older, newer] = [
      claims({ organization: one, serial: 1 }),
      claims({ licenseId: 'b', organization: other, serial: 2 }),
    ]
    expect(replaces(newer, older)).toBe(true)
  })
})

describe('two names', () => {
  test.each([
    ['a Cyrillic letter', 'Acme Corp', '\u0410cme Corp', 'character 1: A (U+0041) and \u0410 (U+0410)'],
    ['a Cyrillic word', 'Acme', '\u0410\u0441\u043C\u0435', 'character 1: A (U+0041) and'],
    ['a small l for a large I', 'Acme Inc', 'Acme lnc', 'character 6: I (U+0049) and l (U+006C)'],
    ['a letter more', 'Acme Corp', 'Acme Corps', 'character 10: nothing and s (U+0073)'],
    ['without an accent', 'Société', 'Sociéte', 'character 7: é (U+00E9) and e (U+0065)'],
  ])('%s', (_what, one, other, difference) => {
    expect(isSameName(one, other)).toBe(false)
    expect(differenceOf(one, other)).toContain(difference)
    const messages = messagesOf(
      decide(facts({ licenses: [license({ organization: one })], wanted: wanted([], { organization: other }) })),
    )
    expect(messages.find((message) => message.includes('expects a license'))).toMatch(/they differ in character \d/)
  })

  test('whose difference everybody sees say no more', () => {
    expect(differenceOf('Acme Corp', 'Globex')).toBe('')
  })
})

test('a character that nobody sees has a name', () => {
  const of = (text: string) => characterName(unseenCharacter(text) ?? '')
  expect(of('Acme\u200BCorp')).toBe('U+200B (zero width space)')
  expect(of('Acme\u00A0Corp')).toBe('U+00A0 (no-break space)')
  expect(of('חברה\u200F')).toBe('U+200F (right-to-left mark)')
  expect(of('A\u{E0041}')).toBe('U+E0041')
  for (const plain of ['Société Générale', 'Müller & Söhne GmbH', '株式会社', 'חברה', 'ACME (UK) Ltd.']) {
    expect(unseenCharacter(plain), plain).toBeUndefined()
  }
})
