// `npm run bench`: how long it takes and what it costs, beside a baseline in the same run. Figures are printed and never
// asserted: the machine is shared, so that only ratios of one run mean something.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlPlane } from '../src/control-plane/control-plane.ts'
import type { RawObject } from '../src/kube/client.ts'
import { deployments, namespaces, nodes } from '../src/kube/resource.ts'
import { licenses } from '../src/api/resources.ts'
import { agentDeployment } from '../src/trial/manifests.ts'
import { aLicense, aVendor, connect, prepare, soon } from '../test/support/operator.ts'
import { detectionRows } from './detection.ts'
import { largeNode } from './large-node.ts'
import { licenseCheckRows } from './license-check.ts'
import { startProcess, type Process } from './process.ts'
import { median, printTable, type Row } from './table.ts'

const NODES = 1_000
const AGENTS = 100
const ROUNDS = 5
/** As many requests at once as the operator's hold controller sends. */
const AT_ONCE = 16

const say = (line: string) => console.error(line)
const folder = await mkdtemp(join(tmpdir(), 'cto-bench-'))
say('checking licenses …')
const rows: Row[] = await licenseCheckRows()
say('looking at 15,000 nodes …')
rows.push(...detectionRows())
await using controlPlane = await startControlPlane({ log: say })
const cluster = await connect(controlPlane.kubeconfigPath)
try {
  await prepare(cluster)
  await bench()
} finally {
  await rm(folder, { recursive: true, force: true })
}
printTable(rows)
process.exit(0)

async function bench(): Promise<void> {
  const vendor = await aVendor()
  const keys = join(folder, 'trusted-keys.json')
  await writeFile(keys, JSON.stringify({ keys: [vendor.publicJwk] }))
  say(`creating ${NODES} nodes of 11 KB and ${AGENTS} agents …`)
  await eachAtOnce(range(NODES), (index) => cluster.client.create(nodes, largeNode(index), soon()))
  const license = await aLicense(vendor, { plan: 'enterprise' })
  await cluster.installLicense(license)
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'cto-agents', labels: { 'cto.5dlabs.io/managed': 'true' } },
  }
  await cluster.apply(namespaces, namespace)
  await eachAtOnce(range(AGENTS), (index) =>
    cluster.apply(deployments, agentDeployment(`agent-${index}`, 'cto-agents')),
  )

  const operator = () =>
    startProcess(process.execPath, [
      'dist/cto.mjs',
      'operator',
      '--kubeconfig',
      controlPlane.kubeconfigPath,
      '--trusted-keys',
      keys,
      '--hold-notice',
      '0s',
      '--listen',
      '127.0.0.1:0',
      '--log-level',
      'info',
    ])
  const informer = () => startProcess(process.execPath, ['bench/client-node-informer.ts', controlPlane.kubeconfigPath])

  // Start to ready, and the memory that it took: the operator and client-node's informer of nodes, in turn.
  const ours: number[] = []
  const theirs: number[] = []
  const ourPeak: number[] = []
  const theirPeak: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    say(`start to ready, round ${round + 1} of ${ROUNDS}`)
    for (const who of round % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) {
      const [times, peaks, start] =
        who === 'ours' ? ([ours, ourPeak, operator] as const) : ([theirs, theirPeak, informer] as const)
      const started = performance.now()
      await using running = start()
      await ready(running)
      times.push(performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      peaks.push(await peakMegabytes(running))
    }
  }
  rows.push({
    what: `start to ready, ${NODES} nodes and ${AGENTS} agents`,
    unit: 'ms',
    ours,
    baseline: theirs,
    against: "client-node's informer of the nodes",
  })
  rows.push({
    what: `peak RSS, ${NODES} nodes and ${AGENTS} agents`,
    unit: 'MB',
    ours: ourPeak,
    baseline: theirPeak,
    against: "client-node's informer of the nodes",
  })

  // From the license's change to the last agent: the operator, and a client that knows what to write already.
  const held: number[] = []
  const resumed: number[] = []
  const floor: number[] = []
  await using running = operator()
  await ready(running)
  await cluster.entitled(({ agents }) => agents.admitted.length === AGENTS)
  for (let round = 0; round < ROUNDS; round++) {
    say(`license to agents, round ${round + 1} of ${ROUNDS}`)
    held.push(
      await timed(
        () => cluster.remove(licenses, 'acme'),
        () => allHave(0),
      ),
    )
    resumed.push(
      await timed(
        () => cluster.installLicense(license),
        () => allHave(1),
      ),
    )
    const started = performance.now()
    await eachAtOnce(range(AGENTS), (index) =>
      cluster.client.mergePatch(
        deployments,
        { namespace: 'cto-agents', name: `agent-${index}` },
        { metadata: { annotations: { bench: `${round}` } } },
        soon(),
      ),
    )
    floor.push(performance.now() - started)
  }
  const against = `writing ${AGENTS} Deployments, knowing what`
  rows.push({
    what: `license deleted → last of ${AGENTS} agents held`,
    unit: 'ms',
    ours: held,
    baseline: floor,
    against,
  })
  rows.push({
    what: `license restored → last of ${AGENTS} agents resumed`,
    unit: 'ms',
    ours: resumed,
    baseline: floor,
    against,
  })
  say(`medians: ${[held, resumed, floor].map((one) => Math.round(median(one))).join(', ')} ms`)
}

async function allHave(replicas: number): Promise<boolean> {
  const { items } = (await cluster.client.raw('/apis/apps/v1/namespaces/cto-agents/deployments', soon())) as {
    items: RawObject[]
  }
  return items.every((item) => (item['spec'] as { replicas: number }).replicas === replicas)
}

async function timed(act: () => Promise<void>, done: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  await act()
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 5))
  return performance.now() - started
}

/** Ready is said on standard output or answered at /readyz. */
async function ready(running: Process): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (running.output().includes('\nready\n')) return
    const address = /"address":"([^"]+)"/.exec(running.output())?.[1]
    if (address !== undefined) {
      const answer = await fetch(`http://${address}/readyz`).catch(() => undefined)
      if (answer?.ok === true) return
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`not ready: ${running.output()}`)
}

async function peakMegabytes({ pid }: Process): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

async function eachAtOnce(items: readonly number[], work: (item: number) => Promise<unknown>): Promise<void> {
  const left = [...items]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
    }),
  )
}
