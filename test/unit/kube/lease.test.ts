// The rules of leader election alone: what is done when, and that no two replicas may ever write at once, whatever stops,
// slows or drops.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hearsLeader,
  type LeaseSpec,
  type LeaseTiming,
  nextStep,
  released,
  renewed,
  type Standing,
  taken,
  writableUntil,
} from '../../../src/kube/lease.ts'

const TIMING: LeaseTiming = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
const NOW = new Date('2026-11-21T08:00:00Z')
const follower = (spec: LeaseSpec | undefined, at = 0): Standing => ({ kind: 'follower', seen: { spec, at } })
const theirs: LeaseSpec = { holderIdentity: 'b', leaseDurationSeconds: 12, leaseTransitions: 4 }
const ghost: LeaseSpec = { holderIdentity: 'ghost', leaseDurationSeconds: 2_147_483 }

describe('what is done when', () => {
  test.each<readonly [what: string, standing: Standing, now: number, step: ReturnType<typeof nextStep>]>([
    ['nothing is known yet', { kind: 'follower' }, 5, { kind: 'wait', until: Number.POSITIVE_INFINITY }],
    ['there is no lease', follower(undefined), 5, { kind: 'take' }],
    ['it was released', follower({ leaseDurationSeconds: 15 }), 5, { kind: 'take' }],
    ['it is from before our restart', follower({ ...theirs, holderIdentity: 'a' }), 5, { kind: 'take' }],
    ['another has it, for as long as he said', follower(theirs, 100), 12_099, { kind: 'wait', until: 12_100 }],
    ['another had it', follower(theirs, 100), 12_100, { kind: 'take' }],
    ['another says that he has it for weeks', follower(ghost, 100), 101, { kind: 'wait', until: 15_100 }],
    ['another has ended', { kind: 'follower', seen: { spec: theirs, at: 0, isHolderGone: true } }, 1, { kind: 'take' }],
    ['another did not say for how long', follower({ holderIdentity: 'b' }, 0), 0, { kind: 'wait', until: 15_000 }],
    ['an attempt just failed', { ...follower(undefined), triedAt: 90 }, 100, { kind: 'wait', until: 2_090 }],
    ['it was just renewed', { kind: 'leader', renewedAt: 100 }, 101, { kind: 'wait', until: 5_100 }],
    ['half the time is over', { kind: 'leader', renewedAt: 100 }, 5_100, { kind: 'renew' }],
    ['renewing failed', { kind: 'leader', renewedAt: 0, triedAt: 5_000 }, 5_001, { kind: 'wait', until: 7_000 }],
    ['renewing failed late', { kind: 'leader', renewedAt: 0, triedAt: 9_000 }, 9_100, { kind: 'wait', until: 10_000 }],
    ['the deadline is there', { kind: 'leader', renewedAt: 0, triedAt: 9_000 }, 10_000, { kind: 'step-down' }],
  ])('%s', (_what, standing, now, step) => {
    expect(nextStep(standing, 'a', TIMING, now)).toEqual(step)
  })
})

test.each<readonly [what: string, standing: Standing, now: number, hears: boolean]>([
  ['nothing is known yet', { kind: 'follower' }, 5, false],
  ['there is no lease', follower(undefined), 5, false],
  ['it was released', follower({ leaseDurationSeconds: 15 }), 5, false],
  ['it was just renewed', follower(theirs, 100), 101, true],
  ['its leader may not write any more', follower(theirs, 100), 10_100, false],
  ['it is said to last for weeks', follower(ghost, 100), 10_100, false],
  ['it lasts a second', follower({ ...theirs, leaseDurationSeconds: 1 }, 100), 1_100, false],
  ['another has ended', { kind: 'follower', seen: { spec: theirs, at: 0, isHolderGone: true } }, 1, false],
  ['it is from before our restart', follower({ ...theirs, holderIdentity: 'a' }), 5, false],
  ['we lead', { kind: 'leader', renewedAt: 0 }, 5, false],
])('whether another leads, when %s', (_what, standing, now, hears) => {
  expect(hearsLeader(standing, 'a', TIMING, now)).toBe(hears)
})

test('what is written keeps what others wrote, and counts changes of hands', () => {
  const time = '2026-11-21T08:00:00.000000Z'
  expect(taken(undefined, 'a', TIMING, NOW)).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  })
  const foreign = { ...theirs, preferredHolder: 'x' } as LeaseSpec
  expect(taken(foreign, 'a', TIMING, NOW)).toMatchObject({ preferredHolder: 'x', leaseTransitions: 5 })
  const mine = { ...theirs, holderIdentity: 'a', acquireTime: 'long ago' }
  expect(taken(mine, 'a', TIMING, NOW)).toMatchObject({ acquireTime: 'long ago', leaseTransitions: 4 })
  expect(renewed(mine, NOW)).toEqual({ ...mine, renewTime: time })
  expect(released(mine, NOW)).not.toHaveProperty('holderIdentity')
})

// A model: one lease with versions, replicas that see it late or not at all, are stopped for any time, and whose requests may
// be lost, slow, or arrive without an answer. Each replica has a monotonic clock of its own, and reads no other.
interface Replica {
  readonly name: string
  readonly skew: number
  standing: Standing
  /** The version of the lease that it knows. */
  version: number
}

const happening = fc.record({
  afterMs: fc.oneof(fc.nat(300), fc.nat(3_000), fc.nat(20_000)),
  /** Who gets his turn; all others stand still meanwhile. */
  replica: fc.nat(2),
  delivery: fc.constantFrom('ok', 'ok', 'ok', 'lost', 'no answer', 'slow'),
  looks: fc.boolean(),
})

test('no two replicas may write at once', () => {
  let elections = 0
  fc.assert(
    fc.property(
      fc.array(happening, { minLength: 50, maxLength: 200 }),
      fc.tuple(fc.nat(), fc.nat()),
      (story, skews) => {
        let time = 0
        let lease: { readonly spec: LeaseSpec; readonly version: number } | undefined
        const replicas = ['a', 'b', 'c'].map((name, index): Replica => ({
          name,
          skew: skews[index] ?? 0,
          standing: { kind: 'follower' },
          version: -1,
        }))
        for (const { afterMs, replica, delivery, looks } of story) {
          time += afterMs
          const one = replicas[replica]!
          const now = time + one.skew
          if (one.standing.kind === 'follower' && looks && one.version !== (lease?.version ?? 0)) {
            one.version = lease?.version ?? 0
            one.standing = { ...one.standing, seen: { spec: lease?.spec, at: now } }
          }
          const step = nextStep(one.standing, one.name, TIMING, now)
          if (step.kind === 'step-down') one.standing = { kind: 'follower' }
          else if (step.kind !== 'wait') {
            if (delivery === 'slow') time += 2_500
            const arrives = delivery !== 'lost' && one.version === (lease?.version ?? 0)
            if (arrives) {
              const before = lease?.spec ?? {}
              const spec = step.kind === 'take' ? taken(lease?.spec, one.name, TIMING, NOW) : renewed(before, NOW)
              lease = { spec, version: (lease?.version ?? 0) + 1 }
            }
            if (arrives && delivery !== 'no answer') {
              if (step.kind === 'take') elections++
              one.version = lease?.version ?? 0
              one.standing = { kind: 'leader', renewedAt: now }
            } else if (step.kind === 'renew' && looks && lease?.spec.holderIdentity !== one.name) {
              one.standing = { kind: 'follower' }
            } else {
              // Whose renewal failed looks what stands there; if it is still his, he goes on from that.
              if (step.kind === 'renew' && looks) one.version = lease?.version ?? 0
              one.standing = { ...one.standing, triedAt: now }
            }
          }
          const writers = replicas.filter(({ standing, skew }) => time + skew < writableUntil(standing, TIMING))
          expect(writers.length).toBeLessThanOrEqual(1)
        }
      },
    ),
    { numRuns: 300 },
  )
  expect(elections).toBeGreaterThan(1_000)
})
