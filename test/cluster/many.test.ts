// Thousands of labelled workloads, as a large installation has them and as somebody makes them who wants decisions to stop:
// every rule holds, every decision is published, and the Entitlement stays small.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { entitlements } from '../../src/api/resources.ts'
import { DAY } from '../../src/domain/time.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, namespaces } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
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

/** CTO_MANY=100000 is the size of a large installation; it takes some minutes and 4 GB. */
const MANY = Number(process.env['CTO_MANY'] ?? 10_000)
const MOST_BYTES = 256 * 1024
const AT_ONCE = 24

const controlPlane = useControlPlane()
let cluster: Cluster
let vendor: SigningKey
let running: RunningOperator

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  for (const name of ['flood', 'prod']) {
    const metadata = { name, labels: { 'cto.5dlabs.io/managed': 'true' } }
    await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata })
  }
  vendor = await aVendor()
  running = await runOperator(await cluster.access(), vendor, { holdNotice: 0 })
})
afterAll(() => running?.stop())

function agent(name: string, namespace: string, replicas: number, label = 'rex'): RawObject {
  const labels = { app: 'x' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { 'cto.5dlabs.io/agent': label } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'x' }] } },
    },
  }
}

async function createAll(count: number, object: (index: number) => RawObject): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++)
      await cluster.client.create(deployments, object(index), soon())
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function bytesOfEntitlement(): Promise<number> {
  return Buffer.byteLength(JSON.stringify(await cluster.object(entitlements, 'cto')))
}

const answerTo = async (object: RawObject) =>
  cluster.client.create(deployments, object, soon()).then(
    () => 'created',
    (error: Error) => error.message,
  )
const scale = (name: string, namespace: string, replicas: number) =>
  cluster.client
    .mergePatch(deployments, { namespace, name, subresource: 'scale' }, { spec: { replicas } }, soon())
    .then(
      () => 'scaled',
      (error: Error) => error.message,
    )

test(
  `${MANY} workloads that rest, with long names: a license still counts within 5 s, and each rule holds`,
  { timeout: 900_000 },
  async () => {
    const name = (index: number) => `${'x'.repeat(200)}-${index}`
    await createAll(MANY, (index) => agent(name(index), 'flood', 0, 'tess'))
    await cluster.entitled(({ gate }) => gate.crowded.includes('flood'), 'the namespace to be crowded')
    expect(await bytesOfEntitlement()).toBeLessThan(MOST_BYTES)

    // The free plan admits rex and blaze, also now.
    expect(await answerTo(agent('rex', 'prod', 1))).toBe('created')
    expect(await answerTo(agent('tess', 'prod', 1, 'tess'))).toContain('agent tess is not licensed')
    // Its label cannot be told from its Scale, and there are too many to know it by its name.
    expect(await scale(name(7), 'flood', 1)).toContain('nobody can tell by its Scale')
    await cluster.entitled(({ agents }) => agents.totals.admitted === 1)
    expect(await scale('rex', 'prod', 3)).toBe('scaled')

    const started = performance.now()
    await cluster.installLicense(await aLicense(vendor))
    await cluster.entitled(({ plan }) => plan === 'team')
    const took = performance.now() - started
    console.log(
      `${MANY} that rest: a license counted after ${took.toFixed(0)} ms; the Entitlement has ${await bytesOfEntitlement()} bytes; RSS of the test with the operator ${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
    )
    expect(took).toBeLessThan(5_000)
    expect(await answerTo(agent('tess', 'prod', 1, 'tess'))).toBe('created')
  },
)

test(
  `${MANY / 10} that run are all held when the license goes, and all resumed when it is back`,
  { timeout: 900_000 },
  async () => {
    const file = await aLicense(vendor, { plan: 'enterprise' })
    await cluster.installLicense(file)
    await cluster.entitled(({ plan }) => plan === 'enterprise')
    await createAll(MANY / 10, (index) => agent(`run-${index}`, 'prod', 2))
    await cluster.entitled(({ agents }) => agents.totals.admitted >= MANY / 10)
    expect(await bytesOfEntitlement()).toBeLessThan(MOST_BYTES)

    await cluster.installLicense(await aLicense(vendor, { licenseId: 'lic-old', expiresAt: Date.now() - 2 * DAY }))
    await controlPlane.kubectl('delete', 'license', 'acme')
    const held = await cluster.entitled(({ agents }) => agents.totals.held >= MANY / 10 - 1, 'all to be held')
    expect(held.agents.held.length).toBeLessThan(held.agents.totals.held)
    expect(await bytesOfEntitlement()).toBeLessThan(MOST_BYTES)

    await cluster.installLicense(file)
    await cluster.entitled(({ agents }) => agents.totals.held === 0 && agents.totals.admitted >= MANY / 10)
    await cluster.eventually('the last one to run', async () => {
      const last = await cluster.object(deployments, `run-${MANY / 10 - 1}`, 'prod')
      return (last?.['spec'] as { replicas?: number } | undefined)?.replicas === 2
    })
  },
)
