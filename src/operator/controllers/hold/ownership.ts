// Answers: do we own a field of a workload that belongs to others? Reads who owns the fields that a hold changes; writes the
// API server's record of it, and nothing of the workload itself. It can wait: as long as workloads have to be held, those
// come first.

import type { HoldRecord, Marks } from '../../observed/hold-record.ts'
import { handBackPatch, hasToHandBack } from '../../observed/holding.ts'
import type { Stores } from '../../observed/stores.ts'
import { isHeld, type Workload } from '../../observed/workloads.ts'
import { workloadKey } from '../../../domain/entitlement/facts.ts'
import type { Client } from '../../../kube/client.ts'
import { isConflict, isInvalid, isNotFound } from '../../../kube/errors.ts'
import { awaitChange, lookAgainAt } from '../../../runtime/action.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import { pause } from '../../../runtime/pause.ts'
import { findWorkload, type Found, lookAgain } from './found.ts'

/** To whom the fields of a resumed workload belong, by its key, until they have them back. */
export type Returns = Map<string, HoldRecord>

export interface OwnershipDeps {
  readonly client: Client
  readonly stores: Stores
  readonly marks: Marks
  readonly clock: Clock
  readonly returns: Returns
  /** Whether workloads wait to be held or resumed. */
  readonly isBusy: () => boolean
}

const TRIES = 3
const LATER_MS = 500
const BUSY_MS = 100
/** So long may a great many workloads take to be held. */
const LONGEST_WAIT_MS = 10 * 60_000

/** Keys are those of `workloadKey`. */
export function ownershipController({ client, stores, marks, clock, returns, isBusy }: OwnershipDeps): ControllerSpec {
  return {
    name: 'ownership',
    workers: 4,
    timeoutMs: LONGEST_WAIT_MS,
    async reconcile(key, signal) {
      let found = findWorkload(stores, key)
      if (found === undefined) returns.delete(key)
      if (found === undefined || !hasToHandBack(found.workload)) return awaitChange
      while (isBusy() && !signal.aborted) await pause(BUSY_MS, signal)
      found = findWorkload(stores, key)
      for (let tries = 0; tries < TRIES; tries++) {
        if (found === undefined || (await handBack(key, found, signal))) return awaitChange
        found = await lookAgain(client, found, signal)
      }
      // Somebody writes to it all the time: it will be another moment's turn.
      return lookAgainAt(clock.now() + LATER_MS)
    },
  }

  /** Whether nothing is left to do; if not, somebody else was faster. */
  async function handBack(
    key: string,
    { watched, workload, resourceVersion }: Found,
    signal: AbortSignal,
  ): Promise<boolean> {
    const record = returns.get(key)
    const owners = isHeld(workload, marks) ? undefined : record?.uid === workload.uid ? record.fields : []
    const patch = handBackPatch(workload, resourceVersion, owners, new Date())
    if (patch === undefined) return true
    const { namespace, name } = workload
    try {
      watched.published(await client.jsonPatch(watched.target.resource, { namespace, name }, patch, signal))
    } catch (error) {
      if (isConflict(error) || isInvalid(error)) return false
      if (!isNotFound(error)) throw error
    }
    if (owners !== undefined) returns.delete(key)
    return true
  }
}

/** The key of a workload that has something to be given back. */
export function keyToHandBack(workload: Workload | undefined): string | undefined {
  return workload !== undefined && hasToHandBack(workload) ? workloadKey(workload) : undefined
}
