// One process works, the others wait. The lock is a folder with one file in it, named after its holder: a rename onto
// it fails unless it is empty or absent, and of those who remove the file of a dead holder only one succeeds. So there
// is no moment at which two processes hold it.

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './error-code.ts'

export interface LockOptions {
  /** Called once if another process holds the lock. */
  readonly waiting: (holder: string) => void
  readonly signal?: AbortSignal | undefined
}

const BEAT_MS = 5_000
// A holder is judged by its beat and not by its process ID, which means nothing in another container.
const STALE_MS = 6 * BEAT_MS
const RETRY_MS = 500

export async function withFolderLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const holder = `process-${process.pid}-${randomUUID()}`
  await acquire(path, holder, options)
  const held = join(path, holder)
  const beat = setInterval(() => void utimes(held, new Date(), new Date()).catch(() => undefined), BEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    await ignoring(['ENOENT'], unlink(held))
    await ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(path))
  }
}

async function acquire(path: string, holder: string, { waiting, signal }: LockOptions): Promise<void> {
  for (let told = false; ;) {
    if (await claim(path, holder)) return
    const [other]: (string | undefined)[] = await readdir(path).catch(() => [])
    if (other === undefined) continue
    if (await isStale(join(path, other))) {
      await ignoring(['ENOENT'], unlink(join(path, other)))
      continue
    }
    if (!told) waiting(other.split('-', 2).join(' '))
    told = true
    await sleep(RETRY_MS, undefined, signal === undefined ? {} : { signal })
  }
}

async function claim(path: string, holder: string): Promise<boolean> {
  const offer = `${path}.${holder}`
  await mkdir(offer)
  await writeFile(join(offer, holder), '')
  const won = await ignoring(['ENOTEMPTY', 'EEXIST'], rename(offer, path))
  if (!won) await rm(offer, { recursive: true })
  return won
}

async function isStale(file: string): Promise<boolean> {
  const beat = await stat(file).catch(() => undefined)
  return beat !== undefined && Date.now() - beat.mtimeMs > STALE_MS
}

/** Whether it succeeded; the given errors are the ones that are expected. */
async function ignoring(codes: readonly string[], attempt: Promise<void>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (hasCode(error, ...codes)) return false
    throw error
  }
}
