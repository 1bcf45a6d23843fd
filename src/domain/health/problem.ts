// Everything that a person should know, worst first: what the decision itself finds, and what became of carrying it out.

import type { FailingAgent, RefusedAgent } from '../entitlement/agent-admission.ts'
import type { Decision } from '../entitlement/decision.ts'
import type { Instant } from '../time.ts'
import { type Reason, type Severity, severityOf } from '../entitlement/reasons.ts'
import { list } from '../text.ts'
import type { Finding } from './finding.ts'

export interface Problem {
  /** One of `reasons`, or one that another version of the operator has given. */
  readonly reason: string
  readonly severity: Severity
  /** Whether it is about the decision, or about what became of it. */
  readonly source: 'decision' | 'operation'
  /** One sentence without a full stop: what is wrong, and where. */
  readonly message: string
  readonly since?: Instant
  /** The operator is at work on it: it is over in a moment. */
  readonly pending?: true
}

const NAMED = 4
const ORDER: readonly Severity[] = ['critical', 'warning', 'info']

/** @param findings what was found while earlier decisions were carried out */
export function problemsOf(decision: Decision, findings: readonly Finding[]): Problem[] {
  return [
    ...decision.violations.map(({ reason, message, growth, firstSeen }) => ({
      ...problem('decision', reason, message),
      severity: growth === 'Open' ? ('warning' as const) : ('critical' as const),
      since: firstSeen,
    })),
    ...findings.filter(({ healthy }) => !healthy).map(problemFound),
    ...agentProblems([...decision.agents.refused, ...decision.agents.held]),
    ...decision.agents.failing.map(failingProblem),
    ...decision.notes
      .filter(({ reason }) => decision.violations.every((violation) => violation.reason !== reason))
      .map(({ reason, message }) => problem('decision', reason, message)),
    ...workInProgress(decision),
  ]
}

/** The worst first; among equals as they were. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}

export function problem(source: Problem['source'], reason: Reason, message: string): Problem {
  return { reason, severity: severityOf(reason), source, message }
}

function problemFound({ reason, message, pending }: Finding): Problem {
  return { ...problem('operation', reason, message), ...(pending === true ? { pending } : {}) }
}

/** One for each reason: a thousand refused agents are one thing to look into. */
function agentProblems(agents: readonly RefusedAgent[]): Problem[] {
  return [...Map.groupBy(agents, ({ reason }) => reason)].map(([reason, [first, ...others]]) => {
    if (first === undefined || others.length === 0) return problem('decision', reason, first?.message ?? '')
    const names = list([...new Set([first, ...others].map(({ agent }) => agent))], NAMED)
    return problem('decision', reason, `${names}: ${first.message}`)
  })
}

function failingProblem({ kind, namespace, workload, failure }: FailingAgent): Problem {
  return problem('operation', failure.reason, `${kind} ${namespace}/${workload} is admitted, but ${failure.message}`)
}

function workInProgress({ agents, catalog }: Decision): Problem[] {
  const deeds = [
    [agents.toMake, 'to be created'],
    [agents.toResume, 'to be resumed'],
    [agents.toHold, 'to be held'],
  ] as const
  const open = deeds.filter(([keys]) => keys.size > 0).map(([keys, what]) => `${keys.size} ${what}`)
  if (open.length === 0) return []
  const message = `the operator is at work: of ${catalog.governed.noun}s, ${list(open)}`
  return [{ ...problem('operation', 'CarryingOut', message), pending: true }]
}
