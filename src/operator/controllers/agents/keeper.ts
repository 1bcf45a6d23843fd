// Keeps objects as they are wanted, without a storm of writes: what the API server made of ours is accepted, what others
// change is put right and said, and what they change again and again, or the cluster refuses, is tried ever more rarely.

import { FIELD_MANAGER } from '../../../api/names.ts'
import type { KubeObject } from '../../../kube/object.ts'
import type { RawObject } from '../../../kube/object.ts'
import type { Client } from '../../../kube/client.ts'
import { firstDifference, partOf, type Path, pathInWords } from '../../../kube/drift.ts'
import { KubeError } from '../../../kube/errors.ts'
import { managersOf } from '../../../kube/field-managers.ts'
import type { Resource } from '../../../kube/resource.ts'
import { type Backoff, backoffDelay } from '../../../runtime/backoff.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { HealthBoard } from '../health-board.ts'
import { calmAt, type Contest, CONTEST_TIMING, type ContestTiming, mayRestoreAt, restoredAgain } from './contest.ts'

export interface Kept {
  readonly resource: Resource
  readonly desired: KubeObject
  /** Another text for each other `desired`. */
  readonly version: string
  /** The fields that are watched over, as they are wanted. */
  readonly wanted: object
  /** The same fields as the watch saw them; undefined: it saw no such object. */
  readonly live?: unknown
  /** No watch sees it: it is written once for each version. */
  readonly isUnwatched?: boolean
  /** Take fields over from other managers. */
  readonly force: boolean
  /** What it does not help to have in another form: a rewritten answer counts as a refusal. */
  readonly mustBeAsWanted?: boolean
  /** Asked when the first write was not taken: the object may be somebody else's. */
  readonly isTheirs?: (error: KubeError) => Promise<boolean>
  /** Takes in the API server's answer. */
  readonly written: (answer: RawObject) => void
}

/** What somebody else did to an object of ours. */
export interface Restored {
  readonly object: KubeObject
  readonly uid: string | undefined
  readonly what: 'changed' | 'deleted'
  /** The field, in words; empty for one that was deleted. */
  readonly field: string
  /** Who has written it, as the API server recorded it. */
  readonly manager: string
}

export interface KeeperDeps {
  readonly client: Client
  readonly clock: Clock
  readonly health: HealthBoard
  readonly onRestored: (restored: Restored) => void
  readonly timing?: KeeperTiming
}

export interface KeeperTiming {
  readonly contest: ContestTiming
  readonly refusal: Backoff
  /** How long a refusal may last until it is reported, in ms: the gate hears of a decision a moment later than we do. */
  readonly patienceMs: number
}

const TIMING: KeeperTiming = {
  contest: CONTEST_TIMING,
  refusal: { firstMs: 100, longestMs: 2 * 60_000 },
  patienceMs: 1_500,
}

interface Known {
  version: string
  /** It has been seen as it was expected, or written: it does not become so for the first time. */
  wasThere: boolean
  /** What came back, where that is not what was wanted. */
  answered?: unknown
  contest?: Contest
  refusal?: { readonly since: number; readonly failures: number; readonly tryAt: number }
}

/** What is there now, and how it differs from what is expected. */
interface Difference {
  readonly current: RawObject | undefined
  readonly path: Path
}

export class Keeper {
  readonly #deps: KeeperDeps
  readonly #timing: KeeperTiming
  readonly #known = new Map<string, Known>()

  constructor(deps: KeeperDeps) {
    this.#deps = deps
    this.#timing = deps.timing ?? TIMING
  }

  /** Brings one object to what it must be. Throws what is no refusal of this object. */
  async keep(kept: Kept, signal: AbortSignal): Promise<'kept' | 'theirs'> {
    const key = keyOf(kept)
    const known = this.#known.get(key)
    const isSame = known?.version === kept.version
    const expected = isSame ? (known.answered ?? kept.wanted) : kept.wanted
    if (isSettled(kept, expected, isSame ? known : undefined)) {
      this.#isAsExpected(key, kept.version, known)
      return 'kept'
    }
    if (isSame && this.#waits(known)) return 'kept'
    try {
      await this.#putRight(kept, expected, known, signal)
      return 'kept'
    } catch (error) {
      if (!isRefusal(error)) throw error
      if ((await kept.isTheirs?.(error)) === true) {
        this.forget(key)
        return 'theirs'
      }
      // A conflict is over when everybody has looked again.
      if (error.status === 409) throw error
      this.#refused(kept, wordsOf(error))
      return 'kept'
    }
  }

  /** Nothing is kept of an object that is no longer wanted. */
  forget(key: string): void {
    this.#known.delete(key)
    this.#deps.health.report(`contested/${key}`, undefined)
    this.#deps.health.report(`applied/${key}`, undefined)
  }

  /** Forgets all but these. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#known.keys()) if (!keys.has(key)) this.forget(key)
  }

  /** In how many ms something has to be looked at again; undefined: only when something changes. */
  nextLook(): number | undefined {
    const now = this.#deps.clock.elapsed()
    const due = [...this.#known.values()].flatMap(({ contest, refusal }) => [
      ...(contest === undefined ? [] : [calmAt(contest, this.#timing.contest), this.#mayRestoreAt(contest)]),
      ...(refusal === undefined ? [] : [refusal.tryAt]),
    ])
    const next = Math.min(...due.filter((at) => at > now))
    return Number.isFinite(next) ? next - now : undefined
  }

  #mayRestoreAt(contest: Contest): number {
    return mayRestoreAt(contest, this.#timing.contest)
  }

  #isAsExpected(key: string, version: string, known: Known | undefined): void {
    const { health, clock } = this.#deps
    if (known === undefined) {
      this.#known.set(key, { version, wasThere: true })
      return
    }
    known.wasThere = true
    if (known.version !== version) {
      known.version = version
      delete known.answered
    }
    if (known.refusal !== undefined) {
      delete known.refusal
      health.report(`applied/${key}`, undefined)
    }
    if (known.contest === undefined || calmAt(known.contest, this.#timing.contest) > clock.elapsed()) return
    delete known.contest
    health.report(`contested/${key}`, undefined)
  }

  #waits({ contest, refusal }: Known): boolean {
    const now = this.#deps.clock.elapsed()
    return (refusal?.tryAt ?? 0) > now || (contest !== undefined && this.#mayRestoreAt(contest) > now)
  }

  async #putRight(kept: Kept, expected: unknown, known: Known | undefined, signal: AbortSignal): Promise<void> {
    // What was never there need not be looked at.
    const isNew = kept.isUnwatched === true || (known?.wasThere !== true && kept.live === undefined)
    const difference = isNew ? undefined : await this.#look(kept, expected, signal)
    if (isNew || difference !== undefined) await this.#write(kept, expected, difference, signal)
  }

  /** The API server itself is asked: a watch may be behind, and it does not tell who has changed what. */
  async #look({ resource, desired }: Kept, expected: unknown, signal: AbortSignal): Promise<Difference | undefined> {
    const { name, namespace } = desired.metadata
    // Listed and not got: that right it has anyway.
    const query = { fieldSelector: `metadata.name=${name}` }
    const { items } = await this.#deps.client.list(
      resource,
      namespace === undefined ? {} : { namespace },
      query,
      signal,
    )
    const current = items?.[0]
    if (current === undefined) return { current, path: [] }
    const path = firstDifference(current, expected)
    return path === undefined ? undefined : { current, path }
  }

  async #write(kept: Kept, expected: unknown, difference: Difference | undefined, signal: AbortSignal): Promise<void> {
    const { resource, desired, force, wanted, version } = kept
    const value = { ...desired, metadata: { ...desired.metadata } }
    const answer = await this.#deps.client.apply(resource, value, { force }, signal)
    kept.written(answer)
    const key = keyOf(kept)
    const rewritten = firstDifference(answer, wanted)
    if (rewritten !== undefined && kept.mustBeAsWanted === true) {
      const by = 'a mutating admission policy or webhook rewrites it'
      this.#refused(kept, `the API server took it and did not keep ${pathInWords(rewritten)} as it was applied: ${by}`)
      return
    }
    const before = this.#known.get(key)
    const contest = before?.contest
    const known: Known = { version, wasThere: true, ...(contest === undefined ? {} : { contest }) }
    if (rewritten !== undefined) known.answered = partOf(answer, wanted)
    this.#known.set(key, known)
    this.#deps.health.report(`applied/${key}`, undefined)
    if (difference === undefined || firstDifference(answer, expected) !== undefined) return
    this.#restored(kept, known, answer, difference, before?.wasThere === true && before.version === version)
  }

  /** It was put right: somebody else had changed it, unless what is wanted has changed. */
  #restored(kept: Kept, known: Known, answer: RawObject, { current, path }: Difference, isSame: boolean): void {
    const managers = current === undefined ? [] : managersOf(current, path)
    const stranger = managers.find((manager) => manager !== FIELD_MANAGER)
    if (!isSame && (stranger === undefined || managers.includes(FIELD_MANAGER))) return
    const field = current === undefined ? '' : pathInWords(path)
    const manager = stranger ?? (managers.length > 0 ? `another writer that calls itself ${FIELD_MANAGER}` : 'somebody')
    const { clock, health, onRestored } = this.#deps
    const what = current === undefined ? 'deleted' : 'changed'
    onRestored({ object: kept.desired, uid: answer.metadata.uid, what, field, manager })
    known.contest = restoredAgain(known.contest, clock.elapsed(), this.#timing.contest)
    if (known.contest.rounds === 0) return
    const message = contestedMessage(kept, { what, field, manager })
    health.report(`contested/${keyOf(kept)}`, { type: 'Contested', healthy: false, reason: 'Contested', message })
  }

  #refused(kept: Kept, words: string): void {
    const { clock, health } = this.#deps
    const key = keyOf(kept)
    const now = clock.elapsed()
    const known = this.#known.get(key) ?? { version: kept.version, wasThere: false }
    const before = known.version === kept.version ? known.refusal : undefined
    const failures = (before?.failures ?? 0) + 1
    known.version = kept.version
    known.refusal = {
      since: before?.since ?? now,
      failures,
      tryAt: now + backoffDelay(this.#timing.refusal, failures),
    }
    this.#known.set(key, known)
    if (now - known.refusal.since < this.#timing.patienceMs) return
    const message = `${nameOf(kept)} could not be written: ${words}; it is tried again every few minutes`
    health.report(`applied/${key}`, { type: 'AgentsApplied', healthy: false, reason: 'RefusedByCluster', message })
  }
}

function isSettled({ live, isUnwatched, version }: Kept, expected: unknown, known: Known | undefined): boolean {
  if (isUnwatched === true) return known?.version === version && known.refusal === undefined
  return live !== undefined && firstDifference(live, expected) === undefined
}

/** The key of an object: `RESOURCE/NAMESPACE/NAME`, or without the namespace where it has none. */
export function keyOf({ resource, desired }: Pick<Kept, 'resource' | 'desired'>): string {
  const { namespace, name } = desired.metadata
  return [resource.plural, ...(namespace === undefined ? [] : [namespace]), name].join('/')
}

/** `Deployment cto-agents/rex`, for people. */
export function nameOf({ desired }: Pick<Kept, 'desired'>): string {
  const { namespace, name } = desired.metadata
  return `${desired.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`
}

function contestedMessage(kept: Kept, { what, field, manager }: Pick<Restored, 'what' | 'field' | 'manager'>): string {
  const deed = what === 'deleted' ? 'is deleted' : `is changed in ${field} by ${manager}`
  const cost = kept.desired.kind === 'Deployment' ? ', and each time its pods are replaced' : ''
  const cure = what === 'deleted' ? 'stop what deletes it' : 'let only one of them write it: stop the other one'
  return `${nameOf(kept)} ${deed} again and again: the operator puts it right${cost}, at longer and longer intervals; ${cure}, or have it leave out what is labelled app.kubernetes.io/managed-by=cto-operator`
}

// What the API server says of one object: another policy, a quota, a webhook, a right, a namespace that is gone. All else
// concerns every request.
function isRefusal(error: unknown): error is KubeError {
  return error instanceof KubeError && [400, 403, 404, 409, 422, 500].includes(error.status)
}

/** The API server's own words, without the request that they answer. */
function wordsOf({ message }: KubeError): string {
  return message.replace(/^\w+ \/\S+: /, '')
}
