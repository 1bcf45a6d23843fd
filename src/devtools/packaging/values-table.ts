// The values of the chart as a table for people: what each is for from the schema, and its default from values.yaml.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

interface Schema {
  readonly description?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}

const BEGIN = '<!-- values: written by npm run chart:readme -->'
const END = '<!-- end of values -->'

/** The chart's README with the table as it must be. */
export async function readmeWithValues(chart: string): Promise<string> {
  const read = (name: string) => readFile(join(chart, name), 'utf8')
  const schema = JSON.parse(await read('values.schema.json')) as Schema
  const readme = await read('README.md')
  const [before = '', rest = ''] = readme.split(BEGIN)
  const after = rest.split(END)[1] ?? ''
  const rows = rowsOf(schema, parse(await read('values.yaml')), '')
  const table = ['| value | default | what it is for |', '|---|---|---|', ...rows].join('\n')
  return `${before}${BEGIN}\n${table}\n${END}${after}`
}

function rowsOf(schema: Schema, values: unknown, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const value = (values as Readonly<Record<string, unknown>> | undefined)?.[name]
    // Not for those who install it by itself.
    if (value === undefined) return []
    if (child.properties !== undefined) return rowsOf(child, value, `${path}${name}.`)
    const choices = child.enum?.filter((choice) => choice !== '').map((choice) => `\`${choice}\``) ?? []
    const what = [child.description ?? '', ...(choices.length === 0 ? [] : [`One of ${choices.join(', ')}.`])].join(' ')
    return [`| \`${path}${name}\` | \`${JSON.stringify(value)}\` | ${what.replaceAll('|', '\\|')} |`]
  })
}

if (import.meta.main) {
  const chart = 'charts/cto-operator'
  await writeFile(join(chart, 'README.md'), await readmeWithValues(chart))
}
