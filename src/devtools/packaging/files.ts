// The files of a folder, as they go into an archive.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface FileEntry {
  readonly path: string
  readonly content: Buffer
}

/** Every file below the folder, by its path below `prefix`, in order; links are followed. */
export async function filesOf(folder: string, prefix: string): Promise<FileEntry[]> {
  const files: FileEntry[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    const path = join(folder, name)
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EISDIR') return undefined
      throw error
    })
    if (content === undefined) files.push(...(await filesOf(path, `${prefix}/${name}`)))
    else files.push({ path: `${prefix}/${name}`, content })
  }
  return files
}
