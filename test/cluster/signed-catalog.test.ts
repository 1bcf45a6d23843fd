// A signed catalog goes only forward: whoever starts the operator with an older one, or with none, has the newer one all the
// same, and is told.

import { expect, test } from 'vitest'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { entitlements } from '../../src/api/resources.ts'
import { evidenceIn } from '../../src/operator/observed/evidence-vault.ts'
import type { SecretData } from '../../src/operator/observed/license-secrets.ts'
import { SECOND } from '../../src/domain/time.ts'
import { SIGNED_CATALOG } from '../../src/domain/license/compact-jws.ts'
import { readSignedCatalog, type SignedCatalog } from '../../src/domain/catalog/signed-catalog.ts'
import { leases, secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  aDocument,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  runOperator,
  soon,
  trusting,
} from '../support/operator.ts'

const controlPlane = useControlPlane()

const rules = (robots: number) => ({
  product: 'robots',
  title: 'Robots',
  vendor: 'Robots Inc',
  freePlan: 'hobby',
  features: [],
  governed: { label: 'robots.example.com/robot', noun: 'robot', axis: 'robots' },
  meters: { robots: { title: 'Robots', unit: 'robot' } },
  agents: [],
  plans: [{ name: 'hobby', title: 'Hobby', limits: { robots } }],
  addons: [],
  degradation: [],
  notice: { expiryDays: 30 },
  license: { offlineSecret: { name: 'robots-license', key: 'license.lic' } },
})

const statusOf = async (cluster: Cluster) =>
  (await cluster.object(entitlements, 'robots'))?.['status'] as EntitlementStatus | undefined
const keptIn = async (cluster: Cluster) =>
  evidenceIn(((await cluster.object(secrets, 'robots-evidence', 'cto-system'))?.['data'] ?? {}) as SecretData).catalog

test('an older catalog, and one without a signature, after a newer one', { timeout: 180_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  const [vendor, signer] = await Promise.all([aVendor(), aVendor('catalog')])
  const trustedKeys = trusting(vendor, signer)
  /** Admits as many robots as its version says. */
  const signed = async (version: number) => {
    const iat = Math.floor(Date.now() / SECOND) - 60
    const payload = { iss: 'Robots Inc', iat, version, catalog: rules(version) }
    return readSignedCatalog(await aDocument(SIGNED_CATALOG, signer, payload), trustedKeys, Date.now())
  }
  const run = async (given: SignedCatalog | undefined, catalog = given?.catalog ?? first.catalog) =>
    runOperator(await cluster.access(), vendor, {
      trustedKeys,
      catalog,
      agentsNamespace: 'robots',
      ...(given === undefined ? {} : { signedCatalog: given }),
    })
  const [first, second, third] = [await signed(1), await signed(2), await signed(3)]
  const all = [
    // What it is started with, what is in force, what is said
    [first, first, undefined],
    [second, second, undefined],
    [first, second, 'has version 1, and version 2 has been in force'],
    [undefined, second, 'is built in and not signed, and version 2 has been in force'],
    [third, third, undefined],
  ] as const
  for (const [given, inForce, said] of all) {
    await using running = await run(given)
    await running.operator.idle()
    const status = await statusOf(cluster)
    expect(status?.agents.limit).toBe(inForce.version)
    const condition = status?.conditions.find(({ type }) => type === 'CatalogCurrent')
    expect(condition?.reason).toBe(said === undefined ? undefined : 'CatalogOutdated')
    if (said !== undefined) expect(condition?.message).toContain(said)
    expect(await keptIn(cluster)).toBe(inForce.text)
  }

  // One that a forger puts there counts for nothing.
  const forged = await aDocument(SIGNED_CATALOG, vendor, { iss: 'x', iat: 0, version: 9, catalog: rules(9) })
  await cluster.secret('robots-evidence', 'catalog', forged)
  {
    await using running = await run(third)
    await running.operator.idle()
    expect((await statusOf(cluster))?.agents.limit).toBe(3)
    expect(await keptIn(cluster)).toBe(third.text)
  }

  // A replica that waits for its turn, while another one takes a newer catalog: in its turn it does not go by the old one.
  const lease = await cluster.client.get(leases, { name: 'robots-operator', namespace: 'cto-system' }, soon())
  const spec = { holderIdentity: 'another', leaseDurationSeconds: 8, leaseTransitions: 9 }
  const renewTime = new Date().toISOString().replace('Z', '000Z')
  await cluster.client.replace(leases, { ...lease, spec: { ...spec, acquireTime: renewTime, renewTime } }, soon())
  const waiting = await runOperator(await cluster.access(), vendor, {
    trustedKeys,
    catalog: third.catalog,
    signedCatalog: third,
    agentsNamespace: 'robots',
    awaitsDecision: false,
  })
  await using _waiting = waiting
  await cluster.secret('robots-evidence', 'catalog', (await signed(4)).text)
  expect(await waiting.operator.overtaken).toContain('has version 3, and version 4 has been in force here')
  expect(waiting.operator.board?.current).toBeUndefined()
  expect((await statusOf(cluster))?.agents.limit).toBe(3)
})
