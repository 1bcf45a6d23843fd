// What somebody has put into the cluster and nobody reads is said: a tired person does not find it alone.

import { expect, test } from 'vitest'
import { deployments, secrets } from '../../src/kube/resource.ts'
import type { Finding } from '../../src/cli/check/evaluate.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { platformConfigs } from '../../src/api/resources.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { aVendor, connect, crds as crdKind, makeKind, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()

test(
  'a Secret elsewhere, a second PlatformConfig, a misspelt label, CRDs of yesterday',
  { timeout: 120_000 },
  async () => {
    const { kubeconfigPath, folder } = controlPlane.plane
    const cluster = await connect(kubeconfigPath)
    await prepare(cluster)
    await makeKind(cluster)
    await using _running = await runOperator(await cluster.access(), await aVendor())
    const cto = (...args: string[]) => runCto([...args, '--kubeconfig', kubeconfigPath], { home: folder })
    const check = async () => {
      const { findings } = JSON.parse((await cto('check', '-o', 'json')).stdout) as { findings: readonly Finding[] }
      return (name: string) => findings.filter((finding) => finding.check === name)
    }
    await cluster.config(['rex'])
    await cluster.entitled(({ agents }) => agents.admitted.length === 1)
    expect((await cto('status')).stdout).toMatch(/^✔ Everything is in order/)
    const before = await check()
    expect(before('other-namespace')).toEqual([])
    expect(before('crds')).toMatchObject([{ result: 'ok' }])

    const metadata = { name: 'cto-license', namespace: 'default' }
    await cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'license.lic': 'x' } })
    const spec = { agents: { enabled: [{ name: 'blaze' }] } }
    await cluster.apply(platformConfigs, {
      apiVersion: 'cto.5dlabs.io/v1',
      kind: 'PlatformConfig',
      metadata: { name: 'staging' },
      spec,
    })
    const misspelt = agentDeployment('Rex', 'default')
    await cluster.apply(deployments, { ...misspelt, metadata: { ...misspelt.metadata, name: 'misspelt' } })
    await cluster.entitled(({ agents }) => [...agents.refused, ...agents.held].some(({ name }) => name === 'Rex'))
    const { stdout } = await cto('status')
    expect(stdout).not.toContain('Everything is in order')
    expect(stdout).toContain('PlatformConfig staging is not used: acme is older, and one alone counts')
    expect(stdout).toContain(
      'Deployment default/misspelt is labelled Rex, and there is no such agent (did you mean rex?)',
    )

    const crd = structuredClone(await cluster.object(crdKind, 'entitlements.cto.5dlabs.io')) as unknown as {
      metadata: object
      spec: {
        versions: { schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, unknown> } } } } }[]
      }
    }
    delete crd.spec.versions[0]?.schema.openAPIV3Schema.properties.status.properties['message']
    await cluster.client.replace(crdKind, crd as never, AbortSignal.timeout(10_000))
    const after = await check()
    expect(after('other-namespace')).toMatchObject([
      {
        result: 'warning',
        message: 'the Secret default/cto-license is not read: the operator looks for cto-system/cto-license',
      },
    ])
    expect(after('crds')).toMatchObject([
      {
        result: 'warning',
        message: expect.stringContaining('entitlements.cto.5dlabs.io does not know status.message'),
      },
    ])
  },
)
