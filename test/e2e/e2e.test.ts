// What a platform engineer does, on a real node and without a way out of it: the steps are the tests, in order, and each
// stands on the one before.

import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VERSION } from '../../src/version.ts'
import { deedsOf } from '../support/audit.ts'
import { aLicense } from '../support/operator.ts'
import { productManifest } from '../support/product-document.ts'
import { command, eventually, succeed } from './support/commands.ts'
import { countEgress, egress } from './support/egress.ts'
import { type RealCluster, startRealCluster } from './support/node.ts'
import { memoryOf, operatorProcesses, processorTimeOf } from './support/operator-process.ts'
import { AGENTS, anAgent, aPerson, type Person, type Pod, SYSTEM } from './support/person.ts'
import { AGENT_IMAGE, deliver, type Delivery, NEXT_VERSION, unpack } from './support/site.ts'

const folder = process.env['CTO_E2E_FOLDER'] ?? ''
const RELEASE = ['cto-operator', '--namespace', SYSTEM]
const WAIT = ['--wait', '--timeout', '2m']
const SHORT_NOTICE = ['--set', 'operator.holdNotice=1s']

let cluster: RealCluster
let person: Person
let delivery: Delivery
/** The content of the bundle, and the chart in it. */
let site: string
let chart: string

const say = (line: string) => console.log(`  ${line}`)
const names = (agents: readonly { name: string }[]) => new Set(agents.map(({ name }) => name))
const valuesFile = async (name: string, values: object) => {
  await writeFile(join(folder, name), JSON.stringify(values))
  return join(folder, name)
}

beforeAll(async () => {
  delivery = await deliver(join(folder, 'vendor'))
  const cgroup = process.env['CTO_E2E_CGROUP'] ?? ''
  cluster = await startRealCluster({
    folder: join(folder, 'node'),
    cgroup,
    log: (line) => console.error(`e2e: ${line}`),
  })
  const { plane, containerd } = cluster
  person = await aPerson({ kubeconfigPath: plane.kubeconfigPath, kubectl: plane.kubectl, home: folder, containerd })
  await cluster.importImage(delivery.sandbox)
  await countEgress()
})
afterAll(async () => {
  if (process.env['CTO_E2E_LOOK'] !== undefined) await person?.lookAround()
  await cluster?.stop()
})

test('the bundle is checked, unpacked, and its images are loaded', async () => {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const { base, content } = delivery.layers
  const packed = megabytes(content.packed.length)
  say(`base ${megabytes(base.unpackedSize)} + ours ${megabytes(content.unpackedSize)} (${packed} packed)`)
  say(`bundle ${megabytes(delivery.bundleSize)}`)
  site = await unpack(delivery, join(folder, 'site'))
  chart = join(site, 'charts', `cto-operator-${VERSION}.tgz`)
  await succeed(command(join(site, 'load-images.sh'), [], { env: person.env }))
  const { operator, agent } = delivery
  const list = readFileSync(join(site, 'images.txt'), 'utf8')
  expect(list).toBe([operator, agent].map(({ name, digest }) => `${name}@${digest}\n`).join(''))
})

test('helm install: the operator is Running and Ready, under restricted Pod Security', async () => {
  const { kubectl, helm, operators } = person
  await kubectl('create', 'namespace', SYSTEM)
  await kubectl('label', 'namespace', SYSTEM, 'pod-security.kubernetes.io/enforce=restricted')
  // As docs/air-gapped.md has it, but for the registry: the images are in the node.
  const values = await valuesFile('values.json', {
    global: { imageRegistry: 'ghcr.io' },
    image: { digest: delivery.operator.digest },
    agents: { image: { digest: delivery.agent.digest } },
  })
  const files = ['--values', join(site, 'values.airgapped.yaml'), '--values', values]
  const said = await helm('install', ...RELEASE, chart, ...files, ...WAIT)
  expect(said).toContain('none is configured. The Secret cto-system/cto-license is used as soon as it is there')
  const [pod, ...others] = await operators()
  expect(others).toEqual([])
  expect(pod?.status.containerStatuses).toMatchObject([{ ready: true }])
  const status = await kubectl('exec', '-n', SYSTEM, 'deploy/cto-operator', '--', 'node', '/app/cto.mjs', 'status')
  expect(status).toMatch(/VERDICT +Valid: the Free plan is in force/)
})

test("the product document's PlatformConfig: rex and blaze run, tess is refused and told why", async () => {
  const { manifest, from } = productManifest()
  say(`from ${from}`)
  await person.apply(manifest)
  const { agents, cluster } = await person.decided('a decision on three agents', ({ agents }) => {
    return agents.admitted.length + agents.refused.length === 3
  })
  // The operator's own pod is a witness: what it sees of the machine agrees with what the Node says.
  expect(cluster).toMatchObject({ type: 'Kind', proven: true, contradictions: [] })
  expect(names(agents.admitted)).toEqual(new Set(['rex', 'blaze']))
  expect(agents.refused).toMatchObject([{ name: 'tess' }])
  expect(agents.refused[0]?.message).toMatch(/^agent tess is not licensed: the Free plan admits rex and blaze/)
  say(agents.refused[0]?.message ?? '')
  for (const name of ['rex', 'blaze']) await person.runs(name)
  expect((await person.tryKubectl(['get', 'deployment', 'tess', '-n', AGENTS])).stderr).toContain('not found')
  const config = await person.json<{ status: { conditions: unknown[] } }>(
    'get',
    'platformconfig',
    'acme-corp-deployment',
  )
  expect(config.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
})

test('what goes past the PlatformConfig is refused by the API server', async () => {
  const manifest = JSON.stringify(anAgent('tess', AGENTS, AGENT_IMAGE, 1))
  const { code, stderr } = await person.tryKubectl(['apply', '-f', '-'], manifest)
  expect(code).not.toBe(0)
  expect(stderr).toContain('agent tess is not licensed: the Free plan admits rex and blaze')
})

test('no packet went anywhere but to the API server', async () => {
  const { toApiServer, elsewhere } = await egress()
  say(`${toApiServer} packets to the API server, ${elsewhere} elsewhere`)
  expect(elsewhere).toBe(0)
  expect(toApiServer).toBeGreaterThan(20)
  // And one that did would have been counted.
  const send = "require('node:dgram').createSocket('udp4').send('hello', 53, '192.0.2.1', () => process.exit())"
  const pod = ['run', 'talker', '--image', delivery.operator.name, '--restart=Never', '--command', '--']
  await person.kubectl(...pod, 'node', '--eval', send)
  await eventually('the packet of the talker', async () => (await egress()).elsewhere > 0)
  await person.kubectl('delete', 'pod', 'talker', '--now')
})

test('helm test is green', async () => {
  const said = await person.helm('test', ...RELEASE, '--timeout', '1m')
  expect(said).toMatch(/Phase: +Succeeded/)
  expect(said).toMatch(/readyz 200 ok/)
  // The test's own pod is gone again.
  expect((await person.json<{ items: Pod[] }>('get', 'pods', '-n', SYSTEM)).items).toHaveLength(1)
})

test('a license file in a Secret, and tess runs', async () => {
  const license = join(folder, 'license.lic')
  await writeFile(license, await aLicense(delivery.vendor))
  await person.kubectl('create', 'secret', 'generic', 'cto-license', '-n', SYSTEM, `--from-file=${license}`)
  const started = performance.now()
  await person.decided('the Team plan', ({ plan }) => plan === 'team')
  say(`decided ${Math.round(performance.now() - started)} ms after the Secret was there`)
  await person.runs('tess')
})

test('helm upgrade to two replicas of the next version: one leads, and no agent notices', async () => {
  const before = { operators: await person.operators(), agents: await person.agents() }
  await cluster.importImage(delivery.next.file, delivery.next)
  const values = await valuesFile('changes.json', {
    image: { digest: delivery.next.digest },
    license: { secretName: 'cto-license' },
    ha: { enabled: true },
    // Both on the one node that there is.
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'cto-operator' } },
      },
    ],
  })
  const said = await person.helm('upgrade', ...RELEASE, chart, '--reuse-values', '--values', values, ...WAIT)
  expect(said).toContain('License/cto-operator applied')
  const pods = await eventually('two operators', async () => {
    const pods = await person.operators()
    return pods.length === 2 && pods
  })
  expect(pods.map(({ metadata }) => metadata.uid)).not.toContain(before.operators[0]?.metadata.uid)
  const leads = async ({ status }: Pod) => {
    const metrics = await (await fetch(`http://${status.podIP}:8080/metrics`)).text()
    return /^leader_election_master_status\{[^}]*\} (\d)$/m.exec(metrics)?.[1] === '1'
  }
  await eventually('one leader', async () => (await Promise.all(pods.map(leads))).filter(Boolean).length === 1)
  expect(await person.kubectl('get', 'license', 'cto-operator', '-o', 'jsonpath={.status.state}')).toBe('Valid')
  expect(await person.agents()).toEqual(before.agents)
  say(`${pods.length} replicas of ${NEXT_VERSION}`)
})

test('helm rollback brings the first one back', async () => {
  const before = await person.agents()
  await person.helm('rollback', 'cto-operator', '1', '--namespace', SYSTEM, ...WAIT)
  const path = 'jsonpath={.spec.template.spec.containers[0].image}'
  const image = await person.kubectl('get', 'deployment', 'cto-operator', '-n', SYSTEM, '-o', path)
  expect(image).toBe(`ghcr.io/5dlabs/cto-operator@${delivery.operator.digest}`)
  await eventually('one operator', async () => (await person.operators()).length === 1)
  expect(await person.agents()).toEqual(before)
})

test('killed, the operator is back by itself', async () => {
  const [pod] = await person.operators()
  const [before = 0] = await eventually('its process', () => {
    const processes = operatorProcesses()
    return Promise.resolve(processes.length === 1 && processes)
  })
  process.kill(before, 'SIGKILL')
  const isNew = (pid: number) => pid !== before
  const pid = await eventually('a new process', () => Promise.resolve(operatorProcesses().find(isNew)), 10)
  const [startedAt, spent] = [performance.now(), processorTimeOf(pid)]
  const isReady = () =>
    fetch(`http://${pod?.status.podIP}:8080/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually('it to be ready', isReady, 10)
  const took = Math.round(performance.now() - startedAt)
  say(`ready ${took} ms after its start, with ${processorTimeOf(pid) - spent} ms of processor time`)
  const log = await person.kubectl('logs', '-n', SYSTEM, pod?.metadata.name ?? '')
  expect(log.match(/^\{"level":[4-9]0.*$/gm)).toBeNull()
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const { resident, own, workingSet } = memoryOf(pid)
  say(`5 s later: working set ${workingSet} MB; ${resident} MB resident, of which ${own} MB are its own`)
})

test('a namespace comes under the license: what runs there has a notice, and is held after it', async () => {
  const zelda = () => person.runningPods('legacy', 'app=zelda')
  await person.kubectl('create', 'namespace', 'legacy')
  await person.apply(anAgent('zelda', 'legacy', AGENT_IMAGE, 2))
  await eventually('zelda to run', async () => (await zelda()).length === 2)
  await person.kubectl('label', 'namespace', 'legacy', 'cto.5dlabs.io/managed=true')
  const noticed = await person.decided('zelda to have a notice', ({ agents }) => agents.refused.length === 1)
  expect(Date.parse(noticed.agents.refused[0]?.holdAt ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000)
  expect(await zelda()).toHaveLength(2)
  await person.helm('upgrade', ...RELEASE, chart, '--reuse-values', ...SHORT_NOTICE, ...WAIT)
  const { agents } = await person.decided('zelda to be held', ({ agents }) => agents.held.length === 1)
  say(agents.held[0]?.message ?? '')
  await eventually('zelda to be gone', async () => (await zelda()).length === 0)
})

test('the operator has not tried anything that it may not do', () => {
  const { done, forbidden } = deedsOf(cluster.auditLog, `${SYSTEM}/cto-operator`)
  expect(forbidden).toEqual([])
  expect(done.length).toBeGreaterThan(30)
})

test('helm uninstall: no policy stays, and what was held runs again', async () => {
  const before = await person.agents()
  const said = await person.helm('uninstall', ...RELEASE, ...WAIT)
  expect(said).toMatch(/legacy\/zelda +Deployment +2 replicas/)
  expect(said).toContain('release "cto-operator" uninstalled')
  const policies = 'validatingadmissionpolicies,validatingadmissionpolicybindings'
  expect(await person.kubectl('get', policies, '-o', 'name')).toBe('')
  await eventually('zelda to run', async () => (await person.runningPods('legacy', 'app=zelda')).length === 2)
  expect(await person.agents()).toEqual(before)
  const left = await person.kubectl('get', 'pods,jobs,deployments,roles,serviceaccounts', '-n', SYSTEM, '-o', 'name')
  expect(left).toBe('serviceaccount/default\n')
  await person.apply(anAgent('anything', 'legacy', AGENT_IMAGE, 1))
})

test('installed again, it goes on with what stayed', async () => {
  const digest = `image.digest=${delivery.operator.digest}`
  await person.helm('install', ...RELEASE, chart, '--set', digest, ...SHORT_NOTICE, ...WAIT)
  const { agents } = await person.decided('the same decision', ({ plan, agents }) => {
    return plan === 'team' && agents.held.length > 0
  })
  expect(names(agents.admitted)).toEqual(new Set(['rex', 'blaze', 'tess']))
  await person.helm('uninstall', ...RELEASE, ...WAIT)
  await eventually('zelda to run', async () => (await person.runningPods('legacy', 'app=zelda')).length === 2)
})

test('nothing keeps the namespaces and the CRDs from going', async () => {
  await person.kubectl('delete', 'namespace', 'legacy', AGENTS, SYSTEM, '--timeout=90s')
  const crds = ['platformconfigs', 'licenses', 'entitlements'].map((plural) => `${plural}.cto.5dlabs.io`)
  await person.kubectl('delete', 'crd', ...crds, '--timeout=60s')
  expect(await person.kubectl('get', 'clusterroles,clusterrolebindings', '-o', 'name')).not.toContain('cto-operator')
})
