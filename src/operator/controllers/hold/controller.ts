// Answers: must this workload be held, or may it run again? Reads the decision; writes the fields that say how many run, and
// our marks.

import { isDeepStrictEqual } from 'node:util'
import { type HoldRecord, type Marks, unsignedRecord } from '../../observed/hold-record.ts'
import {
  fieldsToRestore,
  holdPatch,
  type JsonPatch,
  mendPatch,
  recordOfHold,
  resumePatch,
  unmarkPatch,
  whoDecided,
} from '../../observed/holding.ts'
import type { Stores } from '../../observed/stores.ts'
import { isHeld, type Mark, type Workload } from '../../observed/workloads.ts'
import type { Decision } from '../../../domain/entitlement/decision.ts'
import { workloadKey } from '../../../domain/entitlement/facts.ts'
import type { Client } from '../../../kube/client.ts'
import { isConflict, isInvalid, isNotFound } from '../../../kube/errors.ts'
import type { EventReason, Happening } from '../../../domain/entitlement/reasons.ts'
import type { EventRecorder } from '../../../kube/events.ts'
import { awaitChange } from '../../../runtime/action.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import type { DecisionBoard } from '../current-decision.ts'
import type { TamperingReporter } from '../tampering.ts'
import { findWorkload, type Found, lookAgain } from './found.ts'
import type { Returns } from './ownership.ts'

export interface HoldDeps {
  readonly client: Client
  readonly stores: Stores
  readonly board: DecisionBoard
  readonly events: EventRecorder<EventReason>
  readonly marks: Marks
  /** Told to whom the fields belong that a resume writes. */
  readonly returns: Returns
  readonly reportTampering: TamperingReporter
}

/** One write to a workload, and what follows when it was made. */
interface Deed {
  readonly patch: JsonPatch
  /** Before it is written: the watch may bring it before the answer comes. */
  readonly begin?: () => void
  readonly undo?: () => void
  readonly done?: () => void
}

// So often a hold insists on what it saw; then it takes the number that it saw last.
const EXACT_TRIES = 3
const MOST_TRIES = EXACT_TRIES + 1

/** Keys are those of `workloadKey`. */
export function holdController({
  client,
  stores,
  board,
  events,
  marks,
  returns,
  reportTampering,
}: HoldDeps): ControllerSpec {
  return {
    name: 'hold',
    workers: 16,
    async reconcile(key, signal) {
      let found = findWorkload(stores, key)
      for (let tries = 1; found !== undefined && board.current !== undefined; tries++) {
        const deed = deedFor(key, found.workload, board.current, tries <= EXACT_TRIES)
        if (deed === undefined || (await carryOut(found, deed, tries, signal))) break
        found = await lookAgain(client, found, signal)
      }
      return awaitChange
    },
  }

  function deedFor(key: string, workload: Workload, decision: Decision, exactly: boolean): Deed | undefined {
    const { agents, memory } = decision
    const record = marks.recordOf(workload)
    const isIt = (agent: { readonly key: string }) => agent.key === key
    const refusal = () => (agents.refused.find(isIt) ?? agents.held.find(isIt))?.message
    // Whoever has stopped it meanwhile has done himself what was to be done.
    if (agents.toHold.has(key) && workload.replicas > 0) return hold(workload, refusal() ?? '', exactly)
    if (record === undefined) return unmark(workload)
    if (workload.replicas > 0) return isOurConcern(key, workload, decision) ? settle(workload, record) : undefined
    if (memory.admitted.has(key) && !agents.toHold.has(key)) return settle(workload, record)
    return isIntact(workload, record) ? undefined : mend(workload, record, refusal() ?? workload.mark?.reason ?? '')
  }

  function hold(workload: Workload, reason: string, exactly: boolean): Deed | undefined {
    const before = recordOfHold(workload, marks.recordOf(workload) ?? returns.get(workloadKey(workload)))
    if (before === undefined) return undefined
    const record = marks.begin(before)
    const { kind, name, replicas } = workload
    return {
      patch: holdPatch(workload, markOf(record, reason), exactly),
      done: () => say(workload, 'Warning', 'Held', `Held ${kind} ${name} (${replicas} to 0 replicas): ${reason}`),
    }
  }

  /** The hold is over: the workload may run, or does already. */
  function settle(workload: Workload, record: HoldRecord): Deed {
    const key = workloadKey(workload)
    const restored = fieldsToRestore(workload, record)
    const resumes = restored.some(({ path }) => path === workload.fields[0]?.path)
    const { kind, name, replicas } = workload
    return {
      patch: resumePatch(workload, restored),
      begin() {
        marks.end(workload, record)
        if (restored.length > 0) returns.set(key, record)
      },
      undo: () => marks.reopen(workload, record),
      done() {
        if (resumes) {
          say(workload, 'Normal', 'Resumed', `Resumed ${kind} ${name} with ${record.replicas} replicas`)
        } else if (replicas === 0) {
          const who = whoDecided(workload).join(', ') || 'kubectl apply'
          const note = `${kind} ${name} may run again and stays at 0 replicas: ${who} has set them while it was held`
          say(workload, 'Normal', 'NotResumed', note)
        }
      },
    }
  }

  /** What somebody else did to the marks of a hold that goes on is undone. */
  function mend(workload: Workload, record: HoldRecord, reason: string): Deed {
    const mark = markOf(record, reason)
    // Signed by a key that is lost, or not at all by an operator that did not sign: nobody has changed anything.
    const isTrue = isDeepStrictEqual(unsignedRecord(workload), record)
    return {
      patch: mendPatch(workload, mark),
      done() {
        if (!isTrue || workload.mark?.replicas !== mark.replicas) reportTampering(referenceTo(workload), 'changed')
      },
    }
  }

  function isIntact(workload: Workload, record: HoldRecord): boolean {
    return marks.isSigned(workload) && workload.mark?.replicas === String(record.replicas)
  }

  /** Marks that we did not write. A workload that belongs to another one has them from that one, and gets them again. */
  function unmark(workload: Workload): Deed | undefined {
    const { kind, name, namespace, replicas } = workload
    const isGoverned = stores.managedNamespaces.store.get(namespace) !== undefined
    if (workload.mark === undefined || workload.controller !== undefined || workload.fields.length === 0 || !isGoverned)
      return undefined
    return {
      patch: unmarkPatch(workload),
      done() {
        if (replicas > 0) return
        const note = `The marks of a hold on ${kind} ${name} are not the operator's and have been removed; it is not held, scale it to start it`
        say(workload, 'Warning', 'MarkNotOurs', note)
      },
    }
  }

  function isOurConcern(key: string, { namespace }: Workload, { memory }: Decision): boolean {
    return memory.admitted.has(key) || stores.managedNamespaces.store.get(namespace) !== undefined
  }

  function markOf(record: HoldRecord, reason: string): Required<Mark> {
    return { record: marks.sign(record), replicas: String(record.replicas), reason }
  }

  /** Whether nothing is left to do: it was written, or the workload is gone. If not, it is not what it seemed to be. */
  async function carryOut({ watched, workload }: Found, deed: Deed, tries: number, signal: AbortSignal) {
    const { namespace, name } = workload
    deed.begin?.()
    try {
      watched.written(await client.jsonPatch(watched.target.resource, { namespace, name }, deed.patch, signal))
    } catch (error) {
      deed.undo?.()
      if (isNotFound(error)) return true
      if ((isInvalid(error) || isConflict(error)) && tries < MOST_TRIES) return false
      throw error
    }
    deed.done?.()
    return true
  }

  function say(workload: Workload, type: 'Normal' | 'Warning', reason: Happening, note: string): void {
    events.record({ regarding: referenceTo(workload), type, reason, action: reason, note })
  }
}

function referenceTo({ apiVersion, kind, name, namespace, uid }: Workload) {
  return { apiVersion, kind, name, namespace, uid }
}

/** The keys that have something to do under the decision. */
export function keysToHoldOrResume(board: DecisionBoard, stores: Stores, marks: Marks): string[] {
  const agents = board.current?.agents
  if (agents === undefined) return []
  const marked = stores.workloads.flatMap(({ store }) =>
    store.values().filter((workload) => workload.mark !== undefined || isHeld(workload, marks)),
  )
  return [...new Set([...agents.toHold, ...marked.map(workloadKey)])]
}
