// Builds with Go from our pinned module files, in a copy of them: nothing is written into the package.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasCode } from '../../files/error-code.ts'
import type { OlderKubernetes } from './kubernetes-versions.ts'
import { packageRoot } from '../../files/package-root.ts'
import { spawnTethered } from './tethered.ts'

/** The folders of our module files. */
export type GoModule =
  'cni' | 'containerd' | 'etcd' | 'helm' | 'kubernetes' | `kubernetes-${OlderKubernetes}` | 'kwok' | 'pause'

export interface Workshop {
  /** A folder of our own; whoever made it removes it. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

const LAST_LINES = 15

export function moduleFolder(module: GoModule): string {
  return join(packageRoot(), 'src', 'devtools', 'control-plane', 'modules', module)
}

/** Builds a main package of the module into the file `output`. */
export async function goBuild(
  shop: Workshop,
  module: GoModule,
  { target, output, ldflags = [] }: { target: string; output: string; ldflags?: readonly string[] },
): Promise<void> {
  const flags = ['-s', '-w', ...ldflags].join(' ')
  await go(shop, module, [
    'build',
    ...READ_ONLY,
    '-buildvcs=false',
    '-trimpath',
    '-ldflags',
    flags,
    '-o',
    output,
    target,
  ])
}

/** The folder of the sources of a module that ours requires. */
export async function goSources(shop: Workshop, module: GoModule, path: string): Promise<string> {
  await go(shop, module, ['mod', 'download', path])
  const { stdout } = await promisify(execFile)('go', ['list', ...READ_ONLY, '-m', '-f', '{{.Dir}}', path], {
    cwd: moduleCopy(shop.folder, module),
    env: goEnv(shop),
  })
  return stdout.trim()
}

/** The Go of this machine, and whether it fetches a newer one by itself; undefined without Go. */
export async function findGo(): Promise<{ version: string; updates: boolean } | undefined> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'])
    const [version = '', toolchain = ''] = stdout.split('\n')
    // Before 1.21 there is no such setting.
    return { version: version.replace(/^go/, ''), updates: toolchain !== '' && !toolchain.startsWith('local') }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

// The user's GOFLAGS may say otherwise; the pinned versions must not move.
const READ_ONLY = ['-mod=readonly']

async function go({ folder, signal }: Workshop, module: GoModule, args: readonly string[]): Promise<void> {
  const cwd = moduleCopy(folder, module)
  await cp(moduleFolder(module), cwd, { recursive: true })
  await mkdir(join(folder, 'tmp'), { recursive: true })
  const printed = join(folder, 'go.log')
  await using file = await open(printed, 'w')
  signal?.throwIfAborted()
  // A build that nobody waits for any more ends, and its temporary files go: they are gigabytes.
  const child = spawnTethered('go', args, { cwd, env: goEnv({ folder }), output: file.fd, scratch: folder })
  const interrupt = () => child.kill('SIGINT')
  signal?.addEventListener('abort', interrupt)
  const [code]: (number | null)[] = await once(child, 'exit')
  signal?.removeEventListener('abort', interrupt)
  signal?.throwIfAborted()
  if (code !== 0) {
    const lines = (await readFile(printed, 'utf8')).trimEnd().split('\n').slice(-LAST_LINES)
    throw new Error([`go ${args[0]} ${args.at(-1)} failed. Its last lines:`, ...lines].join('\n'))
  }
}

function moduleCopy(folder: string, module: GoModule): string {
  return join(folder, 'modules', module)
}

function goEnv({ folder }: Pick<Workshop, 'folder'>): NodeJS.ProcessEnv {
  return { ...process.env, GOTMPDIR: join(folder, 'tmp'), GOWORK: 'off', CGO_ENABLED: '0' }
}
