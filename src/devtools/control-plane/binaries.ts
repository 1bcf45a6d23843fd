// The binaries of a cluster: those that the machine has, else those that were built before, else built now.

import { createHash } from 'node:crypto'
import { access, constants, mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  type Artifact,
  artifactOf,
  CONTROL_PLANE,
  type ControlPlaneArtifact,
  isOlder,
  oldestGo,
  pinnedVersions,
  RECIPES,
} from './artifacts.ts'
import { stopwatch } from './duration.ts'
import { withFolderLock } from '../../files/folder-lock.ts'
import { findGo, type GoModule } from './go-build.ts'
import type { KubernetesVersion } from './kubernetes-versions.ts'

/** The path of each. */
export type Binaries<A extends Artifact = Artifact> = Readonly<Record<A, string>>

export interface LocateOptions {
  readonly log: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

const HEARTBEAT_MS = 30_000

/**
 * KUBEBUILDER_ASSETS comes first and may hold only some of them; then the cache, in `$CTO_CACHE` or
 * `~/.cache/cto-operator`; what is still missing is built into the cache with Go, once.
 */
export async function locateBinaries<A extends Artifact>(
  wanted: readonly A[],
  { log, signal }: LocateOptions,
): Promise<Binaries<A>> {
  const found = await find(wanted)
  if (isComplete(wanted, found)) return found
  await assertGo(missingFrom(wanted, found))
  const cache = cacheFolder()
  await mkdir(cache, { recursive: true })
  const waiting = (holder: string) => log(`waiting for ${holder}, which builds for clusters on this machine`)
  return withFolderLock(join(cache, 'lock'), { waiting, signal }, async () => {
    // Whoever held the lock before us has built them.
    const missing = missingFrom(wanted, await find(wanted))
    if (missing.length > 0) await build(missing, cache, { log, signal })
    const built = await find(wanted)
    if (!isComplete(wanted, built)) throw new Error(`${missingFrom(wanted, built).join(', ')} vanished from ${cache}`)
    return built
  })
}

/** A control plane of that version, each path under the name of the part that it plays. */
export async function locateControlPlane(
  version: KubernetesVersion,
  options: LocateOptions,
): Promise<Binaries<ControlPlaneArtifact>> {
  const parts = CONTROL_PLANE.map((part) => [part, artifactOf(part, version)] as const)
  const binaries = await locateBinaries(
    parts.map(([, artifact]) => artifact),
    options,
  )
  const located = parts.map(([part, artifact]) => [part, binaries[artifact]])
  return Object.fromEntries(located) as Binaries<ControlPlaneArtifact>
}

function cacheFolder(): string {
  return process.env['CTO_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cto-operator')
}

/** A folder that only these versions share, so that another version of us builds its own. */
function moduleCache(module: GoModule): string {
  const hash = createHash('sha256').update(pinnedVersions(module)).digest('hex').slice(0, 12)
  return join(cacheFolder(), `${module}-${hash}`)
}

async function find<A extends Artifact>(wanted: readonly A[]): Promise<Partial<Binaries<A>>> {
  const found: Partial<Record<A, string>> = {}
  const assets = process.env['KUBEBUILDER_ASSETS']
  for (const artifact of wanted) {
    const cache = moduleCache(RECIPES[artifact].module)
    for (const folder of assets ? [assets, cache] : [cache]) {
      const path = join(folder, artifact)
      if (found[artifact] === undefined && (await isReadable(path))) found[artifact] = path
    }
  }
  return found
}

function missingFrom<A extends Artifact>(wanted: readonly A[], found: Partial<Binaries<A>>): A[] {
  return wanted.filter((artifact) => found[artifact] === undefined)
}

function isComplete<A extends Artifact>(wanted: readonly A[], found: Partial<Binaries<A>>): found is Binaries<A> {
  return missingFrom(wanted, found).length === 0
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}

async function assertGo(missing: readonly Artifact[]): Promise<void> {
  const needed = oldestGo(missing)
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
  log(`building ${missing.join(', ')} into ${cache}: some minutes for all, once`)
  try {
    for (const [index, artifact] of missing.entries()) {
      // Also what a build that was killed has left.
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder)
      const { module, takes, make } = RECIPES[artifact]
      const took = stopwatch()
      log(`building ${artifact} (${index + 1} of ${missing.length}), which takes about ${takes}`)
      const heartbeat = setInterval(() => log(`still building ${artifact} after ${took()}`), HEARTBEAT_MS)
      try {
        await make({ folder, signal }, join(folder, artifact))
      } finally {
        clearInterval(heartbeat)
      }
      // It gets its name only when it is whole.
      await mkdir(moduleCache(module), { recursive: true })
      await rename(join(folder, artifact), join(moduleCache(module), artifact))
      log(`built ${artifact} in ${took()}, ${missing.length - index - 1} left`)
    }
    log(`built all of it in ${total()}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
