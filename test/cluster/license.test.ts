// The life of a license in a cluster: state, message and gating follow it, and a bad file never evicts a good license.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { licenses as licenseKind } from '../../src/api/resources.ts'
import type { LicenseStatus } from '../../src/api/license.ts'
import { DAY } from '../../src/domain/time.ts'
import { deployments, secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator, wholeSecond } from '../support/operator.ts'

const controlPlane = useControlPlane({})

test('applied, renewed, corrupted, mended, deleted', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  await using running = await runOperator(await cluster.access(), vendor, { holdNotice: 1_500 })
  await cluster.config(['rex', 'tess'])
  await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')
  const state = async () => (await cluster.object(licenseKind, 'acme'))?.['status'] as LicenseStatus | undefined
  const stated = (so: (status: LicenseStatus) => boolean) =>
    cluster.eventually('the License to be so', async () => {
      const status = await state()
      return status !== undefined && so(status) && status
    })
  const replicas = async (name: string) => {
    const spec = (await cluster.object(deployments, name, 'cto-agents'))?.['spec'] as { replicas: number } | undefined
    return spec?.replicas
  }
  const took: Record<string, number> = {}
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now()
    const result = await work()
    took[what] = Math.round(performance.now() - started)
    return result
  }

  // Applied.
  const first = wholeSecond(Date.now() + 30 * DAY)
  await timed('applied to running', async () => {
    await cluster.installLicense(await aLicense(vendor, { expiresAt: first }))
    await cluster.eventually('tess', async () => (await replicas('tess')) === 1)
  })
  expect(await stated(({ state }) => state === 'Valid')).toMatchObject({
    plan: 'team',
    organization: 'Acme Corp',
    agents: '2/15',
  })

  // Renewed: the same Secret, a later end.
  const renewed = wholeSecond(Date.now() + 300 * DAY)
  await timed('renewed to published', async () => {
    await cluster.installLicense(await aLicense(vendor, { expiresAt: renewed }))
    await cluster.entitled(({ expiresAt }) => expiresAt === new Date(renewed).toISOString().replace('.000Z', 'Z'))
  })

  // Corrupted: one character changed. The License says so, and nothing else changes.
  const good = await aLicense(vendor, { expiresAt: renewed })
  const [header, payload, signature = ''] = good.trim().split('.')
  const bad = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  await timed('corrupted to said', async () => {
    await cluster.installLicense(bad)
    await stated(({ state }) => state === 'InvalidSignature')
  })
  expect((await state())?.reason).toBe('BadSignature')
  expect((await state())?.message).toContain('the license that was read before stays in force')
  expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', plan: 'team' })
  expect(JSON.stringify(await state()) + running.logs()).not.toContain(payload)

  // So for everything else that can stand in a Secret.
  for (const [content, reason] of [
    ['', 'MalformedLicense'],
    ['not a license', 'MalformedLicense'],
    [good.slice(0, 100), 'MalformedLicense'],
    ['x'.repeat(20_000), 'TooLarge'],
    [await aLicense(await aVendor()), 'BadSignature'],
  ] as const) {
    await cluster.installLicense(content)
    const status = await stated((one) => one.reason === reason)
    expect(status.message.length, `${reason}: ${status.message}`).toBeGreaterThan(20)
    expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', plan: 'team' })
  }
  await cluster.remove(secrets, 'acme', 'cto-system')
  expect((await stated(({ reason }) => reason === 'SecretNotFound')).message).toContain(
    'Secret cto-system/acme does not exist',
  )
  expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', plan: 'team' })

  // A restart while there is nothing to read: what was believed is verified anew, and stays in force.
  await running.operator.idle()
  await running.stop()
  await using again = await runOperator(await cluster.access(), vendor, { holdNotice: 1_500 })
  expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', plan: 'team' })
  // Only that somebody counts again what starts.
  expect(again.writes()).toBe(1)
  // Whoever writes into the operator's own Secret is not believed.
  await again.stop()
  const forged = await aLicense(await aVendor(), { plan: 'enterprise' })
  const data = { 'license.acme': Buffer.from(forged).toString('base64') }
  const metadata = { name: 'cto-evidence', namespace: 'cto-system' }
  await cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data })
  await using _third = await runOperator(await cluster.access(), vendor, { holdNotice: 1_500 })
  expect(await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')).toMatchObject({ plan: 'free' })

  // Mended.
  await timed('mended to said', async () => {
    await cluster.installLicense(good)
    await stated(({ state }) => state === 'Valid')
  })

  // Deleted: the free plan does not allow EKS. What was admitted goes on for the notice, then it is held; with what it
  // had, so that it comes back exactly.
  expect((await controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=3')).code).toBe(0)
  await timed('deleted to refused', async () => {
    await cluster.remove(licenseKind, 'acme')
    await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')
  })
  const refused = (await cluster.entitlement()).agents.refused
  expect(refused.map(({ name, holdAt }) => [name, typeof holdAt])).toEqual([
    ['rex', 'string'],
    ['tess', 'string'],
  ])
  expect(await replicas('tess')).toBe(3)
  await cluster.eventually('tess to be held', async () => (await replicas('tess')) === 0)
  const held = await cluster.object(deployments, 'tess', 'cto-agents')
  expect(held?.metadata['annotations']).toMatchObject({
    'cto.5dlabs.io/held-replicas': '3',
    'cto.5dlabs.io/held-reason': expect.stringContaining('agent tess is not licensed') as string,
  })
  await cluster.entitled(({ agents }) => agents.held.length === 2)
  const grow = await controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=1')
  expect(grow.stderr).toContain('agent tess is not licensed')

  // And back: exactly as it was, without our marks.
  await timed('restored to resumed', async () => {
    await cluster.installLicense(good)
    await cluster.eventually('tess to resume', async () => (await replicas('tess')) === 3)
  })
  const resumed = await cluster.object(deployments, 'tess', 'cto-agents')
  expect(JSON.stringify(resumed?.metadata['annotations'] ?? {})).not.toContain('held')
  // Air-gapped: a Secret by the catalog's name is a license without a License.
  await cluster.remove(licenseKind, 'acme')
  await cluster.entitled(({ verdict }) => verdict === 'ClusterTypeNotAllowed')
  const offline = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cto-license', namespace: 'cto-system' } }
  await cluster.apply(secrets, { ...offline, stringData: { 'license.lic': good } })
  await cluster.entitled(({ verdict, plan }) => verdict === 'Valid' && plan === 'team')
  console.error(
    `license.test: ${Object.entries(took)
      .map(([what, ms]) => `${what} ${ms} ms`)
      .join(', ')}`,
  )
})
