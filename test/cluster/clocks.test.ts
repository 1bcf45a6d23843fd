// Clocks that are set back give an ended license no more life, and whoever writes a time into what is kept ends none.

import { expect, test } from 'vitest'
import { DAY } from '../../src/domain/instant.ts'
import { leases } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { aLicense, aVendor, connect, makeKind, prepare, runOperator, wholeSecond } from '../support/operator.ts'

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
