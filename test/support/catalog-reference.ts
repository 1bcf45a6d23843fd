// The fields of a catalog as Markdown tables, from the schema that every catalog passes.

import { z } from 'zod'
import { catalogSchema } from '../../src/domain/catalog/schema.ts'

type Schema = z.core.JSONSchema.BaseSchema

const BEGIN = '<!-- fields -->\n'
const END = '<!-- /fields -->'

/** The guide with the tables of fields as they have to be. */
export function withReference(guide: string): string {
  const [before, rest = ''] = guide.split(BEGIN)
  const [, after = ''] = rest.split(END)
  return [before, BEGIN, reference(), END, after].join('')
}

function reference(): string {
  const root = z.toJSONSchema(catalogSchema, { io: 'input' })
  return groups('', root)
    .map(({ path, schema }) => `${path === '' ? '' : `\n### \`${path}\`\n\n`}${fieldTable(schema)}`)
    .join('')
}

/** A group of fields and those within it, each with the path that leads to it. */
function groups(path: string, schema: Schema): { path: string; schema: Schema }[] {
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const found = groupIn(asSchema(field))
    return found === undefined ? [] : groups(`${path === '' ? '' : `${path}.`}${name}${found.suffix}`, found.schema)
  })
  return [{ path, schema }, ...inside]
}

function groupIn(field: Schema): { suffix: string; schema: Schema } | undefined {
  if (field.properties !== undefined) return { suffix: '', schema: field }
  const item = asSchema(field.items)
  if (item.properties !== undefined) return { suffix: '[]', schema: item }
  const value = asSchema(field.additionalProperties)
  return value.properties === undefined ? undefined : { suffix: '.<name>', schema: value }
}

function fieldTable({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, value]) => {
    const field = asSchema(value)
    return [`\`${name}\``, typeOf(field), presence(field, required.includes(name)), field.description ?? '']
  })
  const lines = [['field', 'what to write', 'needed?', 'what it says'], ['---', '---', '---', '---'], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function presence(field: Schema, isRequired: boolean): string {
  if (isRequired) return 'needed'
  if (field.default === undefined || typeof field.default === 'object') return ''
  return `default \`${JSON.stringify(field.default)}\``
}

function typeOf(field: Schema): string {
  if (field.title !== undefined) return field.title
  if (field.enum !== undefined) return field.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (field.const !== undefined) return `\`${String(field.const)}\``
  if (field.anyOf !== undefined) return field.anyOf.map((one) => typeOf(asSchema(one))).join(' or ')
  if (field.type === 'array') return `list of ${several(asSchema(field.items))}`
  if (field.propertyNames !== undefined) {
    const value = asSchema(field.additionalProperties)
    const what = value.properties === undefined ? typeOf(value) : 'groups, below,'
    return `${what} by ${typeOf(asSchema(field.propertyNames))}`
  }
  if (field.type === 'object') return 'a group, below'
  return { boolean: '`true` or `false`', integer: 'whole number', number: 'number' }[String(field.type)] ?? 'text'
}

function several(item: Schema): string {
  if (item.properties !== undefined) return 'groups, below'
  return item.title === undefined ? typeOf(item) : `${item.title}s`
}

function asSchema(value: z.core.JSONSchema.BaseSchema['items']): Schema {
  return typeof value === 'object' && !Array.isArray(value) ? value : {}
}
