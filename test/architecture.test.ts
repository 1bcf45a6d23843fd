// Imports go one way: the core knows nobody, the edges know everybody.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')
const CORE_CRYPTO = ['jose', '@noble/ed25519', 'node:crypto']
const TOP_OF_DOMAIN = ['closest-name', 'grace-budget', 'limits', 'names', 'text', 'text-file', 'time'].map(
  (name) => `domain/${name}.ts`,
)
const UNDER_CONTROLLERS = ['api', 'domain', 'kube', 'runtime', 'node:crypto', 'node:util']

/**
 * What each room of src may import: folders, files and packages. `*` is anything. The closest rule counts. Rooms that are to come
 * have their rule already.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // The core. Its rooms import downwards only: entitlement, cluster, catalog, license, then what stands at the top of `domain`.
  domain: [...TOP_OF_DOMAIN],
  'domain/text-file.ts': ['node:zlib'],
  'domain/license': ['domain/license', ...TOP_OF_DOMAIN, 'zod', ...CORE_CRYPTO],
  'domain/catalog': ['domain/catalog', 'domain/license', ...TOP_OF_DOMAIN, 'zod'],
  'domain/cluster': ['domain/cluster', 'domain/catalog', ...TOP_OF_DOMAIN],
  'domain/entitlement': ['domain'],
  'domain/metering': ['domain'],
  'domain/services': ['domain'],
  'domain/health': ['domain'],
  // What is shared. No core imports what is delivered.
  api: ['api', 'domain', 'zod'],
  runtime: ['runtime'],
  files: ['files', 'node:*'],
  archive: ['archive', 'node:*'],
  terminal: ['terminal', 'domain/license/strict-json.ts', ...TOP_OF_DOMAIN, 'commander', 'yaml', 'node:*'],
  http: ['http', 'domain/text.ts', 'node:*'],
  kube: ['kube', 'runtime', 'node:*'],
  'kube/kubeconfig.ts': ['@kubernetes/client-node', 'node:*'],
  'kube/protobuf.ts': ['@bufbuild/protobuf/wire'],
  // What is delivered: no deliverable imports another one, but for the command line, which imports them all.
  operator: ['operator', 'api', 'domain', 'kube', 'runtime', 'http', 'version.ts', 'node:*'],
  'operator/observed': ['operator/observed', 'api', 'domain', 'kube', 'runtime', 'node:crypto', 'node:util', 'yaml'],
  'operator/observed/own-machine.ts': ['domain', 'node:fs', 'node:os'],
  'operator/controllers': ['operator/controllers', 'operator/observed', ...UNDER_CONTROLLERS],
  'operator/status-page': ['operator/status-page', 'http', 'domain', 'node:*'],
  'operator/entitlement-api': ['operator/entitlement-api', 'http', 'api', 'domain', 'node:*'],
  'operator/telemetry': ['operator/telemetry', 'api', 'pino', 'prom-client'],
  issuing: ['issuing', 'domain', 'files', 'jose', 'zod', 'node:*'],
  'license-service': ['license-service', 'issuing', 'domain', 'http', 'files', 'node:*'],
  portal: ['portal', 'api', 'domain', 'http', 'node:*'],
  cli: ['*'],
  devtools: ['devtools', 'archive', 'domain', 'files', 'version.ts', 'esbuild', 'yaml', 'node:*'],
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

test('controllers ask different questions: none imports from the folder of another', () => {
  const folderOf = (file: string) => /^operator\/controllers\/([^/]+)\//.exec(file)?.[1]
  const across = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => folderOf(file) !== undefined && folderOf(imported) !== undefined)
      .filter((imported) => folderOf(imported) !== folderOf(file))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(across).toEqual([])
})

test('no file imports itself by way of others, types counted', () => {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file)
    if (start >= 0) circles.push([...way.slice(start), file].join(' -> '))
    if (start >= 0 || done.has(file)) return
    for (const imported of importsOf(file)) if (imported.endsWith('.ts')) visit(imported, [...way, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})

test('what is never in an image is imported by the trial alone', () => {
  const users = files.filter(
    (file) => !/^(?:devtools|cli\/trial)\//.test(file) && importsOf(file).some((one) => one.startsWith('devtools/')),
  )
  expect(users).toEqual([])
})

test('the core asks nobody for the time and reads no environment', () => {
  for (const file of files.filter((one) => one.startsWith('domain/'))) {
    const text = readFileSync(join(SRC, file), 'utf8')
    expect(text.match(/Date\.now\(|new Date\(\)|performance\.|process\.|Math\.random/g), file).toBeNull()
  }
})
