// `cto license install`: the first license, a renewal, and everything that must not become one.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entitlements, licenses } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/time.ts'
import { createClient } from '../../src/kube/client.ts'
import { namespaces, secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator, soon, wholeSecond } from '../support/operator.ts'

const controlPlane = useControlPlane()

test('from an empty cluster to a renewal', { timeout: 120_000 }, async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const vendor = await aVendor()
  const cluster = await connect(kubeconfigPath)
  const inFolder = (name: string) => join(folder, name)
  await writeFile(inFolder('keys.json'), JSON.stringify({ keys: [vendor.publicJwk] }))
  const texts: string[] = []
  const file = async (name: string, text: string) => {
    texts.push(text.trim())
    await writeFile(inFolder(name), text)
    return inFolder(name)
  }
  const trusted = ['--trusted-keys', inFolder('keys.json')]
  const install = async (...args: string[]) => {
    const run = await runCto(['license', 'install', ...args, '--kubeconfig', kubeconfigPath], { home: folder })
    // Whatever happens, a license is shown to nobody.
    for (const text of texts) for (const part of text.split('.')) expect(run.stdout + run.stderr).not.toContain(part)
    return run
  }
  const installed = async (...args: string[]) => {
    const { stdout, ...run } = await install(...args, '-o', 'json')
    return { ...run, ...(stdout === '' ? {} : { result: JSON.parse(stdout) }) }
  }
  const stored = async () => (await cluster.object(secrets, 'cto-license', 'cto-system'))?.['data']
  const first = await file('first.lic', await aLicense(vendor, { licenseId: 'lic-first' }))

  // Into an empty cluster: first as a rehearsal, then for good, and the operator finds it when it comes.
  expect(await install(first, '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing was kept/),
  })
  expect(await cluster.object(namespaces, 'cto-system')).toBeUndefined()
  const early = await installed(first)
  expect(early).toMatchObject({ code: 0, result: { licenseId: 'lic-first', secret: 'cto-system/cto-license' } })
  expect(early.stderr).toMatch(/Not verified here.*the operator verifies it/)
  expect(early.stderr).toMatch(/The CRDs are not installed: the operator will judge the license when it runs/)
  expect(await stored()).toHaveProperty(['license.lic'])

  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  await using running = await runOperator(await cluster.access(), vendor)
  await cluster.entitled(({ licenseId }) => licenseId === 'lic-first')

  // Verified before, installed, judged; a License names the Secret from now on.
  const again = await installed(first, ...trusted)
  expect(again).toMatchObject({
    code: 0,
    stderr: '',
    result: {
      license: 'cto-license',
      verified: { verdict: 'Valid' },
      judged: { state: 'Valid' },
      decision: { verdict: 'Valid', message: expect.stringContaining('the Team license of Acme Corp is in force') },
    },
  })

  // Renewed: the same Secret and the same License, a later end.
  const expiresAt = Date.UTC(2099, 0, 1)
  const second = await file('second.lic', await aLicense(vendor, { licenseId: 'lic-second', expiresAt }))
  const renewed = await install(second, ...trusted)
  expect(renewed.code, renewed.stderr).toBe(0)
  expect(renewed.stdout).toMatch(/OPERATOR SAYS +Valid: in force until 2099-01-01T00:00:00Z\n/)
  expect((await cluster.client.list(licenses, {}, {}, soon())).items).toHaveLength(1)
  const good = await stored()

  // Where the keys are at hand, a bad file is not installed at all.
  const text = (await aLicense(vendor, { licenseId: 'lic-bad', expiresAt: expiresAt + DAY })).trim()
  const damaged = await file('damaged.lic', `${text.slice(0, -10)}${text.at(-10) === 'A' ? 'B' : 'A'}${text.slice(-9)}`)
  expect(await install(damaged, ...trusted)).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^Nothing was installed: BadSignature: /),
  })
  const ended = await file('ended.lic', await aLicense(vendor, { expiresAt: Date.now() - DAY }))
  expect(await install(ended, ...trusted)).toMatchObject({ code: 3, stderr: expect.stringMatching(/Expired/) })
  expect(await stored()).toEqual(good)
  expect(await install(inFolder('keys.json'))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/not a license/),
  })

  // Where they are not, the operator refuses it, and the last good license stays in force.
  const refused = await installed(damaged)
  expect(refused).toMatchObject({
    code: 3,
    result: { judged: { state: 'InvalidSignature', reason: 'BadSignature' }, decision: { verdict: 'Valid' } },
  })
  expect(await installed(damaged)).toMatchObject({ code: 3, result: { judged: { state: 'InvalidSignature' } } })

  // One that begins later is good, too, and takes over when the one before has ended: until then it is no more than a promise.
  const notBefore = wholeSecond(Date.now() + 10 * DAY)
  const later = await file(
    'later.lic',
    await aLicense(vendor, { licenseId: 'lic-later', notBefore, expiresAt: expiresAt + DAY }),
  )
  expect(await installed(later, ...trusted)).toMatchObject({
    code: 4,
    result: {
      foreseen: { counts: 'later' },
      judged: {
        state: 'Future',
        message: expect.stringContaining('license lic-second, which was in its place before'),
      },
      decision: { verdict: 'Valid' },
    },
  })

  // Somebody else keeps the Secret as well: it is said, because it will not stay as it is.
  const argo = createClient(await cluster.access(), { fieldManager: 'argocd-controller', userAgent: 'test' })
  const data = { 'license.lic': Buffer.from('an old one').toString('base64') }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cto-license', namespace: 'cto-system' }, data }
  await argo.apply(secrets, secret, { force: true }, soon())
  const contested = await install(second, ...trusted)
  expect(contested).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Warning: argocd-controller manages this Secret too/),
  })

  // Nobody there to judge it.
  await running.stop()
  const unheard = await file(
    'unheard.lic',
    await aLicense(vendor, { licenseId: 'lic-unheard', expiresAt: expiresAt + 2 * DAY }),
  )
  expect(await install(unheard, ...trusted, '--timeout', '1s')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/installed, but the operator has not judged it; cto check says whether it runs/),
  })
  await cluster.remove(entitlements, 'cto')
  expect(await install(unheard, ...trusted)).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/has not run yet/),
  })
})
