// Of all operators of a product in a cluster one decides; the others say who does, and wait.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { type Process, startProcess } from '../../bench/process.ts'
import { API_VERSION } from '../../src/api/names.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { entitlements } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { deployments, leases, namespaces } from '../../src/kube/resource.ts'
import { placeOfThisProcess } from '../../src/cli/this-process.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  addNodes,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  prepare,
  type RunningOperator,
  runOperator,
  soon,
} from '../support/operator.ts'

const controlPlane = useControlPlane()
const TIMING = { durationMs: 2_000, renewDeadlineMs: 1_200, retryMs: 200 }
let cluster: Cluster
let vendor: SigningKey
const running: RunningOperator[] = []

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } })
  vendor = await aVendor()
  await cluster.installLicense(await aLicense(vendor))
  await cluster.config(['rex'])
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})

/** An operator with a short lease; `image` tells the Deployments of one from those of another. */
async function start(identity: string, { namespace = 'cto-system', image = 'one', awaitsDecision = true } = {}) {
  const one = await runOperator(await cluster.access(), vendor, {
    election: { identity, timing: TIMING },
    namespace,
    agentImage: `example.com/agent:${image}`,
    awaitsDecision,
  })
  running.push(one)
  return one
}

const aMoment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const ask = async ({ operator }: RunningOperator, path: string) => {
  const response = await fetch(`http://${operator.address}${path}`)
  return { status: response.status, text: await response.text() }
}
const holderOf = async (name = 'cto-operator', namespace = 'cto-system') =>
  ((await cluster.object(leases, name, namespace))?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity
const writer = async () =>
  ((await cluster.object(entitlements, 'cto'))?.['status'] as EntitlementStatus | undefined)?.operator?.namespace
const leads = (one: RunningOperator) => cluster.eventually('it to lead', () => Promise.resolve(one.operator.leads))
const waits = (one: RunningOperator, who: string, lease: string) =>
  cluster.eventually('it to say for whom it waits', async () =>
    one.logs().includes(`another operator leads product cto: ${who} (Lease ${lease}, renewed at `),
  )
const times = (text: string, part: string) => text.split(part).length - 1

test('the second of one namespace says who leads, once, and takes over at once', { timeout: 60_000 }, async () => {
  const first = await start('first')
  await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))
  await first.operator.idle()
  const before = await cluster.object(deployments, 'rex', 'cto-agents')
  const second = await start('second', { image: 'two', awaitsDecision: false })
  await waits(second, 'first', 'cto-system/cto-operator')
  await aMoment(2 * TIMING.durationMs)
  expect(times(second.logs(), 'waiting until it stops')).toBe(1)
  expect(second.writes()).toBe(0)
  expect((await cluster.object(deployments, 'rex', 'cto-agents'))?.metadata.generation).toBe(
    before?.metadata.generation,
  )
  expect(await ask(second, '/readyz')).toMatchObject({ status: 200, text: expect.stringMatching(/^ok: .*: first /) })
  expect((await ask(second, '/')).text).toContain('another operator leads product cto: first')
  expect(await ask(first, '/readyz')).toEqual({ status: 200, text: 'ok\n' })

  await first.stop()
  await leads(second)
  expect(await holderOf()).toBe('second')
})

test(
  'a ghost that takes the lease for weeks ends decisions for one duration of ours',
  { timeout: 60_000 },
  async () => {
    const one = await start('one')
    await one.operator.ready
    const haunt = () =>
      cluster.client.mergePatch(
        leases,
        { namespace: 'cto-system', name: 'cto-operator' },
        {
          spec: { holderIdentity: 'ghost', leaseDurationSeconds: 2_147_483, renewTime: '2026-11-21T08:00:00.000000Z' },
        },
        soon(),
      )
    await haunt()
    await cluster.eventually('it to lead no more', () => Promise.resolve(!one.operator.leads))
    const since = performance.now()
    await cluster.eventually('it to say that nobody leads', async () => {
      const { status, text } = await ask(one, '/readyz')
      return status === 503 && text.includes('nobody leads')
    })
    await leads(one)
    expect(performance.now() - since).toBeLessThan(3 * TIMING.durationMs)
    await cluster.eventually('it to be ready', async () => (await ask(one, '/readyz')).status === 200)
  },
)

test('one of another namespace waits while the first lives, and no longer', { timeout: 90_000 }, async () => {
  const first = await start('first')
  await cluster.eventually('it to be said who writes', async () => (await writer()) === 'cto-system')
  const second = await start('second', { namespace: 'elsewhere', image: 'two', awaitsDecision: false })
  await waits(second, 'first', 'cto-system/cto-operator')
  await aMoment(2 * TIMING.durationMs)
  expect(second.operator.leads).toBe(false)
  expect(second.writes()).toBe(0)
  expect(times(second.logs(), 'waiting until it stops')).toBe(1)
  expect(await ask(second, '/readyz')).toMatchObject({ status: 200, text: expect.stringMatching(/^ok: .*: first /) })

  // Stopped in good order: the next one decides at once, and the first one, back again, waits for it.
  await first.stop()
  await leads(second)
  await cluster.eventually('it to be said who writes', async () => (await writer()) === 'elsewhere')
  const back = await start('back', { awaitsDecision: false })
  await waits(back, 'second', 'elsewhere/cto-operator')
  await aMoment(TIMING.durationMs)
  expect(back.operator.leads).toBe(false)
  expect(second.operator.leads).toBe(true)
})

test('what somebody else writes about the writer is no reason to stop', { timeout: 60_000 }, async () => {
  const one = await start('one')
  await cluster.eventually('it to be said who writes', async () => (await writer()) === 'cto-system')
  const forged = { apiVersion: API_VERSION, kind: 'Entitlement', metadata: { name: 'cto' } }
  const status = { operator: { namespace: 'nowhere' } }
  await cluster.client.apply(entitlements, { ...forged, status }, { force: true, subresource: 'status' }, soon())
  await cluster.eventually('it to be noticed', () => Promise.resolve(one.logs().includes('tampering restored')))
  await cluster.eventually('it to be corrected', async () => (await writer()) === 'cto-system')
  expect(one.operator.leads).toBe(true)
})

test('two of different namespaces that start at once end with one that decides', { timeout: 60_000 }, async () => {
  await cluster.remove(entitlements, 'cto')
  const both = await Promise.all([
    start('first', { awaitsDecision: false }),
    start('second', { namespace: 'elsewhere', image: 'two', awaitsDecision: false }),
  ])
  await cluster.eventually('one to decide', async () => (await writer()) !== undefined)
  await cluster.eventually('just one to lead', () =>
    Promise.resolve(both.filter(({ operator }) => operator.leads).length === 1),
  )
  // What the first decision brings with it, such as the answer of the gate, is still to be written.
  await Promise.all(both.map(({ operator }) => operator.idle()))
  await aMoment(TIMING.durationMs)
  const writes = both.map((one) => one.writes())
  await aMoment(TIMING.durationMs)
  expect(both.filter(({ operator }) => operator.leads)).toHaveLength(1)
  expect(both.map((one) => one.writes())).toEqual(writes)
})

test(
  'a process that was killed leads again at once, and two of one command line agree',
  { timeout: 120_000 },
  async () => {
    const keys = join(controlPlane.plane.folder, 'trusted-keys.json')
    await writeFile(keys, JSON.stringify({ keys: [vendor.publicJwk] }))
    const { kubeconfigPath } = controlPlane.plane
    const operator = (...more: string[]) => {
      const flags = ['--kubeconfig', kubeconfigPath, '--trusted-keys', keys, '--listen', '127.0.0.1:0', ...more]
      return startProcess(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'operator', ...flags])
    }
    const says = (one: Process, what: string) =>
      cluster.eventually(what, () => Promise.resolve(one.output().includes(what)))
    const { host, space } = placeOfThisProcess()
    await using first = operator()
    await says(first, 'this replica leads')
    expect(await holderOf()).toBe(`${host}_${first.pid}_${space}`)
    // The lease of 15 s has just been renewed.
    process.kill(first.pid, 'SIGKILL')
    await using again = operator('--no-leader-elect')
    const startedAt = performance.now()
    await says(again, 'operator started')
    await says(again, 'this replica leads')
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await using second = operator('--leader-elect')
    await says(second, `another operator leads product cto: ${host}_${again.pid}_${space}`)
  },
)
