// An hour in the life of a customer's cluster, in a minute: GitOps tools apply the same manifests again and again, somebody
// upgrades with Helm, an autoscaler watches, and the license is renewed, expires, is revoked and comes back. Nobody meets a
// conflict with the operator: either the write passes, or the license says why not. At rest, nothing is written.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { KubernetesVersion } from '../../src/devtools/control-plane/kubernetes-versions.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, namespaces, secrets } from '../../src/kube/resource.ts'
import { helm } from '../support/chart.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  aDocument,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  runOperator,
  trusting,
} from '../support/operator.ts'

const NAMESPACE = 'prod'
const REST_MS = 10 * SECOND
/** Our sentences; another answer than these is a failure. */
const REFUSED = /is not licensed|may not grow|may not change/

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function agent(name: string, replicas?: number): RawObject {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE, labels: { 'cto.5dlabs.io/agent': name } },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'example.com/agent:1' }] } },
    },
  }
}

function chartIn(folder: string): string {
  const chart = join(folder, 'atlas-chart')
  mkdirSync(join(chart, 'templates'), { recursive: true })
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: atlas\nversion: 1.0.0\n')
  const manifest = JSON.stringify(agent('atlas', 0)).replace('"replicas":0', '"replicas":{{ .Values.replicas }}')
  writeFileSync(join(chart, 'templates', 'agent.yaml'), manifest)
  writeFileSync(join(chart, 'values.yaml'), 'replicas: 2\n')
  return chart
}

describe.each<KubernetesVersion>(['1.30', '1.36'])('on Kubernetes %s', (version) => {
  const controlPlane = useControlPlane({ version, components: { controllerManager: true } })

  test('nobody fights, and at rest nothing is written', { timeout: 300_000 }, async () => {
    const { plane, kubectl } = controlPlane
    const cluster: Cluster = await connect(plane.kubeconfigPath)
    await prepare(cluster)
    await makeKind(cluster)
    const [vendor, revoker] = [await aVendor(), await aVendor('revocation')]
    await cluster.apply(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE, labels: { 'cto.5dlabs.io/managed': 'true' } },
    })
    const running = await runOperator(await cluster.access(), vendor, {
      holdNotice: 0,
      trustedKeys: trusting(vendor, revoker),
    })
    await using _ = running
    await cluster.installLicense(await aLicense(vendor, { serial: 1, licenseId: 'lic-1' }))
    await cluster.entitled(({ plan }) => plan === 'team')

    const applied = (manager: string, object: RawObject): Promise<Answer> =>
      kubectl('apply', '--server-side', `--field-manager=${manager}`, '-f', '-', { input: JSON.stringify(object) })
    const chart = chartIn(plane.folder)
    const upgrade = (...more: string[]): Promise<Answer> =>
      helm(['upgrade', '--install', 'atlas', chart, '--namespace', NAMESPACE, ...more], {
        KUBECONFIG: plane.kubeconfigPath,
      })
    // As Flux, Argo CD and a person do it, each with a manifest of its own.
    const everybody = async (): Promise<string[]> => {
      const answers = [
        await applied('kustomize-controller', agent('tess')),
        await applied('argocd-controller', agent('morgan', 3)),
        await kubectl('apply', '-f', '-', { input: JSON.stringify(agent('rex', 2)) }),
        await upgrade(),
      ]
      return answers.map(({ code, stderr }) => (code === 0 ? 'passes' : stderr))
    }
    const replicasOf = async (name: string) =>
      ((await cluster.object(deployments, name, NAMESPACE))?.['spec'] as { replicas: number } | undefined)?.replicas
    const all = ['tess', 'morgan', 'rex', 'atlas']
    const replicas = () => Promise.all(all.map(replicasOf))
    const nobodyFights = (answers: readonly string[]) => {
      for (const answer of answers) if (answer !== 'passes') expect(answer).toMatch(REFUSED)
      expect(answers.join('\n')).not.toMatch(/conflict/i)
    }

    expect(await everybody()).toEqual(['passes', 'passes', 'passes', 'passes'])
    const autoscaled = await kubectl(
      '-n',
      NAMESPACE,
      'autoscale',
      'deployment',
      'tess',
      '--min=2',
      '--max=5',
      '--cpu=80%',
    )
    expect(autoscaled.code, autoscaled.stderr).toBe(0)
    await cluster.eventually('the autoscaler', async () => (await replicasOf('tess')) === 2)
    await cluster.entitled(({ agents }) => agents.totals.admitted === 4)
    const asWanted = [2, 3, 2, 2]
    expect(await replicas()).toEqual(asWanted)

    // After the end of the license, level by level: what is unchanged passes, and what runs keeps running.
    for (const [serial, days, level] of [
      [2, 3, 'Warning'],
      [3, 40, 'NewAgentsBlocked'],
      [4, 100, 'ReadOnly'],
    ] as const) {
      const expiresAt = Date.now() - days * DAY
      await cluster.installLicense(await aLicense(vendor, { serial, licenseId: `lic-${serial}`, expiresAt }))
      await cluster.entitled(({ degradation }) => degradation === level, level)
      for (let round = 0; round < 2; round++) expect(await everybody(), level).toEqual(Array(4).fill('passes'))
      expect(await replicas(), level).toEqual(asWanted)
    }
    const grown = await upgrade('--set=replicas=5')
    expect(grown.stderr).toMatch(REFUSED)
    expect(grown.stderr).not.toMatch(/conflict/i)

    // Renewed, then revoked: everything is held, and everybody who tries is told why.
    await cluster.installLicense(await aLicense(vendor, { serial: 5, licenseId: 'lic-5' }))
    await cluster.entitled(({ degradation, verdict }) => degradation === 'None' && verdict === 'Valid')
    const now = Math.floor(Date.now() / 1_000)
    const list = {
      iss: '5D Labs',
      aud: 'cto',
      iat: now - 60,
      version: 1,
      revoked: [{ jti: 'lic-5', at: now - 40 * 86_400 }],
    }
    await cluster.secret('cto-revocations', 'revocations.jws', await aDocument(REVOCATION_LIST, revoker, list))
    await cluster.entitled(({ agents }) => agents.totals.held === 4, 'all to be held')
    for (let round = 0; round < 2; round++) nobodyFights(await everybody())
    expect(await replicas()).toEqual([0, 0, 0, 0])

    // A new license: everything is as it was, and belongs to whom it belonged.
    await cluster.installLicense(await aLicense(vendor, { serial: 6, licenseId: 'lic-6' }))
    await cluster.eventually(
      'all to run again',
      async () => JSON.stringify(await replicas()) === JSON.stringify(asWanted),
    )
    await cluster.eventually('fields to go back', async () => {
      const { metadata } = (await cluster.object(deployments, 'morgan', NAMESPACE)) ?? {
        metadata: { managedFields: [] },
      }
      return !JSON.stringify(metadata['managedFields']).includes('cto-operator')
    })
    expect(await everybody()).toEqual(['passes', 'passes', 'passes', 'passes'])
    expect(await upgrade('--set=replicas=4')).toMatchObject({ code: 0 })
    expect(await applied('argocd-controller', agent('morgan', 1))).toMatchObject({ code: 0 })
    expect(await replicas()).toEqual([2, 1, 2, 4])

    await running.operator.idle()
    const before = running.writes()
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const perMinute = ((running.writes() - before) * 60_000) / REST_MS
    console.log(`Kubernetes ${version}: ${perMinute} writes a minute at rest`)
    expect(perMinute).toBe(0)
    await cluster.remove(secrets, 'cto-revocations', 'cto-system')
  })
})
