// Every plan of every built-in catalog: it can be issued, read and decided, and its schedule turns to the millisecond.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Catalog, checkCatalog } from '../../../src/domain/catalog/catalog.ts'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { degradationAt } from '../../../src/domain/entitlement/degradation.ts'
import { DAY, SECOND } from '../../../src/domain/time.ts'
import { SIGNED_CATALOG } from '../../../src/domain/license/compact-jws.ts'
import { readLicense } from '../../../src/domain/license/read-license.ts'
import { readSignedCatalog } from '../../../src/domain/catalog/signed-catalog.ts'
import { timelineFrom } from '../../../src/domain/entitlement/timeline.ts'
import { issueLicense } from '../../../src/issuing/issue.ts'
import { claims, eks, facts, kind, NOW, workload } from '../../support/builders.ts'
import { builtIn, CATALOGS, decisionFor } from '../../support/catalog-tables.ts'
import { jws, key, newKey, seconds } from '../domain/license/signed.ts'

test('the catalogs that are built in', () => {
  expect(CATALOGS.map(({ product }) => product)).toEqual([
    'cto',
    'incidentfox',
    'ipmi-monitor',
    'clawtex',
    'ai-control-plane',
  ])
})

const names = CATALOGS.map(({ product }) => product)

async function sourceOf(product: string): Promise<unknown> {
  const { default: source } = await import(`../../../src/catalogs/${product}.json`, { with: { type: 'json' } })
  return source
}

test.each(names)('%s: nothing in it looks wrong', async (product) => {
  expect(checkCatalog(await sourceOf(product))).toMatchObject({ problems: [], warnings: [] })
})

test.each(names)('%s: signed, it is read back the same', async (product) => {
  const signer = await newKey('for-catalogs', 'EdDSA', 'catalog')
  const content = { iss: 'a vendor', iat: seconds(NOW), version: 1, catalog: await sourceOf(product) }
  const text = jws({ alg: 'EdDSA', kid: signer.keyId, typ: SIGNED_CATALOG.type }, content, signer)
  expect((await readSignedCatalog(text, signer.trust, NOW)).catalog).toEqual(builtIn(product))
})

/** Any license for any plan of the catalog. */
function someClaims(catalog: Catalog) {
  const axes = Object.keys(catalog.meters)
  return fc
    .record({
      plan: fc.constantFrom(...catalog.plans.map((plan) => plan.name)),
      days: fc.integer({ min: -400, max: 400 }),
      limits: fc.dictionary(fc.constantFrom(...axes), fc.integer({ min: -1, max: 1_000_000 }), {
        noNullPrototype: true,
      }),
      features: fc.uniqueArray(fc.constantFrom(...catalog.features), { maxLength: 3 }),
      addons: fc.array(fc.constantFrom('unheard-of', ...catalog.addons.map((addon) => addon.name)), { maxLength: 4 }),
    })
    .map(({ days, ...rest }) =>
      claims({
        ...rest,
        product: catalog.product,
        issuer: catalog.vendor,
        issuedAt: NOW - 500 * DAY,
        expiresAt: NOW + days * DAY + SECOND,
      }),
    )
}

describe.each(names)('%s', (product) => {
  const catalog = builtIn(product)
  const plans = catalog.plans.map((plan) => plan.name)

  test('any license for any plan is issued, read back the same, and decided', async () => {
    const law = fc.asyncProperty(someClaims(catalog), fc.boolean(), fc.nat(20), async (given, onKind, count) => {
      const file = await issueLicense(given, key, NOW)
      const { jwt } = catalog.license
      const read = await readLicense(file, { keys: key.trust, product, plans, jwt, now: NOW })
      expect(read).toMatchObject({ kind: 'authentic', claims: given })
      const situation = facts({
        catalog,
        cluster: onKind ? kind : eks,
        licenses: [{ name: 'license', claims: given }],
        workloads: Array.from({ length: count }, (_, index) => workload(`one-${index}`, { name: `one-${index}` })),
      })
      const { grant, agents } = decide(situation)
      expect(plans).toContain(grant.plan.name)
      for (const axis of Object.keys(catalog.meters)) expect(grant.limits[axis]).toBeGreaterThanOrEqual(-1)
      if (agents.limit !== -1 && agents.isHard) expect(agents.admitted.length).toBeLessThanOrEqual(agents.limit)
      expect(timelineFrom(situation).every(({ at }) => at > NOW)).toBe(true)
    })
    await fc.assert(law, { numRuns: 40 })
  })

  test('each level begins at its millisecond, for each plan', () => {
    const expiresAt = NOW
    for (const plan of plans.filter((plan) => plan !== catalog.freePlan)) {
      let before = 'None'
      for (const { level, fromDay } of catalog.degradation) {
        const end = { expiresAt: NOW - fromDay * DAY }
        expect(decisionFor(catalog, plan, end).degradation.level).toBe(level)
        expect(decisionFor(catalog, plan, { expiresAt: end.expiresAt + 1 }).degradation.level).toBe(before)
        expect(degradationAt({ expiresAt }, expiresAt + fromDay * DAY, catalog).since).toBe(expiresAt + fromDay * DAY)
        before = level
      }
    }
  })

  test('without a license, its free plan applies', () => {
    expect(decide(facts({ catalog }))).toMatchObject({
      verdict: 'Valid',
      reason: 'FreePlan',
      grant: { plan: { name: catalog.freePlan } },
    })
  })
})
