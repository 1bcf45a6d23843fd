// How much of a limit is used, as a bar: one segment for each thing while they can be told apart. The words beside it say
// the same.

import { type Markup, markup } from '../../http/html.ts'
import type { LimitView } from './view.ts'

const MOST_SEGMENTS = 24
const GAP = 1.2

/** Nothing without a limit: there is nothing to compare with. */
export function limitBar({ used, limit }: LimitView): Markup | undefined {
  if (limit === undefined) return undefined
  const segments = limit > 0 && limit <= MOST_SEGMENTS ? limit : 1
  const width = (100 - GAP * (segments - 1)) / segments
  const filled = segments === limit ? used : Math.min(1, limit === 0 ? used : used / limit)
  const segment = (index: number) => {
    const share = Math.max(0, Math.min(1, filled - index))
    const x = index * (width + GAP)
    const part = share === 0 ? undefined : rect(used > limit ? 'over' : 'used', x, width * share)
    return markup`${rect('free', x, width)}${part}`
  }
  // The width of a segment is an attribute: the page's policy allows no style in the markup.
  return markup`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${Array.from({ length: segments }, (_, index) => segment(index))}</svg>`
}

function rect(kind: string, x: number, width: number): Markup {
  const round = (value: number) => Math.round(value * 100) / 100
  return markup`<rect class="${kind}" x="${round(x)}" width="${round(width)}" height="8"/>`
}
