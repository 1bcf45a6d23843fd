// Answers: does the API server enforce the policies, and by the decision that is published? It is asked in dry runs, so that
// nothing is made. Reports the finding `gate`.

import { backoffDelay } from '../../../runtime/backoff.ts'
import type { KubeObject } from '../../../kube/object.ts'
import type { Client } from '../../../kube/client.ts'
import { KubeError } from '../../../kube/errors.ts'
import { deployments } from '../../../kube/resource.ts'
import { type Action, awaitChange, lookAgainAt } from '../../../runtime/action.ts'
import { isReason } from '../../../domain/entitlement/reasons.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import type { Finding } from '../../../domain/health/finding.ts'
import type { HealthBoard } from '../health-board.ts'
import {
  admittedProbe,
  type Answer,
  type Place,
  refusedProbe,
  troubleWithAdmitted,
  type Trouble,
  troubleWithRefused,
} from './gate-probes.ts'

export interface GateCheckDeps {
  readonly client: Client
  readonly clock: Clock
  readonly health: HealthBoard
  readonly place: Place
  /** Whether the API server has admission policies; undefined as long as that is not known. */
  readonly supported: () => boolean | undefined
  /** The serial of the decision that is published; undefined before the first, and before all policies are written. */
  readonly serial: () => string | undefined
  /** Has it tried again after so many ms. */
  readonly askAgain: (ms: number) => void
  /** Called once, when the gate has been found closed. */
  readonly onClosed: () => void
}

export interface GateCheck extends ControllerSpec {
  /**
   * Whether the gate has been found closed in this term. Also when nobody can tell because something else answers for the API
   * server: that is said, and must not keep the operator from its work.
   */
  readonly closed: boolean
  /** Whether the last answers were not as they must be: whatever changes may have mended it. */
  readonly isTroubled: boolean
}

/** The one key. */
export const GATE_KEY = 'gate'
const TYPE = 'GateVerified'
const CLOSED: Finding = {
  type: TYPE,
  healthy: true,
  reason: 'GateClosed',
  message:
    'in a dry run, the API server refused an agent that no license admits, by the published decision, and took one that does not run',
}
// A policy or decision is known to the API server a second after it was written, or two.
const PATIENCE_MS = 5_000
const BACKOFF = { firstMs: 100, longestMs: 400 }
const TROUBLE_AGAIN_MS = 30_000
/** The API server did not come to an answer. A webhook that cannot be reached is one: nothing can be created then. */
const NO_ANSWERS: ReadonlySet<number> = new Set([0, 401, 429, 502, 503, 504])

export function gateCheck(deps: GateCheckDeps): GateCheck {
  const { client, clock, health, place } = deps
  let closed = false
  let failures = 0
  /** Since when it has not been as it must be, by a clock that nobody can set. */
  let failingSince: number | undefined

  return {
    name: 'gate-check',
    workers: 1,
    get closed() {
      return closed
    },
    get isTroubled() {
      return !closed || failingSince !== undefined
    },
    async reconcile(_key, signal): Promise<Action> {
      const serial = deps.serial()
      if (deps.supported() !== true || serial === undefined) return awaitChange
      const trouble = await tryGate(serial, signal)
      if (trouble === undefined) {
        failures = 0
        failingSince = undefined
        health.report(GATE_KEY, CLOSED)
        return awaitChange
      }
      failures++
      failingSince ??= clock.elapsed()
      if (clock.elapsed() - failingSince < PATIENCE_MS) {
        deps.askAgain(backoffDelay(BACKOFF, failures))
        return awaitChange
      }
      health.report(GATE_KEY, { type: TYPE, healthy: false, ...trouble })
      if (trouble.reason === 'GateNotTried') setClosed()
      return lookAgainAt(clock.now() + TROUBLE_AGAIN_MS)
    },
  }

  function setClosed(): void {
    if (closed) return
    closed = true
    deps.onClosed()
  }

  async function tryGate(serial: string, signal: AbortSignal): Promise<Trouble | undefined> {
    const refused = troubleWithRefused(await ask(refusedProbe(place), signal), serial, place)
    if (refused === undefined || refused.reason === 'GateOutdated') setClosed()
    return refused ?? troubleWithAdmitted(await ask(admittedProbe(place), signal), place)
  }

  /** @throws KubeError when the API server has no answer */
  async function ask(deployment: KubeObject, signal: AbortSignal): Promise<Answer> {
    try {
      await client.create(deployments, { ...deployment, metadata: { ...deployment.metadata } }, signal, {
        dryRun: true,
      })
      return undefined
    } catch (error) {
      if (error instanceof KubeError && !NO_ANSWERS.has(error.status)) return error
      throw error
    }
  }
}

const NOT_TRIED: Finding = {
  type: TYPE,
  healthy: false,
  pending: true,
  reason: 'CarryingOut',
  message: 'whether the API server enforces the admission policies is about to be tried',
}

/** What was found before this term holds until it is tried in it. */
export function formerFinding(status: unknown): Finding {
  const { conditions = [] } = (status ?? {}) as { conditions?: readonly FormerCondition[] }
  const found = Array.isArray(conditions) ? conditions.find((condition) => condition.type === TYPE) : undefined
  const { status: is = 'Unknown', reason = '', message = '' } = found ?? {}
  return is === 'Unknown' || !isReason(reason) ? NOT_TRIED : { type: TYPE, healthy: is === 'True', reason, message }
}

interface FormerCondition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
}
