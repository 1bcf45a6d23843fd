// A walk in which each state is compared with what an operator makes of it that begins with it (T16): every plan, licenses that have
// ended, limits that do not suffice, and bad licenses for as long as it takes until the last good one counts no more. What that
// one meant comes back with it.
//
// What depends on the past by design is left out: notices are waited for, no license is over for so long that nothing may be
// created, and the one node is within every limit.

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { KubeError } from '../../src/kube/errors.ts'
import { namespaces } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { addNodes, aLicense, aVendor, catalog, soon, wholeSecond } from '../support/operator.ts'
import { seedOf } from './faults.ts'
import { anySpec } from './generated.ts'
import { checkInvariants } from './invariants.ts'
import { openStage, type Stage, type State } from './stage.ts'

const SEED = seedOf('scratch')
/** Generated states; each bad one comes on top, with the good one before it once more. */
const STATES = process.env['CTO_FAULTS'] === 'all' ? 100 : 7
const BEGINNING = wholeSecond(Date.now() + 1_000 * DAY)
/** As long as the last good license counts, and then the notice of a hold: after that, nothing is so because of the past. */
const RIPENING = [catalog.notice.lastKnownGoodHours * HOUR + HOUR, catalog.notice.holdHours * HOUR + HOUR]
const EACH = RIPENING.reduce((sum, ms) => sum + ms, 0)

const controlPlane = useControlPlane()
let stage: Stage

beforeAll(async () => {
  stage = await openStage(controlPlane.plane)
  await addNodes(stage.cluster, [eksLikeNode(1)])
})

afterAll(() => stage[Symbol.asyncDispose]())

/** What people have written; undefined: there is no such object. */
interface Written {
  readonly name: string
  readonly isBad: boolean
  readonly config: unknown
  readonly license: unknown
}

const plans = catalog.plans.map(({ name }) => name)
const agents = fc.uniqueArray(fc.constantFrom(...catalog.agents.map(({ name }) => name), 'somebody'))
const configs = fc.option(
  fc.tuple(anySpec('platformconfigs'), agents).map(([any, names]) => {
    const { license: _, ...spec } = any
    const enabled = names.map((name) => ({ name, cli: 'claude', model: 'a-model' }))
    return { ...spec, agents: { enabled } }
  }),
  { freq: 12, nil: undefined },
)
const claims = fc.record({
  plan: fc.constantFrom(...plans.filter((plan) => plan !== 'free')),
  agents: fc.constantFrom(-1, -1, 0, 1, 2, 5),
  addons: fc.subarray(['designSystem', 'analytics', 'agentBuilder']),
  daysLeft: fc.constantFrom(3_000, 3_000, 3_000, 3_000, 20, 1, -3, -10, -20),
})
// A Secret that is not there, one that has no license in it, one of another vendor, a key that nobody activated, anything.
const badLicenses = fc.oneof(
  ...['missing', 'half', 'foreign'].map((name) => fc.constant({ secretRef: { namespace: 'cto-system', name } })),
  fc.constant({ secretRef: { namespace: 'cto-system', name: 'half', key: 'other' } }),
  fc.constant({ key: 'lic_0123456789' }),
  anySpec('licenses'),
)
const steps = fc.record({
  config: configs,
  claims: fc.option(claims, { freq: 8, nil: undefined }),
  bad: badLicenses,
})

const mine = new Set<string>()
async function secret(name: string, license: string): Promise<void> {
  mine.add(name)
  await stage.cluster.secret(name, 'license.lic', license)
}

/** The states in the order of the walk; the Secrets that they name are there from now on. */
async function generated(): Promise<Written[]> {
  const walk: Written[] = []
  await secret('half', (await stage.issue({})).slice(0, 100))
  await secret('foreign', await aLicense(await aVendor()))
  for (const [index, step] of fc.sample(steps, { seed: SEED, numRuns: STATES }).entries()) {
    const name = `license-${index}`
    const good: Written = { name: `${index}`, isBad: false, config: step.config, license: undefined }
    const license = { secretRef: { namespace: 'cto-system', name } }
    if (step.claims !== undefined) {
      const { plan, agents, addons, daysLeft } = step.claims
      const expiresAt = BEGINNING + walk.length * EACH + daysLeft * DAY
      await secret(name, await stage.issue({ licenseId: name, plan, addons, limits: { agents }, expiresAt }))
      walk.push({ ...good, license })
    } else walk.push(good)
    const [last = good] = walk.slice(-1)
    // Every other good license goes bad for a while.
    if (index % 2 === 1 || step.claims === undefined || step.claims.daysLeft < 100) continue
    walk.push({ ...last, name: `${index} with a bad license`, isBad: true, license: step.bad })
    walk.push({ ...last, name: `${index} once more` })
  }
  return walk
}

// Replaced and not applied: of an object that becomes empty, applying leaves a null, which the API server refuses.
async function put(kind: typeof licenses, spec: unknown): Promise<void> {
  const { client } = stage.cluster
  const there = await stage.cluster.object(kind, 'acme')
  if (spec === undefined) {
    if (there !== undefined) await stage.cluster.remove(kind, 'acme')
    return
  }
  const metadata = there?.metadata ?? { name: 'acme' }
  const object = { apiVersion: 'cto.5dlabs.io/v1', kind: kind.kind, metadata, spec }
  await (there === undefined ? client.create(kind, object, soon()) : client.replace(kind, object, soon()))
}

/**
 * Takes the license away that was there, and waits until the operator knows. One that ends or is smaller does not take the
 * place of one in force, so that what counts would depend on what was before.
 */
async function forgetLicense(next: unknown): Promise<void> {
  const there = await stage.cluster.object(licenses, 'acme')
  if (there === undefined || isDeepStrictEqual(there['spec'], next)) return
  await stage.cluster.remove(licenses, 'acme')
  await stage.cluster.eventually('the license to be gone', () =>
    Promise.resolve(stage.running.operator.board?.facts?.licenses.every(({ name }) => name !== 'acme') ?? false),
  )
}

/** Takes away whoever runs: who was admitted before keeps his place under a limit, so that who runs would depend on the past. */
async function forgetAgents(): Promise<void> {
  await put(platformConfigs, undefined)
  await stage.cluster.eventually('the agents to be gone', async () => {
    await stage.collectGarbage()
    return (await stage.cluster.entitlement()).agents.admitted.length === 0
  })
}

/** Whether somebody is refused because others came before. */
function limitBinds(state: State): boolean {
  const { agents } = (state['entitlements/cto'] as { status: Status }).status
  return [...agents.refused, ...agents.held].some(({ reason }) => reason === 'AgentLimitReached')
}

/** Writes what is to be written; false if the API server refuses it. */
async function write({ config, license, isBad }: Written): Promise<boolean> {
  try {
    await put(platformConfigs, config)
    if (!isBad) await forgetLicense(license)
    await put(licenses, license)
    await stage.collectGarbage()
    return true
  } catch (error) {
    if (error instanceof KubeError && error.status === 422) return false
    throw error
  }
}

/** Waits until the operator has decided on what is written now. */
async function isDecided(): Promise<void> {
  const { cluster } = stage
  const isThere = async (kind: typeof licenses, doesExist: boolean) => {
    const object = await cluster.object(kind, 'acme')
    if (object === undefined) return !doesExist
    const { conditions = [] } = (object['status'] ?? {}) as { conditions?: { observedGeneration?: number }[] }
    return conditions.some(({ observedGeneration }) => observedGeneration === object.metadata['generation'])
  }
  await cluster.eventually('the operator to have decided', async () => {
    const { facts } = stage.running.operator.board ?? {}
    const hasConfig = facts?.wanted !== undefined
    const hasLicense = facts?.licenses.some(({ name }) => name === 'acme') ?? false
    return (await isThere(platformConfigs, hasConfig)) && (await isThere(licenses, hasLicense))
  })
  await stage.settle()
}

/** Lets all notices run out. */
async function ripen(): Promise<void> {
  for (const ms of RIPENING) {
    stage.clock.advance(ms)
    await stage.settle()
  }
}

interface Agent {
  readonly name: string
  readonly reason?: string
}
interface Status {
  readonly [field: string]: unknown
  readonly agents: { readonly admitted: Agent[]; readonly refused: Agent[]; readonly held: Agent[]; limit: number }
  readonly gate: { readonly [field: string]: unknown }
}
const DECIDED = ['verdict', 'plan', 'organization', 'licenseId', 'expiresAt', 'degradation', 'readOnly', 'guardian']
const GRANTED = ['updates', 'features', 'addons', 'limits', 'deniedFeatures']
const GATE = ['growth', 'anyAgent', 'agents', 'slots', 'refusal']
const named = (agents: readonly Agent[]) => [...new Set(agents.map(({ name }) => name))].toSorted()
const only = (object: Readonly<Record<string, unknown>>, fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, object[field]]))

/** What counts of a state. An agent that may not run is not there, or held: that depends on whether it ever ran. */
function view(state: State): unknown {
  const status = (state['entitlements/cto'] as { status: Status }).status
  const admitted = named(status.agents.admitted)
  const runs = (place: string) => admitted.some((name) => place === `deployments/cto-agents/${name}`)
  const kept = Object.entries(state).filter(
    ([place]) => runs(place) || /^(rolebindings|roles|serviceaccounts|validating\w+)\//.test(place),
  )
  // An account and a role that were once needed stay: without a binding they give nothing.
  const rights = kept.some(([place]) => place === 'rolebindings/cto-agents/guardian')
  return {
    ...only(status, [...DECIDED, ...GRANTED]),
    admitted,
    limit: status.agents.limit,
    notAdmitted: named([...status.agents.refused, ...status.agents.held]),
    gate: only(status.gate, GATE),
    objects: Object.fromEntries(kept.filter(([place]) => rights || !/^(roles|serviceaccounts)\//.test(place))),
    heldButRunning: Object.entries(state)
      .filter(([place]) => place.startsWith('deployments/') && !runs(place))
      .filter(([, object]) => ((object as RawObject)['spec'] as { replicas?: number }).replicas !== 0)
      .map(([place]) => place),
  }
}

test('each state is what it is from scratch, and bad ones leave no mark', { timeout: 900_000 }, async () => {
  const walk = await generated()
  const scratch: (State | undefined)[] = []
  for (const [index, written] of walk.entries()) {
    await stage.cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cto-agents' } })
    stage.clock = new ManualClock(BEGINNING + index * EACH)
    if (!(await write(written))) scratch.push(undefined)
    else {
      await stage.start()
      await isDecided()
      await ripen()
      scratch.push(await stage.state())
      stage.crash()
    }
    await stage.wipe(({ metadata }) => mine.has(metadata.name))
  }
  checkInvariants(stage)
  stage.proxy.writes.length = 0

  stage.clock = new ManualClock(BEGINNING)
  await stage.start()
  let plan: string | undefined
  for (const [index, written] of walk.entries()) {
    const what = `state ${written.name} of seed ${SEED}`
    const expected = scratch[index]
    if (expected !== undefined && limitBinds(expected)) await forgetAgents()
    expect(await write(written), what).toBe(expected !== undefined)
    if (expected === undefined) stage.clock.set(BEGINNING + (index + 1) * EACH)
    else {
      await isDecided()
      if (written.isBad) expect((await stage.cluster.entitlement()).plan, `${what}: the license before`).toBe(plan)
      await ripen()
      await stage.reaches(expected, what, view)
    }
    plan = (await stage.cluster.entitlement()).plan
  }
  checkInvariants(stage)
  const refused = scratch.filter((state) => state === undefined).length
  const bad = walk.filter(({ isBad }) => isBad).length
  console.error(`scratch: ${walk.length} states, ${bad} of them bad, ${refused} refused by the API server`)
})
