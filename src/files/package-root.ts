// Where the package lies, the same from its sources and from its bundle: files that are not code are found from here.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasCode } from './error-code.ts'

/** The nearest folder above this module whose package.json is ours. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'cto-operator') return folder
    if (folder === dirname(folder)) throw new Error(`No package.json of cto-operator in or above ${start}`)
  }
}

function packageName(folder: string): string | undefined {
  try {
    const { name }: { name?: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return name
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
