// Values that a schema of a CRD allows, for fast-check: whatever somebody may write into a custom resource.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import { packageRoot } from '../../src/control-plane/package-root.ts'

export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly maxItems?: number
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly nullable?: boolean
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

/** More likely values at a path, such as `spec.agents.enabled.name`: what a schema allows is mostly nobody's name. */
export type Hints = Readonly<Record<string, readonly unknown[]>>

/** More would say nothing new. */
const LONGEST_LIST = 9
const LONGEST_TEXT = 64

/** The schema of the spec of a kind, as it is installed. */
export function specSchema(plural: string): Schema {
  const text = readFileSync(join(packageRoot(), 'crds', `cto.5dlabs.io_${plural}.yaml`), 'utf8')
  const crd = parse(text) as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] }
  }
  const [version] = crd.spec.versions
  if (version === undefined) throw new Error(`the CRD of ${plural} has no version`)
  return version.schema.openAPIV3Schema.properties.spec
}

export function valuesOf(schema: Schema, hints: Hints = {}, path = 'spec'): fc.Arbitrary<unknown> {
  const values = plainValuesOf(schema, hints, path)
  const likely = hints[path]
  const hinted = likely === undefined ? values : fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...likely) }, values)
  return schema.nullable === true ? fc.option(hinted) : hinted
}

function plainValuesOf(schema: Schema, hints: Hints, path: string): fc.Arbitrary<unknown> {
  const { type } = schema
  if (type === 'string') return textsOf(schema)
  if (type === 'integer') return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 100 })
  if (type === 'boolean') return fc.boolean()
  if (type === 'array') {
    const items = valuesOf(schema.items ?? { type: 'string' }, hints, path)
    const [key] = schema['x-kubernetes-list-map-keys'] ?? []
    return fc.uniqueArray(items, {
      maxLength: Math.min(schema.maxItems ?? LONGEST_LIST, LONGEST_LIST),
      selector: (item) => (key === undefined ? item : (item as Record<string, unknown>)[key]),
    })
  }
  const fields = Object.entries(schema.properties ?? {})
  const values = fields.map(([name, field]) => [name, valuesOf(field, hints, `${path}.${name}`)] as const)
  return fc.record(Object.fromEntries(values), { requiredKeys: [...(schema.required ?? [])] })
}

function textsOf({ enum: values, pattern, minLength = 0, maxLength = LONGEST_TEXT }: Schema): fc.Arbitrary<string> {
  if (values !== undefined) return fc.constantFrom(...values)
  const longest = Math.min(maxLength, LONGEST_TEXT)
  if (pattern === undefined) return fc.string({ minLength, maxLength: longest })
  return fc.stringMatching(new RegExp(pattern)).filter(({ length }) => length >= minLength && length <= longest)
}
