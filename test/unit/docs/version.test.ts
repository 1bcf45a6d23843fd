// One version everywhere: what docs/releasing.md tells to set by hand.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import lock from '../../../package-lock.json' with { type: 'json' }
import { packageRoot } from '../../../src/files/package-root.ts'
import { VERSION } from '../../../src/version.ts'
import { pages } from '../../support/pages.ts'

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8')
const named = (text: string) => [...text.matchAll(/cto-operator[-:](\d+\.\d+\.\d+)/g)].map(([, version]) => version)

test('package-lock.json has the version of package.json', () => {
  expect(lock.packages[''].version).toBe(VERSION)
})

test.each(['cto-operator', 'cto-operator-crds'])('the chart %s has it', (chart) => {
  expect(parse(read(`charts/${chart}/Chart.yaml`))).toMatchObject({ version: VERSION, appVersion: VERSION })
})

test.each(['charts/cto-operator/Chart.yaml', 'charts/cto-operator/values.airgapped.yaml', 'Dockerfile'])(
  '%s names no other',
  (path) => {
    const versions = named(read(path))
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.filter((version) => version !== VERSION)).toEqual([])
  },
)

test('no page of the documentation names another', () => {
  const versions = pages.flatMap(({ path, text }) => named(text).map((version) => ({ path, version })))
  expect(versions.length).toBeGreaterThan(3)
  expect(versions.filter(({ version }) => version !== VERSION)).toEqual([])
})
