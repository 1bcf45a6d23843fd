// A text in a license: it ends up in status, Events and terminals, so nothing in it may move a cursor or turn the writing.

import * as z from 'zod'
import { characterName } from '../names.ts'

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

export const licenseText = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  .refine((text) => !CONTROL.test(text), {
    error: ({ input }) => `must not have control characters, and has ${characterName(controlIn(input))}`,
  })

function controlIn(input: unknown): string {
  return CONTROL.exec(String(input))?.[0] ?? ''
}
