// What the npm package holds, as npm itself packs it, and what it says of the Node.js that it runs on.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../../../package.json' with { type: 'json' }
import { packageRoot } from '../../../../src/files/package-root.ts'

const root = packageRoot()

describe('npm packs', () => {
  let packed: readonly string[]
  beforeAll(async () => {
    const args = ['pack', '--dry-run', '--json', '--offline', '--ignore-scripts']
    const { stdout } = await promisify(execFile)('npm', args, { cwd: root })
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
    packed = files.map(({ path }) => path)
  }, 60_000)

  // `cto deploy` installs the chart; `cto trial` applies the CRDs, and builds its control plane from the modules.
  test.each(['charts', 'crds', 'src/devtools/control-plane/modules'])('all of %s', (folder) => {
    const there = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    expect(there.length).toBeGreaterThan(2)
    expect(there.filter((path) => !packed.includes(path))).toEqual([])
  })

  test('no sources and no tests', () => {
    const sources = packed.filter((path) => path.endsWith('.ts') || path.startsWith('test/'))
    expect(sources).toEqual([])
  })
})

test('the Node.js of .node-version is the one that npm ci brings', () => {
  expect(readFileSync(join(root, '.node-version'), 'utf8').trim()).toBe(manifest.dependencies.node)
})
