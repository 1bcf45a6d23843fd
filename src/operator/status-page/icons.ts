// The signs of the page. Each stands beside the word that it means, and is nothing to a screen reader.

import type { Tone } from './view.ts'
import { htmlOf, type Markup, markup } from '../../http/html.ts'

const SIGNS = {
  good: markup`<path d="M7.5 12.5l3 3 6-6.5"/>`,
  attention: markup`<path d="M12 7.5v6M12 16.5v.01"/>`,
  restricted: markup`<path d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>`,
  held: markup`<path d="M9.5 8.5v7M14.5 8.5v7"/>`,
} as const
export type Sign = keyof typeof SIGNS

export function icon(sign: Sign): Markup {
  return markup`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>${SIGNS[sign]}</svg>`
}

const COLOURS: Readonly<Record<Tone, string>> = { good: '#0f7a45', attention: '#a35a00', restricted: '#b3202c' }
export const TONES = Object.keys(COLOURS) as Tone[]

/** The icon of the tab: how it stands is seen without opening it. */
export function favicon(tone: Tone): string {
  return htmlOf(
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="12" r="12" fill="${COLOURS[tone]}" stroke="none"/>${SIGNS[tone]}</svg>`,
  )
}
