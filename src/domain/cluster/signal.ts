// What a signal is: something that a node shows, what it speaks for, who set it, and so how far it can be believed.

import type { NodeFacts } from './node-facts.ts'

/** 3: the kubelet writes it anew with each report. 2: fixed from the node's beginning. 1: anybody may set it. */
export type Trust = 1 | 2 | 3

export type Field =
  | 'kubeletVersion'
  | 'osImage'
  | 'kernelVersion'
  | 'runtime'
  | 'providerId'
  | 'name'
  | 'instanceType'
  | 'labels'
  | 'annotations'

export interface Signal {
  readonly type: string
  readonly field: Field
  /** What the field matches; of labels and annotations, how a name begins. */
  readonly pattern: RegExp | string
  /** What other fields have to match for it to say anything. */
  readonly beside: Partial<Record<Field, RegExp>>
  readonly trust: Trust
  readonly setBy: string
  /** Where something that is fixed on the node agrees, a label is more than a claim: it is the other signal. */
  readonly confirmed?: { readonly by: (node: NodeFacts) => boolean; readonly as: Signal }
}

const KUBELET = 'set by the kubelet'
const ANYBODY = 'anybody may set it'
const FIELDS: Readonly<Record<Field, { readonly title: string; readonly setBy: string; readonly trust: Trust }>> = {
  kubeletVersion: { title: 'kubelet version', setBy: KUBELET, trust: 3 },
  osImage: { title: 'OS image', setBy: KUBELET, trust: 3 },
  kernelVersion: { title: 'kernel', setBy: KUBELET, trust: 3 },
  runtime: { title: 'container runtime', setBy: KUBELET, trust: 3 },
  providerId: { title: 'provider ID', setBy: 'set once by kubelet or cloud', trust: 2 },
  name: { title: 'node name', setBy: 'given when the node is made', trust: 2 },
  instanceType: { title: 'instance type', setBy: ANYBODY, trust: 1 },
  labels: { title: 'label', setBy: ANYBODY, trust: 1 },
  annotations: { title: 'annotation', setBy: ANYBODY, trust: 1 },
}

/** Makes signals that look at the field. */
export const on =
  (field: Field) =>
  (type: string, pattern: RegExp | string, beside: Signal['beside'] = {}): Signal => {
    const { trust, setBy } = FIELDS[field]
    return { type, field, pattern, beside, trust, setBy }
  }

/** The signal, and more than a claim where the predicate holds. */
export function confirmedBy(signal: Signal, what: string, by: (node: NodeFacts) => boolean): Signal {
  return { ...signal, confirmed: { by, as: { ...signal, trust: 2, setBy: `confirmed by the ${what}` } } }
}

/** The signals of a table that the node shows, each as what it is worth on this node. */
export function shownBy(node: NodeFacts, signals: readonly Signal[]): Signal[] {
  return signals
    .filter((signal) => shows(node, signal))
    .map((signal) => (signal.confirmed?.by(node) === true ? signal.confirmed.as : signal))
}

function shows(node: NodeFacts, { field, pattern, beside }: Signal): boolean {
  if (!matches(node, field, pattern)) return false
  for (const other in beside) {
    const demanded = beside[other as Field]
    if (demanded !== undefined && !matches(node, other as Field, demanded)) return false
  }
  return true
}

function matches(node: NodeFacts, field: Field, pattern: RegExp | string): boolean {
  const value = node[field]
  if (typeof value === 'string') return typeof pattern !== 'string' && pattern.test(value)
  return value.some((name) => (typeof pattern === 'string' ? name.startsWith(pattern) : pattern.test(name)))
}

/** What the signal is called. */
export function titleOf({ field }: Signal): string {
  return FIELDS[field].title
}

/** `EKS by kubelet version on 3 nodes, set by the kubelet`. */
export function describe(signal: Signal, count: number): string {
  return `${signal.type} by ${titleOf(signal)} on ${count === 1 ? '1 node' : `${count} nodes`}, ${signal.setBy}`
}
