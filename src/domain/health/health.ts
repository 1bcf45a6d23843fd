// How it stands, in a few words: what the status page and the command line say first.

import type { Growth } from './catalog.ts'
import { amount } from './words.ts'

export interface Standing {
  readonly verdict: string
  readonly expiring: boolean
  readonly growth: Growth
  /** How many agents are refused, and how many are held. */
  readonly refused: number
  readonly held: number
  /** How many messages there are beside the verdict. */
  readonly messages: number
}

/** From all is well to growth is refused. */
export type Tone = 'good' | 'attention' | 'restricted'

export function toneOf({ verdict, growth, refused, held, messages }: Standing): Tone {
  if (growth !== 'Open') return 'restricted'
  return verdict === 'Valid' && refused + held + messages === 0 ? 'good' : 'attention'
}

const HEADLINES: Readonly<Record<string, string>> = {
  InvalidSignature: 'The license is not accepted',
  ClusterTypeNotAllowed: 'Not licensed for this type of cluster',
  Expired: 'The license has ended',
  NodeLimitExceeded: 'More nodes than licensed',
  Revoked: 'The license is revoked',
}

/** @param noun what is governed: `agent` */
export function headlineOf({ verdict, expiring, refused, held, messages }: Standing, noun: string): string {
  if (verdict !== 'Valid') return HEADLINES[verdict] ?? verdict
  if (expiring) return 'In force, and ending soon'
  if (held > 0) return `In force, with ${amount(held, noun)} held`
  if (refused > 0) return `In force, with ${amount(refused, noun)} refused`
  return messages > 0 ? 'In force, with something to know' : 'Everything is in order'
}
