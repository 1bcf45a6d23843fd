// HTML from templates. Whatever is put into one is text and becomes harmless, unless it is markup that a template made.

const MADE = Symbol('made by markup``')

export interface Markup {
  readonly [MADE]: string
}

type Part = string | number | Markup | readonly Markup[] | undefined

/** `markup\`<p>${name}</p>\``: text is escaped, markup is taken as it is, nothing stands for undefined. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { [MADE]: strings.map((text, index) => text + textOf(parts[index])).join('') }
}

export function htmlOf(made: Markup): string {
  return made[MADE]
}

function textOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return isMarkup(part) ? part[MADE] : part.map(htmlOf).join('')
}

function isMarkup(part: Markup | readonly Markup[]): part is Markup {
  return !Array.isArray(part)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

// Names come from everywhere: besides markup, nothing in them may hide, break lines or turn the writing around.
function escaped(text: string): string {
  return text.replaceAll(
    /[&<>"'\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200B\u2060\uFEFF]/gu,
    (character) => ENTITIES[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
