// The examples of the documentation are good: the API server and our readers take those of our kinds, the chart knows the values,
// and what is no license is not taken for one.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { packageRoot } from '../../src/files/package-root.ts'
import { DEFAULT_NAMESPACE, GROUP } from '../../src/api/names.ts'
import { readLicense } from '../../src/domain/license/read-license.ts'
import { type CorpusObject, readByUs } from '../fixtures/crds/corpus.ts'
import { useControlPlane } from '../support/control-plane.ts'

type Values = { readonly [key: string]: unknown }

const root = packageRoot()
const FOLDER = join(root, 'docs/examples')
const VALUES = 'helm-values.yaml'

const examples = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, objects: objectsOf(readFileSync(join(FOLDER, file), 'utf8')) }))
const isOurs = ({ apiVersion }: CorpusObject) => apiVersion.startsWith(`${GROUP}/`)
const isKnown = (object: CorpusObject) => isOurs(object) || object.apiVersion === 'v1'
const manifests = examples.filter(({ file }) => file !== VALUES)
const appliable = manifests.filter(({ objects }) => objects.every(isKnown))

/** @throws Error when it is no YAML */
function objectsOf(text: string): CorpusObject[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    return document.toJS() as CorpusObject
  })
}

const cluster = useControlPlane()
const succeed = async (...args: string[]) => {
  const { code, stdout, stderr } = await cluster.kubectl(...args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

beforeAll(async () => {
  await succeed('apply', '-f', 'crds')
  await succeed('create', 'namespace', DEFAULT_NAMESPACE)
  // Served at once, described a moment later.
  await vi.waitFor(() => succeed('explain', 'licenses.spec.secretRef'), { timeout: 30_000, interval: 250 })
  await vi.waitFor(() => succeed('explain', 'platformconfigs.spec.guardian'), { timeout: 30_000, interval: 250 })
})

test('there are manifests of PlatformConfigs and Licenses', () => {
  const kinds = new Set(appliable.flatMap(({ objects }) => objects.map(({ kind }) => kind)))
  expect([...kinds].toSorted()).toEqual(['License', 'PlatformConfig', 'Secret'])
})

test.each(appliable)('$file: the API server takes it, and every field of it', async ({ file, objects }) => {
  const path = join(FOLDER, file)
  const said = await succeed('apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', path)
  expect(said.match(/ serverside-applied \(server dry run\)$/gm)).toHaveLength(objects.length)
})

test.each(manifests.flatMap(({ objects }) => objects).filter(isOurs))('our reader takes the $kind', (object) => {
  expect(readByUs(object)).toMatchObject({ kind: 'ok' })
})

test('the license file of the example is a placeholder, and none', async () => {
  const secrets = manifests.flatMap(({ objects }) => objects).filter(({ kind }) => kind === 'Secret')
  const files = secrets.flatMap(
    (secret) => Object.values((secret as { stringData?: object }).stringData ?? {}) as string[],
  )
  expect(files).toHaveLength(1)
  for (const file of files) {
    const read = await readLicense(file, { keys: new Map(), product: 'cto', plans: [], now: Date.now() })
    expect(read).toMatchObject({ kind: 'rejected', reason: 'MalformedLicense' })
  }
})

test.each(manifests)('$file: each object has a kind and a name', ({ objects }) => {
  for (const { apiVersion, kind, metadata } of objects) {
    expect({ apiVersion, kind, name: metadata.name }).toEqual({
      apiVersion: expect.stringMatching(/./),
      kind: expect.stringMatching(/./),
      name: expect.stringMatching(/./),
    })
  }
})

describe(VALUES, () => {
  const read = (path: string) => parse(readFileSync(join(root, path), 'utf8')) as Values

  test('names what the chart has', () => {
    const defaults = read('charts/cto-operator/values.yaml')
    expect(unknownIn(read(`docs/examples/${VALUES}`), defaults)).toEqual([])
    expect(unknownIn({ ha: { enable: true } }, defaults)).toEqual(['ha.enable'])
  })
})

/** Paths that the defaults do not have. An empty map among the defaults takes any key. */
function unknownIn(values: Values, defaults: Values, above = ''): string[] {
  if (above !== '' && Object.keys(defaults).length === 0) return []
  return Object.entries(values).flatMap(([key, value]) => {
    if (!(key in defaults)) return [`${above}${key}`]
    return isMap(value) && isMap(defaults[key]) ? unknownIn(value, defaults[key], `${above}${key}.`) : []
  })
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
