// Imports go one way: the core knows nobody, the edges know everybody.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')
const CORE_CRYPTO = ['jose', '@noble/ed25519', 'node:crypto']

/** For each folder of src: the folders and packages it may import. `*` is anything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain', 'zod'],
  'domain/license': ['domain', 'zod', ...CORE_CRYPTO],
  'domain/text-file.ts': ['node:zlib'],
  api: ['api', 'domain', 'zod'],
  runtime: ['runtime'],
  kube: ['kube', 'runtime', 'node:*'],
  'kube/kubeconfig.ts': ['@kubernetes/client-node', 'node:*'],
  'kube/credential-plugin.ts': ['kube', 'support/redact.ts'],
  'kube/protobuf.ts': ['@bufbuild/protobuf/wire'],
  telemetry: ['telemetry', 'api', 'pino', 'prom-client'],
  http: ['http', 'node:*'],
  'http/status-page': ['http/status-page', 'domain', 'node:*'],
  cluster: ['cluster', 'api', 'domain', 'kube', 'runtime', 'node:crypto', 'node:util', 'yaml'],
  'cluster/own-machine.ts': ['domain', 'node:fs', 'node:os'],
  setup: ['setup', 'api', 'domain', 'yaml', 'node:*'],
  support: ['support', 'api', 'cluster', 'kube', 'node:*'],
  preflight: ['preflight', 'api', 'cluster', 'domain', 'kube', 'runtime'],
  controllers: ['controllers', 'cluster', 'api', 'domain', 'kube', 'runtime', 'node:crypto', 'node:util'],
  vendor: ['vendor', 'domain', 'jose', 'zod', 'node:*'],
  'control-plane': ['control-plane', 'node:*', 'yaml'],
  packaging: ['packaging', 'domain', 'version.ts', 'esbuild', 'yaml', 'node:*'],
  trial: [
    'trial',
    'cli',
    'operator.ts',
    'control-plane',
    'vendor',
    'cluster',
    'api',
    'domain',
    'kube',
    'runtime',
    'telemetry',
    'yaml',
    'node:*',
  ],
  cli: ['*'],
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found = [...text.matchAll(/(?:^|\n)(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g)]
  return found
    .map((match) => match[1] ?? match[2] ?? '')
    .map((path) => (path.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), path)) : path))
}

function ruleOf(file: string): readonly string[] {
  const names = Object.keys(MAY_IMPORT).filter((name) => file === name || file.startsWith(`${name}/`))
  const closest = names.toSorted((a, b) => b.length - a.length)[0]
  return closest === undefined ? ['*'] : (MAY_IMPORT[closest] ?? [])
}

function isAllowed(imported: string, rule: readonly string[]): boolean {
  return rule.some((one) => {
    if (one === '*' || one === imported) return true
    if (one.endsWith(':*')) return imported.startsWith(one.slice(0, -1))
    return imported.startsWith(`${one}/`)
  })
}

test.each(files)('%s imports only what its folder may', (file) => {
  const rule = ruleOf(file)
  expect(importsOf(file).filter((imported) => !isAllowed(imported, rule))).toEqual([])
})

test('the core asks nobody for the time and reads no environment', () => {
  for (const file of files.filter((one) => one.startsWith('domain/'))) {
    const text = readFileSync(join(SRC, file), 'utf8')
    expect(text.match(/Date\.now\(|new Date\(\)|performance\.|process\.|Math\.random/g), file).toBeNull()
  }
})

test('one controller never reaches into another', () => {
  for (const file of files.filter((one) => one.startsWith('controllers/'))) {
    const folder = dirname(file)
    const strangers = importsOf(file).filter(
      (path) => path.startsWith('controllers/') && dirname(path) !== folder && dirname(path) !== 'controllers',
    )
    expect(strangers, file).toEqual([])
  }
})
