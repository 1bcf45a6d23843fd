// What a node is, for the count: a control plane, a pod of Fargate, nothing that a kubelet stands behind, on its way out.
// The catalog says which classes do not count; each node's class comes with its reason.

import { NODE_CLASSES, type NodeClass, type NodePolicy } from '../catalog/schema.ts'
import { formatInstant, HOUR, type Instant } from '../time.ts'
import type { NodeFacts } from './node-facts.ts'
import { CONTROL_PLANE } from './signals.ts'

/** Why a node is of a class, as the end of a sentence that begins with its name. */
const BECAUSE: Readonly<Record<NodeClass, string>> = {
  deleting: 'is being deleted',
  simulated: 'is simulated by KWOK, and no kubelet reports of a machine',
  virtual: 'is a virtual kubelet, and no machine stands behind it',
  lost: 'has not been ready for long',
  fargate: 'is one pod on Fargate, by its provider ID or name',
  controlPlane: 'is a control plane, by the label of its role',
}

export interface ClassifiedNode {
  readonly class: NodeClass | 'worker'
  readonly counts: boolean
  /** What follows the name of the node in a sentence. */
  readonly reason: string
  /** When it becomes something else, if nothing happens but time. */
  readonly changesAt?: Instant
}

/** The classes that a node keeps however much time goes by. */
export function lastingClasses(node: NodeFacts): NodeClass[] {
  const classes: NodeClass[] = []
  if (isSimulated(node)) classes.push('simulated')
  if (isVirtual(node)) classes.push('virtual')
  if (isFargate(node)) classes.push('fargate')
  if (node.labels.some((name) => CONTROL_PLANE.test(name))) classes.push('controlPlane')
  return classes
}

/** Whether a machine stands behind it. Only such a node says what the cluster is. */
export function isReal(node: NodeFacts): boolean {
  return !isSimulated(node) && !isVirtual(node)
}

// What anybody can set makes nothing of a node that shows a machine: so nobody hides his machines.
function isSimulated({ kubeletVersion, marked, hasMachine }: NodeFacts): boolean {
  return !hasMachine && (marked === 'simulated' || /^(?:fake|kwok-)/.test(kubeletVersion))
}

function isVirtual({ name, kubeletVersion, providerId, runtime, marked, hasMachine }: NodeFacts): boolean {
  if (hasMachine) return false
  return (
    marked === 'virtual' ||
    /-vk-/.test(kubeletVersion) ||
    runtime === 'mvp' ||
    providerId.startsWith('ocid1.virtualnode.') ||
    name.startsWith('eklet-')
  )
}

function isFargate({ name, providerId }: NodeFacts): boolean {
  return name.startsWith('fargate-ip-') && /^$|^aws:.*\/fargate-/.test(providerId)
}

/** Whether time alone can change what the node counts. */
export function isUnsteady({ deletingSince, notReadySince }: NodeFacts): boolean {
  return deletingSince !== undefined || notReadySince !== undefined
}

/** What the node is at `now`, and whether the catalog counts it. */
export function classifyNode(node: NodeFacts, policy: NodePolicy, now: Instant): ClassifiedNode {
  const { deletingSince, notReadySince } = node
  // Whoever keeps a node from going, with a finalizer, does not keep it from counting.
  const stuckAt = deletingSince === undefined ? undefined : deletingSince + policy.deletingHours * HOUR
  const lostAt = notReadySince === undefined ? undefined : notReadySince + policy.lostAfterHours * HOUR
  const classes = new Set<NodeClass>(lastingClasses(node))
  if (stuckAt !== undefined && now < stuckAt) classes.add('deleting')
  if (lostAt !== undefined && now >= lostAt) classes.add('lost')

  const uncounted = uncountedClass(classes, policy)
  const name = uncounted ?? NODE_CLASSES.find((name) => classes.has(name))
  const turns = [
    policy.uncountedClasses.includes('deleting') ? stuckAt : undefined,
    policy.uncountedClasses.includes('lost') ? lostAt : undefined,
  ]
  const changesAt = turns.filter((instant) => instant !== undefined).filter((instant) => instant > now)
  return {
    class: name ?? 'worker',
    counts: uncounted === undefined,
    reason: name === undefined ? plainReason(node) : reasonFor(name, node),
    ...(changesAt.length === 0 ? {} : { changesAt: Math.min(...changesAt) }),
  }
}

function plainReason({ deletingSince }: NodeFacts): string {
  if (deletingSince === undefined) return 'is a node like any other'
  return `has been on its way out since ${formatInstant(deletingSince)}, too long not to count`
}

function reasonFor(name: NodeClass, { deletingSince, notReadySince }: NodeFacts): string {
  const since = name === 'deleting' ? deletingSince : name === 'lost' ? notReadySince : undefined
  return since === undefined ? BECAUSE[name] : `${BECAUSE[name]}, since ${formatInstant(since)}`
}

/** The class for which the catalog does not count a node of these classes; undefined: it counts. */
export function uncountedClass(classes: Iterable<NodeClass>, policy: NodePolicy): NodeClass | undefined {
  const of = new Set(classes)
  return NODE_CLASSES.find((name) => of.has(name) && policy.uncountedClasses.includes(name))
}
