// Clocks that are set back give an ended license no more life; whoever writes a time into what is kept ends none, and prolongs
// none by wiping one.

import { expect, test } from 'vitest'
import type { LicenseStatus } from '../../src/api/license.ts'
import { licenses } from '../../src/api/resources.ts'
import { evidenceIn } from '../../src/operator/observed/evidence-vault.ts'
import type { SecretData } from '../../src/operator/observed/license-secrets.ts'
import { DAY } from '../../src/domain/time.ts'
import { leases, secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { aLicense, aVendor, connect, makeKind, prepare, runOperator, soon, wholeSecond } from '../support/operator.ts'

// Nobody renews the Lease but the test.
const controlPlane = useControlPlane()

test('the clock and the Lease are set back 200 days, and the API server is right', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  const vendor = await aVendor()
  await cluster.installLicense(await aLicense(vendor, { expiresAt: wholeSecond(Date.now() - 100 * DAY) }))
  const past = Date.now() - 200 * DAY
  await cluster.apply(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'kube-controller-manager', namespace: 'kube-system' },
    spec: { renewTime: new Date(past).toISOString().replace('Z', '000Z') },
  })
  await using running = await runOperator(await cluster.access(), vendor, {
    clock: new ManualClock(past, { simulated: false }),
  })
  await running.operator.ready
  const status = await cluster.entitled(({ conditions }) =>
    conditions.some(({ reason, status: is }) => reason === 'ClockRolledBack' && is === 'False'),
  )
  expect(status).toMatchObject({ verdict: 'Expired', plan: 'team' })
  await running.operator.idle()
})

test('times written into the evidence', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const { client } = cluster
  const vendor = await aVendor()
  const run = async (clock?: ManualClock) =>
    runOperator(await cluster.access(), vendor, clock === undefined ? {} : { clock })
  const kept = async () => (await cluster.object(secrets, 'cto-evidence', 'cto-system'))?.['data'] as SecretData
  await cluster.remove(secrets, 'cto-evidence', 'cto-system')
  await cluster.installLicense(await aLicense(vendor))
  {
    await using running = await run()
    await cluster.entitled(({ verdict }) => verdict === 'Valid')
    await running.operator.idle()
  }

  // Far ahead, and nobody who had the key has written it: it ends nothing, is said, and is gone.
  for (const key of ['time', 'doubted']) {
    await cluster.secret('cto-evidence', key, '2099-01-01T00:00:00Z')
    await using running = await run()
    await running.operator.ready
    expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', degradation: 'None' })
    await running.operator.idle()
    expect(evidenceIn(await kept())).not.toHaveProperty(key, Date.UTC(2099, 0, 1))
    await cluster.eventually('the Event', async () => {
      const list = await client.raw('/apis/events.k8s.io/v1/events', soon())
      const { items } = list as { items: { reason: string; note: string }[] }
      const said = items.filter(({ reason }) => reason === 'EvidenceNotBelieved')
      return said.some(({ note }) => note.includes('2099-01-01T00:00:00Z')) && said
    })
    await cluster.remove(secrets, 'cto-evidence', 'cto-system')
  }
})

test('since when a License cannot be read is not told by its status', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const vendor = await aVendor()
  const day = wholeSecond(Date.now())
  const run = async (days: number) =>
    runOperator(await cluster.access(), vendor, { clock: new ManualClock(day + days * DAY) })
  await cluster.installLicense(await aLicense(vendor))
  {
    await using running = await run(0)
    await cluster.entitled(({ verdict, plan }) => verdict === 'Valid' && plan === 'team')
    await cluster.remove(secrets, 'acme', 'cto-system')
    await cluster.eventually('it to be missed', async () => {
      const status = (await cluster.object(licenses, 'acme'))?.['status'] as LicenseStatus | undefined
      return status?.conditions.some(({ reason }) => reason === 'SecretNotFound')
    })
    await running.operator.idle()
  }
  // Two days later it goes on; after two more it does not, though its status is wiped before each start.
  for (const [days, plan] of [
    [2, 'team'],
    [4, 'free'],
  ] as const) {
    const license = await cluster.client.get(licenses, { name: 'acme' }, soon())
    await cluster.client.replace(licenses, { ...license, status: {} }, soon(), 'status')
    await using running = await run(days)
    await running.operator.ready
    await running.operator.idle()
    expect((await cluster.entitlement()).plan).toBe(plan)
  }
})
