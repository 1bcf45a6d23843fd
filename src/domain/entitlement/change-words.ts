// What a change that is to come means for people, each in one sentence.

import type { Change } from './timeline.ts'

/** What a governed workload is called: `agent`. */
type Noun = string

const MEANINGS: Readonly<Record<Change['what'], (to: string, from: string, noun: Noun) => string | undefined>> = {
  verdict(to) {
    if (to === 'Expired') return 'the license ends'
    return to === 'Valid' ? 'the license is in force' : `the verdict is ${to}`
  },
  plan: (to) => `the ${to} plan applies`,
  expiring: (to) => (to === 'yes' ? 'reminders to renew the license begin' : undefined),
  degradation: (to) => (to === 'None' ? 'every restriction is lifted' : `level ${to} begins`),
  updates: (to) => (to === 'on' ? 'updates over the air go on' : 'updates over the air stop'),
  guardian: (to, from) => `the guardian is ${to}, and no longer ${from}`,
  growth(to, _from, noun) {
    if (to === 'Open') return `${noun}s may start again`
    const what = to === 'Closed' ? `no ${noun} may grow` : `no new ${noun} may start`
    return `${what}, and what runs keeps running`
  },
  'read-only': (to) => (to === 'yes' ? 'the platform is read-only' : 'the platform may be changed again'),
  admitted: (to, from, noun) => `${to} ${to === '1' ? `${noun} is` : `${noun}s are`} admitted, and no longer ${from}`,
}

/** Undefined where another change of the same instant says it already. */
export function meaningOfChange({ what, from, to }: Change, noun: Noun): string | undefined {
  return MEANINGS[what](to, from, noun)
}
