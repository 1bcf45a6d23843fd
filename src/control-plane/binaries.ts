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
  readonly signal?: AbortSignal
}

const HEARTBEAT_MS = 30_000

/**
 * KUBEBUILDER_ASSETS comes first and may hold only some of them; then the cache, `$CTO_CACHE` or
 * `~/.cache/cto-operator`; what is still missing is built into the cache with Go, once.
 */
export async function locateBinaries(options: LocateOptions): Promise<Binaries> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const given = assets === undefined ? {} : await presentIn(assets)
  const cache = cacheFolder()
  const wanted = ARTIFACTS.filter((artifact) => !(artifact in given))
  const missing = await missingFrom(cache, wanted)
  if (missing.length > 0) {
    await assertGo(missing)
    await mkdir(cache, { recursive: true })
    const waiting = (holder: string) => options.log(`waiting for ${holder}, which builds the same control plane`)
    await withFolderLock(join(cache, 'lock'), { waiting, signal: options.signal }, async () => {
      await buildAll(cache, await missingFrom(cache, wanted), options)
    })
  }
  return { ...pathsIn(cache), ...given }
}

function cacheFolder(): string {
  const base =
    process.env['CTO_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cto-operator')
  const hash = createHash('sha256').update(pinnedVersions()).digest('hex').slice(0, 12)
  return join(base, `${kubernetesVersion()}-${hash}`)
}

async function buildAll(cache: string, missing: readonly Artifact[], { log, signal }: LocateOptions): Promise<void> {
  const folder = join(cache, 'building')
  const total = stopwatch()
  log(`building ${missing.length} parts of the control plane into ${cache}, once; all six take about five minutes`)
  try {
    for (const [index, artifact] of missing.entries()) {
      // What a build that was killed has left.
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder)
      const { takes, make } = RECIPES[artifact]
      const took = stopwatch()
      log(`building ${artifact} (${index + 1} of ${missing.length}, about ${takes})`)
      const heartbeat = setInterval(() => log(`still building ${artifact} after ${took()}`), HEARTBEAT_MS)
      try {
        await make({ folder, signal }, join(folder, artifact))
      } finally {
        clearInterval(heartbeat)
      }
      // Only what is whole has its name.
      await rename(join(folder, artifact), join(cache, artifact))
      log(`built ${artifact} in ${took()}, ${missing.length - index - 1} left`)
    }
    if (missing.length > 0) log(`built the control plane in ${total()}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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

function pathsIn(folder: string): Binaries {
  return Object.fromEntries(ARTIFACTS.map((artifact) => [artifact, join(folder, artifact)])) as Binaries
}

async function presentIn(folder: string): Promise<Partial<Binaries>> {
  const missing = await missingFrom(folder, ARTIFACTS)
  return Object.fromEntries(
    Object.entries(pathsIn(folder)).filter(([artifact]) => !missing.includes(artifact as Artifact)),
  )
}

async function missingFrom(folder: string, wanted: readonly Artifact[]): Promise<Artifact[]> {
  const missing: Artifact[] = []
  for (const artifact of wanted) {
    const readable = await access(join(folder, artifact), constants.R_OK).then(
      () => true,
      () => false,
    )
    if (!readable) missing.push(artifact)
  }
  return missing
}
