// The files that somebody gives to a build: read as every command reads them, whatever wrote them.

import { readFile } from 'node:fs/promises'
import { decodeText } from '../../domain/text-file.ts'

/** @throws Error with one sentence when it is no text */
export async function readTextFile(path: string): Promise<string> {
  const decoded = decodeText(await readFile(path))
  if ('problem' in decoded) throw new Error(`${path} ${decoded.problem}`)
  return decoded.text
}
