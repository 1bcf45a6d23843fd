// What happened last, for whoever looks at the status page. Kept in memory: the Events in the cluster are the record.

import { type Instant, SECOND } from '../../domain/time.ts'

export interface JournalEntry {
  readonly at: Instant
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  /** `License acme`. */
  readonly regarding: string
  readonly note: string
}

export interface Journal {
  add(entry: JournalEntry): void
  /** The newest first. */
  entries(): readonly JournalEntry[]
}

const LONGEST = 12
const SAME_FOR = 5 * SECOND

export function createJournal(): Journal {
  let entries: readonly JournalEntry[] = []
  return {
    add(entry) {
      // The same is said of the Entitlement and of the PlatformConfig: once is enough here.
      const isSame = (one: JournalEntry) =>
        one.reason === entry.reason && one.note === entry.note && entry.at - one.at < SAME_FOR
      if (!entries.some(isSame)) entries = [entry, ...entries].slice(0, LONGEST)
    },
    entries: () => entries,
  }
}
