// What of a value is known to be harmless, written down as a shape: whatever it does not name is left out, so that nobody has
// to think of every place in which a secret can stand.

import { redactText } from '../../kube/redact.ts'

/** Keeps of a value what is harmless; undefined for nothing. */
export type Leaf = (value: unknown) => unknown

/** A leaf; for a list its items' shape; for an object the fields that are kept. */
export type Shape = Leaf | readonly [Shape] | { readonly [field: string]: Shape }

export const LEFT_OUT = '[left out]'

export function keep(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (typeof shape === 'function') return shape(value)
  if (isList(shape)) return Array.isArray(value) ? value.map((item) => keep(shape[0], item) ?? {}) : undefined
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  const object = value as Readonly<Record<string, unknown>>
  const kept = Object.entries(shape)
    .filter(([field]) => Object.hasOwn(object, field))
    .map(([field, inner]) => [field, keep(inner, object[field])] as const)
  return Object.fromEntries(kept.filter(([, inner]) => inner !== undefined))
}

function isList(shape: Exclude<Shape, Leaf>): shape is readonly [Shape] {
  return Array.isArray(shape)
}

/** A number or a boolean. */
export const plain: Leaf = (value) => (typeof value === 'number' || typeof value === 'boolean' ? value : undefined)

/** A name, an address of an image, a quantity, a time: one word of few characters. */
export const word: Leaf = (value) => {
  if (typeof value !== 'string') return plain(value)
  return /^[\w.:/@+=-]{0,253}$/.test(value) ? redactText(value) : LEFT_OUT
}

/** What an enumeration has: `ImagePullBackOff`, `True`. */
export const term: Leaf = (value) => {
  if (typeof value !== 'string') return plain(value)
  return /^[A-Z][A-Za-z0-9]{0,62}$/.test(value) ? value : LEFT_OUT
}

/** A text that the operator itself has written, or that is public by its nature. */
export const text: Leaf = (value) => (typeof value === 'string' ? redactText(value) : plain(value))

/** All of it is the operator's own writing. */
export const ours: Leaf = (value) => {
  if (Array.isArray(value)) return value.map(ours)
  if (typeof value !== 'object' || value === null) return text(value)
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [redactText(field), ours(inner)]))
}

/** Only that there is something, and how much. */
export const amount: Leaf = (value) => (Array.isArray(value) ? `${value.length} left out` : LEFT_OUT)

/** Of a map with any keys the names, and how long each value is. */
export const sizes: Leaf = (value) => {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value).map(([key, one]) => [
    String(word(key)),
    `${typeof one === 'string' ? one.length : 0} characters`,
  ])
  return Object.fromEntries(entries)
}

/** Of a map these entries; of the others nothing. */
export function entries(names: readonly string[], inner: Leaf): Shape {
  return Object.fromEntries(names.map((name) => [name, inner]))
}

/** Numbers and booleans at any depth, under names of letters and digits: switches, and no text. */
export const switches: Leaf = (value) => {
  if (Array.isArray(value)) return undefined
  if (typeof value !== 'object' || value === null) return plain(value)
  const inner = Object.entries(value)
    .filter(([field]) => /^[a-z][A-Za-z0-9]{0,40}$/.test(field))
    .map(([field, one]) => [field, switches(one)] as const)
  return Object.fromEntries(inner.filter(([, one]) => one !== undefined))
}
