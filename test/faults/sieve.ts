// The reference scenario on a stage, undisturbed and disturbed: what was done, how it ended, and how to compare the two.

import { afterAll, beforeAll } from 'vitest'
import type { RawObject } from '../../src/kube/object.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkInvariants } from './invariants.ts'
import type { Write } from './proxy.ts'
import { BEGINNING, furnish, scenario, type Step } from './scenario.ts'
import { openStage, type Stage, type State } from './stage.ts'

/** What an undisturbed step did, and how it ended. */
export interface Reference {
  readonly step: Step
  readonly writes: readonly Write[]
  readonly state: State
}

export interface Sieve {
  readonly stage: Stage
  /** Plays the scenario from nothing to nothing. */
  play(perform: (step: Step) => Promise<void>): Promise<void>
  /** Does the step, and waits until the operator has done with it. */
  perform(step: Step): Promise<void>
  undisturbed(): Promise<Reference[]>
}

const STARTED: Step = { name: 'started', act: () => Promise.resolve(), isNoticed: ({ plan }) => plan === 'free' }

export function useSieve(): Sieve {
  const controlPlane = useControlPlane()
  let stage: Stage | undefined
  let steps: readonly Step[] = []

  beforeAll(async () => {
    stage = await openStage(controlPlane.plane)
    await furnish(stage)
    steps = [STARTED, ...(await scenario(stage))]
  })
  afterAll(() => stage?.[Symbol.asyncDispose]())

  const sieve: Sieve = {
    get stage() {
      return stage!
    },
    async play(perform) {
      const { stage } = sieve
      stage.clock = new ManualClock(BEGINNING)
      stage.proxy.writes.length = 0
      const starting = stage.start()
      for (const step of steps) await perform(step)
      await starting
      checkInvariants(stage)
      stage.crash()
      await stage.wipe()
    },
    async perform(step) {
      const { stage } = sieve
      await step.act(stage)
      await stage.cluster.entitled(step.isNoticed, step.name)
      await stage.settle()
    },
    async undisturbed() {
      const { stage } = sieve
      const references: Reference[] = []
      await sieve.play(async (step) => {
        const from = stage.proxy.writes.length
        await sieve.perform(step)
        references.push({ step, writes: stage.proxy.writes.slice(from), state: await stage.state() })
      })
      return references
    },
  }
  return sieve
}

export function referenceOf(references: readonly Reference[], step: Step): Reference {
  const found = references.find((one) => one.step === step)
  if (found === undefined) throw new Error(`no reference of ${step.name}`)
  return found
}

/** `patch deployments/tess`: what is done, to which object. */
export function deed({ verb, resource, name, subresource }: Write): string {
  return `${verb} ${resource}/${name}${subresource === '' ? '' : `/${subresource}`}`
}

/** How often each object was created, deleted, held or resumed. Status is written as often as it takes. */
export function deeds(writes: readonly Write[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const write of writes) {
    if (write.changed && write.subresource === '') counts[deed(write)] = (counts[deed(write)] ?? 0) + 1
  }
  return counts
}

/** Deletes a workload, or scales it down. */
export function takesAway({ verb, resource, before, answer, changed }: Write): boolean {
  const isWorkload = ['deployments', 'statefulsets', 'cronjobs'].includes(resource)
  if (!changed || !isWorkload || before === undefined) return false
  return verb === 'delete' || replicasOf(answer) < replicasOf(before)
}

function replicasOf(object: RawObject | undefined): number {
  const { replicas = 1, suspend } = (object?.['spec'] ?? {}) as { replicas?: number; suspend?: boolean }
  return suspend === true ? 0 : replicas
}

export function aMoment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
