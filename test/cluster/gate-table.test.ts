// The policies against the table: each case is a dry run on a real API server, of which nothing remains.

import { beforeAll, expect, test } from 'vitest'
import type { GateStatus } from '../../src/api/entitlement.ts'
import { type ApiAnswer, type ApiRequest, apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import { desiredPolicies } from '../../src/operator/controllers/policy/desired.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { catalog, type Cluster, connect, prepare } from '../support/operator.ts'
import * as table from './gate-table.ts'
import {
  manifest,
  type Manifest,
  pathOf,
  resourceOf,
  restarted,
  withImage,
  withLabel,
  withPods,
  withWants,
} from './gate-workloads.ts'

const KUBERNETES = 'system:serviceaccount:kube-system:deployment-controller'
const controlPlane = useControlPlane({
  users: { [KUBERNETES]: 'system:masters', [table.OPERATOR]: 'system:masters' },
})
const AT_ONCE = 24
const DRY = '?dryRun=All'
const WORLDS = Object.keys(table.WORLDS) as table.World[]

/** A case with what is asked and what must be answered. */
interface Play {
  readonly what: string
  readonly world: table.World
  readonly expected: table.Expected
  readonly ask: () => Promise<ApiAnswer>
}

interface Special {
  readonly what: string
  readonly world: table.World
  readonly kind: table.Kind
  readonly name: string
  /** What is written, from what is there. */
  readonly change: (live: Manifest) => Manifest
  /** How the writer calls itself. */
  readonly manager?: string
  readonly by?: string
  readonly method?: 'PUT' | 'DELETE'
  /** A phrase of the refusal; undefined: it passes. */
  readonly says: string | undefined
}

const withSpec = (spec: object) => (live: Manifest) => ({ ...live, spec: { ...live.spec, ...spec } })
const withoutMark = (live: Manifest) => {
  const { annotations: _, ...metadata } = withWants(live, 1).metadata
  return { ...withWants(live, 1), metadata }
}

/** What the axes do not have. */
const SPECIALS: readonly Special[] = [
  ...(
    [
      ['parallelism is raised', 'Job', 'runs', withSpec({ parallelism: 50 }), 'may not grow: MESSAGE'],
      ['parallelism is lowered', 'Job', 'runs', withSpec({ parallelism: 0 }), undefined],
      ['a Job is suspended', 'Job', 'runs', withSpec({ suspend: true }), undefined],
      [
        'a deadline of a Job is changed',
        'Job',
        'runs',
        withSpec({ activeDeadlineSeconds: 9 }),
        'may not change: MESSAGE',
      ],
      [
        'a Job that has ended is cleared away later',
        'Job',
        'ended',
        withSpec({ ttlSecondsAfterFinished: 9 }),
        undefined,
      ],
      ['a schedule is changed', 'CronJob', 'runs', withSpec({ schedule: '* * * * *' }), 'may not change: MESSAGE'],
      ['a CronJob is suspended', 'CronJob', 'runs', withSpec({ suspend: true }), undefined],
      ['a rollout is paused', 'Deployment', 'runs', withSpec({ paused: true }), undefined],
      ['a strategy is changed', 'Deployment', 'runs', withSpec({ minReadySeconds: 9 }), 'may not change: MESSAGE'],
      ['it is restarted', 'StatefulSet', 'runs', restarted, undefined],
      [
        'claims are kept',
        'StatefulSet',
        'runs',
        withSpec({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Retain' } }),
        undefined,
      ],
      [
        'the image is changed',
        'DaemonSet',
        'runs',
        (live: Manifest) => withImage(live, 'img:2'),
        'may not change: MESSAGE',
      ],
    ] as const
  ).map(([what, kind, name, change, says]) => ({
    what: `read-only: ${what}`,
    world: 'read-only' as const,
    kind,
    name,
    change,
    says,
  })),
  ...kinds().map((kind) => ({
    what: `read-only: a ${kind} is deleted`,
    world: 'read-only' as const,
    kind,
    name: 'runs',
    change: (live: Manifest) => live,
    method: 'DELETE' as const,
    says: undefined,
  })),
  {
    what: 'what was held is resumed by the operator',
    world: 'closed',
    kind: 'Deployment',
    name: 'held',
    change: withoutMark,
    by: table.OPERATOR,
    manager: 'cto-operator',
    says: undefined,
  },
  {
    what: "what was held is replaced by a person who has the operator's user",
    world: 'closed',
    kind: 'Deployment',
    name: 'held',
    change: withoutMark,
    by: table.OPERATOR,
    manager: 'kubectl-replace',
    says: 'is not licensed: MESSAGE',
  },
  {
    what: 'what was held is resumed by somebody else',
    world: 'closed',
    kind: 'Deployment',
    name: 'held',
    change: withoutMark,
    says: 'is not licensed: MESSAGE',
  },
  {
    what: 'the operator starts what it does not resume',
    world: 'closed',
    kind: 'Deployment',
    name: 'held',
    change: (live) => withWants(live, 1),
    by: table.OPERATOR,
    manager: 'cto-operator',
    says: 'is not licensed: MESSAGE',
  },
  {
    what: 'a Job that has ended is restarted by its parallelism, which starts nothing',
    world: 'closed',
    kind: 'Job',
    name: 'ended',
    change: withSpec({ parallelism: 5 }),
    says: undefined,
  },
  {
    what: 'pods with the image of an agent, there before the policies, are restarted',
    world: 'open, with free places',
    kind: 'Deployment',
    name: 'unnamed',
    change: restarted,
    says: undefined,
  },
  {
    what: 'pods with the image of an agent, there before the policies, become more',
    world: 'open, with free places',
    kind: 'Deployment',
    name: 'unnamed',
    change: (live) => withWants(live, 5),
    says: 'runs an agent: put the label',
  },
]

function kinds(): readonly table.Kind[] {
  return table.CREATE.kind
}

let cluster: Cluster
const asked = { 'a person': undefined as unknown as ApiRequest, Kubernetes: undefined as unknown as ApiRequest }
const fixtures = new Map<string, Manifest>()
const workloads: Record<string, string> = {}

function slug(text: string | undefined): string {
  return text === undefined ? 'none' : text === '' ? 'empty' : text.replaceAll(/[^a-z]+/g, '-')
}

/** All combinations of the values, with how many of them are not the usual ones, and a number that is the same in each run. */
function* combinations<A extends Readonly<Record<string, readonly unknown[]>>>(
  axes: A,
): Generator<{ it: table.Case<A>; steps: number; index: number }> {
  const names = Object.keys(axes)
  const sizes = names.map((name) => axes[name]?.length ?? 0)
  const all = sizes.reduce((product, size) => product * size, 1)
  for (let index = 0; index < all; index++) {
    let rest = index
    let steps = 0
    const it: Record<string, unknown> = {}
    for (const [position, name] of names.entries()) {
      const at = rest % (sizes[position] ?? 1)
      rest = Math.floor(rest / (sizes[position] ?? 1))
      if (at > 0) steps++
      it[name] = axes[name]?.[at]
    }
    yield { it: it as table.Case<A>, steps, index }
  }
}

/** All that are at most so many steps from the usual case, and one in `sample`, a prime number, of the others. */
function* chosen<A extends Readonly<Record<string, readonly unknown[]>>>(
  axes: A,
  isPossible: (it: table.Case<A>) => boolean,
  { steps: most, sample }: { readonly steps: number; readonly sample: number },
): Generator<{ it: table.Case<A>; index: number }> {
  let others = 0
  for (const { it, steps, index } of combinations(axes)) {
    if (!isPossible(it)) continue
    if (steps <= most || others++ % sample === 0) yield { it, index }
  }
}

const isListable = (label: string | undefined, state: table.Create['state']) =>
  label !== undefined || state === 'unknown' || state === 'crowded'

function canBeCreated({ kind, label, wants, owner, state, by, image }: table.Create): boolean {
  if (kind === 'DaemonSet' && wants === 0) return false
  if (state === 'under its own name' && (label === undefined || label === '')) return false
  if (by === 'Kubernetes' && image !== 'img:1') return false
  return isListable(label, state) && (label !== undefined || owner === 'none')
}

function canBeUpdated({ kind, label, change, wanted, wants, state, pods, edit }: table.Update): boolean {
  if (kind === 'DaemonSet' && (wanted !== 1 || wants !== 1)) return false
  if (kind === 'CronJob' && wants === 2) return false
  // What a Job runs never changes.
  if (kind === 'Job' && (edit !== 'nothing else' || pods !== (change === 'put on' ? 'none' : 'as above'))) return false
  return isListable(label, state) && (label !== undefined || change === 'kept')
}

function canHaveItsStatusWritten({ kind, label, change, wanted, state }: table.StatusWrite): boolean {
  if (kind === 'DaemonSet' && wanted === 0) return false
  return isListable(label, state) && (label !== undefined || change === 'kept')
}

const canBeScaled = ({ label, selector, state }: table.Scale) =>
  isListable(label, state) && (label !== undefined || selector === 'hides')

/** Has the gate know the workload in that state. */
function list(kind: table.Kind, name: string, label: string | undefined, state: table.Create['state']): void {
  if (state === 'unknown' || state === 'crowded' || state === 'under its own name') return
  const entry = state === 'admitted as another' ? 'admitted blaze' : `${state} ${label}`
  workloads[`${resourceOf(kind)}/${table.GOVERNED}/${name}`] = `${entry} img:1`
}

const namespaceFor = (state: table.Create['state']) => (state === 'crowded' ? table.CROWDED : table.GOVERNED)

const CRON_JOB = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'x', controller: true }
const ROLLOUT = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'x', controller: true }
const OWNERS: Readonly<Record<table.Create['owner'], readonly object[] | undefined>> = {
  none: undefined,
  'known controller': [{ ...ROLLOUT, uid: table.UIDS.rollout }],
  'forged controller': [{ ...ROLLOUT, uid: table.UIDS.nobody }],
  'CronJob that is called a Rollout': [{ ...ROLLOUT, uid: table.UIDS.cronJob }],
  'CronJob that runs': [{ ...CRON_JOB, uid: table.UIDS.cronJob }],
  'CronJob that does not run': [{ ...CRON_JOB, uid: table.UIDS.nobody }],
}

function createPlay(it: table.Create): Play {
  const { kind, label, state, wants, image } = it
  const name = state === 'under its own name' ? (label ?? '') : `c-${slug(label)}-${slug(state)}`
  list(kind, name, label, state)
  const namespace = namespaceFor(state)
  const owned = OWNERS[it.owner]
  const object = manifest({
    kind,
    name,
    namespace,
    label,
    podLabel: table.podLabel(it),
    wants,
    image,
    ...(owned === undefined ? {} : { owners: owned }),
  })
  return {
    what: `create ${JSON.stringify(it)}`,
    world: it.world,
    expected: table.expectedOfCreate(it),
    ask: () => asked[it.by]('POST', pathOf(kind, namespace) + DRY, object),
  }
}

interface Before {
  readonly kind: table.Kind
  readonly label: table.Create['label']
  readonly change: table.Update['change']
  readonly wanted: number
  readonly state: table.Update['state']
  readonly shown?: boolean
}

/** The workload as it is before the write. What is the same for several cases is there once. */
function fixture({ kind, label, change, wanted, state, shown = false }: Before): {
  key: string
  name: string
  namespace: string
} {
  const { before } = table.labels({ label, change })
  const name = `f-${slug(label)}-${before === undefined ? 'bare' : 'worn'}-${wanted}-${slug(state)}${shown ? '-shown' : ''}`
  const namespace = namespaceFor(state)
  const key = pathOf(kind, namespace, name)
  if (!fixtures.has(key)) {
    fixtures.set(key, manifest({ kind, name, namespace, label: before, podLabel: before, wants: wanted, shown }))
    list(kind, name, label, state)
  }
  return { key, name, namespace }
}

function live(key: string): Manifest {
  const object = fixtures.get(key)
  if (object === undefined) throw new Error(`there is no ${key}`)
  return object
}

function after(it: table.Update, key: string): Manifest {
  let object = withWants(withLabel(live(key), table.labels(it).after), it.wants)
  // Kubernetes writes labels of its own on the pods of a Job, and takes no others.
  if (it.kind !== 'Job') object = withPods(object, table.podLabel(it))
  if (it.edit === 'restart') object = restarted(object)
  if (it.edit === 'image') object = withImage(object, 'img:2')
  const owned = OWNERS[it.owner]
  return owned === undefined ? object : { ...object, metadata: { ...object.metadata, ownerReferences: owned } }
}

/** By replacing it, or by a patch. */
function updatePlay(it: table.Update, index: number): Play {
  const { key } = fixture(it)
  const request = () => asked[it.by]
  return {
    what: `update ${JSON.stringify(it)}`,
    world: it.world,
    expected: table.expectedOfUpdate(it),
    ask: () => {
      const object = after(it, key)
      if (index % 2 === 0) return request()('PUT', key + DRY, object)
      const { labels = {}, ownerReferences = [] } = object.metadata
      const patch = [
        { op: 'add', path: '/metadata/labels', value: labels },
        { op: 'add', path: '/metadata/ownerReferences', value: ownerReferences },
        { op: 'replace', path: '/spec', value: object.spec },
      ]
      return request()('PATCH', key + DRY, patch, 'application/json-patch+json')
    },
  }
}

function statusPlay(it: table.StatusWrite, keepsLabels: ReadonlyMap<table.Kind, boolean>): Play {
  const { key } = fixture(it)
  return {
    what: `status ${JSON.stringify(it)}`,
    world: it.world,
    expected: table.expectedOfStatus(it, keepsLabels.get(it.kind) === true),
    ask: () => asked[it.by]('PUT', `${key}/status${DRY}`, withLabel(live(key), table.labels(it).after)),
  }
}

function scalePlay(it: table.Scale): Play {
  const { key, name, namespace } = fixture({ ...it, change: 'kept', shown: it.selector === 'shows' })
  const spec = { replicas: it.wants }
  return {
    what: `scale ${JSON.stringify(it)}`,
    world: it.world,
    expected: table.expectedOfScale(it),
    ask: () =>
      asked[it.by]('PUT', `${key}/scale${DRY}`, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name, namespace },
        spec,
      }),
  }
}

function addSpecial(kind: table.Kind, name: string, more: Partial<Parameters<typeof manifest>[0]>): void {
  const object = manifest({ kind, name, label: 'rex', podLabel: 'rex', wants: 1, ...more })
  const annotations = { 'cto.5dlabs.io/held-replicas': '1' }
  const metadata = name === 'held' ? { ...object.metadata, annotations } : object.metadata
  fixtures.set(pathOf(kind, table.GOVERNED, name), { ...object, metadata })
}

// Before 1.31, Kubernetes knows one condition of a Job that is complete; since then it demands two.
async function endJob(): Promise<void> {
  const key = pathOf('Job', table.GOVERNED, 'ended')
  const now = new Date().toISOString()
  const endedBy = (...types: readonly string[]) => {
    const conditions = types.map((type) => ({ type, status: 'True', lastTransitionTime: now, lastProbeTime: now }))
    return { conditions, startTime: now, completionTime: now, succeeded: 1 }
  }
  const write = (status: object) => controlPlane.request('PUT', `${key}/status`, { ...live(key), status })
  let status = endedBy('SuccessCriteriaMet', 'Complete')
  let answer = await write(status)
  if (answer.status === 422) answer = await write((status = endedBy('Complete')))
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  fixtures.set(key, { ...live(key), status })
}

async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** What is wrong with the answer; undefined if it is as expected. */
function mistake({ what, expected }: Play, { status, body }: ApiAnswer): string | undefined {
  const { message = '' } = body as { message?: string }
  const isRefused = status === 403
  if (!isRefused && status >= 300) return `${what}: not a fair try: ${status} ${message}`
  if (expected.length === 0) return isRefused ? `${what}: refused: ${message}` : undefined
  if (!isRefused) return `${what}: passed, and should be refused: ${expected.join(' or ')}`
  return expected.some((phrase) => message.includes(phrase))
    ? undefined
    : `${what}: refused by other words than ${expected.join(' or ')}: ${message}`
}

/** Has the API server work from that world; resolves once it does. */
async function enter(world: table.World): Promise<void> {
  const serial = `serial-${WORLDS.indexOf(world)}`
  const base: GateStatus = {
    growth: 'Open',
    message: 'MESSAGE',
    anyAgent: false,
    agents: ['rex', 'blaze'],
    refusal: 'REFUSAL',
    slots: 5,
    slotsMessage: 'SLOTS',
    createMessage: 'ENDED',
    workloads,
    crowded: [table.CROWDED],
    controllers: { [`Rollout/${table.UIDS.rollout}`]: 'rex', [`CronJob/${table.UIDS.cronJob}`]: 'rex' },
    operator: table.OPERATOR,
    attended: true,
    mayCreate: [],
    // One is there, and one was deleted.
    frozen: ['live', 'frozen'].map((name) => ({ name, spec: { agents: { enabled: [] } } })),
    serial,
  }
  const status = { readOnly: world === 'read-only', gate: { ...base, ...table.WORLDS[world] } }
  const path = '/apis/cto.5dlabs.io/v1/entitlements/cto/status'
  const { status: code, body } = await controlPlane.request('PATCH', path, { status }, 'application/merge-patch+json')
  expect(code, JSON.stringify(body)).toBe(200)
  const probe = manifest({ kind: 'Deployment', name: 'probe', label: 'cto-gate-probe', wants: 1 })
  await cluster.eventually(`the API server to enforce ${serial}`, async () => {
    const answer = await controlPlane.request('POST', pathOf('Deployment', table.GOVERNED) + DRY, probe)
    return (answer.body as { message?: string }).message?.endsWith(`: the gate is closed; decision ${serial}`)
  })
}

/** Whether a status of that kind leaves the labels as they are: that is Kubernetes' own business. */
const keepsLabels = new Map<table.Kind, boolean>()
const creates: Play[] = []
const updates: Play[] = []
const statusWrites: table.StatusWrite[] = []
const scales: Play[] = []

beforeAll(async () => {
  for (const { it } of chosen(table.CREATE, canBeCreated, { steps: 3, sample: 151 })) creates.push(createPlay(it))
  for (const { it, index } of chosen(table.UPDATE, canBeUpdated, { steps: 2, sample: 499 }))
    updates.push(updatePlay(it, index))
  for (const { it } of chosen(table.STATUS, canHaveItsStatusWritten, { steps: 2, sample: 41 })) {
    fixture(it)
    statusWrites.push(it)
  }
  for (const { it } of chosen(table.SCALE, canBeScaled, { steps: 2, sample: 23 })) scales.push(scalePlay(it))

  for (const kind of kinds()) addSpecial(kind, 'runs', {})
  addSpecial('Job', 'ended', {})
  addSpecial('Deployment', 'held', { wants: 0 })
  addSpecial('Deployment', 'unnamed', { label: undefined, podLabel: undefined, image: table.GOVERNED_IMAGE })

  const { plane, request } = controlPlane
  cluster = await connect(plane.kubeconfigPath)
  await prepare(cluster)
  asked['a person'] = request
  asked.Kubernetes = apiRequester({ ...plane, token: plane.userTokens[KUBERNETES] ?? '' })
  for (const name of [table.GOVERNED, table.CROWDED, 'elsewhere']) {
    const labels = name === 'elsewhere' ? {} : { 'cto.5dlabs.io/managed': 'true' }
    await request('POST', '/api/v1/namespaces', { metadata: { name, labels } })
  }
  await inParallel(fixtures.keys(), async (key) => {
    const { status, body } = await request('POST', key.replace(/\/[^/]*$/, ''), live(key))
    expect(status, JSON.stringify(body)).toBe(201)
    const { metadata, ...rest } = body as Manifest
    const { name, namespace, labels, annotations } = metadata
    fixtures.set(key, {
      ...rest,
      metadata: {
        name,
        namespace,
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    })
  })
  await endJob()
  for (const kind of kinds()) {
    const { key } = fixture({ kind, label: 'rex', change: 'kept', wanted: 1, state: 'unknown' })
    const { body } = await request('PUT', `${key}/status${DRY}`, withLabel(live(key), 'blaze'))
    keepsLabels.set(kind, (body as Manifest).metadata.labels?.[table.LABEL] === 'rex')
  }
  await request('POST', '/apis/cto.5dlabs.io/v1/entitlements', {
    apiVersion: 'cto.5dlabs.io/v1',
    kind: 'Entitlement',
    metadata: { name: 'cto' },
    spec: { product: 'cto' },
  })
  for (const object of desiredPolicies(catalog)) {
    const plural =
      object.kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolicies' : 'validatingadmissionpolicybindings'
    const { status, body } = await request('POST', `/apis/admissionregistration.k8s.io/v1/${plural}`, object)
    expect(status, JSON.stringify(body)).toBe(201)
  }
  await enter('closed')
  for (const play of [
    scales.find(({ world, expected }) => world === 'closed' && expected.length > 0),
    creates.find(({ expected }) => expected[0]?.includes('workload itself')),
  ]) {
    await cluster.eventually(play?.what ?? '', async () => (await play?.ask())?.status === 403)
  }
}, 120_000)

test(
  'each way to create, change and scale a workload is answered as the table says',
  { timeout: 180_000 },
  async () => {
    const plays = [...creates, ...updates, ...statusWrites.map((it) => statusPlay(it, keepsLabels)), ...scales]
    const mistakes: string[] = []
    const refused = new Map<string, number>()
    const started = performance.now()
    for (const world of WORLDS) {
      await enter(world)
      await inParallel(
        plays.filter((play) => play.world === world),
        async (play) => {
          const wrong = mistake(play, await play.ask())
          if (wrong !== undefined) mistakes.push(wrong)
          for (const sentence of play.expected) refused.set(sentence, (refused.get(sentence) ?? 0) + 1)
        },
      )
    }
    console.log(
      `gate table: ${plays.length} combinations in ${Math.round(performance.now() - started)} ms (${creates.length} created, ${updates.length} updated, ${statusWrites.length} by status, ${scales.length} scaled; ${fixtures.size} workloads)`,
    )
    console.log(Object.fromEntries(refused))
    expect(mistakes.slice(0, 20), `${mistakes.length} mistakes`).toEqual([])
  },
)

test.each(SPECIALS)(
  '$what',
  async ({ what, world, kind, name, change, by, manager = 'a-person', method = 'PUT', says }) => {
    await enter(world)
    const { plane } = controlPlane
    const request =
      by === undefined ? controlPlane.request : apiRequester({ ...plane, token: plane.userTokens[by] ?? '' })
    const key = pathOf(kind, table.GOVERNED, name)
    const path = `${key}${DRY}&fieldManager=${manager}`
    const answer = await request(method, path, method === 'DELETE' ? undefined : change(live(key)))
    const ask = () => Promise.resolve(answer)
    expect(mistake({ what, world, expected: says === undefined ? [] : [says], ask }, answer)).toBeUndefined()
  },
)

test('read-only: a PlatformConfig changes in its license only, and is made anew only as it was', async () => {
  const path = '/apis/cto.5dlabs.io/v1/platformconfigs'
  const config = (name: string, spec: object) => ({
    apiVersion: 'cto.5dlabs.io/v1',
    kind: 'PlatformConfig',
    metadata: { name },
    spec,
  })
  const asItWas = { agents: { enabled: [] } }
  await enter('open, with free places')
  expect((await controlPlane.request('POST', path, config('live', asItWas))).status).toBe(201)
  await enter('read-only')
  const post = async (name: string, spec: object) =>
    (await controlPlane.request('POST', path + DRY, config(name, spec))).status
  const change = async (spec: object) =>
    (await controlPlane.request('PATCH', `${path}/live${DRY}`, { spec }, 'application/merge-patch+json')).status
  expect(await post('frozen', asItWas)).toBe(201)
  expect(await post('frozen', { ...asItWas, license: { organization: 'Acme' } })).toBe(201)
  expect(await post('frozen', { agents: { enabled: [{ name: 'rex' }] } })).toBe(403)
  expect(await post('frozen', { ...asItWas, guardian: { enabled: true } })).toBe(403)
  expect(await post('frozen', {})).toBe(403)
  expect(await post('another', asItWas)).toBe(403)
  expect(await change({ license: { organization: 'Acme' } })).toBe(200)
  expect(await change({ guardian: { enabled: true } })).toBe(403)
  expect(await change({ agents: null })).toBe(403)
})
