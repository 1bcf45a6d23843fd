// The memory of decisions stands in the Entitlement's status, where people can read it and whoever may edit a status can edit
// it. So it is signed with a key that is kept beside the evidence: after a restart it is believed only as it was written.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { EntitlementStatus } from '../../../api/entitlement.ts'
import { isJsonObject } from '../../../domain/license/strict-json.ts'

/** What is signed differs from what else is signed with the key, and from what another version signs. */
const PURPOSE = 'entitlement-memory-1'

/**
 * @param key in base64
 * @param kept what the API server keeps of the status: that is what can be compared after a restart
 */
export function sealed(status: EntitlementStatus, product: string, key: string, kept = status): EntitlementStatus {
  return { ...status, seal: sealOf(kept, product, key).toString('base64url') }
}

/** Whether what a status remembers was written by an operator that had the key. */
export function isSealed(status: unknown, product: string, key: string): boolean {
  if (!isJsonObject(status) || typeof status['seal'] !== 'string') return false
  const [given, right] = [Buffer.from(status['seal'], 'base64url'), sealOf(status, product, key)]
  return given.length === right.length && timingSafeEqual(given, right)
}

function sealOf(status: object, product: string, key: string): Buffer {
  const { agents, gate, cluster, nodes, violations } = status as Record<string, unknown>
  const frozen = isJsonObject(gate) ? gate['frozen'] : undefined
  const remembered = canonical({ agents, frozen, cluster, nodes, violations })
  return createHmac('sha256', Buffer.from(key, 'base64')).update(`${PURPOSE}\0${product}\0${remembered}`).digest()
}

/** One text for one value: the API server gives an object back with its members in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}
