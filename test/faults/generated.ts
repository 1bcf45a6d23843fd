// Objects as a CRD allows them: everything that its schema says is drawn from, and what its rules say beyond is left to the
// API server, which refuses some.

import fc from 'fast-check'
import { readCrds, type Schema, schemaOf } from '../support/api-reference.ts'

const LONGEST_LIST = 5
const LONGEST_TEXT = 40

/** What may stand in `spec` of that kind, of our product: what is another's is read by nobody here. */
export function anySpec(plural: string): fc.Arbitrary<Record<string, unknown>> {
  const crd = readCrds().find(({ spec }) => spec.names.plural === plural)
  const spec = crd === undefined ? undefined : schemaOf(crd).properties?.['spec']
  if (spec === undefined) throw new Error(`no CRD of ${plural} has a schema of a spec`)
  const { product, ...properties } = spec.properties ?? {}
  if (product === undefined) throw new Error(`a spec of ${plural} names no product`)
  return anyOf({ ...spec, properties }) as fc.Arbitrary<Record<string, unknown>>
}

function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  const values = anyValue(schema)
  return schema.nullable === true ? fc.option(values, { freq: 4 }) : values
}

function anyValue(schema: Schema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], items = {}, minLength = 0, maxLength = LONGEST_TEXT } = schema
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.type === 'object') {
    return fc.record(mapValues(properties, anyOf), { requiredKeys: [...required], noNullPrototype: true })
  }
  if (schema.type === 'array') {
    return fc.array(anyOf(items), { maxLength: Math.min(schema.maxItems ?? LONGEST_LIST, LONGEST_LIST) })
  }
  if (schema.type === 'integer') return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000 })
  if (schema.type === 'boolean') return fc.boolean()
  return schema.pattern === undefined
    ? fc.string({ minLength, maxLength: Math.min(maxLength, LONGEST_TEXT) })
    : fc.stringMatching(new RegExp(schema.pattern), { maxLength })
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
