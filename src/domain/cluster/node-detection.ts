// What one node says of its cluster. A signal that anybody can set never overrules one that a kubelet sets.

import { kindClaimOf } from './kind-node.ts'
import type { NodeFacts } from './node-facts.ts'
import { platformOf } from './platform.ts'
import { shownBy, type Signal, type Trust } from './signal.ts'
import {
  CLAIMS_OF_KIND,
  CONTROL_PLANE,
  EKS_DISTRO,
  KIND,
  KIND_PROVIDER_ID,
  MADE_WITH,
  SIGNALS,
  VCLUSTER_ANNOTATION,
  VCLUSTER_IMAGE,
} from './signals.ts'

export interface NodeReading {
  /** The type that the node names; undefined: it names none, or several that nothing decides between. */
  readonly type?: string
  /** How far the best signal for the type can be believed. */
  readonly trust?: Trust
  /** The signals for the type, and for what it is made with. */
  readonly shown: readonly Signal[]
  /** Signals for other types. */
  readonly against: readonly Signal[]
  /** What else is wrong. */
  readonly doubts: readonly string[]
  readonly platform: string
  /** The Kind cluster that the provider ID names, whether that can be believed or not. */
  readonly kindCluster?: string
  /** Whether it is shown to a virtual cluster by its host. */
  readonly isCopy: boolean
}

interface Candidate {
  /** By its own signals. */
  trust: Trust
  /** With those of what it is made with. */
  weight: Trust
}

export function readNode(node: NodeFacts): NodeReading {
  const shown = shownBy(node, SIGNALS)
  const claim = kindClaimOf(node)
  const doubts: string[] = []
  if (claim !== undefined) {
    if (claim.misfits.length === 0) shown.push(KIND_PROVIDER_ID)
    for (const why of [...claim.misfits, ...claim.oddities]) doubts.push(`${KIND} by provider ID, but ${why}`)
  }
  const candidates = candidatesIn(shown, node)
  const best = winner(candidates)
  const type = best === KIND && doubts.length > 0 ? undefined : best
  const own = type === undefined ? [] : [type, ...(MADE_WITH[type] ?? [])]
  const foreign = shown.filter((signal) => !own.includes(signal.type))
  if (type !== KIND) foreign.push(...shownBy(node, CLAIMS_OF_KIND))
  return {
    ...(type === undefined ? {} : { type, trust: candidates.get(type)?.trust ?? 1 }),
    shown: shown.filter((signal) => own.includes(signal.type)),
    against: foreign,
    doubts,
    // An ID that is not the node's own tells nothing of where it runs.
    platform: platformOf(claim?.misfits.length ? { ...node, providerId: '' } : node, type),
    ...(claim === undefined ? {} : { kindCluster: claim.cluster }),
    isCopy: node.annotations.some((name) => name.startsWith(VCLUSTER_ANNOTATION)) || VCLUSTER_IMAGE.test(node.osImage),
  }
}

/** The types that the signals speak for, without those that another one is made with. */
function candidatesIn(shown: readonly Signal[], node: NodeFacts): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>()
  for (const { type, trust } of shown) {
    if (trust > (candidates.get(type)?.trust ?? 0)) candidates.set(type, { trust, weight: trust })
  }
  // What only a label says, it does not say of what the kubelet says otherwise.
  const firm = [...candidates].filter(([, { trust }]) => trust > 1)
  for (const [type, candidate] of firm) {
    for (const base of MADE_WITH[type] ?? []) {
      const trust = candidates.get(base)?.trust ?? candidate.weight
      if (trust > candidate.weight) candidate.weight = trust
    }
  }
  for (const [type] of firm) for (const base of MADE_WITH[type] ?? []) candidates.delete(base)
  // The kubelet of EKS Distro, and nothing firm that tells whose. EKS shows no control plane; EKS Anywhere does.
  if (candidates.delete(EKS_DISTRO)) {
    const isElsewhere = !node.providerId.startsWith('aws:') && node.labels.some((name) => CONTROL_PLANE.test(name))
    candidates.set(isElsewhere ? 'EKSAnywhere' : 'EKS', { trust: 1, weight: candidates.has('kOps') ? 1 : 3 })
  }
  return candidates
}

/** The type that is believed most; none where two are believed alike. Kind is nobody beside another. */
function winner(candidates: ReadonlyMap<string, Candidate>): string | undefined {
  const [best, second] = [...candidates].toSorted(([, a], [, b]) => b.weight - a.weight || b.trust - a.trust)
  if (best === undefined || second === undefined) return best?.[0]
  const isTie = best[1].weight === second[1].weight && best[1].trust === second[1].trust
  return isTie || best[0] === KIND ? undefined : best[0]
}
