// Answers: are the admission policies as they must be? Reads and writes policies and bindings. A policy that somebody
// changed or deleted is put right, and said to have been.

import { isDeepStrictEqual } from 'node:util'
import type { KeptObject, Stores, Watched } from '../../cluster/stores.ts'
import type { Catalog } from '../../domain/catalog.ts'
import type { Client, RawObject } from '../../kube/client.ts'
import { unlessMissing } from '../../kube/errors.ts'
import { awaitChange } from '../../runtime/action.ts'
import type { ControllerSpec } from '../../runtime/controller.ts'
import type { TamperingReporter } from '../tampering.ts'
import { desiredPolicies, type PolicyObject } from './desired.ts'

export interface PolicyDeps {
  readonly client: Client
  readonly stores: Stores
  readonly catalog: Catalog
  readonly reportTampering: TamperingReporter
}

/** Keys are `KIND/NAME`. */
export function policyController({ client, stores, catalog, reportTampering }: PolicyDeps): ControllerSpec {
  const desired = new Map(desiredPolicies(catalog).map((object) => [policyKey(object), object]))
  // What the API server made of what we wrote: a newer one may add defaults, and those are no tampering.
  const asWritten = new Map<string, KeptObject['body']>()

  return {
    name: 'policy',
    workers: 1,
    async reconcile(key, signal) {
      const object = desired.get(key)
      if (object === undefined) return awaitChange
      const watched = storeOf(object)
      const live = watched.store.get(object.metadata.name)
      const accepted = asWritten.get(key)
      if (live !== undefined && isDeepStrictEqual(live.body, accepted ?? { spec: object.spec })) {
        asWritten.set(key, live.body)
        return awaitChange
      }
      const written =
        live === undefined ? await create(watched, object, signal) : await replace(watched, object, signal)
      watched.written(written)
      const body = watched.store.get(object.metadata.name)?.body
      if (body !== undefined) asWritten.set(key, body)
      const { apiVersion, kind, metadata } = object
      const what = live === undefined ? 'deleted' : 'changed'
      if (accepted !== undefined) reportTampering({ apiVersion, kind, name: metadata.name }, what)
      return awaitChange
    },
  }

  function storeOf({ kind }: PolicyObject): Watched<KeptObject> {
    return kind === 'ValidatingAdmissionPolicy' ? stores.policies : stores.policyBindings
  }

  // One that lost our label is there and not seen by the watch: it is replaced all the same.
  async function create(watched: Watched<KeptObject>, object: PolicyObject, signal: AbortSignal): Promise<RawObject> {
    const { resource } = watched.target
    const { name } = object.metadata
    if ((await unlessMissing(client.get(resource, { name }, signal))) !== undefined)
      return replace(watched, object, signal)
    // Applied and not posted: only so can the right to create be one for these names alone.
    return client.apply(resource, { ...object }, { force: true }, signal)
  }

  // Replaced as a whole and not applied: what somebody added has to go too.
  async function replace(watched: Watched<KeptObject>, object: PolicyObject, signal: AbortSignal): Promise<RawObject> {
    const { resource } = watched.target
    const { name } = object.metadata
    const { metadata } = await client.get(resource, { name }, signal)
    const { resourceVersion = '' } = metadata
    return client.replace(resource, { ...object, metadata: { ...object.metadata, resourceVersion } }, signal)
  }
}

export function policyKeys(catalog: Catalog): string[] {
  return desiredPolicies(catalog).map(policyKey)
}

function policyKey({ kind, metadata }: PolicyObject): string {
  return `${kind}/${metadata.name}`
}
