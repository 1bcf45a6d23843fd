// Who imports whom as a Markdown table, from the sources.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { packageRoot } from '../../src/files/package-root.ts'

const BEGIN = '<!-- imports -->\n'
const END = '<!-- /imports -->\n'
const SRC = join(packageRoot(), 'src')
const IMPORT = /(?:^|\n)(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g

/** The page with the imports as they are. */
export function withImports(page: string): string {
  const [before, rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  const found = new Map<string, { ours: Set<string>; packages: Set<string> }>()
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.ts'))) {
    const folder = placeOf(file)
    const row = found.get(folder) ?? { ours: new Set(), packages: new Set() }
    found.set(folder, row)
    for (const [, named, awaited] of readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)) {
      const target = named ?? awaited ?? ''
      if (!target.startsWith('.')) {
        if (!target.startsWith('node:')) row.packages.add(target)
        continue
      }
      const place = placeOf(relative(SRC, resolve(SRC, dirname(file), target)))
      if (place !== folder && place !== '..') row.ours.add(place)
    }
  }
  const rows = [...found]
    .toSorted(([a, { ours }], [b, { ours: others }]) => ours.size - others.size || a.localeCompare(b))
    .map(([folder, { ours, packages }]) => [`\`${folder}\``, listed(ours), listed(packages)])
  const lines = [['of `src/`', 'imports of ours', 'packages'], ['---', '---', '---'], ...rows]
  return [before, BEGIN, ...lines.map((cells) => `| ${cells.join(' | ')} |\n`), END, after].join('')
}

/** The folder of `src/` that a file is in; a file that is in none stands for itself. */
function placeOf(file: string): string {
  return file.split('/')[0] ?? file
}

function listed(names: ReadonlySet<string>): string {
  return [...names]
    .toSorted()
    .map((name) => `\`${name}\``)
    .join(', ')
}
