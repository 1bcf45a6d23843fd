// Secrets out of texts: whatever looks like one is taken out, wherever it stands. Better too much than too little.

export const REDACTED = '[redacted]'

const SECRET_NAMES =
  'passwords?|passwd|pwd|secrets?|tokens?|api[-_ ]?keys?|access[-_ ]?keys?|private[-_ ]?keys?|client[-_ ]?secret|authorization|credentials?|signature'

/** A name that promises a secret, up to where its value begins. */
const NAMED = `((?:${SECRET_NAMES})\\\\*["']?\\s*[:=]\\s*)`

// Each with what is put in its place; `$1` is what stays.
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Keys and certificates.
  [/-----BEGIN [A-Z0-9 ]+-----[^]*?(?:-----END [A-Z0-9 ]+-----|$)/g, REDACTED],
  // Licenses, revocation lists, service account tokens: three parts of base64url, of which the first is a JSON object.
  [/\beyJ[\w-]{6,}\.[\w-]*(?:\.[\w-]*)?/g, REDACTED],
  // License keys.
  [/\blic_[A-Za-z0-9_.-]{4,}/g, REDACTED],
  // Private halves of JSON Web Keys.
  [/("(?:d|p|q|dp|dq|qi|k)\\*"\s*:\s*)(\\*)"[\w-]{16,}\\*"/g, `$1$2"${REDACTED}$2"`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  // Credentials in an address.
  [/(:\/\/)[^/\s:@"']+:[^/\s@"']+@/g, `$1${REDACTED}@`],
  // What agents carry: keys of providers of models, code hosts, clouds and chats.
  [/\b(?:sk|pk|rk)-[\w-]{12,}/g, REDACTED],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza)[\w-]{10,}/g, REDACTED],
  // A name that promises a secret, with its value.
  // One that stands in a JSON text in a JSON text has backslashes before its quotation marks, as many before the last as before
  // the first.
  [new RegExp(`${NAMED}(\\\\*)"[^\\n]*?(?<!\\\\)\\2"`, 'gi'), `$1$2"${REDACTED}$2"`],
  [new RegExp(`${NAMED}"(?!\\[redacted)[^"]*"`, 'gi'), `$1"${REDACTED}"`],
  [new RegExp(`${NAMED}\\\\*"(?!\\[redacted)[^\\n]*$`, 'gim'), `$1"${REDACTED}`],
  [new RegExp(`${NAMED}'(?:[^']|'')*'`, 'gi'), `$1'${REDACTED}'`],
  [new RegExp(`${NAMED}\\[(?=\\s*\\\\*["'])[^\\]]*\\]`, 'gi'), `$1["${REDACTED}"]`],
  [new RegExp(`${NAMED}(?!\\\\*["'[{])[^\\s,;&"'}\\]]+`, 'gi'), `$1${REDACTED}`],
  // The same, the name and the value each a member of its own.
  [
    new RegExp(
      `("name\\\\*"\\s*:\\s*\\\\*"[^"]*(?:${SECRET_NAMES})[^"]*"\\s*,\\s*\\\\*"value\\\\*"\\s*:\\s*)(\\\\*)"[^\\n]*?(?<!\\\\)\\2"`,
      'gi',
    ),
    `$1$2"${REDACTED}$2"`,
  ],
  [/\b((?:set-)?cookie\\*["']?\s*[:=]\s*\\*["']?)[^\n"'\\]+/gi, `$1${REDACTED}`],
  // Long runs of hexadecimal or base64: signatures, keys, files.
  [/\b[0-9a-fA-F]{96,}\b/g, REDACTED],
  [/[A-Za-z0-9+/_-]{160,}={0,2}/g, REDACTED],
]

export function redactText(text: string): string {
  return PATTERNS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text)
}
