// Several replicas: one writes, all are read, and whoever was stopped, cut off or killed never writes again until he leads anew
// (T13).

import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startProcess } from '../../bench/process.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { leases, nodes } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { type RunningOperator, runOperator } from '../support/operator.ts'
import { stall, when } from './faults.ts'
import { checkInvariants } from './invariants.ts'
import type { Door } from './proxy.ts'
import { aMoment } from './sieve.ts'
import { openStage, type Stage } from './stage.ts'

const TIMING = { durationMs: 2_000, renewDeadlineMs: 1_200, retryMs: 200 }
const controlPlane = useControlPlane()
let stage: Stage
const replicas: Replica[] = []

beforeAll(async () => {
  stage = await openStage(controlPlane.plane)
})
// A replica that a failed test left behind would lead, and fail the next one.
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(({ running }) => running.stop()))
})
afterAll(() => stage[Symbol.asyncDispose]())

interface Replica {
  readonly door: Door
  readonly running: RunningOperator
}

async function replica(name: string): Promise<Replica> {
  const door = await stage.proxy.door(name)
  const election = { identity: name, timing: TIMING }
  const running = await runOperator(door.access(), stage.vendor, { election, awaitsDecision: false })
  const one = { door, running }
  replicas.push(one)
  return one
}

async function probe({ running }: Replica, path: string): Promise<number> {
  return (await fetch(`http://${running.operator.address}${path}`)).status
}

async function leads(one: Replica): Promise<void> {
  await stage.cluster.eventually(`${one.door.name} to lead`, () => Promise.resolve(one.running.operator.leads))
}

async function holder(): Promise<string | undefined> {
  const lease = await stage.cluster.object(leases, 'cto-operator', 'cto-system')
  return (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity
}

/** What was begun since then and not by that replica. */
const writtenByOthers = (since: number, who: string) =>
  stage.proxy.writes
    .filter(({ door, at }) => door !== who && at > since)
    .map(
      ({ door, verb, resource, name, at }) => `${door}: ${verb} ${resource}/${name} after ${Math.round(at - since)} ms`,
    )

test(
  'one writes, both are read; a graceful stop hands over at once, a crash within the lease',
  { timeout: 60_000 },
  async () => {
    const { cluster, proxy } = stage
    const took: string[] = []
    const timed = async (what: string, work: () => Promise<void>) => {
      const started = performance.now()
      await work()
      took.push(`${what} ${Math.round(performance.now() - started)} ms`)
    }
    let first: Replica | undefined
    await timed('a free lease', async () => leads((first = await replica('first'))))
    const second = await replica('second')
    if (first === undefined) throw new Error('there is no first')
    await cluster.client.create(nodes, eksLikeNode(1), AbortSignal.timeout(5_000))
    await cluster.installLicense(await stage.issue({}))
    await cluster.config(['rex', 'tess'])
    await cluster.entitled(({ agents }) => agents.admitted.length === 2)

    expect(await holder()).toBe('first')
    for (const one of [first, second]) {
      await cluster.eventually('both to be ready', async () => (await probe(one, '/readyz')) === 200)
      expect(await probe(one, '/livez')).toBe(200)
      await cluster.eventually('both to show the license', async () =>
        (await one.running.metrics()).includes('cto_license_info{verdict="Valid",plan="team"'),
      )
    }
    expect(await first.running.metrics()).toContain('leader_election_master_status{name="cto-operator"} 1')
    expect(await second.running.metrics()).toContain('leader_election_master_status{name="cto-operator"} 0')
    expect(second.running.writes()).toBe(0)
    expect(writtenByOthers(0, 'first')).toEqual([])

    // Released, and taken in the same moment.
    await timed('after a graceful stop', async () => {
      await first?.running.stop()
      await leads(second)
    })
    const handedOverAt = performance.now()
    await cluster.eventually('the lease to be the second’s', async () => (await holder()) === 'second')
    await cluster.config(['rex', 'tess', 'morgan'])
    await cluster.entitled(({ agents }) => agents.admitted.length === 3)
    expect(writtenByOthers(handedOverAt, 'second')).toEqual([])

    // Killed: nobody says that he is gone, and the lease has to run out.
    const third = await replica('third')
    await cluster.eventually('the third to be ready', async () => (await probe(third, '/readyz')) === 200)
    const killedAt = performance.now()
    await timed('after a crash', async () => {
      second.door.slam()
      await leads(third)
    })
    await cluster.config(['rex', 'tess'])
    await cluster.entitled(({ agents }) => agents.admitted.length === 2)
    expect(writtenByOthers(killedAt, 'third')).toEqual([])

    // Cut off: it stops leading by its own clock, stays, says that it is not ready, and leads again when the way is free.
    const lift = proxy.rule(when(({ door }) => door === 'third', stall))
    proxy.cutWatches(({ door }) => door === 'third')
    await cluster.eventually('the third to lead no more', () => Promise.resolve(!third.running.operator.leads))
    expect(await probe(third, '/livez')).toBe(200)
    await timed('after being cut off', async () => {
      lift()
      await leads(third)
    })
    await cluster.config(['rex'])
    await cluster.entitled(({ agents }) => agents.admitted.length === 1)
    console.error(`leader: ${took.join(', ')} (lease ${TIMING.durationMs} ms)`)
    checkInvariants(stage)
    await Promise.all([second.running.stop(), third.running.stop()])
    expect(await holder()).toBeUndefined()
    await stage.wipe()
  },
)

test(
  'a leader that is stopped in the midst of its work writes nothing when it goes on',
  { timeout: 120_000 },
  async () => {
    const { cluster, proxy, plane } = stage
    const keys = JSON.stringify({ keys: [stage.vendor.publicJwk] })
    const start = async (name: string) => {
      const door = await proxy.door(name)
      const kubeconfig = join(plane.folder, `${name}.kubeconfig`)
      door.kubeconfig(kubeconfig)
      return startProcess(process.execPath, [join(import.meta.dirname, 'replica.ts'), kubeconfig, keys, name])
    }
    await using alpha = await start('alpha')
    await using beta = await start('beta')
    const processes = { alpha, beta }
    await cluster.config(['rex'])
    // Something to write about, all the time: the count of nodes, in the status of the Entitlement.
    const enough = new AbortController()
    const work = (async () => {
      for (let index = 0; !enough.signal.aborted; index++) {
        const node = eksLikeNode(100 + (index % 50))
        await cluster.client.create(nodes, node, AbortSignal.timeout(5_000))
        await aMoment(5)
        await cluster.remove(nodes, node.metadata.name)
      }
    })()
    work.catch(() => undefined)
    const leader = async (but?: string) =>
      cluster.eventually('a leader', async () => {
        const name = await holder()
        return name !== undefined && name !== but && name in processes ? (name as keyof typeof processes) : undefined
      })
    let rounds = 0
    for (let round = 0; rounds < 5 && round < 20; round++) {
      const old = await leader()
      await cluster.eventually(`${old} to write`, () => Promise.resolve(proxy.writes.at(-1)?.door === old))
      // At another moment of its work each time.
      await aMoment(40 + round * 7)
      process.kill(processes[old].pid, 'SIGSTOP')
      const stoppedAt = performance.now()
      const next = await leader(old)
      await cluster.eventually(`${next} to write`, () => Promise.resolve(proxy.writes.at(-1)?.door === next))
      const takenOverAt = performance.now()
      process.kill(processes[old].pid, 'SIGCONT')
      await aMoment(1_500)
      // Where the machine is so busy that the lease has changed hands again, the old one may write: that round says nothing.
      if ((await holder()) !== next) continue
      rounds++
      const late = proxy.writes.filter(({ door, at }) => door === old && at > stoppedAt + TIMING.renewDeadlineMs)
      expect(late.map(({ verb, resource, name }) => `${verb} ${resource}/${name}`)).toEqual([])
      expect(takenOverAt - stoppedAt).toBeGreaterThan(0)
    }
    expect(rounds).toBe(5)
    enough.abort()
    await work
    checkInvariants(stage)
  },
)
