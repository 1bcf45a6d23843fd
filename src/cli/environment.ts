// The environment in which this process was started.

import { readFileSync } from 'node:fs'

/** As Linux keeps it: code that ran before ours may have taken out of `process.env` what let it in. Empty elsewhere. */
export function environmentAtStart(): Record<string, string> {
  let text: string
  try {
    text = readFileSync('/proc/self/environ', 'utf8')
  } catch {
    return {}
  }
  return Object.fromEntries(
    text.split('\0').flatMap((entry) => {
      const at = entry.indexOf('=')
      return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as const] : []
    }),
  )
}
