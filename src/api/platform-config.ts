// A PlatformConfig: what the customer wants. It grants nothing.
// The shape is `crds/cto.5dlabs.io_platformconfigs.yaml`; what the API server accepts is read here, and nothing else.

import { z } from 'zod'
import type { Verdict } from '../domain/reasons.ts'
import type { Condition } from './conditions.ts'
import type { AgentEntry } from './entitlement.ts'
import { activationKey } from './license.ts'
import { read, type DeepReadonly, type Reading } from './resources.ts'

// The API server counts characters, JavaScript counts halves of some.
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .refine((value) => [...value].length <= longest, `is longer than ${longest} characters`)
const label = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'has lower-case letters, digits and hyphens, and no hyphen at either end')
const printable = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[ -~]+$/, 'has printable ASCII characters')
const quantity = z
  .string()
  .max(32)
  .regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$/, 'is an amount of bytes such as 50Gi')
const retention = z
  .string()
  .max(32)
  .regex(/^([0-9]+(ms|s|m|h|d|w|y))+$/, 'is a length of time such as 15d')
const labels = (most: number) =>
  z
    .array(label(63))
    .max(most)
    .superRefine(refuseDuplicates((item) => item))

function refuseDuplicates<T>(keyOf: (item: T) => string) {
  return (items: readonly T[], context: z.core.$RefinementCtx<readonly T[]>): void => {
    const seen = new Set<string>()
    for (const [index, item] of items.entries()) {
      const key = keyOf(item)
      if (seen.has(key)) context.addIssue({ code: 'custom', path: [index], message: 'is there twice' })
      seen.add(key)
    }
  }
}

/** An object of optional parts. */
function parts<const Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  return z.object(shape).partial()
}

const enabled = z.boolean().default(false)
const toggle = z.object({ enabled })
const database = z.object({
  enabled,
  operator: label(63).exactOptional(),
  instances: z.int().min(1).max(100).exactOptional(),
  storage: quantity.exactOptional(),
})
const cache = z.object({ enabled, mode: label(63).exactOptional(), memory: quantity.exactOptional() })
const searchEngine = z.object({ enabled, storage: quantity.exactOptional() })
;(void parts,
  void text,
  void printable,
  void retention,
  void labels,
  void toggle,
  void database,
  void cache,
  void searchEngine,
  void activationKey)
export type X = [DeepReadonly<1>, Reading<1>, typeof read, Verdict, Condition, AgentEntry]
