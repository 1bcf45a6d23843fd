// What kind of cluster is this? All nodes are asked, and the API server. One pure function from signals to an answer that
// carries its evidence. Nothing that a user can set overrules what a kubelet, a cloud or the API server says.

import type { ClusterSignals } from './cluster-signals.ts'
import { type ClusterType, MIXED, UNKNOWN } from './cluster-type.ts'
import { judgeKind } from './kind-cluster.ts'
import type { NodeTally } from './node-inventory.ts'
import { UNKNOWN_PLATFORM } from './platform.ts'
import { namesOf } from './roster.ts'
import { describe, type Signal } from './signal.ts'
import { KIND, KUBEADM, MADE_WITH, VCLUSTER } from './signals.ts'

// Whose build the API server is, and the types of nodes that go with it.
const SERVERS: readonly (readonly [version: RegExp, types: readonly string[]])[] = [
  [/-eks(?:-|$)/, ['EKS', 'EKSAnywhere', 'kOps']],
  [/-gke\.\d/, ['GKE']],
  [/[-+]rke2/, ['RKE2', 'Harvester']],
  [/[-+]k3s/, ['K3s', 'K3d', 'RancherDesktop', 'Civo']],
  [/\+orb\d/, ['OrbStack']],
  [/[-+]k0s/, ['k0s']],
  [/-aliyun/, ['ACK']],
  [/-tke\b/, ['TKE']],
  [/-CCE/, ['CCE']],
  [/\+IKS/, ['IKS']],
  [/\+[0-9a-f]{7,9}$/, ['OpenShift']],
]
/** The types whose API server may be of anybody's build. */
const ANY_SERVER: ReadonlySet<string> = new Set(['kOps', 'Civo', 'OpenShift'])
/** The servers that run inside another cluster, for vcluster. */
const IN_A_CLUSTER: ReadonlySet<string> = new Set(['K3s', 'k0s'])
const OPENSHIFT_API = 'config.openshift.io'
const MOST_LINES = 16
const MOST_SHARES = 6

/** Names the cluster. The same signals always give the same answer. */
export function detectCluster(signals: ClusterSignals): ClusterType {
  return bound(signals.nodes.real === 0 ? nothingSeen(signals.nodes) : nameOf(signals))
}

function nothingSeen(nodes: NodeTally): ClusterType {
  const why = nodes.total === 0 ? 'no node is known' : 'no node that a kubelet stands behind'
  return unknown(UNKNOWN_PLATFORM, [why])
}

function nameOf(signals: ClusterSignals): ClusterType {
  const { nodes } = signals
  const platform = platformOf(nodes)
  const types = typesOf(nodes)
  const contradictions = [...linesOf(nodes.against.entries()), ...doubtsOf(nodes)]
  const server = serverOf(signals.serverVersion)

  if (isVirtualCluster(signals, types, server)) {
    const what =
      nodes.copies === nodes.real ? 'the nodes are shown by a host cluster' : 'the API server is not of the nodes'
    const evidence = [what, ...linesOf(nodes.shown.entries())]
    return { type: VCLUSTER, platform, proven: false, confidence: 'medium', evidence, contradictions }
  }
  if (nodes.copies > 0) {
    contradictions.push(`vcluster by annotation or image on ${amount(nodes.copies)}, anybody may set it`)
  }
  if (types.size > 1 || (types.has(KIND) && nodes.unnamed.size > 0)) {
    return mixed(types, nodes.unnamed, platform, linesOf(nodes.shown.entries()), contradictions)
  }
  const [[type, count] = []] = types
  if (type === undefined || count === undefined) return nameWithoutNodes(signals, platform, server, contradictions)

  const own = new Set([type, ...(MADE_WITH[type] ?? [])])
  const evidence = linesOf(nodes.shown.entries().filter(([signal]) => own.has(signal.type)))
  contradictions.unshift(...linesOf(nodes.shown.entries().filter(([signal]) => !own.has(signal.type))))
  const foreign = foreignServer(type, signals.serverVersion)
  if (type === KIND) return judgeKind(signals, { platform, evidence, contradictions, impossible: foreign })
  contradictions.push(...foreign)
  if (server?.includes(type) === true) evidence.push(`${type} by version of the API server`)
  if (type === KUBEADM && signals.kubeadm !== undefined) evidence.push("kubeadm's ConfigMap is there")
  if (count < nodes.real) evidence.push(`no sign of it on ${amount(nodes.real - count)}`)
  const firm = nodes.namedAt(3, type) === nodes.real
  return {
    type,
    platform,
    proven: firm && contradictions.length === 0,
    confidence: contradictions.length > 0 || count < nodes.real ? 'low' : firm ? 'high' : 'medium',
    evidence,
    contradictions,
  }
}

/**
 * The types that nodes name and that count. A type that another one is made with goes with that one, and so do some nodes
 * that kubeadm joined to something larger. What only a label or a name says of a few nodes is no type of the cluster.
 * Beside Kind, nothing is left out.
 */
function typesOf(nodes: NodeTally): Map<string, number> {
  const types = nodes.types()
  if (types.has(KIND)) return types
  // In the order of their names, so that the order of the nodes does not matter.
  for (const [type, count] of [...types].toSorted(byName)) {
    for (const base of MADE_WITH[type] ?? []) {
      const bare = types.get(base)
      if (bare === undefined || (bare > count && nodes.namedAt(3, type) === 0)) continue
      types.delete(base)
      types.set(type, (types.get(type) ?? 0) + bare)
    }
  }
  for (const [type, count] of types) {
    const claimed = nodes.namedAt(2, type) + nodes.namedAt(3, type) === 0
    if (claimed && count < nodes.real && count * 2 <= nodes.real) types.delete(type)
  }
  return types
}

// Its nodes are copies of the host's, kubelet versions and all. Either its syncer says so on each of them and the API
// server is not of that kind, or the API server is one that cannot have such nodes.
function isVirtualCluster(
  { nodes, serverVersion }: ClusterSignals,
  types: ReadonlyMap<string, number>,
  server: readonly string[] | undefined,
): boolean {
  const inside = server !== undefined && IN_A_CLUSTER.has(server[0] ?? '')
  if (nodes.copies === nodes.real) return serverVersion === undefined || server === undefined || inside
  return inside && types.size > 0 && !server.some((type) => types.has(type))
}

function mixed(
  types: ReadonlyMap<string, number>,
  silent: ReadonlySet<string>,
  platform: string,
  evidence: readonly string[],
  contradictions: readonly string[],
): ClusterType {
  const ordered = [...types].toSorted(byName).toSorted(([, a], [, b]) => b - a)
  const shares = ordered.slice(0, MOST_SHARES).map(([type, count]) => `${type} on ${amount(count)}`)
  if (ordered.length > MOST_SHARES) shares.push(`${ordered.length - MOST_SHARES} more`)
  if (silent.size > 0) shares.push(`nothing on ${namesOf(silent)}`)
  return {
    type: MIXED,
    platform,
    proven: false,
    confidence: 'medium',
    evidence,
    contradictions: [`the nodes are of different types: ${shares.join(', ')}`, ...contradictions],
  }
}

/** The nodes name nothing: perhaps the API server does, or what was put into it. */
function nameWithoutNodes(
  { nodes, kubeadm, apiGroups }: ClusterSignals,
  platform: string,
  server: readonly string[] | undefined,
  contradictions: readonly string[],
): ClusterType {
  const answer = (type: string, why: string): ClusterType => ({
    type,
    platform,
    proven: false,
    confidence: contradictions.length === 0 ? 'medium' : 'low',
    evidence: [why],
    contradictions,
  })
  // What contradicts itself is not settled by what anybody can put into the API.
  if (contradictions.length > 0)
    return { ...unknown(platform, ['nothing names a type without contradiction']), contradictions }
  const [ofServer] = server ?? []
  if (ofServer !== undefined) return answer(ofServer, `${ofServer} by version of the API server`)
  if (apiGroups.includes(OPENSHIFT_API)) return answer('OpenShift', `the API group ${OPENSHIFT_API} is served`)
  if (kubeadm !== undefined) return answer(KUBEADM, "kubeadm's ConfigMap is there and no node names another type")
  return unknown(platform, [`nothing names a type on ${amount(nodes.real)}`])
}

function serverOf(version: string | undefined): readonly string[] | undefined {
  return version === undefined ? undefined : SERVERS.find(([pattern]) => pattern.test(version))?.[1]
}

/** What is wrong about the version of the API server, for a cluster of that type. */
function foreignServer(type: string, version: string | undefined): string[] {
  if (version === undefined) return []
  const server = serverOf(version)
  if (server !== undefined) return server.includes(type) ? [] : [`the API server is of ${server[0]}, by its version`]
  const hasItsOwn = !ANY_SERVER.has(type) && SERVERS.some(([, types]) => types.includes(type))
  return hasItsOwn ? [`the API server is not of ${type}, by its version`] : []
}

function platformOf(nodes: NodeTally): string {
  const known = nodes.platforms.keys().filter((platform) => platform !== UNKNOWN_PLATFORM)
  return known.length > 1 ? 'mixed' : (known[0] ?? UNKNOWN_PLATFORM)
}

/** A line for each kind of signal: what nobody can forge first, then what most nodes show. */
function linesOf(signals: readonly (readonly [Signal, number])[]): string[] {
  const kinds = new Map<string, { signal: Signal; count: number }>()
  for (const [signal, count] of signals) {
    const kind = describe(signal, 0)
    if (count > (kinds.get(kind)?.count ?? 0)) kinds.set(kind, { signal, count })
  }
  return [...kinds]
    .toSorted(
      ([kindA, a], [kindB, b]) => b.signal.trust - a.signal.trust || b.count - a.count || (kindA < kindB ? -1 : 1),
    )
    .map(([, { signal, count }]) => describe(signal, count))
}

function doubtsOf(nodes: NodeTally): string[] {
  return nodes.doubts
    .entries()
    .map(([doubt, names]) => `${doubt}, on ${namesOf(names)}`)
    .toSorted()
}

function bound(answer: ClusterType): ClusterType {
  const atMost = (lines: readonly string[]) =>
    lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more`]
  return { ...answer, evidence: atMost(answer.evidence), contradictions: atMost(answer.contradictions) }
}

function unknown(platform: string, evidence: readonly string[]): ClusterType {
  return { type: UNKNOWN, platform, proven: false, confidence: 'low', evidence, contradictions: [] }
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1
}

function amount(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`
}
