// The same story on each version of Kubernetes that is promised: the free tier, what is refused, a license that comes,
// goes and comes back, the chart, and the CLI. Below 1.30 the API server refuses nothing: there the operator stops it.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubernetesVersion } from '../../src/devtools/control-plane/artifacts.ts'
import { KUBERNETES_VERSIONS, VERSIONS_WITH_POLICIES } from '../../src/devtools/control-plane/kubernetes-versions.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { admissionPolicies, deployments } from '../../src/kube/resource.ts'
import type { Finding } from '../../src/cli/check/evaluate.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { CHART, DOCUMENTED, helm, objectsOf, template } from '../support/chart.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import {
  aLicense,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  type RunningOperator,
  runOperator,
  soon,
} from '../support/operator.ts'

const REFUSED = 'agent tess is not licensed: the Free plan admits rex and blaze (at most 2 agents)'
const API = 'admissionregistration.k8s.io/v1'
const vendor = await aVendor()

describe.each(KUBERNETES_VERSIONS)('Kubernetes %s', (version) => {
  const refuses = VERSIONS_WITH_POLICIES.includes(version)
  const controlPlane = useControlPlane({ version, components: { controllerManager: true } })
  let cluster: Cluster
  let running: RunningOperator

  beforeAll(async () => {
    cluster = await connect(controlPlane.plane.kubeconfigPath)
    await prepare(cluster)
    await makeKind(cluster, { workers: 1, version })
    running = await runOperator(await cluster.access(), vendor, { holdNotice: 0 })
  })
  afterAll(() => running?.stop())

  const replicas = async (name: string) =>
    ((await cluster.object(deployments, name, 'cto-agents'))?.['spec'] as { replicas: number } | undefined)?.replicas
  const create = (name: string) =>
    controlPlane.kubectl('apply', '-f', '-', { input: JSON.stringify(agentDeployment(name, 'cto-agents')) })
  const scale = (name: string, to: number) =>
    controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', name, `--replicas=${to}`)

  test('the API server takes everything of the chart', async () => {
    const { plane, kubectl } = controlPlane
    const install = ['install', 'cto-operator', CHART, '--namespace=cto-system', '--dry-run=server', '--take-ownership']
    const installed = await helm(install, { KUBECONFIG: plane.kubeconfigPath })
    expect(installed, installed.stderr).toMatchObject({ code: 0 })

    // A pod is tried out only if its account is there.
    expect(await kubectl('create', 'serviceaccount', 'cto-operator-test', '-n', 'cto-system')).toMatchObject({
      code: 0,
    })
    const rendered = await template(DOCUMENTED['high-availability'] ?? {}, { kubeVersion: kubernetesVersion(version) })
    const objects = objectsOf(rendered.stdout)
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
    const tried = await kubectl('apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-', { input })
    expect(tried, tried.stderr).toMatchObject({ code: 0, stderr: '' })
    expect(tried.stdout.trim().split('\n')).toHaveLength(objects.length)
  })

  test('the free tier on Kind is decided, and the operator is ready', async () => {
    const { body } = await controlPlane.request('GET', '/version')
    expect(body).toMatchObject({ gitVersion: expect.stringMatching(new RegExp(`^v${version}\\.`)) })
    await cluster.config(['rex', 'blaze', 'tess'])
    const status = await cluster.entitled(({ agents }) => agents.refused.length > 0)
    expect(status).toMatchObject({ verdict: 'Valid', plan: 'free', cluster: { type: 'Kind', proven: true } })
    expect(status.conditions.find(({ type }) => type === 'PolicyEnforced')?.status).toBe(refuses ? 'True' : 'False')
    for (const name of ['rex', 'blaze']) await cluster.eventually(name, async () => (await replicas(name)) === 1)
    expect((await fetch(`http://${running.operator.address}/readyz`)).status).toBe(200)
    // What a version cannot do is asked for in another way, and that is no failure. Of our own kinds, the API server may
    // still be making the storage.
    const ours = /"(?:platformconfigs|licenses|entitlements)"/
    const failing = running.logs().match(/^.*"cannot be read".*$/gm) ?? []
    const counted = (await running.metrics()).match(/^cto_watch_failures_total\{.*$/gm) ?? []
    expect(counted.length).toBeGreaterThan(0)
    const failed = [...failing, ...counted.filter((line) => !line.endsWith(' 0'))]
    expect(failed.filter((line) => !ours.test(line))).toEqual([])
    expect(running.logs()).not.toContain('"level":50')
  })

  test('what is within the plan grows, and what is beyond it does not run', async () => {
    expect(await scale('rex', 3)).toMatchObject({ code: 0 })
    const created = await create('tess')
    if (refuses) {
      expect(created.code).not.toBe(0)
      expect(created.stderr).toContain(REFUSED)
      return
    }
    expect(created).toMatchObject({ code: 0 })
    await cluster.eventually('tess to be scaled to 0', async () => (await replicas('tess')) === 0)
    expect(await scale('tess', 2)).toMatchObject({ code: 0 })
    await cluster.eventually('tess to be scaled to 0 again', async () => (await replicas('tess')) === 0)
    await cluster.entitled(({ agents }) =>
      agents.held.some(({ name, replicas: held }) => name === 'tess' && held === 2),
    )
  })

  if (refuses)
    test('Kubernetes finds nothing wrong with the types in the policies', { timeout: 90_000 }, async () => {
      await expect.poll(() => typeWarnings(cluster), { timeout: 60_000, interval: 3_000 }).toEqual([])
    })

  test('a license that comes, goes and comes back: the agent runs, is held and runs again as before', async () => {
    await cluster.installLicense(await aLicense(vendor))
    await cluster.eventually('tess to run', async () => ((await replicas('tess')) ?? 0) > 0)
    expect(await scale('tess', 4)).toMatchObject({ code: 0 })

    expect(await controlPlane.kubectl('delete', 'license', 'acme')).toMatchObject({ code: 0 })
    expect(await controlPlane.kubectl('-n', 'cto-system', 'delete', 'secret', 'acme')).toMatchObject({ code: 0 })
    await cluster.entitled(({ agents }) =>
      agents.held.some(({ name, replicas: held }) => name === 'tess' && held === 4),
    )
    await cluster.eventually('tess to be held', async () => (await replicas('tess')) === 0)
    expect(await replicas('rex')).toBe(3)

    await cluster.installLicense(await aLicense(vendor))
    await cluster.eventually('tess to run as before', async () => (await replicas('tess')) === 4)
  })

  test('cto check and cto status say what is so', async () => {
    const { kubeconfigPath, folder } = controlPlane.plane
    const cto = (...args: string[]) => runCto([...args, '--kubeconfig', kubeconfigPath], { home: folder })
    const checked = await cto('check', '--pre', '-o', 'json')
    const { findings } = JSON.parse(checked.stdout) as { findings: readonly Finding[] }
    const notOk = findings.filter(({ result }) => result !== 'ok').map(({ check, result }) => `${check}: ${result}`)
    expect(notOk).toEqual(refuses ? [] : ['admission-policies: warning'])
    const status = await cto('status')
    // Without policies nothing refuses growth: that is never in order.
    const headline = refuses ? 'Everything is in order' : 'In force, but not all is as it was decided'
    expect(status, status.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(headline) })
  })
})

describe('an API server that lacks kinds of workload', () => {
  const controlPlane = useControlPlane({ apiserverArgs: ['--runtime-config=batch/v1=false'] })

  test(
    'has none of them: all else is decided, and the log says once what is missing',
    { timeout: 60_000 },
    async () => {
      const cluster = await connect(controlPlane.plane.kubeconfigPath)
      await prepare(cluster)
      await makeKind(cluster)
      await using running = await runOperator(await cluster.access(), vendor)
      await cluster.config(['rex'])
      await cluster.entitled(({ agents }) => agents.admitted.some(({ name }) => name === 'rex'))
      expect((await fetch(`http://${running.operator.address}/readyz`)).status).toBe(200)
      await cluster.eventually('the log', async () => running.logs().includes('"kind":"cronjobs"'))
      expect(running.logs().match(/"kind":"jobs"/g)).toHaveLength(1)
    },
  )
})

test.each([
  ['the chart', 'charts/cto-operator/Chart.yaml', /^# Tested with .*$/m],
  ['the page on installing', 'docs/install.md', /^\| \d.*$/gm],
])('%s names these versions and no other', async (_what, file, claims) => {
  const text = await readFile(join(packageRoot(), file), 'utf8')
  const named = (text.match(claims) ?? []).flatMap(
    (line) => line.split(/ \| |, and with/)[0]?.match(/\b1\.\d\d\b/g) ?? [],
  )
  expect(named.toSorted()).toEqual([...KUBERNETES_VERSIONS])
})

interface Policy extends RawObject {
  readonly spec: object
  readonly status?: {
    readonly observedGeneration?: number
    readonly typeChecking?: { readonly expressionWarnings?: readonly { fieldRef: string; warning: string }[] }
  }
}

/**
 * What Kubernetes says of the types in the policies. It looks at a policy once, and learns only each half minute that our
 * CRDs are there: so it is asked about copies, which have no binding and no effect.
 */
async function typeWarnings(cluster: Cluster): Promise<string[]> {
  const { items } = await cluster.client.list(admissionPolicies, {}, {}, soon())
  const policies = (items ?? []) as readonly Policy[]
  expect(policies.length).toBeGreaterThan(0)
  const warnings: string[] = []
  for (const { apiVersion = API, kind = 'ValidatingAdmissionPolicy', metadata, spec } of policies) {
    const name = `copy-of-${metadata.name}`
    await cluster.apply(admissionPolicies, { apiVersion, kind, metadata: { name }, spec })
    const status = await cluster.eventually(`${name} to be looked at`, async () => {
      const copy = (await cluster.object(admissionPolicies, name)) as Policy | undefined
      return copy?.status?.observedGeneration !== undefined && copy.status
    })
    await cluster.remove(admissionPolicies, name)
    const found = status.typeChecking?.expressionWarnings ?? []
    warnings.push(...found.map(({ fieldRef, warning }) => `${metadata.name} ${fieldRef}: ${warning}`))
  }
  return warnings
}
