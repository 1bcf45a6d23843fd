// JSON that has one meaning: valid UTF-8, no name twice, bounded depth. What two parsers could read differently is refused.

export type StrictJson = { readonly value: unknown } | { readonly problem: string }

// Applied only to text that JSON.parse has accepted, where these tokens cannot be mistaken for anything else.
const STRUCTURE = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g

/**
 * Reads one JSON text.
 * @param maxDepth how many objects and arrays may stand inside each other, the outermost included
 * @returns the value, or the problem as the end of a sentence ("is not valid JSON")
 */
export function readStrictJson(source: Uint8Array | string, maxDepth: number): StrictJson {
  const text = typeof source === 'string' ? source : decodeUtf8(source)
  if (text?.isWellFormed() !== true) return { problem: 'is not valid UTF-8' }
  if (text.startsWith('\uFEFF')) return { problem: 'starts with a byte order mark' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which may be secret.
    return { problem: 'is not valid JSON' }
  }
  const problem = structureProblem(text, maxDepth) ?? valueProblem(value)
  return problem === undefined ? { value } : { problem }
}

/** A JSON object, as opposed to an array, null or a bare value. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** What JSON.parse forgives in silence: of two equal names, however they are escaped, it keeps the last. */
function structureProblem(text: string, maxDepth: number): string | undefined {
  const names: Set<string>[] = []
  for (const [token, colon] of text.matchAll(STRUCTURE)) {
    if (token === '{' || token === '[') {
      names.push(new Set())
      if (names.length > maxDepth) return `is nested deeper than ${maxDepth} levels`
    } else if (token === '}' || token === ']') {
      names.pop()
    } else if (colon !== undefined) {
      const name = String(JSON.parse(token.slice(0, -colon.length)))
      if (names.at(-1)?.has(name) === true) return 'has the same name twice in one object'
      // JSON.parse is safe with it, but code that copies the object member by member would not be.
      if (name === '__proto__') return 'has a member named "__proto__"'
      names.at(-1)?.add(name)
    }
  }
  return undefined
}

/** What JSON can write but no program should meet: half characters, numbers that overflow, a negative zero. */
function valueProblem(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'has half of a surrogate pair in a text'
  if (typeof value === 'number') return numberProblem(value)
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, member] of Object.entries(value)) {
    const problem = valueProblem(name) ?? valueProblem(member)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A zero with a sign is a second spelling of zero: equal to it when compared, and another value to whoever looks closely. */
function numberProblem(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'has a number that is too large'
  return Object.is(value, -0) ? 'has a zero with a minus sign' : undefined
}
