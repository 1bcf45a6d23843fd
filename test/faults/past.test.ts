// Sieve's second pattern: the operator is restarted into a view of the past, as of an API server that fell behind, for one kind or
// several. As long as it lives there it takes nothing away from anybody, and when it has caught up all is as it would be (T03).
//
// With CTO_FAULTS=all every kind is late on its own; else those that decide most.

import type { Write } from './proxy.ts'
import { expect, test } from 'vitest'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import { deployments, nodes, type Resource, secrets } from '../../src/kube/resource.ts'
import { pagesOnly, timeTravel } from './faults.ts'
import type { List } from './proxy.ts'
import { aMoment, deed, referenceOf, takesAway, useSieve } from './sieve.ts'
import { withoutTimes } from './stage.ts'
import { cronJobs, statefulSets } from '../support/operator.ts'

const sieve = useSieve()

const workloads = [deployments, statefulSets, cronJobs]
const own = [licenses, secrets, platformConfigs, entitlements]
const USUAL: Readonly<Record<string, readonly Resource[]>> = {
  PlatformConfigs: [platformConfigs],
  'licenses and secrets': [licenses, secrets],
  'all of our own': own,
  everything: [...own, ...workloads],
}
const ALL: typeof USUAL = {
  ...USUAL,
  licenses: [licenses],
  secrets: [secrets],
  'the Entitlement': [entitlements],
  workloads,
  nodes: [nodes],
}

const placeOf = ({ resource, namespace, name }: Write) => `${resource}/${namespace}/${name}`

test('a restart into the past', { timeout: 300_000 }, async () => {
  const { stage } = sieve
  stage.proxy.rule(pagesOnly)
  const references = await sieve.undisturbed()
  const failures: string[] = []
  let played = 0
  for (const [name, kinds] of Object.entries(process.env['CTO_FAULTS'] === 'all' ? ALL : USUAL)) {
    if (failures.length > 0) break
    const past = new Map<Resource, List>()
    await sieve.play(async (step) => {
      await sieve.perform(step)
      const what = `${step.name}, restarted into the past of ${name}`
      if (past.size > 0) {
        stage.crash()
        const { promise: caughtUp, resolve: catchUp } = Promise.withResolvers<void>()
        const lift = [...past].map(([kind, list]) => stage.proxy.rule(timeTravel(kind.plural, list, caughtUp)))
        const from = stage.proxy.writes.length
        // It may have nothing to decide on as long as it lives in the past: what it writes is refused as out of date.
        await Promise.race([stage.start().then(() => stage.settle()), aMoment(700)])
        // Made on the view of the past, and removed once an answer told better: that was not there before.
        const since = stage.proxy.writes.slice(from)
        const made = new Set(since.filter(({ changed, before }) => changed && before === undefined).map(placeOf))
        const taken = since.filter((write) => takesAway(write) && !made.has(placeOf(write)))
        if (taken.length > 0) failures.push(`${what}: ${taken.map(deed).join(', ')}`)
        catchUp()
        for (const one of lift) one()
        played++
        const { state } = referenceOf(references, step)
        await stage.reaches(state, what, withoutTimes).catch((error: unknown) => failures.push(String(error)))
        await stage.settle()
      }
      for (const kind of kinds) past.set(kind, await stage.list(kind))
    })
  }
  console.error(`past: ${played} plans`)
  expect(failures).toEqual([])
})
