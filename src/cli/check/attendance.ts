// Looks up whether an operator is at work, by the Lease that a working operator renews. It needs the right to list that Lease.

import { leaseName } from '../../api/names.ts'
import { type Problem, problem } from '../../domain/health/problem.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { KubeError } from '../../kube/errors.ts'
import type { LeaseSpec } from '../../kube/lease.ts'
import { leases } from '../../kube/resource.ts'
import { pause } from '../../runtime/pause.ts'

/** Longer than a leader lets pass until it renews, in ms. */
const RENEWED_WITHIN_MS = 7_000

/** What is wrong, if nobody is at work or nobody can tell. */
export async function attendanceProblem(
  client: Client,
  product: string,
  namespace: string,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const name = leaseName(product)
  const place = `${namespace}/${name}`
  const read = async () => {
    const { items } = await client.list(leases, { namespace }, { fieldSelector: `metadata.name=${name}` }, signal)
    return items?.[0]
  }
  try {
    const first = await read()
    if (first !== undefined && isFresh(specOf(first), client.serverTime())) return undefined
    // The clock of the operator's node may be wrong: whether it is renewed is seen without any clock.
    await pause(RENEWED_WITHIN_MS, signal)
    const second = await read()
    if (second !== undefined && second.metadata.resourceVersion !== first?.metadata.resourceVersion) return undefined
    const { renewTime } = specOf(second)
    const since = renewTime === undefined ? '' : ` since ${renewTime}`
    return problem('operation', 'NobodyDecides', `no operator is at work: nobody has renewed Lease ${place}${since}`)
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    return problem('operation', 'NotKnown', `whether an operator is at work is not known: ${error.message}`)
  }
}

function specOf(lease: RawObject | undefined): LeaseSpec {
  return lease?.['spec'] ?? {}
}

function isFresh({ holderIdentity = '', leaseDurationSeconds = 0, renewTime }: LeaseSpec, now: number | undefined) {
  const renewedAt = Date.parse(renewTime ?? '')
  return holderIdentity !== '' && now !== undefined && now < renewedAt + leaseDurationSeconds * 1_000
}
