// Answers: are the admission policies as they must be? Reads and writes policies and bindings. A policy that somebody
// changed or deleted is put right, and said to have been.

import { isDeepStrictEqual } from 'node:util'
import { SPEC_HASH_ANNOTATION } from '../../../api/names.ts'
import { type KeptObject, projectKept, type Stores, type Watched } from '../../observed/stores.ts'
import type { Catalog } from '../../../domain/catalog/catalog.ts'
import type { RawObject } from '../../../kube/object.ts'
import type { Client } from '../../../kube/client.ts'
import type { EventReason } from '../../../domain/entitlement/reasons.ts'
import type { EventRecorder } from '../../../kube/events.ts'
import { unlessMissing } from '../../../kube/errors.ts'
import { awaitChange } from '../../../runtime/action.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import type { TamperingReporter } from '../tampering.ts'
import { desiredPolicies, type PolicyObject } from './desired.ts'

export interface PolicyDeps {
  readonly client: Client
  readonly stores: Stores
  readonly catalog: Catalog
  readonly events: EventRecorder<EventReason>
  readonly reportTampering: TamperingReporter
  /** Called when all of them are as they must be, and after each write from then on: it is not enforced at once. */
  readonly onKept: () => void
}

export interface PolicyController extends ControllerSpec {
  /** Whether all of them have been as they must be in this term. */
  readonly kept: boolean
}

interface Written {
  /** What the watch knew. */
  readonly live: KeptObject | undefined
  /** What was there. */
  readonly before: KeptObject | undefined
  /** What the API server made of ours. */
  readonly answer: KeptObject
  /** Whether it had been as it must be in this term. */
  readonly isKnown: boolean
}

/** Keys are `KIND/NAME`. */
export function policyController(deps: PolicyDeps): PolicyController {
  const { client, stores, catalog, events, reportTampering, onKept } = deps
  const desired = new Map(desiredPolicies(catalog).map((object) => [policyKey(object), object]))
  // What the API server answered to our own writes: a newer one may add defaults, and those are no tampering. Never what the
  // store holds afterwards: that may be somebody else's already.
  const answers = new Map<string, KeptObject>()

  return {
    name: 'policy',
    workers: 1,
    get kept() {
      return isKept()
    },
    async reconcile(key, signal) {
      const object = desired.get(key)
      if (object === undefined) return awaitChange
      const watched = storeOf(object)
      const live = watched.store.get(object.metadata.name)
      if (live !== undefined && isSame(live, answers.get(key) ?? keptOf(object))) {
        if (!answers.has(key)) keep(key, live)
        return awaitChange
      }
      const known = answers.get(key)
      const { before, raw } = await write(watched, object, signal)
      const answer = projectKept(raw)
      watched.written(raw)
      keep(key, answer)
      report(object, { live, before, answer, isKnown: known !== undefined })
      return awaitChange
    },
  }

  function isKept(): boolean {
    return answers.size === desired.size
  }

  function keep(key: string, answer: KeptObject): void {
    answers.set(key, answer)
    if (isKept()) onKept()
  }

  function report({ apiVersion, kind, metadata }: PolicyObject, write: Written): void {
    const regarding = { apiVersion, kind, name: metadata.name }
    const { live, before, answer, isKnown } = write
    if (live === undefined && isKnown) {
      reportTampering(regarding, 'deleted')
    } else if (before === undefined) {
      // The first time here.
    } else if (isKnown || hashOf(before) === hashOf(answer)) {
      // Where they are the same, nothing was changed: what we expected only lacked a newer API server's defaults.
      if (!isSame(before, answer)) reportTampering(regarding, 'changed')
    } else {
      const note = `${kind} ${metadata.name} was written by another version of the operator and has the form of this one now`
      events.record({ regarding, type: 'Normal', reason: 'PolicyUpdated', action: 'Update', note })
    }
  }

  function storeOf({ kind }: PolicyObject): Watched<KeptObject> {
    return kind === 'ValidatingAdmissionPolicy' ? stores.policies : stores.policyBindings
  }

  /** What was there before, and what the API server made of ours. One that lost our label is there and not seen by the watch. */
  async function write(
    watched: Watched<KeptObject>,
    object: PolicyObject,
    signal: AbortSignal,
  ): Promise<{ readonly before: KeptObject | undefined; readonly raw: RawObject }> {
    const { resource } = watched.target
    const { name } = object.metadata
    const before = await unlessMissing(client.get(resource, { name }, signal))
    // Applied and not posted: only so can the right to create be one for these names alone.
    if (before === undefined) {
      return { before, raw: await client.apply(resource, { ...object }, { force: true }, signal) }
    }
    // Replaced as a whole and not applied: what somebody added has to go too.
    const { resourceVersion = '' } = before.metadata
    const metadata = { ...object.metadata, resourceVersion }
    return { before: projectKept(before), raw: await client.replace(resource, { ...object, metadata }, signal) }
  }
}

function isSame(left: KeptObject, right: Pick<KeptObject, 'annotations' | 'body'>): boolean {
  return hashOf(left) === hashOf(right) && isDeepStrictEqual(left.body, right.body)
}

function hashOf({ annotations }: Pick<KeptObject, 'annotations'>): string | undefined {
  return annotations[SPEC_HASH_ANNOTATION]
}

function keptOf({ metadata, spec }: PolicyObject): Pick<KeptObject, 'annotations' | 'body'> {
  return { annotations: metadata.annotations, body: { spec } }
}

export function policyKeys(catalog: Catalog): string[] {
  return desiredPolicies(catalog).map(policyKey)
}

function policyKey({ kind, metadata }: PolicyObject): string {
  return `${kind}/${metadata.name}`
}
