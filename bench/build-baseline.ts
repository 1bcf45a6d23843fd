// Builds the Go baseline from its pinned modules into the cache folder, once for each version of its sources.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOURCES = join(import.meta.dirname, 'baseline')

/** The path of the binary. */
export async function buildBaseline(log: (line: string) => void): Promise<string> {
  const base = process.env['CTO_CACHE'] ?? join(homedir(), '.cache', 'cto-operator')
  const hash = createHash('sha256')
  for (const file of readdirSync(SOURCES).toSorted()) hash.update(readFileSync(join(SOURCES, file)))
  const binary = join(base, `baseline-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(binary)) return binary
  log('building the Go baseline, which takes about three minutes the first time')
  await mkdir(base, { recursive: true })
  const made = `${binary}.${process.pid}`
  const args = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', '-s -w', '-o', made, '.']
  await promisify(execFile)('go', args, { cwd: SOURCES, env: { ...process.env, GOWORK: 'off', CGO_ENABLED: '0' } })
  // It gets its name only when it is whole.
  await rename(made, binary)
  return binary
}
