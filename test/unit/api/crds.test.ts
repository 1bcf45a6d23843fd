// What every CRD of ours keeps to: each field is described, everything has bounds, and its words are the operator's own.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { GROUP, VERSION } from '../../../src/api/names.ts'
import { entitlements, licenses, platformConfigs } from '../../../src/api/resources.ts'
import { GUARDIAN_MODES } from '../../../src/domain/catalog/catalog.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly 'x-kubernetes-list-type'?: string
}

interface Crd {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly scope: string
    readonly names: Readonly<Record<string, unknown>>
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

const CRDS = join(import.meta.dirname, '../../../crds')

function crdOf(plural: string): Crd {
  // As kubectl and Helm read it: to YAML 1.1, a bare `off` is no text.
  const crd: unknown = parse(readFileSync(join(CRDS, `${GROUP}_${plural}.yaml`), 'utf8'), { version: '1.1' })
  return crd as Crd
}

function schemaOf(plural: string): Schema {
  return crdOf(plural).spec.versions[0]!.schema.openAPIV3Schema
}

/** Every schema below, by its path. `apiVersion`, `kind` and `metadata` are Kubernetes' own. */
function* walk(schema: Schema, path = ''): Generator<[path: string, schema: Schema]> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (path === '' && ['apiVersion', 'kind', 'metadata'].includes(name)) continue
    yield [`${path}.${name}`, child]
    yield* walk(child, `${path}.${name}`)
  }
  for (const child of [schema.items, schema.additionalProperties]) {
    if (child === undefined) continue
    yield [`${path}[]`, child]
    yield* walk(child, `${path}[]`)
  }
}

function at(plural: string, path: string): Schema {
  return new Map(walk(schemaOf(plural))).get(path)!
}

describe.each([platformConfigs, licenses, entitlements])('$plural', ({ plural, kind }) => {
  const fields = [...walk(schemaOf(plural))]

  test('is of our group and version, for the whole cluster', () => {
    const { metadata, spec } = crdOf(plural)
    expect(metadata.name).toBe(`${plural}.${GROUP}`)
    expect(spec).toMatchObject({ group: GROUP, scope: 'Cluster', names: { kind, plural, categories: ['cto'] } })
    expect(spec.versions.map(({ name }) => name)).toEqual([VERSION])
  })

  test('every field has a description that ends as a sentence does', () => {
    const bare = fields.filter(([path, { description = '' }]) => !path.endsWith('[]') && !description.endsWith('.'))
    expect(bare.map(([path]) => path)).toEqual([])
  })

  test('every text, list and map has a bound', () => {
    const unbounded = fields.filter(([, schema]) => {
      if (schema.type === 'string')
        return schema.maxLength === undefined && schema.enum === undefined && schema.format !== 'date-time'
      if (schema.type === 'array') return schema.maxItems === undefined
      return schema.additionalProperties !== undefined && schema.maxProperties === undefined
    })
    expect(unbounded.map(([path]) => path)).toEqual([])
  })

  test('every list says how it is merged', () => {
    const silent = fields.filter(([, schema]) => schema.type === 'array' && !schema['x-kubernetes-list-type'])
    expect(silent.map(([path]) => path)).toEqual([])
  })
})

test('what the CRDs enumerate is what the operator knows', () => {
  expect(at('entitlements', '.status.guardian.mode').enum).toEqual(GUARDIAN_MODES)
  expect(at('platformconfigs', '.spec.guardian.mode').enum?.toSorted()).toEqual(
    GUARDIAN_MODES.filter((mode) => mode !== 'off').toSorted(),
  )
})
