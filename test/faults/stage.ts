// A cluster with an operator behind the proxy, and a clock that the test sets. The operator can be stopped as a SIGKILL stops
// it: not a byte comes from it any more, whatever it had begun.

import { isDeepStrictEqual } from 'node:util'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import type { ControlPlane } from '../../src/devtools/control-plane/control-plane.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import type { RawObject } from '../../src/kube/object.ts'
import {
  admissionPolicies,
  admissionPolicyBindings,
  deployments,
  namespaces,
  type Resource,
  resourcePath,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../src/kube/resource.ts'
import type { OperatorSettings } from '../../src/operator/operator.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  aLicense,
  aVendor,
  type Cluster,
  connect,
  cronJobs,
  prepare,
  type RunningOperator,
  runOperator,
  soon,
  statefulSets,
} from '../support/operator.ts'
import { type Door, type FaultProxy, type List, startFaultProxy } from './proxy.ts'

/** All kinds that the operator writes, or that say what it decided. */
export const KINDS: readonly Resource[] = [
  namespaces,
  deployments,
  statefulSets,
  cronJobs,
  secrets,
  serviceAccounts,
  roles,
  roleBindings,
  platformConfigs,
  licenses,
  entitlements,
  admissionPolicies,
  admissionPolicyBindings,
]

/** All objects, by kind and name, without what differs from run to run. */
export type State = Readonly<Record<string, unknown>>

export interface Stage extends AsyncDisposable {
  readonly plane: ControlPlane
  readonly cluster: Cluster
  readonly proxy: FaultProxy
  readonly vendor: SigningKey
  /** The plan of each license that the vendor issued, by its id. */
  readonly issued: Map<string, string>
  /** Issues a license; it is on record then. */
  issue(claims: Partial<LicenseClaims>): Promise<string>
  clock: ManualClock
  /** The operator that runs, or ran last. */
  readonly running: RunningOperator
  readonly door: Door
  start(settings?: Partial<OperatorSettings>): Promise<RunningOperator>
  /** As a SIGKILL. */
  crash(): void
  /** Waits until the operator has nothing to do and writes nothing any more. */
  settle(): Promise<void>
  state(): Promise<State>
  /** Waits until all objects are so, as far as the view goes; fails with what is different. */
  reaches(expected: State, what: string, view?: (state: State) => unknown, patienceMs?: number): Promise<void>
  /** What the garbage collector does, of which there is none here: deletes what a PlatformConfig owned that is gone. */
  collectGarbage(): Promise<void>
  /** The API server has come back as another one, with another address. */
  moveTo(plane: ControlPlane): Promise<void>
  /** Everything of a kind as the API server has it now. */
  list(resource: Resource): Promise<List>
  /** Deletes what the operator made and what the test did, but what is to be kept. */
  wipe(keep?: (object: RawObject) => boolean): Promise<void>
}

export async function openStage(
  plane: ControlPlane,
  { now = Date.now(), settings = {} }: { now?: number; settings?: Partial<OperatorSettings> } = {},
): Promise<Stage> {
  let cluster = await connect(plane.kubeconfigPath)
  await prepare(cluster)
  const proxy = await startFaultProxy(plane)
  const vendor = await aVendor()
  const dying: Promise<void>[] = []
  let running: RunningOperator | undefined
  let door: Door | undefined
  let doors = 0

  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('no operator was started')
    return value
  }
  const list = async (resource: Resource) =>
    (await cluster.client.raw(resourcePath(resource), soon())) as List & { items: RawObject[] }

  const stage: Stage = {
    plane,
    get cluster() {
      return cluster
    },
    proxy,
    vendor,
    issued: new Map(),
    issue(claims) {
      const { licenseId = `lic-${stage.issued.size}`, plan = 'team' } = claims
      stage.issued.set(licenseId, plan)
      return aLicense(vendor, { ...claims, licenseId, plan })
    },
    clock: new ManualClock(now),
    get running() {
      return present(running)
    },
    get door() {
      return present(door)
    },
    async start(more = {}) {
      door = await proxy.door(`operator-${++doors}`)
      const entered = door
      const options = { clock: stage.clock, awaitsDecision: false, election: ELECTION, ...settings, ...more }
      const started = await runOperator(entered.access(), vendor, options)
      // Who is killed while it starts never decides.
      if (entered.slammed) dying.push(started.stop())
      else {
        running = started
        await Promise.race([started.operator.ready, entered.gone])
      }
      return started
    },
    crash() {
      door?.slam()
      if (running !== undefined) dying.push(running.stop())
    },
    async settle() {
      let last = -1
      for (let quiet = 0; quiet < 3;) {
        await running?.operator.idle()
        await new Promise((resolve) => setTimeout(resolve, 30))
        quiet = proxy.writes.length === last ? quiet + 1 : 0
        last = proxy.writes.length
      }
    },
    async state() {
      const lists = await Promise.all(KINDS.map(async (kind) => ({ kind, list: await list(kind) })))
      const entries = lists.flatMap(({ kind, list: { items } }) =>
        items.filter((item) => concerns(kind, item)).map((item) => [`${kind.plural}/${placeOf(item)}`, normal(item)]),
      )
      return Object.fromEntries(entries) as State
    },
    async reaches(expected, what, view = (state) => state, patienceMs = 20_000) {
      const deadline = performance.now() + patienceMs
      for (;;) {
        const found = view(await stage.state())
        if (isDeepStrictEqual(found, view(expected))) return
        if (performance.now() > deadline) throw new Error(`${what}: ${difference(view(expected), found)}`)
        await stage.collectGarbage()
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    },
    async collectGarbage() {
      const alive = new Set((await list(platformConfigs)).items.map(({ metadata }) => metadata.uid))
      for (const kind of [deployments, roleBindings, roles, serviceAccounts]) {
        for (const { metadata } of (await list(kind)).items) {
          const owners = (metadata['ownerReferences'] ?? []) as { uid: string }[]
          if (owners.length === 0 || owners.some(({ uid }) => alive.has(uid))) continue
          await cluster.remove(kind, metadata.name, metadata.namespace).catch(() => undefined)
        }
      }
    },
    async moveTo(plane) {
      cluster = await connect(plane.kubeconfigPath)
      proxy.moveTo(plane)
    },
    list,
    async wipe(keep = () => false) {
      for (const kind of KINDS) {
        if (kind === namespaces) continue
        for (const item of (await list(kind)).items) {
          if (!concerns(kind, item) || keep(item)) continue
          const { name, namespace } = item.metadata
          await cluster.remove(kind, name, namespace).catch(() => undefined)
        }
      }
      // A namespace would not go without its controller; without its label it is as good as new.
      if ((await cluster.object(namespaces, 'cto-agents')) !== undefined) {
        const labels = { metadata: { labels: null } }
        await cluster.client.mergePatch(namespaces, { name: 'cto-agents' }, labels, soon())
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(dying)
      await running?.stop()
      await proxy[Symbol.asyncDispose]()
    },
  }
  return stage
}

function concerns(kind: Resource, { metadata }: RawObject): boolean {
  if (kind === namespaces) return metadata.name.startsWith('cto-')
  if (kind.namespaced) return metadata.namespace?.startsWith('cto-') === true && metadata.name !== 'default'
  return true
}

function placeOf({ metadata: { namespace, name } }: RawObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}

// One after the other, each in the place of one that was killed: it leads at once, and no trouble lasts longer than its lease.
const ELECTION = { identity: 'operator', timing: { durationMs: 120_000, renewDeadlineMs: 80_000, retryMs: 200 } }

const OF_THE_RUN: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'generation',
  'observedGeneration',
  // Signed with a key that each installation makes for itself, or made of UIDs.
  'marks',
  'seal',
  'serial',
  'controllers',
  'recovering',
  'cto.5dlabs.io/hold-record',
])

function normal(value: unknown): unknown {
  return withoutFields(value, OF_THE_RUN)
}

/** The same without the fields of these names, however deep. */
export function withoutFields(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutFields(one, names))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => !names.has(name))
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutFields(one, names)]))
}

// Times, that there was once a node more, what vanished a moment ago: that is remembered on purpose. And what is signed with a
// key that each installation makes for itself.
const PAST = new Set([
  'lastTransitionTime',
  'since',
  'nextChangeAt',
  'highest',
  'peak',
  'pastPeaks',
  'overSince',
  'overUntil',
  'graceEndsAt',
  'recovering',
  'marks',
  'seal',
])

const TIMES = new Set(['lastTransitionTime', 'since'])

/** All but when something became so. */
export function withoutTimes(state: State): unknown {
  return withoutFields(state, TIMES)
}

/** What does not depend on what was before. */
export function withoutPast(state: State): unknown {
  return withoutFields(state, PAST)
}

/** What is different, path by path: a few lines for a person. */
export function difference(expected: unknown, found: unknown, path = ''): string {
  if (isDeepStrictEqual(expected, found)) return ''
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
  if (!isTree(expected) || !isTree(found)) {
    return `\n  ${path}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)?.slice(0, 500)}`
  }
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
  return names.map((name) => difference(expected[name], found[name], `${path}/${name}`)).join('')
}
