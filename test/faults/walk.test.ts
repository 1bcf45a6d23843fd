// A walk through generated PlatformConfigs and licenses, good and bad, with crashes on the way (Acto's three oracles; T16). After
// anything bad the last good one brings everything back; what a good one leads to does not depend on what was before.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/time.ts'
import { isConflict, isInvalid } from '../../src/kube/errors.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, aLicense, aVendor, soon, wholeSecond } from '../support/operator.ts'
import { anySpec } from './generated.ts'
import { randomFrom } from './faults.ts'
import { checkInvariants } from './invariants.ts'
import { openStage, type Stage, type State, withoutFields } from './stage.ts'

const SEED = Number(process.env['CTO_SEED'] ?? Date.now() % 1_000_000)
const isThorough = process.env['CTO_FAULTS'] === 'all'
const STEPS = isThorough ? 300 : 40
/** How many of the good states are reached from nothing too. */
const FROM_SCRATCH = isThorough ? 40 : 6

const controlPlane = useControlPlane()
let stage: Stage
beforeAll(async () => {
  stage = await openStage(controlPlane.plane)
  await addNodes(stage.cluster, [eksLikeNode(1), eksLikeNode(2)])
})
afterAll(() => stage[Symbol.asyncDispose]())

type Spec = Record<string, unknown>

/** What is wanted and what was bought. */
interface Wish {
  readonly config: Spec
  readonly license: string
}

const AGENTS = ['rex', 'blaze', 'tess', 'morgan', 'cypher']
const anyConfig = fc
  .tuple(anySpec('platformconfigs'), fc.subarray(AGENTS), fc.constantFrom('a-model', 'another-model'))
  .map(([spec, names, model]): Spec => {
    const agents = {
      ...(spec['agents'] as Spec | undefined),
      enabled: names.map((name) => ({ name, cli: 'claude', model })),
    }
    // A key by chance is none, and would be refused every time.
    const { key: _, ...license } = (spec['license'] ?? {}) as Spec
    return { ...spec, license, agents }
  })
const anyPurchase = fc.record({
  plan: fc.constantFrom('team', 'business', 'enterprise'),
  days: fc.integer({ min: 100, max: 900 }),
  agents: fc.integer({ min: 5, max: 40 }),
})

const BAD_CONFIGS: readonly Spec[] = [
  { agents: { enabled: [{ name: 'rex' }, { name: 'rex' }] } },
  { agents: { enabled: [{ name: 'Not A Name' }] } },
  { deployment: { type: 'cloud' } },
  { license: { key: 'a license file' } },
  { license: { tier: 'no-such-plan' }, agents: { enabled: [] } },
  {},
]

/** Ways in which a license goes bad, that are bad in themselves and not because of what was before. */
async function badLicenses(good: string): Promise<readonly string[]> {
  const now = wholeSecond(stage.clock.now())
  return [
    '',
    'this is no license',
    good.slice(0, good.length / 2),
    good.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    await aLicense(await aVendor(), { licenseId: 'foreign' }),
    await stage.issue({ product: 'ipmi-monitor', plan: 'professional' }),
    await stage.issue({ expiresAt: now - 100 * DAY }),
    await stage.issue({ notBefore: now + 50 * DAY, expiresAt: now + 500 * DAY }),
  ]
}

/** As `kubectl replace` does: what applying would not even send arrives too. */
async function put(spec: Spec): Promise<void> {
  const { client } = stage.cluster
  for (;;) {
    const live = await stage.cluster.object(platformConfigs, 'acme')
    const { resourceVersion } = live?.metadata ?? {}
    const metadata = { name: 'acme', ...(resourceVersion === undefined ? {} : { resourceVersion }) }
    const config = { apiVersion: 'cto.5dlabs.io/v1', kind: 'PlatformConfig', metadata, spec }
    try {
      await (live === undefined
        ? client.create(platformConfigs, config, soon())
        : client.replace(platformConfigs, config, soon()))
      return
    } catch (error) {
      // The operator has written the status meanwhile.
      if (!isConflict(error)) throw error
    }
  }
}

/** False when the API server refuses it: then nothing has happened. */
async function accepted(spec: Spec): Promise<boolean> {
  try {
    await put(spec)
    return true
  } catch (error) {
    if (isInvalid(error)) return false
    throw error
  }
}

async function rest(): Promise<State> {
  // Long enough for a watch to tell what was done just now.
  await new Promise((resolve) => setTimeout(resolve, 60))
  await stage.settle()
  await stage.collectGarbage()
  await stage.settle()
  return stage.state()
}

// When something became so depends on the way there. So does whether the guardian was ever wanted: who it is stays, and
// grants nothing as long as it is not bound.
const PAST = new Set([
  'recovering',
  'marks',
  'seal',
  'since',
  'lastTransitionTime',
  ...['roles', 'serviceaccounts'].map((plural) => `${plural}/cto-agents/guardian`),
])
const withoutPast = (state: State) => withoutFields(state, PAST)

test('a walk', { timeout: isThorough ? 3_600_000 : 240_000 }, async () => {
  const draw = randomFrom(SEED)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!
  const configs = fc.sample(anyConfig, { numRuns: STEPS, seed: SEED })
  const purchases = fc.sample(anyPurchase, { numRuns: STEPS, seed: SEED })
  const counts = { good: 0, bad: 0, refused: 0, crashes: 0 }
  const been: { wish: Wish; state: State }[] = []
  const now = wholeSecond(stage.clock.now())
  let serial = 0
  const buy = async (index: number) => {
    const { plan, days, agents } = purchases[index]!
    // In one line: the newest counts, also one that is smaller.
    return stage.issue({ serial: ++serial, plan, expiresAt: now + days * DAY, limits: { agents } })
  }

  let wish: Wish = { config: { agents: { enabled: [{ name: 'rex' }] } }, license: await buy(0) }
  const wanted = async ({ config, license }: Wish) => {
    await stage.cluster.installLicense(license)
    await put(config)
  }
  await wanted(wish)
  await stage.start()
  let good = await rest()

  for (let step = 0; step < STEPS; step++) {
    const where = `seed ${SEED}, step ${step}`
    const kind = draw()
    if (kind < 0.15) {
      counts.crashes++
      stage.crash()
      await stage.start()
      await stage.reaches(good, `${where}: after a crash`, withoutPast)
    } else if (kind < 0.55) {
      counts.bad++
      if (kind < 0.3) {
        if (!(await accepted(pick(BAD_CONFIGS)))) counts.refused++
      } else if (kind < 0.5) await stage.cluster.installLicense(pick(await badLicenses(wish.license)))
      else if (kind < 0.52) await stage.cluster.remove(licenses, 'acme')
      else await stage.cluster.remove(platformConfigs, 'acme')
      await rest()
      await wanted(wish)
      await stage.reaches(good, `${where}: the last good one again`, withoutPast)
    } else {
      const next = { ...wish, ...(kind < 0.85 ? { config: configs[step]! } : { license: await buy(step) }) }
      if (!(await accepted(next.config))) {
        counts.refused++
        continue
      }
      counts.good++
      await wanted(next)
      wish = next
      good = await rest()
      been.push({ wish, state: good })
    }
    checkInvariants(stage)
  }

  const again = been.filter((_, index) => index % Math.ceil(been.length / FROM_SCRATCH) === 0)
  for (const [index, { wish, state }] of again.entries()) {
    stage.crash()
    await stage.wipe()
    await wanted(wish)
    await stage.start()
    await stage.reaches(state, `seed ${SEED}, good state ${index}: from nothing`, withoutPast)
  }
  checkInvariants(stage)
  console.error(
    `walk: seed ${SEED}, ${STEPS} steps: ${counts.good} good, ${counts.bad} bad, ${counts.crashes} crashes, ` +
      `${counts.refused} refused by the API server; ${again.length} good states reached from nothing too`,
  )
  expect(counts.good).toBeGreaterThan(STEPS / 10)
  expect(counts.bad).toBeGreaterThan(STEPS / 10)
})
