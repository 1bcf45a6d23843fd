// What the vendor has said once holds: a license that was replaced cannot be played again, a revocation cannot be taken
// back by an older list, and a time that has passed does not come again. Also after a restart.

import { expect, test } from 'vitest'
import { licenses } from '../../src/api/resources.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import type { LicenseStatus } from '../../src/api/license.ts'
import { DAY, formatInstant, SECOND } from '../../src/domain/time.ts'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import { evidenceData, evidenceIn } from '../../src/operator/observed/evidence-vault.ts'
import type { SecretData } from '../../src/operator/observed/license-secrets.ts'
import { secrets } from '../../src/kube/resource.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  aDocument,
  aLicense,
  aVendor,
  connect,
  makeKind,
  prepare,
  runOperator,
  soon,
  trusting,
  wholeSecond,
} from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })

const conditionOf = (status: EntitlementStatus, type: string) => {
  const found = status.conditions.find((one) => one.type === type)
  return [found?.status, found?.reason]
}

test('replaced, revoked, turned back', { timeout: 180_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  const vendor = await aVendor()
  const revoker = await aVendor('revocation')
  const run = async (clock?: ManualClock) =>
    runOperator(await cluster.access(), vendor, {
      trustedKeys: trusting(vendor, revoker),
      ...(clock === undefined ? {} : { clock }),
    })
  const eventReasons = async () => {
    const list = await cluster.client.raw('/apis/events.k8s.io/v1/events', soon())
    return (list as { items: { reason: string }[] }).items.map(({ reason }) => reason)
  }
  const revocations = (version: number, ...ids: string[]) =>
    aDocument(REVOCATION_LIST, revoker, {
      iss: '5D Labs',
      aud: 'cto',
      iat: Math.floor(Date.now() / SECOND) - 100,
      version,
      revoked: ids.map((jti) => ({ jti, at: Math.floor(Date.now() / SECOND) - 60 })),
    })
  const larger = await aLicense(vendor, { licenseId: 'lic-1', plan: 'enterprise', serial: 1 })
  const smaller = await aLicense(vendor, { licenseId: 'lic-2', plan: 'team', serial: 2 })

  // The older and larger license is put back in its place, and the newer one is gone: also while the operator is down.
  {
    await using running = await run()
    await cluster.installLicense(larger)
    await cluster.entitled(({ plan }) => plan === 'enterprise')
    await cluster.installLicense(smaller)
    await cluster.entitled(({ plan }) => plan === 'team')
    await cluster.installLicense(larger)
    // It ends nothing: the one that has replaced it goes on.
    await cluster.eventually('the larger one to be refused', async () => {
      const status = (await cluster.object(licenses, 'acme'))?.['status'] as LicenseStatus | undefined
      return status?.reason === 'Replaced'
    })
    await running.operator.idle()
    expect(await cluster.entitlement()).toMatchObject({ verdict: 'Valid', plan: 'team', licenseId: 'lic-2' })
    await running.operator.idle()
    // Nobody has touched what is kept of them: nobody is said to have.
    expect(await running.metrics()).not.toMatch(/^cto_tampering_restored_total\{/m)
  }
  await cluster.remove(licenses, 'acme')
  await cluster.remove(secrets, 'acme', 'cto-system')
  {
    await using running = await run()
    await cluster.installLicense(larger, 'again')
    const replaced = await cluster.entitled(({ reason }) => reason === 'Replaced')
    expect(replaced).toMatchObject({ verdict: 'InvalidSignature', plan: 'free' })
    expect(replaced.message).toContain('License again has been replaced by license lic-2')
    await running.operator.idle()

    // Whoever deletes what is remembered is seen, and it comes back.
    await cluster.remove(secrets, 'cto-evidence', 'cto-system')
    await cluster.eventually('the evidence to come back', async () => {
      return (await cluster.object(secrets, 'cto-evidence', 'cto-system')) !== undefined
    })
    await cluster.eventually('the tampering to be said', async () =>
      (await eventReasons()).includes('TamperingRestored'),
    )
    // What somebody adds goes again, as does what a restored backup has and is not kept any more.
    await cluster.secret('cto-evidence', 'license.stranger', larger)
    await cluster.eventually('what was added to be gone', async () => {
      const kept = await cluster.object(secrets, 'cto-evidence', 'cto-system')
      return kept !== undefined && !JSON.stringify(kept['data']).includes('license.stranger')
    })
    await cluster.remove(licenses, 'again')
    await cluster.installLicense(smaller)
    await cluster.entitled(({ plan }) => plan === 'team')

    // Revoked by the second list. The first, a forged third and none at all change nothing.
    await cluster.secret('cto-revocations', 'revocations.jws', await revocations(2, 'lic-2', 'lic-9'))
    await cluster.entitled(({ verdict }) => verdict === 'Revoked')
    await cluster.secret('cto-revocations', 'revocations.jws', await revocations(1))
    const outdated = await cluster.entitled((one) => conditionOf(one, 'RevocationsCurrent')[0] === 'False')
    expect(conditionOf(outdated, 'RevocationsCurrent')).toEqual(['False', 'RevocationListOutdated'])
    expect(outdated.verdict).toBe('Revoked')
    const forged = await aDocument(REVOCATION_LIST, vendor, { iss: 'x', aud: 'cto', iat: 0, version: 3, revoked: [] })
    await cluster.secret('cto-revocations', 'revocations.jws', forged)
    const refused = await cluster.entitled(
      (one) => conditionOf(one, 'RevocationsCurrent')[1] === 'RevocationListRefused',
    )
    expect(refused.messages.join()).toContain('which is trusted for license only')
    // What is no list to read is refused too, and not passed over as if there were no Secret.
    const third = await revocations(3)
    for (const [key, content, problem] of [
      ['revocations.jws', Buffer.from(third, 'utf16le'), 'the revocation list is saved as UTF-16'],
      ['revocations.jwt', third, 'has no key revocations.jws (it has: revocations.jwt); put the revocation list'],
    ] as const) {
      await cluster.remove(secrets, 'cto-revocations', 'cto-system')
      await cluster.entitled((one) => conditionOf(one, 'RevocationsCurrent')[0] === 'True')
      await cluster.secret('cto-revocations', key, content)
      const unread = await cluster.entitled((one) => conditionOf(one, 'RevocationsCurrent')[0] === 'False', problem)
      expect(conditionOf(unread, 'RevocationsCurrent')).toEqual(['False', 'RevocationListRefused'])
      expect(unread.messages.join()).toContain(problem)
      expect(unread.verdict).toBe('Revoked')
    }
    await running.operator.idle()
    await cluster.eventually('the Events', async () => {
      const reasons = await eventReasons()
      return ['Revoked', 'RevocationListOutdated'].every((reason) => reasons.includes(reason))
    })
  }
  await cluster.remove(secrets, 'cto-revocations', 'cto-system')
  {
    await using running = await run()
    const after = await cluster.entitled((one) => conditionOf(one, 'RevocationsCurrent')[0] === 'True')
    expect(after.verdict).toBe('Revoked')
    await cluster.secret('cto-revocations', 'revocations.jws', await revocations(3, 'lic-9'))
    await cluster.entitled(({ verdict, plan }) => verdict === 'Valid' && plan === 'team')
    await running.operator.idle()
  }

  // A clock far ahead that nothing confirms ends no license; one far behind gives none back.
  const truth = Date.now()
  for (const [offset, reason] of [
    [3650 * DAY, 'ClockAhead'],
    [-400 * DAY, 'ClockRolledBack'],
  ] as const) {
    await using running = await run(new ManualClock(truth + offset, { simulated: false }))
    const status = await cluster.entitled((one) => conditionOf(one, 'ClockTrusted')[1] === reason)
    expect(status).toMatchObject({ verdict: 'Valid', degradation: 'None' })
    await running.operator.idle()
    await cluster.eventually(`the Event ${reason}`, async () => (await eventReasons()).includes(reason))
  }

  // The whole cluster is set back behind a time that was known: everything is judged as of then.
  const ends = wholeSecond(Date.now() + 10 * DAY)
  const passed = wholeSecond(ends + 20 * DAY)
  await cluster.remove(licenses, 'acme')
  await cluster.installLicense(await aLicense(vendor, { licenseId: 'lic-3', serial: 3, expiresAt: ends }), 'third')
  const kept = (await cluster.object(secrets, 'cto-evidence', 'cto-system'))?.['data'] as SecretData
  await cluster.apply(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cto-evidence', namespace: 'cto-system' },
    data: evidenceData({ ...evidenceIn(kept), time: passed }),
  })
  {
    await using running = await run()
    const frozen = await cluster.entitled((one) => one.degradation === 'GuardianReduced')
    expect(conditionOf(frozen, 'ClockTrusted')).toEqual(['False', 'ClockRolledBack'])
    expect(frozen.messages.join()).toContain(`the clock shows a time before ${formatInstant(passed)}`)
    expect(await running.operator.idle()).toBeUndefined()
    // Nobody is locked out: a license that reaches further counts at once.
    await cluster.installLicense(await aLicense(vendor, { licenseId: 'lic-4', serial: 4 }))
    await cluster.entitled(({ verdict, degradation }) => verdict === 'Valid' && degradation === 'None')
  }
})
