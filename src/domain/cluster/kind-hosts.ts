// Are the nodes of Kind containers of one host? The kernel makes up a boot ID at each start, so they share one. A node whose
// kubelet has fallen silent shows that of an earlier start: after a reboot of the host it differs, and says nothing.

import { formatInstant, type Instant, MINUTE } from '../time.ts'
import type { NodeFacts } from './node-facts.ts'
import { namesOf } from './roster.ts'

export interface KindHosts {
  /** Why the nodes cannot be containers of one host. */
  readonly impossible?: string
  /** Nodes that report and show no boot ID. */
  readonly withoutId: readonly string[]
  /** A line for each node whose boot ID says nothing. */
  readonly silent: readonly string[]
}

/** A kubelet writes its status every five minutes, whatever happens. */
const SILENT_AFTER = 10 * MINUTE

/** What the boot IDs of the nodes say. */
export function kindHostsOf(nodes: Iterable<NodeFacts>): KindHosts {
  const all = [...nodes]
  const newest = all.reduce((latest, { heardAt = 0 }) => Math.max(latest, heardAt), 0)
  const reporting = all.filter((node) => silentSince(node, newest) === undefined)
  const hosts = new Map<string, string[]>()
  for (const { bootId, name } of reporting) hosts.set(bootId, [...(hosts.get(bootId) ?? []), name])
  const withoutId = hosts.get('') ?? []
  hosts.delete('')
  const silent = all.flatMap((node) => {
    const since = silentSince(node, newest)
    if (since === undefined || (hosts.size > 0 && hosts.has(node.bootId))) return []
    return `${node.name}: its kubelet has not reported since ${formatInstant(since)}, so that its boot ID says nothing`
  })
  return { withoutId, silent: silent.toSorted(), ...(hosts.size > 1 ? { impossible: differing(hosts) } : {}) }
}

/** Since when the kubelet is silent, as the control plane found or as the others' reports show. */
function silentSince({ silentSince, heardAt }: NodeFacts, newest: Instant): Instant | undefined {
  if (silentSince !== undefined) return silentSince
  return heardAt !== undefined && newest - heardAt > SILENT_AFTER ? heardAt : undefined
}

function differing(hosts: ReadonlyMap<string, readonly string[]>): string {
  const groups = [...hosts.values()].map(namesOf).toSorted()
  const shown = groups.slice(0, 3)
  if (groups.length > shown.length) shown.push(`${groups.length - shown.length} more`)
  return `${hosts.size} boot IDs, of ${shown.join('; of ')}: the nodes are not containers of one host`
}
