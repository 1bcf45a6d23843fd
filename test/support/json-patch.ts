// Changes an object as the API server does for a JSON Patch (RFC 6902), for the operations that are used here.

import { isDeepStrictEqual } from 'node:util'
import type { JsonPatch } from '../../src/operator/observed/holding.ts'

type Fields = Record<string, unknown>

/** @throws Error when a test in it fails, or something is not there */
export function patched<T extends object>(object: T, patch: JsonPatch): T {
  const copy = structuredClone(object)
  for (const { op, path, value } of patch) {
    const steps = path
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = steps.pop() ?? ''
    const parent = steps.reduce<unknown>((at, step) => (at as Fields | undefined)?.[step], copy)
    if (typeof parent !== 'object' || parent === null) throw new Error(`${path} is not there`)
    const fields = parent as Fields
    if (op === 'test') {
      if (!isDeepStrictEqual(fields[last] ?? null, value)) throw new Error(`${path} is something else`)
    } else if (op === 'add') fields[last] = structuredClone(value)
    else {
      if (!(last in fields)) throw new Error(`${path} is not there`)
      delete fields[last]
    }
  }
  return copy
}
