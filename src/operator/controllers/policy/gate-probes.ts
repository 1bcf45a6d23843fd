// The two agents that the gate is tried with, and how its answers are read. Neither of them is ever made.

import { MANAGED_LABEL } from '../../../api/names.ts'
import type { GateStatus } from '../../../api/entitlement.ts'
import type { KubeObject } from '../../../kube/object.ts'
import type { KubeError } from '../../../kube/errors.ts'
import { GATE_IS_CLOSED, PROBE } from './agents.ts'

export interface Place {
  /** The name of the product: that of its policies begins with it. */
  readonly product: string
  readonly namespace: string
  /** A Deployment of an agent just as the operator creates it, so that whoever would refuse that refuses this. */
  readonly deployment: (agent: string, replicas: number) => KubeObject
}

/** What is wrong with the gate. */
export interface Trouble {
  readonly reason: 'GateOpen' | 'GateOutdated' | 'GateNotTried' | 'AgentsRefused'
  readonly message: string
}

/** What the API server said to a dry run: undefined is yes. */
export type Answer = KubeError | undefined

/** An agent that no license admits. */
export function refusedProbe({ deployment }: Place): KubeObject {
  return deployment(PROBE, 1)
}

/** An agent that may always be there, because it does not run. */
export function admittedProbe({ deployment }: Place): KubeObject {
  return deployment(`${PROBE}-idle`, 0)
}

/** The decision that the API server refused it by; undefined when it was not refused by the gate. */
export function decisionOf(answer: Answer): string | undefined {
  if (answer === undefined) return undefined
  return new RegExp(`: ${GATE_IS_CLOSED}; decision (\\S+)$`).exec(answer.message)?.[1]
}

/** Reads what the API server said of an agent that must be refused. Undefined: as it must be. */
export function troubleWithRefused(
  answer: Answer,
  serial: GateStatus['serial'],
  { product, namespace }: Place,
): Trouble | undefined {
  if (answer === undefined) {
    return {
      reason: 'GateOpen',
      message: `the API server does not enforce the admission policies: it would create an agent in namespace ${namespace} that no license admits; look whether ValidatingAdmissionPolicy ${product}-agents and its binding are as the operator wrote them, and whether namespace ${namespace} has the label ${MANAGED_LABEL}=true`,
    }
  }
  const decision = decisionOf(answer)
  if (decision === undefined) {
    return {
      reason: 'GateNotTried',
      message: `nobody knows whether the API server enforces the admission policies: it answered something else to the dry run of an agent in namespace ${namespace}: ${wordsOf(answer)}`,
    }
  }
  if (decision === serial) return undefined
  return {
    reason: 'GateOutdated',
    message: `the API server refuses agents by an earlier decision (${decision}) than the one that is published (${serial}); if this stays, look at its log for the watch of entitlements.cto.5dlabs.io`,
  }
}

/** Reads what it said of an agent that must not be refused. */
export function troubleWithAdmitted(answer: Answer, { product, namespace }: Place): Trouble | undefined {
  if (answer === undefined) return undefined
  const who = new RegExp(`ValidatingAdmissionPolicy '(${product}-[a-z-]+)'`).exec(answer.message)?.[1]
  const cure =
    who === undefined
      ? 'change what refuses it, or exempt the namespace from it'
      : `no person can lift this: report it, with ValidatingAdmissionPolicy ${who} and the Entitlement`
  return {
    reason: 'AgentsRefused',
    message: `no agent can be created in namespace ${namespace}, whatever the license says: ${wordsOf(answer)}; ${cure}`,
  }
}

const LONGEST = 500

// Without what we asked for, which stands before it.
function wordsOf({ message }: KubeError): string {
  const words = message.replace(/^[^:]*: /, '').replaceAll(/\s+/g, ' ')
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words
}
