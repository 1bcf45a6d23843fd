// Our three kinds: where the API server keeps them, and how one is read. What is wrong with an object is said by the path
// and in the order of the API server, and never with the value that stands there: it may be a key.

import type { z } from 'zod'
import { GROUP, VERSION } from './names.ts'

export const platformConfigs = clusterScoped('platformconfigs', 'PlatformConfig')
export const licenses = clusterScoped('licenses', 'License')
export const entitlements = clusterScoped('entitlements', 'Entitlement')

function clusterScoped(plural: string, kind: string) {
  return { group: GROUP, version: VERSION, plural, kind, namespaced: false } as const
}

export interface Problem {
  /** As in the API server's refusals: `spec.agents.enabled[0].name`. */
  readonly path: string
  readonly message: string
}

export type Reading<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** Reads an object as the API server would: a field that is null is a field that is not there, unknown ones are dropped. */
export function read<T>(schema: z.ZodType<T>, object: unknown): Reading<T> {
  const { success, data, error } = schema.safeParse(withoutNulls(object))
  if (success) return { kind: 'ok', value: data }
  return {
    kind: 'invalid',
    problems: error.issues.map(({ path, message }) => ({ path: fieldPath(path), message })),
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null && field !== undefined)
      .map(([name, field]) => [name, withoutNulls(field)]),
  )
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}
