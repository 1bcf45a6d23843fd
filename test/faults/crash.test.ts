// Sieve's first pattern, on every write there is: the operator is killed right after it, and started again. Every plan has to end
// where the undisturbed run ended, and nothing is created, deleted, held or resumed more often on the way (T01, T02).
//
// The plans come from the recorded trace of the undisturbed run; how many there were is printed.

import { expect, test } from 'vitest'
import { deed, deeds, type Reference, referenceOf, useSieve } from './sieve.ts'
import { difference, withoutTimes } from './stage.ts'

const sieve = useSieve()

interface Plan {
  readonly deed: string
  /** After the how manieth of its kind in the step. */
  readonly occurrence: number
}

function plansFor({ writes }: Reference): Plan[] {
  const counts = new Map<string, number>()
  return writes
    .filter(({ changed }) => changed)
    .map((write) => {
      const occurrence = (counts.get(deed(write)) ?? 0) + 1
      counts.set(deed(write), occurrence)
      return { deed: deed(write), occurrence }
    })
}

test('a crash right after each write, and a restart', { timeout: 300_000 }, async () => {
  const { stage } = sieve
  const references = await sieve.undisturbed()
  const plansOf = new Map(references.map((reference) => [reference.step, plansFor(reference)]))
  const all = [...plansOf.values()]
  const planned = all.reduce((sum, plans) => sum + plans.length, 0)
  const failures: string[] = []
  let played = 0
  let extraStatus = 0
  // In each round one plan of each step: a step ends where it has to, so that the next one can be disturbed as well.
  for (let round = 0; round < Math.max(...all.map((plans) => plans.length)) && failures.length === 0; round++) {
    await sieve.play(async (step) => {
      const reference = referenceOf(references, step)
      const plan = plansOf.get(step)?.[round]
      const from = stage.proxy.writes.length
      let restarted: Promise<unknown> | undefined
      let seen = 0
      stage.proxy.onWritten = (write) => {
        if (plan === undefined || !write.changed || deed(write) !== plan.deed || ++seen !== plan.occurrence) return
        stage.crash()
        restarted = stage.start()
        played++
      }
      await sieve.perform(step)
      await restarted
      const what = `${step.name}, crash after ${plan?.deed} (${plan?.occurrence})`
      await stage.reaches(reference.state, what, withoutTimes).catch((error: unknown) => failures.push(String(error)))
      await stage.settle()
      stage.proxy.onWritten = () => undefined
      const writes = stage.proxy.writes.slice(from)
      const more = difference(deeds(reference.writes), deeds(writes))
      if (more !== '') failures.push(`${what}: ${more}`)
      extraStatus += writes.length - reference.writes.length
    })
  }
  console.error(
    `crash: ${planned} plans, ${played} played, ${extraStatus} writes of status more than in as many undisturbed steps`,
  )
  expect(failures).toEqual([])
  // A status that sums up two changes at once is written once: then there is no second to crash after.
  expect(played).toBeGreaterThan(planned * 0.8)
})
