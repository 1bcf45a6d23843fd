// A text in a license: it ends up in status, Events and terminals, so nothing in it may move a cursor or turn the writing. The
// marks that only say how a Hebrew or Arabic name is set (U+200E, U+200F, U+061C) turn nothing but their neighbours, and stay.

import * as z from 'zod'
import { characterName } from '../names.ts'

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u

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
