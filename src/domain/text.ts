// How the core speaks: lists, amounts, plans. One sentence without a full stop; times are absolute, so that it never flaps.

import { UNLIMITED } from './limits.ts'

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
