// The binaries of the control plane: those that the machine has, else those that were built before, else built now.

import { createHash } from 'node:crypto'
import { access, constants, mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Artifact, ARTIFACTS, isOlder, kubernetesVersion, oldestGo, pinnedVersions, RECIPES } from './artifacts.ts'
import { stopwatch } from './duration.ts'
import { withFolderLock } from './folder-lock.ts'
import { findGo } from './go-build.ts'

/** The path of each. */
export type Binaries = Readonly<Record<Artifact, string>>

export interface LocateOptions {
  readonly log: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

const HEARTBEAT_MS = 30_000

/**
 * KUBEBUILDER_ASSETS comes first and may hold only some of them; then the cache, in `$CTO_CACHE` or
 * `~/.cache/cto-operator`; what is still missing is built into the cache with Go, once.
 */
export async function locateBinaries({ log, signal }: LocateOptions): Promise<Binaries> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const cache = cacheFolder()
  const find = () => findIn(assets ? [assets, cache] : [cache])

  const found = await find()
  if (isComplete(found)) return found
  await assertGo(missingFrom(found))
  await mkdir(cache, { recursive: true })
  const waiting = (holder: string) => log(`waiting for ${holder}, which builds the same control plane`)
  return withFolderLock(join(cache, 'lock'), { waiting, signal }, async () => {
    // Whoever held the lock before us has built them.
    const missing = missingFrom(await find())
    if (missing.length > 0) await build(missing, cache, { log, signal })
    const built = await find()
    if (!isComplete(built)) throw new Error(`${missingFrom(built).join(', ')} vanished from ${cache}`)
    return built
  })
}

/** A folder that only these versions share, so that another version of us builds its own. */
function cacheFolder(): string {
  const base =
    process.env['CTO_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cto-operator')
  const hash = createHash('sha256').update(pinnedVersions()).digest('hex').slice(0, 12)
  return join(base, `${kubernetesVersion()}-${hash}`)
}

async function findIn(folders: readonly string[]): Promise<Partial<Binaries>> {
  const found: Partial<Record<Artifact, string>> = {}
  for (const artifact of ARTIFACTS) {
    for (const folder of folders) {
      const path = join(folder, artifact)
      if (found[artifact] === undefined && (await isReadable(path))) found[artifact] = path
    }
  }
  return found
}

function missingFrom(found: Partial<Binaries>): Artifact[] {
  return ARTIFACTS.filter((artifact) => found[artifact] === undefined)
}

function isComplete(found: Partial<Binaries>): found is Binaries {
  return missingFrom(found).length === 0
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}

async function assertGo(missing: readonly Artifact[]): Promise<void> {
  const needed = oldestGo()
  const go = await findGo()
  if (go !== undefined && (go.updates || !isOlder(go.version, needed))) return
  throw new Error(
    `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing` +
      `${go === undefined ? '' : ` and Go ${go.version} is too old to build them`}: ` +
      `install Go >= ${needed}, or set KUBEBUILDER_ASSETS to a folder that holds them.`,
  )
}

async function build(missing: readonly Artifact[], cache: string, { log, signal }: LocateOptions): Promise<void> {
  const folder = join(cache, 'building')
  const total = stopwatch()
  log(`building ${missing.join(', ')} into ${cache}: about five minutes for all, once`)
  try {
    for (const [index, artifact] of missing.entries()) {
      // Also what a build that was killed has left.
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder)
      const { takes, make } = RECIPES[artifact]
      const took = stopwatch()
      log(`building ${artifact} (${index + 1} of ${missing.length}), which takes about ${takes}`)
      const heartbeat = setInterval(() => log(`still building ${artifact} after ${took()}`), HEARTBEAT_MS)
      try {
        await make({ folder, signal }, join(folder, artifact))
      } finally {
        clearInterval(heartbeat)
      }
      // It gets its name only when it is whole.
      await rename(join(folder, artifact), join(cache, artifact))
      log(`built ${artifact} in ${took()}, ${missing.length - index - 1} left`)
    }
    log(`built the control plane in ${total()}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
