// The lease of an operator in another namespace, looked at now and then. Like a lease of our own it is believed only while it
// changes, by our own monotonic clock.

import type { RawObject } from './object.ts'
import type { Client } from './client.ts'
import { isForbidden, isNotFound } from './errors.ts'
import { believedUntil, isHeld, type LeaseSpec, type LeaseTiming, type Sighting } from './lease.ts'
import { leases } from './resource.ts'

export interface LeasesElsewhere {
  /** The lease in that namespace, if somebody has it and may still live; undefined also where it may not be read. */
  look(namespace: string, signal: AbortSignal): Promise<LeaseSpec | undefined>
}

export interface LeasesElsewhereOptions {
  readonly name: string
  readonly timing: LeaseTiming
  readonly isGone: (holder: string) => boolean
  /** That lease may not be read. */
  readonly onForbidden: (namespace: string, error: unknown) => void
}

export function createLeasesElsewhere(client: Client, options: LeasesElsewhereOptions): LeasesElsewhere {
  const { name, timing, isGone, onForbidden } = options
  const seen = new Map<string, Sighting & { readonly version: string }>()

  async function read(namespace: string, signal: AbortSignal): Promise<RawObject | undefined> {
    try {
      return await client.get(leases, { namespace, name }, signal)
    } catch (error) {
      if (isForbidden(error)) onForbidden(namespace, error)
      else if (!isNotFound(error)) throw error
      return undefined
    }
  }

  return {
    async look(namespace, signal) {
      const lease = await read(namespace, signal)
      if (lease === undefined) return undefined
      const spec = lease['spec'] as LeaseSpec | undefined
      const version = `${lease.metadata.uid}/${lease.metadata.resourceVersion}`
      const before = seen.get(namespace)
      const at = before?.version === version ? before.at : performance.now()
      const sighting = { spec, at, version, isHolderGone: isGone(spec?.holderIdentity ?? '') }
      seen.set(namespace, sighting)
      return isHeld(sighting) && performance.now() < believedUntil(sighting, timing) ? spec : undefined
    },
  }
}
