// Whether the controller that a workload names exists and runs the same agent: an Argo Rollout, a DeploymentConfig, a
// ScaledJob, or a Deployment without the label. What a workload says of its owner is only believed when the API server has
// been asked: whoever may write the workload may write that too.

import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { isForbidden, isNotFound } from '../../kube/errors.ts'
import type { Resource } from '../../kube/resource.ts'
import type { Clock } from '../../runtime/clock.ts'
import { OwnerMemory, type Waiting } from './owner-memory.ts'

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

export type OwnerStanding = 'exists' | 'absent' | 'unknown'

export interface OwnerRegistryDeps {
  readonly client: Pick<Client, 'get' | 'raw'>
  readonly clock: Clock
  /** The label that names an agent. */
  readonly label: string
}

/** What the API server said of an owner. */
interface Answer {
  readonly said: 'found' | 'absent' | 'forbidden' | 'failed'
  /** The agent in the pod template of one that was found. */
  readonly agent?: string
  readonly at: number
  /** The right that is missing. */
  readonly hint?: string
}

interface Question {
  readonly namespace: string
  readonly owner: OwnerReference
}

interface Discovered {
  readonly at: number
  /** The kinds of the group's version; undefined: there is no such version. */
  readonly kinds: ReadonlyMap<string, Resource> | undefined
}

const IN_FLIGHT = 8
const SPACING_MS = 50
const ASK_AGAIN_MS = 10 * 60_000
/** What failed for another reason than a right is asked for again sooner. */
const FAILED_AGAIN_MS = 30_000
const MOST_GROUPS = 100
const LONGEST_NAME = 253
const GROUP_VERSION = /^(?:([a-z0-9][a-z0-9.-]{0,252})\/)?(v[a-z0-9]{1,62})$/

export class OwnerRegistry {
  readonly #deps: OwnerRegistryDeps
  readonly #memory: OwnerMemory<Question, Answer>
  readonly #groups = new Map<string, Discovered>()
  readonly #listeners = new Set<() => void>()
  readonly #stopping = new AbortController()
  #inFlight = 0
  #startedAt = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | undefined

  constructor(deps: OwnerRegistryDeps) {
    this.#deps = deps
    this.#memory = new OwnerMemory({
      isWorthKeeping: ({ said }) => said === 'found',
      // Whoever is looked up is asked for anew before that.
      isForgotten: ({ at }) => deps.clock.elapsed() - at > 2 * ASK_AGAIN_MS,
    })
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#memory.size
  }

  /**
   * Whether that owner exists, with this UID and this agent in its own pod template. Answered from memory: `unknown` until
   * the API server has answered, and for as long as it does not say.
   */
  lookUp(namespace: string, owner: OwnerReference, agent: string): OwnerStanding {
    const key = keyOf(owner)
    const answer = this.#memory.get(namespace, key)
    if (answer === undefined || this.#isOld(answer)) {
      if (!this.#stopping.signal.aborted && this.#memory.ask(namespace, key, { namespace, owner })) this.#askNext()
    }
    if (answer === undefined || answer.said === 'forbidden' || answer.said === 'failed') return 'unknown'
    return answer.said === 'found' && answer.agent === agent ? 'exists' : 'absent'
  }

  /** The rights without which some owners stay unknown: `get rollouts.argoproj.io in team`. */
  get missingRights(): string[] {
    return [...new Set(this.#memory.answers().flatMap(({ hint }) => hint ?? []))]
  }

  /** Calls the listener when an answer has come; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Asks nothing any more. */
  stop(): void {
    this.#stopping.abort()
    this.#cancelTimer?.()
  }

  #isOld({ said, at }: Answer): boolean {
    return this.#deps.clock.elapsed() - at > (said === 'failed' ? FAILED_AGAIN_MS : ASK_AGAIN_MS)
  }

  /** Asks the next question, if there is one and its turn has come. */
  #askNext(): void {
    const { clock } = this.#deps
    if (this.#stopping.signal.aborted || this.#cancelTimer !== undefined || this.#inFlight >= IN_FLIGHT) return
    const wait = this.#startedAt + SPACING_MS - clock.elapsed()
    if (wait > 0) {
      this.#cancelTimer = clock.after(wait, () => {
        this.#cancelTimer = undefined
        this.#askNext()
      })
      return
    }
    const next = this.#memory.next()
    if (next === undefined) return
    this.#startedAt = clock.elapsed()
    void this.#settle(next)
    this.#askNext()
  }

  async #settle({ namespace, key, question }: Waiting<Question>): Promise<void> {
    this.#inFlight++
    const answer = await this.#ask(question)
    this.#inFlight--
    if (this.#stopping.signal.aborted) return
    this.#heard(namespace, key, answer)
    this.#askNext()
  }

  #heard(namespace: string, key: string, answer: Answer): void {
    const before = this.#memory.get(namespace, key)
    // Until it is known better, what was known goes on.
    const keeps = answer.said === 'failed' && before !== undefined && before.said !== 'failed'
    this.#memory.answer(namespace, key, keeps ? { ...before, at: answer.at - ASK_AGAIN_MS + FAILED_AGAIN_MS } : answer)
    if (before !== undefined && (keeps || (before.said === answer.said && before.agent === answer.agent))) return
    for (const listener of this.#listeners) listener()
  }

  async #ask({ namespace, owner }: Question): Promise<Answer> {
    const { signal } = this.#stopping
    let resource: Resource | undefined
    try {
      resource = await this.#resourceOf(owner, signal)
      if (resource === undefined) return this.#said('absent')
      const place = { name: owner.name, ...(resource.namespaced ? { namespace } : {}) }
      const object = await this.#deps.client.get(resource, place, signal)
      if (object.metadata.uid !== owner.uid) return this.#said('absent')
      const agent = agentOfTemplate(object, this.#deps.label)
      return { ...this.#said('found'), ...(agent === undefined ? {} : { agent }) }
    } catch (error) {
      if (isNotFound(error)) return this.#said('absent')
      if (!isForbidden(error)) return this.#said('failed')
      return { ...this.#said('forbidden'), hint: missingRight(owner, resource, namespace) }
    }
  }

  #said(said: Answer['said']): Answer {
    return { said, at: this.#deps.clock.elapsed() }
  }

  /** The kind's resource, by what the API server says of the group; undefined: there is no such kind. */
  async #resourceOf({ apiVersion, kind, name }: OwnerReference, signal: AbortSignal): Promise<Resource | undefined> {
    const [, group = '', version] = GROUP_VERSION.exec(apiVersion) ?? []
    if (version === undefined || name.length > LONGEST_NAME || !/^[A-Za-z0-9._:-]+$/.test(name)) return undefined
    const known = this.#groups.get(apiVersion)
    if (known !== undefined && this.#deps.clock.elapsed() - known.at < ASK_AGAIN_MS) return known.kinds?.get(kind)
    const kinds = await this.#discover(group, version, signal)
    this.#groups.delete(apiVersion)
    this.#groups.set(apiVersion, { kinds, at: this.#deps.clock.elapsed() })
    for (const oldest of this.#groups.keys()) {
      if (this.#groups.size <= MOST_GROUPS) break
      this.#groups.delete(oldest)
    }
    return kinds?.get(kind)
  }

  async #discover(group: string, version: string, signal: AbortSignal): Promise<Discovered['kinds']> {
    try {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
      const list = (await this.#deps.client.raw(path, signal)) as { readonly resources?: readonly RawResource[] | null }
      // Parts of a resource, such as its status, have the same kind.
      const whole = (list.resources ?? []).filter(({ name }) => !name.includes('/'))
      return new Map(
        whole.map(({ name, kind, namespaced }) => [kind, { group, version, plural: name, kind, namespaced }]),
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}

interface RawResource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

function keyOf({ apiVersion, kind, name, uid }: OwnerReference): string {
  return JSON.stringify([apiVersion, kind, name, uid])
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
}

interface TemplateSpec {
  readonly template?: PodTemplate
  /** Of a CronJob. */
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } }
  /** Of KEDA's ScaledJob. */
  readonly jobTargetRef?: { readonly template?: PodTemplate }
}

/** The agent of the pods that the owner makes, where it has a template of its own. */
function agentOfTemplate(object: RawObject, label: string): string | undefined {
  const { template, jobTemplate, jobTargetRef } = (object['spec'] ?? {}) as TemplateSpec
  return (template ?? jobTemplate?.spec?.template ?? jobTargetRef?.template)?.metadata?.labels?.[label]
}

function missingRight({ apiVersion, kind }: OwnerReference, resource: Resource | undefined, namespace: string): string {
  if (resource === undefined) return `discovery of ${apiVersion}, which has the kind ${kind}`
  const { plural, group, namespaced } = resource
  return `get ${group === '' ? plural : `${plural}.${group}`}${namespaced ? ` in ${namespace}` : ''}`
}
