// What one node says of its cluster. A signal that anybody can set never overrules one that a kubelet sets.

import { kindClaimOf } from './kind-node.ts'
import type { NodeFacts } from './node-facts.ts'
import { platformOf } from './platform.ts'
import {
  CLAIMS_OF_KIND,
  EKS_DISTRO,
  KIND,
  KIND_PROVIDER_ID,
  MADE_WITH,
  shows,
  type Signal,
  SIGNALS,
  type Trust,
  trustIn,
  VCLUSTER_ANNOTATION,
  CONTROL_PLANE,
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
  readonly signals: Signal[]
  trust: Trust
}

export function readNode(node: NodeFacts): NodeReading {
  const shown = SIGNALS.filter((signal) => shows(node, signal))
  const claim = kindClaimOf(node)
  const doubts: string[] = []
  if (claim !== undefined) {
    if (claim.misfits.length === 0) shown.push(KIND_PROVIDER_ID)
    for (const misfit of claim.misfits) doubts.push(`${KIND} by provider ID, but ${misfit}`)
  }
  const candidates = candidatesIn(shown, node)
  const type = winner(candidates)
  const own = type === undefined ? [] : [type, ...(MADE_WITH[type] ?? [])]
  const foreign = shown.filter((signal) => !own.includes(signal.type))
  if (type === KIND) {
    if (!/^(?:kind)?$/i.test(node.instanceType)) doubts.push(`the instance type of a cloud`)
  } else {
    foreign.push(...CLAIMS_OF_KIND.filter((signal) => shows(node, signal)))
  }
  return {
    ...(type === undefined ? {} : { type, trust: candidates.get(type)?.trust ?? 1 }),
    shown: shown.filter((signal) => own.includes(signal.type)),
    against: foreign,
    doubts,
    platform: platformOf(node, type),
    ...(claim === undefined ? {} : { kindCluster: claim.cluster }),
    isCopy: node.annotations.some((name) => name.startsWith(VCLUSTER_ANNOTATION)),
  }
}

/** The types that the signals speak for, without those that another one is made with. */
function candidatesIn(shown: readonly Signal[], node: NodeFacts): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>()
  for (const signal of shown) {
    const trust = trustIn(signal, node)
    const candidate = candidates.get(signal.type)
    if (candidate === undefined) candidates.set(signal.type, { signals: [signal], trust })
    else {
      candidate.signals.push(signal)
      if (trust > candidate.trust) candidate.trust = trust
    }
  }
  for (const type of candidates.keys()) {
    for (const base of MADE_WITH[type] ?? []) candidates.delete(base)
  }
  // Nothing tells whose kubelet it is. EKS shows no control plane; EKS Anywhere does.
  const distro = candidates.get(EKS_DISTRO)
  if (distro !== undefined) {
    candidates.delete(EKS_DISTRO)
    const type = node.labels.some((name) => CONTROL_PLANE.test(name)) ? 'EKSAnywhere' : 'EKS'
    if (!candidates.has(type)) candidates.set(type, { ...distro, trust: 1 })
  }
  return candidates
}

/** The type that is believed most; none where two are believed alike. Kind is nobody beside another. */
function winner(candidates: ReadonlyMap<string, Candidate>): string | undefined {
  const [best, second] = [...candidates].toSorted(([, a], [, b]) => b.trust - a.trust)
  if (best === undefined || second === undefined) return best?.[0]
  if (best[1].trust === second[1].trust || best[0] === KIND) return undefined
  return best[0]
}
