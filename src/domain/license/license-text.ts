// A text in a license: it ends up in status, Events and terminals, so nothing in it may move a cursor or turn the writing.

import * as z from 'zod'

export const licenseText = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, 'must not have control characters')
