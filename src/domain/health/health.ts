// How it stands, said in one place: every surface that says "in order" or that something is wrong takes it from here.

import type { Growth } from '../catalog/catalog.ts'
import type { Decision } from '../entitlement/decision.ts'
import { amount } from '../text.ts'
import type { Finding } from './finding.ts'
import { inOrder, type Problem, problemsOf } from './problem.ts'

/** `Healthy`: all is as it was decided. `Attention`: a person should look. `Restricted`: growth is refused. */
export type HealthLevel = 'Healthy' | 'Attention' | 'Restricted'

export interface Health {
  readonly level: HealthLevel
  /** A few words: what people read first. */
  readonly headline: string
  readonly problems: readonly Problem[]
}

/** What a headline says of a decision. */
export interface Standing {
  readonly verdict: string
  readonly expiring: boolean
  readonly growth: Growth
  /** How many agents are refused, and how many are held. */
  readonly refused: number
  readonly held: number
  /** What is governed: `agent`. */
  readonly noun: string
}

export function standingOf({ verdict, expiring, gate, agents, catalog }: Decision): Standing {
  return {
    verdict,
    expiring,
    growth: gate.growth,
    refused: agents.refused.length,
    held: agents.held.length,
    noun: catalog.governed.noun,
  }
}

/**
 * How a decision stands.
 * @param findings what was found while it was carried out, and those before it
 * @param more what is known besides
 */
export function healthOfDecision(
  decision: Decision,
  findings: readonly Finding[],
  more: readonly Problem[] = [],
): Health {
  return healthOf(standingOf(decision), [...problemsOf(decision, findings), ...more])
}

/** Problems come in any order; the worst is said first. */
export function healthOf(standing: Standing, problems: readonly Problem[]): Health {
  return { level: levelOf(standing, problems), headline: headlineOf(standing, problems), problems: inOrder(problems) }
}

/** Whether somebody, or the operator, still has something to do about it. */
function isOpen({ severity, pending }: Problem): boolean {
  return severity !== 'info' || pending === true
}

function levelOf({ verdict, growth }: Standing, problems: readonly Problem[]): HealthLevel {
  if (growth !== 'Open') return 'Restricted'
  return verdict === 'Valid' && !problems.some(isOpen) ? 'Healthy' : 'Attention'
}

const VERDICTS: Readonly<Record<string, string>> = {
  InvalidSignature: 'The license is not accepted',
  ClusterTypeNotAllowed: 'Not licensed for this type of cluster',
  Expired: 'The license has ended',
  NodeLimitExceeded: 'More nodes than licensed',
  Revoked: 'The license is revoked',
}

function headlineOf({ verdict, expiring, refused, held, noun }: Standing, problems: readonly Problem[]): string {
  if (verdict !== 'Valid') return VERDICTS[verdict] ?? verdict
  const open = problems.filter(isOpen)
  if (open.some(({ source, pending }) => source === 'operation' && pending !== true))
    return 'In force, but not all is as it was decided'
  if (expiring) return 'In force, and ending soon'
  if (held > 0) return `In force, with ${amount(held, noun)} held`
  if (refused > 0) return `In force, with ${amount(refused, noun)} refused`
  if (open.some(({ pending }) => pending !== true)) return 'In force, with something to know'
  return open.length > 0 ? 'In force, and being carried out' : 'Everything is in order'
}
