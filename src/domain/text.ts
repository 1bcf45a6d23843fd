// How the core speaks: lists, amounts, plans. One sentence without a full stop; times are absolute, so that it never flaps.

import type { Grant } from './entitlement/grant.ts'
import { UNLIMITED } from './license/claims.ts'

/** `rex`, `rex and blaze`, `rex, blaze and tess`; long lists are cut. */
export function list(names: readonly string[], longest = 7): string {
  if (names.length > longest) return `${names.slice(0, longest).join(', ')} and ${names.length - longest} more`
  if (names.length < 2) return names[0] ?? 'nothing'
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `1 node`, `3 nodes`, `any number of nodes`. */
export function amount(count: number, thing: string): string {
  if (count === UNLIMITED) return `any number of ${thing}s`
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** `Free plan`, `Team license of Acme Corp`. */
export function title(grant: Grant): string {
  if (grant.license === undefined) return `${grant.plan.title} plan`
  return `${grant.plan.title} license of ${grant.license.claims.organization}`
}
