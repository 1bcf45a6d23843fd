// `cto license install` onto whatever may be there: a license in grace, one that has ended, one that is revoked, the largest
// plan, one with a number. The command says before what the operator says after, and nothing makes things worse.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { licenses } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import { secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import {
  addNodes,
  aDocument,
  aLicense,
  aVendor,
  connect,
  prepare,
  runOperator,
  trusting,
  wholeSecond,
} from '../support/operator.ts'

const controlPlane = useControlPlane()
const in_ = (days: number) => wholeSecond(Date.now() + days * DAY)

const DAMAGED = 'a damaged file'
const CANDIDATES: Readonly<Record<string, Partial<LicenseClaims>>> = {
  'a renewal': { expiresAt: in_(380) },
  'one that begins later': { notBefore: in_(14), expiresAt: in_(380) },
  'one that has just ended': { expiresAt: in_(-1) },
  'one with a lower number': { serial: 2, expiresAt: in_(300) },
  'a smaller one with a higher number': { plan: 'starter', serial: 9, expiresAt: in_(300) },
  [DAMAGED]: {},
}

/** What is there, and with what code the command ends for each candidate: with 0 it counts, else what is there goes on. */
const BASES: Readonly<
  Record<string, readonly [claims: Partial<LicenseClaims>, verdict: string, codes: readonly number[]]>
> = {
  'in grace': [{ expiresAt: in_(-3) }, 'Expired', [0, 4, 3, 0, 0, 3]],
  'ended long ago': [{ expiresAt: in_(-60) }, 'Expired', [0, 4, 3, 0, 0, 3]],
  revoked: [{ expiresAt: in_(100) }, 'Revoked', [0, 4, 3, 0, 0, 3]],
  'the largest plan': [{ plan: 'enterprise', expiresAt: in_(14) }, 'Valid', [4, 4, 3, 4, 4, 3]],
  'one with a number': [{ serial: 5, expiresAt: in_(14) }, 'Valid', [0, 4, 3, 3, 0, 3]],
}

test('whatever is there, and whatever is put in its place', { timeout: 200_000 }, async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const [vendor, revoker] = await Promise.all([aVendor(), aVendor('revocation')])
  const cluster = await connect(kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  await using running = await runOperator(await cluster.access(), vendor, { trustedKeys: trusting(vendor, revoker) })
  let made = 0
  const at = Math.floor(Date.now() / SECOND) - 60
  const ids = Array.from({ length: 200 }, (_, index) => `base-${index}-revoked`)
  await cluster.secret(
    'cto-revocations',
    'revocations.jws',
    await aDocument(REVOCATION_LIST, revoker, {
      iss: '5D Labs',
      aud: 'cto',
      iat: at,
      version: 1,
      revoked: ids.map((jti) => ({ jti, at })),
    }),
  )
  const install = async (text: string) => {
    const path = join(folder, `${made}.lic`)
    await writeFile(path, text)
    const args = ['license', 'install', path, '--kubeconfig', kubeconfigPath]
    const { code, stdout, stderr } = await runCto(args, { home: folder })
    return { code, said: stdout + stderr }
  }
  const stored = async () => (await cluster.object(secrets, 'cto-license', 'cto-system'))?.['data']
  const standing = async () => {
    await running.operator.idle()
    const { verdict, plan, licenseId } = await cluster.entitlement()
    return { verdict, plan, licenseId }
  }
  const wrong: string[] = []
  for (const [what, [base, verdict, codes]] of Object.entries(BASES)) {
    for (const [index, [name, claims]] of Object.entries(CANDIDATES).entries()) {
      if ((await stored()) !== undefined) await cluster.remove(secrets, 'cto-license', 'cto-system')
      if (await cluster.object(licenses, 'cto-license')) await cluster.remove(licenses, 'cto-license')
      await cluster.entitled(({ licenseId }) => licenseId === undefined)
      // What was replaced once stays so: each has a name and an ID of its own.
      made++
      const organization = `Acme ${made}`
      const baseId = `base-${made}${verdict === 'Revoked' ? '-revoked' : ''}`
      const there = await aLicense(vendor, { licenseId: baseId, organization, issuedAt: in_(-500), ...base })
      await cluster.installLicense(there, 'cto-license')
      await cluster.entitled((status) => status.licenseId === baseId && status.verdict === verdict)
      const before = { ...(await standing()), stored: await stored() }
      const good = await aLicense(vendor, { licenseId: `lic-${made}`, organization, ...claims })
      const { code, said } = await install(name === DAMAGED ? `${good.slice(0, -8)}AAAAAAA\n` : good)
      const after = { ...(await standing()), stored: await stored() }
      const counts = code === 0 ? after.verdict === 'Valid' && after.licenseId === `lic-${made}` : isSame(before, after)
      const isTrue = verdict === 'Valid' || !said.includes('stays in force')
      // Without the vendor's keys at hand, only the operator sees that a file is damaged.
      const isKept = code !== 3 || name === DAMAGED || isDeepStrictEqual(before.stored, after.stored)
      if (code !== codes[index] || !counts || !isTrue || !isKept) wrong.push(`${what}, ${name}: exit ${code}; ${said}`)
    }
  }
  expect(wrong).toEqual([])
})

interface Standing {
  readonly verdict: string
  readonly plan: string
  readonly licenseId?: string | undefined
}

function isSame(before: Standing, after: Standing): boolean {
  return before.verdict === after.verdict && before.plan === after.plan && before.licenseId === after.licenseId
}
