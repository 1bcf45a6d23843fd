// Names out of texts, on request: the same name gets the same stand-in everywhere, so that what belongs together still does.

export interface Pseudonyms {
  /** Takes a name in; `kind` begins its stand-in: `node` makes `node-1`, `node-2`, … */
  add(kind: string, name: string | undefined): void
  /** The text with every name that was taken in, and every IP address, replaced. */
  hide(text: string): string
  /** What stands for what: for its owner, and never in the bundle. */
  list(): Readonly<Record<string, string>>
}

const IP_ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g

export function createPseudonyms(): Pseudonyms {
  const standIns = new Map<string, string>()
  const counts = new Map<string, number>()
  let pattern: RegExp | undefined

  function standIn(kind: string, name: string): string {
    const known = standIns.get(name)
    if (known !== undefined) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const made = `${kind}-${count}`
    standIns.set(name, made)
    pattern = undefined
    return made
  }

  return {
    add(kind, name) {
      if (name !== undefined && name.trim() !== '') standIn(kind, name)
    },
    hide(text) {
      pattern ??= patternFor([...standIns.keys()])
      const named = pattern === undefined ? text : text.replace(pattern, (name) => standIns.get(name) ?? name)
      return named.replace(IP_ADDRESS, (address) => standIn('ip', address))
    },
    list: () => Object.fromEntries([...standIns].map(([name, made]) => [made, name])),
  }
}

// Longer names first: one may be the beginning of another. A name within a word is another word.
function patternFor(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined
  const escaped = names.toSorted((a, b) => b.length - a.length).map((name) => RegExp.escape(name))
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'gu')
}
