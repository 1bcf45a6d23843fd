// What a schema found first, in words: where and what. It never quotes the value.

import type { z } from 'zod'

/** The end of a sentence, such as `entitlements.tier: expected string, received undefined`. */
export function schemaProblem(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'is not valid'
  const message = issue.message.replace(/^Invalid input: /, '')
  return issue.path.length === 0 ? message : `${issue.path.join('.')}: ${message}`
}
