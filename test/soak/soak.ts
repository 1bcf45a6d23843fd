// `npm run soak -- --minutes N --seed S [--no-kills]`: an operator in a process of its own, random trouble and random deeds of people, for as
// long as wanted. Every now and then there is calm, and then everything has to be as the last good wish has it. What must hold
// whatever happens is checked on every write (T46).

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { type Process, startProcess } from '../../bench/process.ts'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { startControlPlane } from '../../src/devtools/control-plane/control-plane.ts'
import { DAY } from '../../src/domain/time.ts'
import { KubeError } from '../../src/kube/errors.ts'
import { admissionPolicies, admissionPolicyBindings, deployments, nodes, secrets } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { addNodes, aLicense, aVendor, soon } from '../support/operator.ts'
import {
  answers,
  cut,
  eachLine,
  goneInStream,
  isRead,
  isWrite,
  listOf,
  randomFrom,
  shuffled,
  stall,
  timesEach,
  when,
} from '../faults/faults.ts'
import { anySpec } from '../faults/generated.ts'
import { checkInvariants } from '../faults/invariants.ts'
import type { Asked, Rule } from '../faults/proxy.ts'
import { aMoment } from '../faults/sieve.ts'
import { openStage } from '../faults/stage.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    // One operator from the beginning to the end: what its memory does over hours is seen no other way.
    'no-kills': { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes ?? 5)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('soak: --minutes takes a number above 0, and --seed a whole number')
  process.exit(2)
}

const AGENTS = ['rex', 'blaze', 'tess', 'morgan', 'cypher', 'atlas']
const CALM_EVERY_MS = 10_000
/** How long after the trouble is over everything may take to be as it should; a watch may be in its longest pause. */
const MENDED_WITHIN_MS = 60_000

const say = (line: string) => console.error(`soak: ${line}`)
say(`seed ${seed}, ${minutes} minutes`)
const random = randomFrom(seed)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const configs = fc.sample(anySpec('platformconfigs'), { numRuns: 100, seed })

const folder = await mkdtemp(join(tmpdir(), 'cto-soak-'))
const counts: Record<string, number> = {}
const count = (what: string, by = 1) => (counts[what] = (counts[what] ?? 0) + by)
const samples: { readonly at: number; readonly rss: number; readonly files: number; readonly pid: number }[] = []
/** Of operators that were killed; what runs adds its own. */
let restarts = 0

try {
  await using plane = await startControlPlane({ log: say })
  await using stage = await openStage(plane)
  const { cluster, proxy } = stage
  await addNodes(cluster, [eksLikeNode(1), eksLikeNode(2)])
  const keys = join(folder, 'trusted-keys.json')
  await writeFile(keys, JSON.stringify({ keys: [stage.vendor.publicJwk] }))
  const door = await proxy.door('soak')
  const kubeconfig = join(folder, 'kubeconfig')
  door.kubeconfig(kubeconfig)
  const start = () => {
    const flags = ['--kubeconfig', kubeconfig, '--trusted-keys', keys, '--hold-notice', '0s', '--listen', '127.0.0.1:0']
    return startProcess(process.execPath, ['dist/cto.mjs', 'operator', ...flags])
  }
  let operator: Process = start()
  let expiresAt = Date.now() + 300 * DAY
  // In one line: the newest counts, also one that is smaller.
  let serial = 1
  let license = await stage.issue({ serial, expiresAt })
  let wanted: string[] = ['rex', 'tess']
  let spec: Record<string, unknown> = {}
  const wish = async () => {
    await cluster.installLicense(license)
    await cluster.config(wanted, spec)
  }

  // What a network and an API server do.
  const isWatch = ({ verb }: Asked) => verb === 'watch'
  const isList = ({ verb }: Asked) => verb === 'list'
  const troubles: Readonly<Record<string, () => Rule>> = {
    '429': () => when(() => random() < 0.7, answers(429, 'TooManyRequests', 1)),
    '500': () => when(() => random() < 0.7, answers(500, 'InternalError')),
    '409 for writes': () => when(isWrite, answers(409, 'Conflict')),
    '403 for reads': () => when(isRead, answers(403, 'Forbidden')),
    'connections cut': () => when(() => random() < 0.7, cut),
    'answers lost': () => when(isWrite, { kind: 'lose-answer' }),
    'nothing answers': () => when(() => true, stall),
    'all is late': () =>
      when(
        () => true,
        () => ({ kind: 'delay', ms: random() * 400 }),
      ),
    'events dropped': () =>
      when(
        isWatch,
        eachLine((line) => (random() < 0.5 ? [] : [line])),
      ),
    'events three times': () =>
      when(
        isWatch,
        eachLine((line) => [line, line, line]),
      ),
    'events in another order': () => when(isWatch, shuffled(random, 30)),
    'too old to go on': () => timesEach(1, isWatch, goneInStream),
    'one empty list': () =>
      timesEach(
        1,
        isList,
        listOf(() => []),
      ),
  }

  // What people do. Refused or failed: then nothing has happened.
  const node = eksLikeNode(3)
  const isThere = async (name: string) => (await cluster.object(deployments, name, 'cto-agents')) !== undefined
  const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
    'wants other agents': () => {
      wanted = AGENTS.filter(() => random() < 0.5)
      return cluster.config(wanted, spec)
    },
    'writes another PlatformConfig': async () => {
      const { agents: _, ...rest } = pick(configs)
      await cluster.config(wanted, rest)
      spec = rest
    },
    'buys a license': async () => {
      expiresAt += DAY
      license = await stage.issue({ serial: ++serial, expiresAt, plan: pick(['team', 'business', 'enterprise']) })
      await cluster.installLicense(license)
    },
    'breaks the license': () => cluster.installLicense(license.slice(0, Math.floor(random() * license.length))),
    'installs a forged license': async () => cluster.installLicense(await aLicense(await aVendor())),
    'installs one that expired': async () =>
      cluster.installLicense(await stage.issue({ expiresAt: Date.now() - 60 * DAY })),
    'deletes the License': () => cluster.remove(licenses, 'acme'),
    'deletes its Secret': () => cluster.remove(secrets, 'acme', 'cto-system'),
    'deletes the PlatformConfig': () => cluster.remove(platformConfigs, 'acme'),
    'adds a node': () => cluster.client.create(nodes, node, soon()),
    'takes it away': () => cluster.remove(nodes, node.metadata.name),
    'deploys an agent by hand': () => cluster.apply(deployments, agentDeployment('by-hand', 'cto-agents')),
    'scales an agent': () =>
      cluster.client.mergePatch(
        deployments,
        { namespace: 'cto-agents', name: pick([...AGENTS, 'by-hand']) },
        { spec: { replicas: Math.floor(random() * 4) } },
        soon(),
      ),
    'deletes an agent': () => cluster.remove(deployments, pick([...AGENTS, 'by-hand']), 'cto-agents'),
    'deletes a policy': () => cluster.remove(admissionPolicies, 'cto-agents'),
    'deletes a binding': () => cluster.remove(admissionPolicyBindings, 'cto-agents'),
    'deletes the Entitlement': () => cluster.remove(entitlements, 'cto'),
    'deletes the evidence': () => cluster.remove(secrets, 'cto-evidence', 'cto-system'),
    'may kill the operator': async () => {
      // Seldom, so that one lives long enough for its memory to be looked at.
      if (random() < 0.8 || values['no-kills']) return
      restarts++
      process.kill(operator.pid, 'SIGKILL')
      await operator[Symbol.asyncDispose]()
      operator = start()
    },
    'stops the operator for a second': async () => {
      process.kill(operator.pid, 'SIGSTOP')
      await aMoment(1_000)
      process.kill(operator.pid, 'SIGCONT')
    },
  }
  const attempt = async (deed: () => Promise<unknown>) => {
    try {
      await deed()
    } catch (error) {
      if (!(error instanceof KubeError)) throw error
      count('refused')
    }
  }

  /** Everything as the last good wish has it, and what must always hold. */
  const calm = async () => {
    await wish()
    const isMended = async () => {
      const status = await cluster.entitlement()
      if (status?.verdict !== 'Valid') return `the verdict is ${status?.verdict}: ${status?.message}`
      const admitted = new Set(status.agents.admitted.map(({ name }) => name))
      const missing = wanted.filter((name) => !admitted.has(name))
      if (missing.length > 0) return `not admitted: ${missing.join(', ')}`
      for (const name of wanted) if (!(await isThere(name))) return `${name} is not there`
      for (const kind of [admissionPolicies, admissionPolicyBindings]) {
        if ((await cluster.object(kind, 'cto-agents')) === undefined) return `there is no ${kind.kind} cto-agents`
      }
      return undefined
    }
    const deadline = performance.now() + MENDED_WITHIN_MS
    for (let why = await isMended(); why !== undefined; why = await isMended()) {
      if (performance.now() > deadline) throw new Error(`${MENDED_WITHIN_MS / 1_000} s after all trouble: ${why}`)
      await aMoment(100)
    }
    // I5: what is none of the product's business goes its way.
    const elsewhere = agentDeployment('somebody', 'default')
    await cluster.apply(deployments, elsewhere)
    await cluster.remove(deployments, 'somebody', 'default')
    checkInvariants(stage)
    count('writes checked', proxy.writes.length)
    proxy.writes.length = 0
    proxy.asked.length = 0
    samples.push({ at: performance.now(), pid: operator.pid, ...(await usage(operator.pid)) })
    count('calms')
  }

  try {
    await wish()
    await calm()
    const end = performance.now() + minutes * 60_000
    while (performance.now() < end) {
      const until = performance.now() + CALM_EVERY_MS
      while (performance.now() < until) {
        const what = pick(Object.keys(troubles))
        count(what)
        const lift = proxy.rule(troubles[what]!())
        if (random() < 0.6) proxy.cutWatches()
        for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
          const deed = pick(Object.keys(deeds))
          count(deed)
          await attempt(deeds[deed]!)
          await aMoment(random() * 400)
        }
        lift()
        // What was lost without a break no watch tells again, but the next list does.
        if (what === 'events dropped' || what === 'one empty list') proxy.blind(() => true)()
        else if (random() < 0.3) proxy.cutWatches()
      }
      proxy.cutWatches()
      await calm()
    }
    await report(operator)
  } catch (error) {
    console.error(operator.output().slice(-4_000))
    throw error
  } finally {
    await operator[Symbol.asyncDispose]()
  }
} catch (error) {
  say(`FAILED with seed ${seed}: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function usage(pid: number): Promise<{ rss: number; files: number }> {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return { rss: Number(kilobytes) / 1_024, files: (await readdir(`/proc/${pid}/fd`)).length }
}

async function report(operator: Process): Promise<void> {
  for (const [what, times] of Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b)))
    say(`${String(times).padStart(6)} ${what}`)
  // Of the operator that ran longest: one that has just begun still grows.
  const byPid = Object.values(Object.groupBy(samples, ({ pid }) => pid)).map((list) => list ?? [])
  const longest = byPid.toSorted((a, b) => b.length - a.length)[0] ?? []
  const [first, last] = [longest[0], longest.at(-1)]
  if (first !== undefined && last !== undefined) {
    // In the first half it still warms up.
    const slope = slopeOf(longest.slice(longest.length >> 1).map(({ at, rss }) => [at / 60_000, rss]))
    say(
      `the operator that lived longest: ${Math.round((last.at - first.at) / 1_000)} s, RSS ${first.rss.toFixed(0)} to ` +
        `${last.rss.toFixed(0)} MB (${slope.toFixed(2)} MB a minute in the second half), file descriptors ${first.files} to ${last.files}`,
    )
  }
  const address = /"address":"([^"]+)"/.exec(operator.output().split('\n').toReversed().join('\n'))?.[1]
  const metrics = await (await fetch(`http://${address}/metrics`)).text()
  const sum = (name: string) =>
    [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0)
  say(
    `${restarts} times killed; the last one began ${sum('cto_watch_lists_total')} lists, and ` +
      `${sum('cto_watch_failures_total')} lists and watches failed`,
  )
  say('every invariant held, and every calm was as it should be')
}

/** Least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const below = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return below === 0 ? 0 : above / below
}
