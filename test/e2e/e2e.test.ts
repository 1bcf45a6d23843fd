// What a platform engineer does, on a real node and without a way out of it: the steps are the tests, in order, and each
// stands on the one before.

import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HELM } from '../../src/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/control-plane/binaries.ts'
import { deedsOf } from '../support/audit.ts'
import { aLicense } from '../support/operator.ts'
import { productManifest } from '../support/product-document.ts'
import { type Answer, command, eventually, succeed } from './support/commands.ts'
import { countEgress, egress } from './support/egress.ts'
import { type RealCluster, startRealCluster } from './support/node.ts'
import { AGENT_IMAGE, deliver, type Delivery, NEXT_VERSION, unpack } from './support/site.ts'

const folder = process.env['CTO_E2E_FOLDER'] ?? ''
const SYSTEM = 'cto-system'
const AGENTS = 'cto-agents'
const RELEASE = ['cto-operator', '--namespace', SYSTEM]
const WAIT = ['--wait', '--timeout', '2m']

let cluster: RealCluster
let delivery: Delivery
/** The content of the bundle. */
let site: string
let chart: string
let env: Readonly<Record<string, string | undefined>>
let helmPath: string

/** All that Helm says: what hooks print, it writes to stderr. */
const helm = async (...args: string[]) => {
  const answer = await command(helmPath, args, { env })
  return (await succeed(Promise.resolve(answer))) + answer.stderr
}
const kubectlAnswers = (args: readonly string[], input?: string): Promise<Answer> =>
  command(cluster.plane.kubectl, args, { env, ...(input === undefined ? {} : { input }) })
const kubectl = (...args: string[]) => succeed(kubectlAnswers(args))
const json = async <T>(...args: string[]) => JSON.parse(await kubectl(...args, '-o', 'json')) as T

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
    readonly status: {
      readonly phase: string
      readonly podIP?: string
      readonly containerStatuses?: readonly { readonly ready: boolean; readonly imageID: string }[]
    }
  }[]
}
const podsOf = async (namespace: string, selector: string) =>
  (await json<Pods>('get', 'pods', '-n', namespace, '-l', selector)).items.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running',
  )
const operatorPods = () => podsOf(SYSTEM, 'app.kubernetes.io/component=operator')
const agentPods = (name: string) => podsOf(AGENTS, `cto.5dlabs.io/agent=${name}`)

interface Entitlement {
  readonly status: {
    readonly plan: string
    readonly verdict: string
    readonly agents: Readonly<Record<'admitted' | 'refused' | 'held', readonly { name: string; message?: string }[]>>
  }
}
const entitled = (what: string, so: (status: Entitlement['status']) => boolean) =>
  eventually(what, async () => {
    const { code, stdout } = await kubectlAnswers(['get', 'entitlement', 'cto', '-o', 'json'])
    const { status } = (code === 0 ? JSON.parse(stdout) : {}) as Partial<Entitlement>
    return status !== undefined && so(status) ? status : undefined
  })
const namesOf = (agents: readonly { name: string }[]) =>
  agents.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))

beforeAll(async () => {
  const log = (line: string) => console.error(`e2e: ${line}`)
  helmPath = (await locateBinaries(HELM, { log })).helm
  delivery = await deliver(join(folder, 'vendor'))
  cluster = await startRealCluster({ folder: join(folder, 'node'), cgroup: process.env['CTO_E2E_CGROUP'] ?? '', log })
  env = {
    PATH: process.env['PATH'],
    HOME: folder,
    KUBECONFIG: cluster.plane.kubeconfigPath,
    CONTAINERD_ADDRESS: cluster.containerd,
  }
  await cluster.importImage(delivery.sandbox.file)
  await countEgress()
})
afterAll(async () => {
  if (process.env['CTO_E2E_LOOK'] !== undefined) await lookAround()
  await cluster?.stop()
})

test('the bundle is checked, unpacked, and its images are loaded', async () => {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const { base, content } = delivery.layers
  say(
    `base ${megabytes(base.unpackedSize)} + ours ${megabytes(content.unpackedSize)} (packed ${megabytes(content.packed.length)}), bundle ${megabytes(delivery.bundleSize)}`,
  )
  site = await unpack(delivery, join(folder, 'site'))
  chart = join(site, 'charts', readdirSync(join(site, 'charts'))[0] ?? '')
  await succeed(command(join(site, 'load-images.sh'), [], { env }))
  expect(readFileSync(join(site, 'images.txt'), 'utf8')).toContain(
    `${delivery.operator.name}@${delivery.operator.digest}`,
  )
})

test('helm install: the operator is Running and Ready, under restricted Pod Security', async () => {
  await kubectl('create', 'namespace', SYSTEM)
  await kubectl('label', 'namespace', SYSTEM, 'pod-security.kubernetes.io/enforce=restricted')
  const values = join(folder, 'values.yaml')
  const { operator, agent } = delivery
  // As docs/air-gapped.md has it, but for the registry: the images are in the node.
  await writeFile(
    values,
    JSON.stringify({
      global: { imageRegistry: 'ghcr.io' },
      image: { digest: operator.digest },
      agents: { image: { digest: agent.digest } },
    }),
  )
  const files = ['--values', join(site, 'values.airgapped.yaml'), '--values', values]
  const said = await helm('install', ...RELEASE, chart, ...files, ...WAIT)
  expect(said).toContain('none is configured. The Secret cto-system/cto-license is used as soon as it is there')
  const [pod, ...others] = await operatorPods()
  expect(others).toEqual([])
  expect(pod?.status.containerStatuses?.[0]).toMatchObject({ ready: true })
  expect(await kubectl('exec', '-n', SYSTEM, 'deploy/cto-operator', '--', 'node', '/app/cto.mjs', 'status')).toMatch(
    /VERDICT +Valid: the Free plan is in force/,
  )
})

test("the product document's PlatformConfig: rex and blaze run, tess is refused and told why", async () => {
  const { manifest, from } = productManifest()
  say(`from ${from}`)
  await succeed(kubectlAnswers(['apply', '-f', '-'], manifest))
  const { agents } = await entitled(
    'a decision on three agents',
    ({ agents }) => agents.admitted.length + agents.refused.length === 3,
  )
  expect(namesOf(agents.admitted)).toEqual(['blaze', 'rex'])
  expect(agents.refused).toMatchObject([
    { name: 'tess', message: expect.stringMatching(/^agent tess is not licensed: the Free plan admits rex and blaze/) },
  ])
  say(agents.refused[0]?.message ?? '')
  for (const name of ['rex', 'blaze'])
    await eventually(`${name} to run`, async () => (await agentPods(name)).length === 1)
  expect((await kubectlAnswers(['get', 'deployment', 'tess', '-n', AGENTS])).stderr).toContain('not found')
  const config = await json<{ status: { conditions: { type: string; status: string }[] } }>(
    'get',
    'platformconfig',
    'acme-corp-deployment',
  )
  expect(config.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
})

test('what goes past the PlatformConfig is refused by the API server', async () => {
  const deployment = anAgent('tess', AGENTS, 1)
  const { code, stderr } = await kubectlAnswers(['apply', '-f', '-'], JSON.stringify(deployment))
  expect(code).not.toBe(0)
  expect(stderr).toContain('agent tess is not licensed: the Free plan admits rex and blaze')
})

test('no packet went anywhere but to the API server', async () => {
  const { toApiServer, elsewhere } = await egress()
  say(`${toApiServer} packets to the API server, ${elsewhere} elsewhere`)
  expect(elsewhere).toBe(0)
  expect(toApiServer).toBeGreaterThan(20)
  // And one that did would have been counted.
  await kubectl(
    'run',
    'talker',
    '--image',
    delivery.operator.name,
    '--restart=Never',
    '--command',
    '--',
    'node',
    '--eval',
    "require('node:dgram').createSocket('udp4').send('hello', 53, '192.0.2.1', () => process.exit())",
  )
  await eventually('the packet of the talker', async () => (await egress()).elsewhere > 0)
  await kubectl('delete', 'pod', 'talker', '--now')
})

test('helm test is green', async () => {
  const said = await helm('test', ...RELEASE, '--timeout', '1m')
  expect(said).toMatch(/Phase: +Succeeded/)
  expect(said).toMatch(/readyz 200 ok/)
  expect((await json<Pods>('get', 'pods', '-n', SYSTEM)).items).toHaveLength(1)
})

test('a license file in a Secret, and tess runs', async () => {
  const license = join(folder, 'license.lic')
  await writeFile(license, await aLicense(delivery.vendor))
  await kubectl('create', 'secret', 'generic', 'cto-license', '-n', SYSTEM, `--from-file=${license}`)
  const started = performance.now()
  await entitled('the Team plan', ({ plan }) => plan === 'team')
  say(`decided ${Math.round(performance.now() - started)} ms after the Secret was there`)
  await eventually('tess to run', async () => (await agentPods('tess')).length === 1)
})

test('helm upgrade replaces the operator, and no agent', async () => {
  const before = { operator: await operatorPods(), agents: await allAgents() }
  await cluster.importImage(delivery.next.file, delivery.next)
  const changes = [
    '--set',
    `image.digest=${delivery.next.digest}`,
    '--set',
    'operator.logLevel=debug',
    '--set',
    'license.secretName=cto-license',
  ]
  await helm('upgrade', ...RELEASE, chart, '--reuse-values', ...changes, ...WAIT)
  const [pod, ...others] = await eventually('one operator', async () => {
    const pods = await operatorPods()
    return pods.length === 1 && pods
  })
  expect(others).toEqual([])
  expect(pod?.metadata.uid).not.toBe(before.operator[0]?.metadata.uid)
  expect(await kubectl('get', 'license', 'cto-operator', '-o', 'jsonpath={.status.state}')).toBe('Valid')
  expect(await allAgents()).toEqual(before.agents)
  say(`to ${NEXT_VERSION}`)
})

test('helm rollback brings the first one back', async () => {
  const before = await allAgents()
  await helm('rollback', ...RELEASE.slice(0, 1), '1', ...RELEASE.slice(1), ...WAIT)
  const image = await kubectl(
    'get',
    'deployment',
    'cto-operator',
    '-n',
    SYSTEM,
    '-o',
    'jsonpath={.spec.template.spec.containers[0].image}',
  )
  expect(image).toBe(`ghcr.io/5dlabs/cto-operator@${delivery.operator.digest}`)
  await eventually('one operator', async () => (await operatorPods()).length === 1)
  expect(await allAgents()).toEqual(before)
})

test('killed, the operator is back by itself', async () => {
  const [pod] = await operatorPods()
  const before = operatorProcess()
  process.kill(before.pid, 'SIGKILL')
  const after = await eventually('a new process', () =>
    Promise.resolve(operatorProcesses().find(({ pid }) => pid !== before.pid)),
  )
  const readyz = `http://${pod?.status.podIP}:8080/readyz`
  const ready = await eventually(
    'it to be ready',
    async () =>
      (await fetch(readyz).then(
        ({ ok }) => ok,
        () => false,
      )) && Date.now(),
  )
  say(
    `ready ${Math.round(ready - after.startedAt)} ms after its start, ${Math.round(residentMegabytes(after.pid))} MB resident`,
  )
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  say(`${Math.round(residentMegabytes(after.pid))} MB resident 5 s later`)
})

test('a namespace comes under the license: what is not in it is held', async () => {
  await kubectl('create', 'namespace', 'legacy')
  await succeed(kubectlAnswers(['apply', '-f', '-'], JSON.stringify(anAgent('zelda', 'legacy', 2))))
  await eventually('zelda to run', async () => (await podsOf('legacy', 'app=zelda')).length === 2)
  await kubectl('label', 'namespace', 'legacy', 'cto.5dlabs.io/managed=true')
  const { agents } = await entitled('zelda to be held', ({ agents }) => agents.held.length === 1)
  say(agents.held[0]?.message ?? '')
  await eventually('zelda to be gone', async () => (await podsOf('legacy', 'app=zelda')).length === 0)
})

test('the operator has not tried anything that it may not do', () => {
  const { done, forbidden } = deedsOf(cluster.auditLog, `${SYSTEM}/cto-operator`)
  expect(forbidden).toEqual([])
  expect(done.length).toBeGreaterThan(30)
})

test('helm uninstall: no policy stays, and what was held runs again', async () => {
  const before = await allAgents()
  const said = await helm('uninstall', ...RELEASE, ...WAIT)
  expect(said).toContain('release "cto-operator" uninstalled')
  expect(await kubectl('get', 'validatingadmissionpolicies,validatingadmissionpolicybindings', '-o', 'name')).toBe('')
  await eventually('zelda to run', async () => (await podsOf('legacy', 'app=zelda')).length === 2)
  expect(await allAgents()).toEqual(before)
  expect(await kubectl('get', 'pods,jobs,deployments,roles,serviceaccounts', '-n', SYSTEM, '-o', 'name')).toBe(
    'serviceaccount/default\n',
  )
  await succeed(kubectlAnswers(['apply', '-f', '-'], JSON.stringify(anAgent('anything', 'legacy', 1))))
})

test('installed again, it goes on with what stayed', async () => {
  await helm('install', ...RELEASE, chart, '--set', `image.digest=${delivery.operator.digest}`, ...WAIT)
  const { agents } = await entitled(
    'the same decision',
    ({ plan, agents }) => plan === 'team' && agents.held.length > 0,
  )
  expect(namesOf(agents.admitted)).toEqual(['blaze', 'rex', 'tess'])
  await helm('uninstall', ...RELEASE, ...WAIT)
  await eventually('zelda to run', async () => (await podsOf('legacy', 'app=zelda')).length === 2)
})

test('nothing keeps the namespaces and the CRDs from going', async () => {
  await kubectl('delete', 'namespace', 'legacy', AGENTS, SYSTEM, '--timeout=90s')
  await kubectl(
    'delete',
    'crd',
    'platformconfigs.cto.5dlabs.io',
    'licenses.cto.5dlabs.io',
    'entitlements.cto.5dlabs.io',
    '--timeout=60s',
  )
  expect(await kubectl('get', 'clusterroles,clusterrolebindings', '-o', 'name')).not.toContain('cto-operator')
})

function say(line: string): void {
  console.log(`  ${line}`)
}

async function allAgents(): Promise<readonly string[]> {
  const { items } = await json<Pods>('get', 'pods', '-n', AGENTS)
  return items.map(({ metadata }) => metadata.uid).toSorted((a, b) => a.localeCompare(b))
}

function anAgent(name: string, namespace: string, replicas: number): object {
  const labels = { app: name, 'cto.5dlabs.io/agent': name }
  const containers = [{ name: 'agent', image: AGENT_IMAGE, imagePullPolicy: 'IfNotPresent' }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers } },
    },
  }
}

interface Process {
  readonly pid: number
  /** In ms since the epoch. */
  readonly startedAt: number
}

/** The operator, as the machine sees it. */
function operatorProcess(): Process {
  const [found] = operatorProcesses()
  if (found === undefined) throw new Error('there is no process of the operator')
  return found
}

function operatorProcesses(): Process[] {
  const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1_000
  return readdirSync('/proc').flatMap((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      if (!/^\d+$/.test(name) || words[0] !== 'node' || !words.includes('/app/cto.mjs') || !words.includes('operator'))
        return []
      const ticks = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[19])
      return [{ pid: Number(name), startedAt: bootedAt + ticks * 10 }]
    } catch {
      // It has ended, or is none.
      return []
    }
  })
}

function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1_024
}

/** For whoever looks why a step failed: set CTO_E2E_LOOK. */
async function lookAround(): Promise<void> {
  const looks = [
    ['get', 'all', '--all-namespaces', '-o', 'wide'],
    ['get', 'events', '--all-namespaces'],
    ['logs', '-n', SYSTEM, 'deploy/cto-operator', '--tail=40'],
    ['get', 'entitlements,licenses,platformconfigs', '-o', 'yaml'],
  ]
  for (const args of looks) {
    const { stdout, stderr } = await kubectlAnswers(args)
    console.log(`$ kubectl ${args.join(' ')}\n${stdout}${stderr}`)
  }
}
