// `cto check` before, during and after an installation, and by somebody who may not do much.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { DAY } from '../../src/domain/time.ts'
import { entitlements } from '../../src/api/resources.ts'
import { namespaces, serviceAccounts } from '../../src/kube/resource.ts'
import type { Finding } from '../../src/cli/check/evaluate.ts'
import { platformConfig } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { aLicense, aVendor, type Cluster, connect, makeKind, prepare, runOperator, soon } from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const inFolder = (name: string) => join(controlPlane.plane.folder, name)
const vendor = await aVendor()
let cluster: Cluster
let config: string
let keys: string

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await makeKind(cluster, { workers: 1 })
  config = inFolder('platformconfig.yaml')
  await writeFile(config, stringify(platformConfig))
  keys = inFolder('trusted-keys.json')
  await writeFile(keys, JSON.stringify({ keys: [vendor.publicJwk] }))
})

const cto = (args: readonly string[], kubeconfig = controlPlane.plane.kubeconfigPath) =>
  runCto([...args, '--kubeconfig', kubeconfig], { home: controlPlane.plane.folder })

async function check(...args: string[]) {
  const { code, stdout, stderr } = await cto(['check', '-o', 'json', ...args])
  const report = JSON.parse(stdout) as { ok: boolean; findings: readonly Finding[] }
  const said = (check: string) => report.findings.filter((finding) => finding.check === check)
  return { code, stderr, said, ...report }
}

describe('an installation', () => {
  test('before: what is needed is there, and the free plan would be in force', { timeout: 60_000 }, async () => {
    const { code, findings, said } = await check('--pre')
    expect(findings.filter(({ result }) => result !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(said('rights')[0]?.message).toMatch(/^you have the \d+ rights that the operator needs$/)
    expect(said('cluster-type')[0]?.message).toMatch(/^Kind on local, 2 nodes: Kind by provider ID on 2 nodes/)
    expect(said('verdict')[0]?.message).toBe('Valid: the Free plan is in force')
    // Without --pre it is not installed: that is a failed check, and says what to do.
    const after = await check()
    expect(after).toMatchObject({ code: 3, ok: false })
    expect(after.said('crds')[0]).toMatchObject({
      result: 'failed',
      hint: expect.stringContaining('kubectl apply -f crds/'),
    })
    expect(after.said('operator')[0]).toMatchObject({ result: 'failed', message: 'the operator is not installed' })
  })

  test(
    'before: what a PlatformConfig asks for and would not get, with and without a license',
    { timeout: 60_000 },
    async () => {
      const free = await check('--pre', '-f', config)
      expect(free).toMatchObject({ code: 4, ok: true })
      expect(free.said('refused')).toMatchObject([
        {
          result: 'warning',
          message: expect.stringMatching(/^agent tess is not licensed: the Free plan admits rex and blaze/),
        },
      ])
      expect((await check('--pre', '-f', config, '--ignore-warnings')).code).toBe(0)

      const license = inFolder('team.lic')
      await writeFile(license, await aLicense(vendor))
      const unverified = await check('--pre', '-f', config, '--license', license)
      expect(unverified.said('verdict')).toMatchObject([
        { result: 'skipped', message: expect.stringContaining('--trusted-keys') },
      ])
      const team = await check('--pre', '-f', config, '--license', license, '--trusted-keys', keys)
      expect(team.said('admitted')[0]?.message).toBe('rex, blaze and tess would be admitted')
      expect(team.said('refused')).toEqual([])
      expect(team.said('to-know').map(({ message }) => message)).toContain(
        'the PlatformConfig expects the starter plan, but the Team license of Acme Corp applies',
      )
    },
  )

  test(
    'during: it waits until the operator has decided; after: what is decided is what is checked',
    { timeout: 90_000 },
    async () => {
      const waiting = cto(['check', '--wait', '60s', '-o', 'json'])
      await prepare(cluster)
      await using running = await runOperator(await cluster.access(), vendor)
      const waited = await waiting
      expect(waited.code, waited.stdout).toBe(0)
      expect(JSON.parse(waited.stdout)).toMatchObject({ ok: true, failed: 0, warnings: 0 })
      expect(waited.stderr).toMatch(/^waiting: /)

      await cluster.config(['rex', 'tess'])
      await cluster.entitled(({ agents }) => agents.refused.length === 1)
      const table = await cto(['check'])
      expect(table.code).toBe(4)
      expect(table.stdout).toMatch(
        /INSTALLATION\n +✔ PlatformConfig, License and Entitlement are installed\n +✔ The operator runs outside this namespace\n/,
      )
      expect(table.stdout).toMatch(
        /‼ Agent tess is not licensed: .*\n +→ Install a license for a plan that includes it, or remove the agent\n/,
      )
      expect(table.stdout).toMatch(/\n1 warning\n$/)

      await cluster.installLicense(await aLicense(vendor, { expiresAt: Date.now() - 40 * DAY }))
      await cluster.entitled(({ degradation }) => degradation === 'NewAgentsBlocked')
      expect((await check()).said('verdict')).toMatchObject([
        { result: 'failed', hint: expect.stringMatching(/^Renew the license/) },
      ])
      await running.stop()
    },
  )

  test('an operator that is gone: the decision that is overdue tells of it', { timeout: 60_000 }, async () => {
    await using running = await runOperator(await cluster.access(), vendor)
    await cluster.installLicense(await aLicense(vendor, { expiresAt: Date.now() - DAY }))
    await cluster.entitled(({ degradation }) => degradation === 'Warning')
    await running.stop()
    const entitlement = await cluster.entitlement()
    const object = { apiVersion: 'cto.5dlabs.io/v1', kind: 'Entitlement', metadata: { name: 'cto' } }
    const overdue = {
      ...entitlement,
      nextChangeAt: new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, ''),
    }
    await cluster.client.mergePatch(
      entitlements,
      { name: 'cto', subresource: 'status' },
      { ...object, status: overdue },
      soon(),
    )
    const { code, said } = await check()
    expect(code).toBe(3)
    expect(said('decision')).toMatchObject([{ result: 'failed', hint: 'the operator does not run, or cannot write' }])
  })
})

test(
  'by somebody who may do nothing: what cannot be looked at is not checked, and what is missing is named',
  { timeout: 60_000 },
  async () => {
    const namespace = 'default'
    await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await cluster.apply(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'nobody', namespace },
    })
    const { stdout: token } = await controlPlane.kubectl('create', 'token', 'nobody', '-n', namespace)
    const { server, caPath } = controlPlane.plane
    const kubeconfig = inFolder('nobody.kubeconfig')
    const user = { name: 'nobody', user: { token: token.trim() } }
    const contexts = [{ name: 'nobody', context: { cluster: 'here', user: 'nobody' } }]
    const clusters = [{ name: 'here', cluster: { server, 'certificate-authority': caPath } }]
    await writeFile(kubeconfig, stringify({ apiVersion: 'v1', kind: 'Config', clusters, users: [user], contexts }))

    const { code, stdout, stderr } = await cto(['check', '--pre', '--context', 'nobody'], kubeconfig)
    expect(code, stderr).toBe(3)
    expect(stdout).toMatch(/– not checked: read \/api\/v1\/namespaces\/kube-system: .* is forbidden/)
    expect(stdout).toMatch(
      /✗ You cannot know the cluster: list, watch nodes, .*\n +→ install with an account that may do this/,
    )
    expect(stdout).not.toContain(token.trim())
    expect(await cto(['check', '--context', 'nowhere'], kubeconfig)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has no context "nowhere" \(there are: nobody\)/),
    })
  },
)

test('a cluster that does not answer is a failed check', { timeout: 60_000 }, async () => {
  const kubeconfig = inFolder('nowhere.kubeconfig')
  const contexts = [{ name: 'x', context: { cluster: 'x', user: 'x' } }]
  const clusters = [{ name: 'x', cluster: { server: 'http://127.0.0.1:1' } }]
  await writeFile(
    kubeconfig,
    stringify({ clusters, users: [{ name: 'x', user: {} }], contexts, 'current-context': 'x' }),
  )
  const { code, stdout } = await cto(['check'], kubeconfig)
  expect(code).toBe(3)
  expect(stdout).toMatch(/✗ .*nobody listens at its address/)
})
