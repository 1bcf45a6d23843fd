// A workload by its key: as the watch has told, or as the API server has it now.

import type { Stores, Watched } from '../../observed/stores.ts'
import type { Workload } from '../../observed/workloads.ts'
import type { Client } from '../../../kube/client.ts'

export interface Found {
  readonly watched: Watched<Workload>
  readonly workload: Workload
  readonly resourceVersion: string
}

/** @param key of `workloadKey` */
export function findWorkload(stores: Stores, key: string): Found | undefined {
  const [resource, ...place] = key.split('/')
  const watched = stores.workloads.find((one) => one.target.resource.plural === resource)
  const workload = watched?.store.get(place.join('/'))
  const { resourceVersion = '' } = watched?.store.identity(place.join('/')) ?? {}
  return watched === undefined || workload === undefined ? undefined : { watched, workload, resourceVersion }
}

/** The same workload as it is now, past the watch; undefined when it is gone, or another one of its name is there. */
export async function lookAgain(
  client: Client,
  { watched, workload }: Found,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const { namespace, name, uid } = workload
  // A list of one: whoever watches a kind may list it, and needs no other right for this.
  const query = { fieldSelector: `metadata.name=${name}` }
  const { items } = await client.list(watched.target.resource, { namespace }, query, signal)
  const raw = items?.[0]
  const now = raw === undefined || raw.metadata.uid !== uid ? undefined : watched.target.project(raw)
  return raw === undefined || now === undefined
    ? undefined
    : { watched, workload: now, resourceVersion: raw.metadata.resourceVersion ?? '' }
}
