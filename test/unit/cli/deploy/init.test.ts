// `cto init`: files that the API server and the chart take, for every place to run in.

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { readPlatformConfig } from '../../../../src/api/platform-config.ts'
import { initCommand } from '../../../../src/cli/deploy/init.ts'
import { runCommand } from '../../../../src/cli/run-command.ts'
import { packageRoot } from '../../../../src/files/package-root.ts'
import { TARGETS } from '../../../../src/cli/deploy/targets.ts'
import { anIo } from '../io.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-init-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function init(...args: string[]) {
  const io = anIo()
  const code = await runCommand(new Command('cto').addCommand(initCommand(io)), ['init', '--out', folder, ...args], io)
  return { code, ...io.said }
}
const read = async (name: string) => parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>
const config = async () => (await read('platformconfig.yaml')) as { metadata: object; spec: Record<string, unknown> }

describe.each(TARGETS.map(({ name, isFree }) => ({ name, isFree })))('for $name', ({ name, isFree }) => {
  test('the PlatformConfig is one, and says where it is for', async () => {
    expect(await init('--target', name)).toMatchObject({ code: 0 })
    const written = await config()
    const reading = readPlatformConfig(written)
    expect(reading.kind, JSON.stringify(reading)).toBe('ok')
    const place = ['aws', 'gcp', 'azure'].includes(name) ? { type: 'cloud', provider: name } : { type: name }
    expect(written.spec['deployment']).toMatchObject(place)
    expect(written.spec['license']).toEqual({ tier: isFree ? 'free' : 'starter' })
    const { enabled } = written.spec['agents'] as { enabled: readonly { name: string }[] }
    expect(enabled.map((agent) => agent.name)).toEqual(
      isFree ? ['rex', 'blaze'] : ['rex', 'blaze', 'tess', 'morgan', 'cypher'],
    )
  })

  test('it says what is needed first, and what comes next', async () => {
    const { stderr } = await init('--target', name)
    expect(stderr).toMatch(/Needed first: .*\.\n/)
    expect(stderr.includes('A license is needed here')).toBe(!isFree)
    expect(stderr).toMatch(/Next: cd \S+ && cto check --pre -f platformconfig\.yaml && cto deploy\n$/)
  })
})

test('as the quick start has it: a key, a region, a plan, agents and nodes of one’s own', async () => {
  const key = ['--license-key', 'lic_abc123def456']
  const own = [
    '--plan',
    'team',
    '--agents',
    'rex, atlas',
    '--nodes',
    '5',
    '--organization',
    'Acme Corp',
    '--name',
    'acme',
  ]
  const { code, stdout, stderr } = await init('--target', 'aws', '--region', 'us-west-2', ...key, ...own)
  expect(code, stderr).toBe(0)
  expect(await config()).toEqual({
    apiVersion: 'cto.5dlabs.io/v1',
    kind: 'PlatformConfig',
    metadata: { name: 'acme', annotations: { 'cto.5dlabs.io/region': 'us-west-2' } },
    spec: {
      license: { key: 'lic_abc123def456', tier: 'team', organization: 'Acme Corp' },
      deployment: { type: 'cloud', provider: 'aws', nodes: 5 },
      agents: {
        enabled: [
          { name: 'rex', cli: 'claude' },
          { name: 'atlas', cli: 'claude' },
        ],
      },
    },
  })
  // A key is its owner's alone, and stands in one place.
  expect((await stat(join(folder, 'platformconfig.yaml'))).mode & 0o077).toBe(0)
  expect(await readFile(join(folder, 'values.yaml'), 'utf8')).not.toContain('lic_')
  expect(stdout + stderr).not.toContain('lic_abc')
})

test('a key comes from a file, from standard input or the environment; on the command line with a warning', async () => {
  const key = 'lic_abc123def456'
  const keyOf = async () => (await config()).spec['license'] as { key?: string }
  const open = await init('--target', 'aws', '--license-key', key)
  expect(open.stderr).toMatch(
    /^Warning: --license-key shows the key to everybody .* --license-key-file, or as CTO_LICENSE_KEY\.\n/,
  )
  await writeFile(join(folder, 'key'), `\uFEFF${key}\r\n`)
  const quiet = await init('--target', 'aws', '--force', '--license-key-file', join(folder, 'key'))
  expect(quiet).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Warning') })
  expect(await keyOf()).toMatchObject({ key })
  vi.stubEnv('CTO_LICENSE_KEY', 'lic_fromenvironment1')
  expect(await init('--target', 'aws', '--force')).toMatchObject({ code: 0 })
  vi.unstubAllEnvs()
  expect(await keyOf()).toMatchObject({ key: 'lic_fromenvironment1' })
})

test('for Kind, the cluster too, with the nodes that are asked for', async () => {
  await init('--target', 'kind', '--nodes', '3')
  expect(await read('kind.yaml')).toMatchObject({
    kind: 'Cluster',
    nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
  })
})

test.each([
  { args: [], code: 2, says: /required option '--target/ },
  { args: ['--target', 'moon'], code: 2, says: /Allowed choices are kind, bare-metal/ },
  {
    args: ['--target', 'aws', '--license-key', 'eyJhbGciOi.x.y'],
    code: 2,
    says: /license key must be one \(lic_<KEY>\)/,
  },
  { args: ['--target', 'kind', '--region', 'us-west-2'], code: 2, says: /--region is for a cloud, and kind is none/ },
  { args: ['--target', 'kind', '--plan', 'teem'], code: 2, says: /did you mean team\?/ },
])('$args is wrong use', async ({ args, code, says }) => {
  expect(await init(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) })
  expect(existsSync(join(folder, 'platformconfig.yaml'))).toBe(false)
})

test('nothing that is there is replaced unless that is asked for', async () => {
  await init('--target', 'kind')
  expect(await init('--target', 'aws')).toMatchObject({ code: 1, stderr: expect.stringMatching(/--force replaces it/) })
  expect((await config()).spec['deployment']).toMatchObject({ type: 'kind' })
  expect(await init('--target', 'aws', '--force')).toMatchObject({ code: 0 })
  expect((await config()).spec['deployment']).toMatchObject({ provider: 'aws' })
})

const chartValues = join(packageRoot(), 'charts', 'cto-operator', 'values.yaml')
test('the chart knows every value', async () => {
  await init('--target', 'on-prem')
  const known = parse(await readFile(chartValues, 'utf8')) as object
  expect(pathsOf(await read('values.yaml')).filter((path) => !pathsOf(known).includes(path))).toEqual([])
})

function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  return Object.entries(value).flatMap(([name, member]) => pathsOf(member, `${path}/${name}`))
}
