// What is wrong with the form of a catalog, in words: where, what, and what to write instead.

import * as z from 'zod'
import { catalogSchema } from './schema.ts'
import { whatThereIs } from './words.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]
type JsonSchema = z.core.JSONSchema.BaseSchema

/** The parts of a catalog that people know by name: what one is called, and the field with its name. */
const NAMED: ReadonlyMap<PropertyKey, { readonly noun: string; readonly by: string }> = new Map([
  ['plans', { noun: 'plan', by: 'name' }],
  ['addons', { noun: 'add-on', by: 'name' }],
  ['agents', { noun: 'agent', by: 'name' }],
  ['degradation', { noun: 'degradation level', by: 'level' }],
  ['discounts', { noun: 'discount', by: 'title' }],
])

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
}

const LONGEST_QUOTE = 40

/** One sentence without a full stop for each problem. */
export function formProblems(issues: readonly Issue[], data: unknown): string[] {
  return issues.flatMap((issue) => problemsOf(issue, data))
}

function problemsOf(issue: Issue, data: unknown): string[] {
  const { part, field } = placeOf(issue.path, data)
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(issue.path)
    const subject = field === '' ? 'there is' : `${field} has`
    return issue.keys.map((key) => `${part}${subject} no field ${quote(key)}${whatThereIs(key, known)}`)
  }
  if (issue.code === 'invalid_key') {
    const [{ message } = { message: 'is not a name' }] = issue.issues
    return [`${part}the name ${quote(issue.path.at(-1))} in ${placeOf(issue.path.slice(0, -1), data).field} ${message}`]
  }
  const value = valueAt(issue.path, data)
  if (value === undefined && issue.path.length > 0) {
    return [`${part}${field} is missing (${schemaAt(issue.path)?.description ?? 'it must be there'})`]
  }
  return [`${part}${field === '' ? 'it' : field} ${demandOf(issue)}${insteadOf(issue, value)}`]
}

/** `plan "team": ` and `limits.nodes`. A part without a name is known by its number. */
function placeOf(path: Path, data: unknown): { part: string; field: string } {
  const [section, index, ...rest] = path
  const named = section === undefined ? undefined : NAMED.get(section)
  if (named !== undefined && typeof index === 'number') {
    const name = valueAt([...path.slice(0, 2), named.by], data)
    const which = typeof name === 'string' ? quote(name) : String(index + 1)
    return { part: `${named.noun} ${which}: `, field: fieldName(rest) }
  }
  if (section === 'meters' && index !== undefined) {
    return { part: `meter ${quote(index)}: `, field: fieldName(rest) }
  }
  return { part: path.length === 0 ? 'the catalog: ' : '', field: fieldName(path) }
}

/** `limits.nodes`, `features entry 2`. */
function fieldName(path: Path): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name} entry ${key + 1}`
    return name === '' ? String(key) : `${name}.${String(key)}`
  }, '')
}

// A schema's own words begin with what must be; what the library says otherwise is put into such words.
function demandOf(issue: Issue): string {
  if (issue.message.startsWith('must ')) return issue.message
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_small') {
    if (issue.origin === 'array') return 'must have an entry'
    if (issue.origin === 'string') return 'must say something'
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  }
  if (issue.code === 'too_big') {
    return issue.origin === 'string' ? `must have at most ${issue.maximum} letters` : `must be at most ${issue.maximum}`
  }
  return `is not as it must be (${issue.message})`
}

/** What stands there now, where saying so helps. */
function insteadOf(issue: Issue, value: unknown): string {
  const isEmpty = issue.code === 'too_small' && issue.origin !== 'number'
  return isEmpty || (issue.code === 'custom' && typeof value === 'object') ? '' : `, not ${shown(value)}`
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === null || value === undefined ? 'nothing' : 'a group of fields'
}

function quote(name: PropertyKey | undefined): string {
  const text = String(name)
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text)
}

function valueAt(path: Path, data: unknown): unknown {
  return path.reduce<unknown>((value, key) => (isGroup(value) ? value[key] : undefined), data)
}

function isGroup(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}

function fieldsAt(path: Path): string[] {
  return alternatives(schemaAt(path)).flatMap((schema) => Object.keys(schema.properties ?? {}))
}

function schemaAt(path: Path): JsonSchema | undefined {
  let schema: JsonSchema | undefined = z.toJSONSchema(catalogSchema, { io: 'input' })
  for (const key of path) {
    schema = alternatives(schema)
      .map((one) => (typeof key === 'number' ? one.items : (one.properties?.[String(key)] ?? one.additionalProperties)))
      .find((inside): inside is JsonSchema => typeof inside === 'object' && !Array.isArray(inside))
  }
  return schema
}

function alternatives(schema: JsonSchema | undefined): JsonSchema[] {
  if (schema === undefined) return []
  return schema.anyOf?.filter((one) => typeof one === 'object').flatMap(alternatives) ?? [schema]
}
