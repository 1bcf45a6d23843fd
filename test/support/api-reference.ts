// The kinds as Markdown tables, from the CRDs that the API server has.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { packageRoot } from '../../src/files/package-root.ts'

interface Rule {
  readonly rule: string
  readonly message: string
}

/** A schema, as far as the CRDs use it. */
export interface Schema {
  readonly description?: string
  readonly type?: string
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly nullable?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly pattern?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-validations'?: readonly Rule[]
}

interface Column {
  readonly name: string
  readonly description: string
  readonly jsonPath: string
  readonly priority?: number
}

export interface Crd {
  readonly spec: {
    readonly names: {
      readonly kind: string
      readonly plural: string
      readonly shortNames: readonly string[]
    }
    readonly versions: readonly {
      readonly additionalPrinterColumns: readonly Column[]
      readonly schema: { readonly openAPIV3Schema: Schema }
    }[]
  }
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata'])

export function readCrds(): Crd[] {
  const folder = join(packageRoot(), 'crds')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Crd)
}

/** The page with the tables of each kind between its marks as they have to be. */
export function withKinds(page: string, crds: readonly Crd[]): string {
  return crds.reduce((text, crd) => {
    const { kind } = crd.spec.names
    const [before, rest = ''] = text.split(`<!-- ${kind} -->\n`)
    const [, after = ''] = rest.split(`<!-- /${kind} -->\n`)
    return [before, `<!-- ${kind} -->\n`, reference(crd), `<!-- /${kind} -->\n`, after].join('')
  }, page)
}

export function schemaOf({ spec }: Crd): Schema {
  return spec.versions[0]?.schema.openAPIV3Schema ?? {}
}

function reference(crd: Crd): string {
  const { kind, plural, shortNames } = crd.spec.names
  const root = schemaOf(crd)
  const parts = Object.entries(root.properties ?? {}).filter(([name]) => !OBJECT_FIELDS.has(name))
  return [
    `${root.description ?? ''}\n\n`,
    `\`kubectl get ${plural}\`, or \`${shortNames.join('`, `')}\`. \`kubectl explain ${plural} --recursive\` says in a cluster what stands here.\n\n`,
    `**Columns** of \`kubectl get\`:\n\n`,
    table(
      ['column', 'from', 'what it says'],
      (crd.spec.versions[0]?.additionalPrinterColumns ?? []).map(({ name, jsonPath, description, priority = 0 }) => [
        `${name.toUpperCase()}${priority > 0 ? ' (with `-o wide`)' : ''}`,
        `\`${jsonPath.slice(1)}\``,
        description,
      ]),
    ),
    ...parts.map(([name, part]) => section(kind, name, part, root.required?.includes(name) === true)),
  ].join('')
}

function section(kind: string, name: string, part: Schema, isRequired: boolean): string {
  const rules = rulesIn(name, part)
  return [
    `\n### ${kind}: ${name}\n\n${part.description ?? ''}${isRequired ? ' It is needed.' : ''}\n\n`,
    table(['field', 'type', 'default', 'limits', 'what it says'], rowsOf(name, part)),
    rules.length === 0 ? '' : `\nWhat has to hold beyond that:\n\n${rules.join('')}`,
  ].join('')
}

/** Every field below, the fields of a group under its path. */
function rowsOf(path: string, { properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const here = `${path}.${name}`
    const below = inner(field)
    const row = [
      `\`${here}\``,
      typeOf(field),
      field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``,
      limitsOf(field, required.includes(name)),
      field.description ?? field.items?.description ?? '',
    ]
    return [row, ...(below === undefined ? [] : rowsOf(`${here}${below.suffix}`, below.schema))]
  })
}

function inner(field: Schema): { suffix: string; schema: Schema } | undefined {
  if (field.properties !== undefined) return { suffix: '', schema: field }
  return field.items?.properties === undefined ? undefined : { suffix: '[]', schema: field.items }
}

function typeOf(field: Schema): string {
  const type = plainTypeOf(field)
  return field.nullable === true ? `${type}, or null` : type
}

function plainTypeOf({ type, format, items, additionalProperties, properties }: Schema): string {
  if (type === 'array') return `list of ${items?.properties === undefined ? plural(items ?? {}) : 'objects'}`
  if (additionalProperties !== undefined) return `map of ${plural(additionalProperties)}`
  if (properties !== undefined) return 'object'
  return format === 'date-time' ? 'time (RFC 3339)' : (type ?? 'object')
}

const plural = (schema: Schema) => `${plainTypeOf(schema)}s`

function limitsOf(field: Schema, isRequired: boolean): string {
  const { items, enum: choices, minimum, maximum, minLength, maxLength, maxItems, maxProperties, pattern } = field
  const keys = field['x-kubernetes-list-map-keys']
  const says = [
    isRequired ? 'needed' : undefined,
    choices === undefined ? undefined : `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`,
    minimum === undefined ? undefined : `at least ${minimum}`,
    maximum === undefined ? undefined : `at most ${maximum}`,
    minLength === undefined ? undefined : `at least ${minLength} character${minLength === 1 ? '' : 's'}`,
    maxLength === undefined ? undefined : `at most ${maxLength} characters`,
    maxItems === undefined ? undefined : `at most ${maxItems} entries`,
    maxProperties === undefined ? undefined : `at most ${maxProperties} entries`,
    keys === undefined ? undefined : `no two of the same ${keys.map((key) => `\`${key}\``).join(', ')}`,
    field['x-kubernetes-list-type'] === 'set' ? 'no two alike' : undefined,
    pattern === undefined ? undefined : `\`${pattern.replaceAll('|', '\\|')}\``,
  ].filter((one) => one !== undefined)
  const each = items === undefined || items.properties !== undefined ? '' : limitsOf(items, false)
  return [...says, ...(each === '' ? [] : [`each ${each}`])].join('; ')
}

function rulesIn(path: string, schema: Schema): string[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => `- \`${path}\`: ${message}\n`)
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => rulesIn(`${path}.${name}`, field))
  const ofItems = schema.items === undefined ? [] : rulesIn(`${path}[]`, schema.items)
  return [...own, ...below, ...ofItems]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}
