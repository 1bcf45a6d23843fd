// Names of organizations are compared as people read them. One name has several spellings in Unicode that look the same, and
// characters that nobody sees come along when a name is copied from a web page or a spreadsheet.

/** What is not seen, or looks like a space and is none. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu
const SPACES = /[\p{Zs}\s\u2800]+/gu
const NOT_PLAIN = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u2800\p{Cc}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

const TITLES: Readonly<Record<string, string>> = {
  '\t': 'tab',
  '\n': 'line feed',
  '\r': 'carriage return',
  '\u00A0': 'no-break space',
  '\u00AD': 'soft hyphen',
  '\u061C': 'Arabic letter mark',
  '\u200B': 'zero width space',
  '\u200C': 'zero width non-joiner',
  '\u200D': 'zero width joiner',
  '\u200E': 'left-to-right mark',
  '\u200F': 'right-to-left mark',
  '\u202A': 'left-to-right embedding',
  '\u202B': 'right-to-left embedding',
  '\u202C': 'pop directional formatting',
  '\u202D': 'left-to-right override',
  '\u202E': 'right-to-left override',
  '\u202F': 'narrow no-break space',
  '\u2028': 'line separator',
  '\u2029': 'paragraph separator',
  '\u2060': 'word joiner',
  '\u2066': 'left-to-right isolate',
  '\u2067': 'right-to-left isolate',
  '\u2068': 'first strong isolate',
  '\u2069': 'pop directional isolate',
  '\u3000': 'ideographic space',
  '\uFEFF': 'byte order mark',
}

/** The one form in which names are compared: NFC, without what is not seen, with one plain space for each gap. */
export function normalName(name: string): string {
  return name.replace(UNSEEN, '').replace(SPACES, ' ').trim().normalize('NFC')
}

/** Whether two names are one. */
export function isSameName(a: string, b: string): boolean {
  return a === b || normalName(a) === normalName(b)
}

/** The first character of a text that cannot be told from another one, or from none, by looking at it. */
export function unseenCharacter(text: string): string | undefined {
  return NOT_PLAIN.exec(text)?.[0]
}

/** A character that cannot be shown: `U+200B (zero width space)`. */
export function characterName(character: string): string {
  const title = TITLES[character]
  return title === undefined ? codePoint(character) : `${codePoint(character)} (${title})`
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Longer differences are seen. */
const FEW = 2

/**
 * How two names differ that are easily taken for one another, as the end of a sentence; empty where everybody sees it.
 * Whatever is not ASCII may look like something else: a Cyrillic letter like a Latin one.
 */
export function differenceOf(a: string, b: string): string {
  const [left, right] = [Array.from(normalName(a)), Array.from(normalName(b))]
  const at = left.findIndex((character, index) => character !== right[index])
  const from = at === -1 ? left.length : at
  let end = 0
  while (end < Math.min(left.length, right.length) - from && left.at(-1 - end) === right.at(-1 - end)) end++
  const rest = [left, right].map((name) => name.slice(from, name.length - end))
  const isSmall = rest.every((part) => part.length <= FEW)
  const mayLookAlike = left.length === right.length && rest.some((part) => part.some((one) => one > '\u007F'))
  if (!isSmall && !mayLookAlike) return ''
  const [one, other] = rest.map(([first]) => (first === undefined ? 'nothing' : `${first} (${codePoint(first)})`))
  return ` (they differ in character ${from + 1}: ${one} and ${other})`
}
