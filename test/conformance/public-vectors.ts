// Public test vectors, read where they lie and never copied: CTO_SHARED names the folder, `../shared` is the default.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = join(resolve(import.meta.dirname, '../..', process.env['CTO_SHARED'] ?? '../shared'), 'vectors')

/** For `describe.skipIf`: whether the folder is absent. */
export const VECTORS_ABSENT = !existsSync(folder)
/** Belongs into the title of what is skipped without them. */
export const NEEDS_VECTORS = '(needs the public vectors: set CTO_SHARED)'

/** A file of vectors; only to be called inside a test. */
export function readVectorText(path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

/** The same of a JSON file. */
export function readVectors(path: string) {
  return JSON.parse(readVectorText(path))
}

export function readVectorFolder(path: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  return readdirSync(join(folder, path)).map((name) => ({ name, bytes: readFileSync(join(folder, path, name)) }))
}
