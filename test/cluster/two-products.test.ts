// Operators of two products in one cluster: each License and PlatformConfig belongs to one of them, and neither writes what is
// the other's.

import { createSign } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Condition } from '../../src/api/conditions.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import type { LicenseStatus } from '../../src/api/license.ts'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import { builtInCatalogs } from '../../src/cli/catalogs.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { SECOND } from '../../src/domain/time.ts'
import { deployments, type Resource } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  addNodes,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  prepare,
  type RunningOperator,
  runOperator,
} from '../support/operator.ts'

const controlPlane = useControlPlane()
const REST_MS = 3_000
const incidentFox = builtInCatalogs().find(({ product }) => product === 'incidentfox')
const statusOf = async <T>(cluster: Cluster, resource: Resource, name: string) =>
  (await cluster.object(resource, name))?.['status'] as T | undefined
const licenseOf = (cluster: Cluster, name: string, so: (status: LicenseStatus) => boolean) =>
  cluster.eventually(`the License ${name} to be as expected`, async () => {
    const status = await statusOf<LicenseStatus>(cluster, licenses, name)
    return status !== undefined && so(status) && status
  })
const entitlementOf = (cluster: Cluster, product: string, so: (status: EntitlementStatus) => boolean) =>
  cluster.eventually(`the Entitlement ${product} to be as expected`, async () => {
    const status = await statusOf<EntitlementStatus>(cluster, entitlements, product)
    return status !== undefined && so(status) && status
  })

/** What IncidentFox's own license server signs: it names no product. */
function foxJwt(key: SigningKey): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / SECOND)
  const input = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({
    iss: 'license.incidentfox.ai',
    sub: 'acme-corp',
    iat: now - 60,
    exp: now + 86_400 * 90,
    entitlements: { tier: 'starter', max_teams: 2, features: [] },
  })}`
  return `${input}.${createSign('sha256').update(input).sign(key.privateKey).toString('base64url')}`
}

/** Versions of all Licenses and PlatformConfigs, now and after a while of rest in which nobody wrote anything. */
async function rests(cluster: Cluster, operators: readonly RunningOperator[]): Promise<void> {
  const versions = async () => {
    const lists = await Promise.all(
      [licenses, platformConfigs, entitlements].map((one) =>
        cluster.client.list(one, {}, {}, AbortSignal.timeout(5_000)),
      ),
    )
    return lists
      .flatMap(({ items }) => items ?? [])
      .map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
  }
  for (const { operator } of operators) await operator.idle()
  const before = await versions()
  const writes = operators.map((one) => one.writes())
  await new Promise((resolve) => setTimeout(resolve, REST_MS))
  expect(operators.map((one) => one.writes())).toEqual(writes)
  expect(await versions()).toEqual(before)
}

test('each product judges its own, and at rest nobody writes', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  const foxVendor = await aVendor('license', 'RS256')
  if (incidentFox === undefined) throw new Error('there is no catalog incidentfox')
  await using cto = await runOperator(await cluster.access(), vendor)
  // Names decide between Entitlements of one second.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await using fox = await runOperator(await cluster.access(), foxVendor, { catalog: incidentFox })
  const both = [cto, fox]

  // By what the file says: the product of a .lic, the issuer of a plain JWT.
  await cluster.installLicense(await aLicense(vendor), 'ours')
  await cluster.installLicense(foxJwt(foxVendor), 'fox')
  await licenseOf(cluster, 'ours', ({ state, product }) => state === 'Valid' && product === 'cto')
  await licenseOf(cluster, 'fox', ({ state, product }) => state === 'Valid' && product === 'incidentfox')
  await entitlementOf(cluster, 'cto', ({ plan }) => plan === 'team')
  await entitlementOf(cluster, 'incidentfox', ({ plan }) => plan === 'starter')
  await rests(cluster, both)

  // A product of which nobody is here, and what nobody can read: whoever was here first says so.
  await cluster.installLicense(await aLicense(vendor, { product: 'robots' }), 'strange')
  const strange = await licenseOf(cluster, 'strange', ({ reason }) => reason === 'WrongProduct')
  expect(strange).toMatchObject({ product: 'cto', message: expect.stringContaining('for the product robots') })
  await cluster.installLicense('half a lic', 'broken')
  await licenseOf(cluster, 'broken', ({ product }) => product === 'cto')
  // A file that is gone is still a matter of the product that judged it.
  await cluster.secret('fox', 'license.lic', 'half a lic')
  await licenseOf(cluster, 'fox', ({ message, product }) => product === 'incidentfox' && message.includes('lic'))
  await rests(cluster, both)

  // A PlatformConfig that names none is used by whoever was here first, and says so; one that names its product is that one's.
  await cluster.config(['rex'])
  await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))
  const conditions = async () =>
    (await statusOf<{ conditions: Condition[] }>(cluster, platformConfigs, 'acme'))?.conditions
  await cluster.eventually('the PlatformConfig to ask for its product', async () =>
    (await conditions())
      ?.find(({ type }) => type === 'ProductNamed')
      ?.message.includes('operators of cto and incidentfox are here: cto uses it; set spec.product'),
  )
  await rests(cluster, both)
  await cluster.config(['rex'], { product: 'cto' })
  await cluster.eventually('it to ask no more', async () =>
    (await conditions())?.every(({ type }) => type !== 'ProductNamed'),
  )
  await cluster.config(['payments'], { product: 'incidentfox' })
  await cluster.eventually('IncidentFox to take it over', async () => {
    const status = await statusOf<{ plan: string }>(cluster, platformConfigs, 'acme')
    return status?.plan === 'starter'
  })
  await cluster.eventually(
    'CTO to leave it alone',
    async () =>
      (await entitlementOf(cluster, 'cto', () => true)).verdict === 'Valid' &&
      cto.logs().includes('"product":"incidentfox"'),
  )
  await rests(cluster, both)
  expect(await statusOf<LicenseStatus>(cluster, licenses, 'ours')).toMatchObject({ state: 'Valid', product: 'cto' })
})
