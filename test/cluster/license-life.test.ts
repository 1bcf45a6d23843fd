// The life of a license by `cto license install` alone: whatever is in force, and whatever is put in its place. Nothing ends a
// license in force but a better one, and the command says before what the operator says after.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { licenses } from '../../src/api/resources.ts'
import type { LicenseStatus } from '../../src/api/license.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/time.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import { secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator, wholeSecond } from '../support/operator.ts'

const controlPlane = useControlPlane()
const in_ = (days: number) => wholeSecond(Date.now() + days * DAY)

/** What is put in place, and what becomes of it beside one for a team that ends in 14 days: the exit code, and whether it counts. */
const CANDIDATES: Readonly<
  Record<string, readonly [claims: Partial<LicenseClaims>, code: number, counts: boolean, says: RegExp]>
> = {
  'a renewal that begins at the end': [
    { notBefore: in_(14), expiresAt: in_(380) },
    4,
    false,
    /begins on .*, which was in its place before, stays in force until/,
  ],
  'one that begins after a gap': [
    { notBefore: in_(20), expiresAt: in_(380) },
    4,
    false,
    /begins on .*stays in force until/,
  ],
  "last year's": [
    { expiresAt: in_(-100) },
    3,
    false,
    /Nothing was installed: the license ended on .*stays in force until/,
  ],
  "another cluster's": [
    { cluster: { uid: '11111111-2222-4333-8444-555555555555' } },
    3,
    false,
    /Nothing was installed: the license is bound to cluster 1/,
  ],
  'one for another type of cluster': [
    { cluster: { types: ['GKE'] } },
    3,
    false,
    /Nothing was installed: the license is for GKE clusters only, and this one is EKS/,
  ],
  'a smaller one that ends sooner': [
    { plan: 'starter', expiresAt: in_(7) },
    3,
    false,
    /Nothing was installed: .*allows more.*delete its Secret, and then License cto-license/,
  ],
  'a smaller one that goes on longer': [
    { plan: 'starter', expiresAt: in_(300) },
    4,
    false,
    /allows more.*this one is used from .* on; .*stays in force/,
  ],
  'a larger one that ends sooner': [{ plan: 'business', expiresAt: in_(7) }, 0, true, /Valid: in force until/],
  'one that goes on longer': [{ expiresAt: in_(300) }, 0, true, /Valid: in force until/],
  'a smaller one that names it': [
    { plan: 'starter', supersedes: ['it'], issuedAt: in_(-1) },
    0,
    true,
    /Valid: in force until/,
  ],
}

test('whatever is put in the place of what is in force', { timeout: 400_000 }, async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const vendor = await aVendor()
  const cluster = await connect(kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  await using running = await runOperator(await cluster.access(), vendor)
  let issued = 0
  const file = async (text: string) => {
    const path = join(folder, `${issued++}.lic`)
    await writeFile(path, text)
    return path
  }
  const install = async (path: string, ...more: string[]) => {
    const args = ['license', 'install', path, '--kubeconfig', kubeconfigPath, ...more]
    const { code, stdout, stderr } = await runCto(args, { home: folder })
    return { code, said: stdout + stderr }
  }
  const stored = async () => (await cluster.object(secrets, 'cto-license', 'cto-system'))?.['data']
  const counting = async () => {
    await running.operator.idle()
    return (await cluster.entitlement()).licenseId
  }
  const fromNothing = async () => {
    // In this order, as the command says: a Secret of this name is a license without any License, too.
    if ((await stored()) !== undefined) await cluster.remove(secrets, 'cto-license', 'cto-system')
    if (await cluster.object(licenses, 'cto-license')) await cluster.remove(licenses, 'cto-license')
    await cluster.entitled(({ licenseId }) => licenseId === undefined)
  }
  const keys = join(folder, 'trusted.json')
  await writeFile(keys, JSON.stringify({ keys: [vendor.publicJwk] }))
  const anyBase = async (licenseId: string) =>
    file(await aLicense(vendor, { licenseId, issuedAt: in_(-2), expiresAt: in_(14) }))
  const renewal = await file(
    await aLicense(vendor, { licenseId: 'lic-renewal', notBefore: in_(14), expiresAt: in_(380) }),
  )

  const wrong: string[] = []
  const BASES: Readonly<Record<string, (base: string) => Promise<unknown>>> = {
    'one that is there': (base) => install(base),
    'one whose renewal is there already': async (base) => [await install(base), await install(renewal)],
  }
  for (const [what, begin] of Object.entries(BASES)) {
    for (const [name, [claims, code, counts, says]] of Object.entries(CANDIDATES)) {
      // With the vendor's keys at hand and without them, the same is said.
      for (const trust of begin === BASES['one that is there'] ? [[], ['--trusted-keys', keys]] : [[]]) {
        await fromNothing()
        // What was replaced once stays so: each has an ID of its own.
        const baseId = `base-${issued}`
        await begin(await anyBase(baseId))
        expect(await counting()).toBe(baseId)
        const before = await stored()
        const licenseId = `lic-${issued}`
        const supersedes = claims.supersedes === undefined ? {} : { supersedes: [baseId] }
        const text = await aLicense(vendor, { licenseId, ...claims, ...supersedes })
        const seen = await install(await file(text), ...trust)
        const after = await counting()
        const ended = trust.length > 0 && /^(last year)/.test(name)
        const isSaid = says.test(seen.said) || (ended && /Nothing was installed: Expired/.test(seen.said))
        if (seen.code !== code || after !== (counts ? licenseId : baseId) || !isSaid) {
          wrong.push(`${what}, ${name} ${trust.join(' ')}: exit ${seen.code}, ${after} counts; ${seen.said}`)
        }
        if (seen.code === 3) expect(await stored()).toEqual(before)
      }
    }
  }
  expect(wrong).toEqual([])

  // Where nothing is in force, what can be used is used.
  for (const [name, [claims, code]] of Object.entries(CANDIDATES)) {
    await fromNothing()
    const licenseId = `lic-${issued}`
    const seen = await install(await file(await aLicense(vendor, { licenseId, ...claims })))
    const isOfUse = !/^(last|another|one for)/.test(name)
    const begins = claims.notBefore !== undefined
    expect([name, seen.code], seen.said).toEqual([name, begins ? 4 : isOfUse ? 0 : code])
    expect([name, await counting()]).toEqual([name, isOfUse && !begins ? licenseId : undefined])
  }

  // By whatever way a file comes: the operator alone keeps what is in force, over a restart, and says so of the License.
  await fromNothing()
  await install(await anyBase('lic-base'))
  const [elsewhere] = CANDIDATES["another cluster's"] ?? []
  await cluster.secret('cto-license', 'license.lic', await aLicense(vendor, { licenseId: 'lic-else', ...elsewhere }))
  const said = await cluster.eventually('the License to say it', async () => {
    const status = (await cluster.object(licenses, 'cto-license'))?.['status'] as LicenseStatus | undefined
    return status?.reason === 'WrongCluster' && status
  })
  expect(said.message).toMatch(
    /bound to cluster .*; license lic-base, which was in its place before, stays in force until/,
  )
  await running.operator.stop()
  await using again = await runOperator(await cluster.access(), vendor)
  await again.operator.ready
  await again.operator.idle()
  const after = await cluster.entitlement()
  expect(after).toMatchObject({ licenseId: 'lic-base', verdict: 'Valid' })
  expect(after.messages.join()).toContain('License cto-license: the license is bound to cluster')
})
