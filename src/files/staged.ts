// Files that become visible only when everything about them is settled. Staged beside their place, on the disk, under a name
// that nobody takes for the real one; then put in place in one step, or discarded.

import { randomBytes } from 'node:crypto'
import { access, link, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Permissions: of what is secret, and of what may be read by everybody. */
export const OWNER_ONLY = 0o600
export const EVERYBODY = 0o644

export interface Staged {
  /** Where it lies until it is put in place. */
  readonly stagedAt: string
  readonly place: () => Promise<void>
  readonly discard: () => Promise<void>
}

export interface StageOptions {
  /** Permissions of the file. */
  readonly mode: number
  /** Whether a file that is there already makes way. Otherwise the error has the code EEXIST. */
  readonly replace: boolean
}

/** Stages a file. Its folder must be there. */
export async function stageFile(path: string, content: string, { mode, replace }: StageOptions): Promise<Staged> {
  if (!replace) await demandNothingAt(path)
  const stagedAt = besides(path)
  await writeToDisk(stagedAt, content, mode)
  return {
    stagedAt,
    async place() {
      await (replace ? rename(stagedAt, path) : moveToNew(stagedAt, path))
      await syncFolder(dirname(path))
    },
    discard: () => rm(stagedAt, { force: true }),
  }
}

/** Stages a folder with files in it. What is at its place must be nothing, or an empty folder. */
export async function stageFolder(
  path: string,
  files: readonly { readonly name: string; readonly content: string }[],
  mode: number,
): Promise<Staged> {
  await demandNothingIn(path)
  const stagedAt = besides(path)
  const discard = () => rm(stagedAt, { recursive: true, force: true })
  try {
    await mkdir(stagedAt)
    for (const { name, content } of files) await writeToDisk(join(stagedAt, name), content, mode)
    await syncFolder(stagedAt)
  } catch (error) {
    await discard()
    throw error
  }
  return {
    stagedAt,
    async place() {
      await rename(stagedAt, path)
      await syncFolder(dirname(path))
    },
    discard,
  }
}

/** Has the names in a folder on the disk; not every system can, and then there is nothing to do. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch {
    // Windows, and some network file systems.
  } finally {
    await folder.close()
  }
}

function besides(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.unfinished`)
}

async function writeToDisk(path: string, content: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await unlink(path)
    throw error
  } finally {
    await file.close()
  }
}

/** A link fails where something is; a rename would replace it. */
async function moveToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    // A USB stick knows no links.
    await demandNothingAt(to)
    return rename(from, to)
  }
  return unlink(from)
}

async function demandNothingAt(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw alreadyThere(path)
}

async function demandNothingIn(path: string): Promise<void> {
  try {
    if ((await readdir(path)).length > 0) throw alreadyThere(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function alreadyThere(path: string): Error {
  return Object.assign(new Error(`${path} is there already`), { code: 'EEXIST' })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
