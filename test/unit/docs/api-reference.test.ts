// The reference of the kinds says what the CRDs say, and names the conditions that are published.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readLicenseResource } from '../../../src/api/license.ts'
import { readPlatformConfig } from '../../../src/api/platform-config.ts'
import { packageRoot } from '../../../src/files/package-root.ts'
import {
  entitlementStatus,
  licenseStatus,
  platformConfigStatus,
  productConditions,
} from '../../../src/operator/controllers/entitlement/status.ts'
import { FINDING_TYPES } from '../../../src/domain/health/finding.ts'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { readCrds, schemaOf, withKinds } from '../../support/api-reference.ts'
import { facts, license, NOW, circumstances } from '../../support/builders.ts'
import { blocks } from '../../support/pages.ts'

const file = join(packageRoot(), 'docs/api-reference.md')
const page = await readFile(file, 'utf8')
const crds = readCrds()

test('docs/api-reference.md has every field as it is (vitest -u writes them)', async () => {
  await expect(withKinds(page, crds)).toMatchFileSnapshot(file)
})

const decision = decide(facts({ licenses: [license()] }))
const [judged] = decision.licenses
const entitlement = entitlementStatus(decision, undefined, 1, NOW, {
  ...circumstances,
  findings: FINDING_TYPES.map((type) => ({ type, healthy: true, reason: 'GateClosed', message: 'well' })),
})
const { health = { level: 'Healthy', headline: '', problems: [] } } = entitlement
const published = {
  Entitlement: entitlement,
  ...(judged === undefined ? {} : { License: licenseStatus(judged, decision, undefined, 1, NOW) }),
  PlatformConfig: {
    conditions: [
      ...platformConfigStatus(decision, {
        health,
        wanted: [],
        stalled: 'another one counts',
        generation: 1,
        now: NOW,
      }).conditions,
      ...productConditions('it names none'),
    ],
  },
}

describe.each(Object.entries(published))('the conditions of %s', (kind, { conditions }) => {
  const types = conditions.map(({ type }) => type)

  test('stand in the reference', () => {
    const [, after = ''] = page.split(`### ${kind}: conditions\n`)
    const [section = ''] = after.split(/^#/m)
    expect([...section.matchAll(/^\| `(\w+)`/gm)].map(([, type]) => type)).toEqual(types)
  })

  test('and in what kubectl explain says', () => {
    const crd = crds.find(({ spec }) => spec.names.kind === kind)
    const status = crd === undefined ? undefined : schemaOf(crd).properties?.['status']
    const description = status?.properties?.['conditions']?.description ?? ''
    for (const type of types) expect(description).toContain(type)
  })
})

test('a License says all that the reference says of it', () => {
  const crd = crds.find(({ spec }) => spec.names.kind === 'License')
  const fields = crd === undefined ? {} : schemaOf(crd).properties?.['status']?.properties
  expect(Object.keys(published.License ?? {}).toSorted()).toEqual(Object.keys(fields ?? {}).toSorted())
})

test.each(blocks(page, 'yaml').map((text) => [parse(text) as { kind: string }]))(
  'the example of a $kind is read',
  (object) => {
    const read = object.kind === 'License' ? readLicenseResource : readPlatformConfig
    expect(read(object)).toMatchObject({ kind: 'ok' })
  },
)
