// What was sent of a status, and what the API server made of it. CRDs that are older than the operator drop what they do not
// know, without a word: what comes back differs from what was sent then, and nobody has changed anything.

import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../../../domain/license/strict-json.ts'
import type { Finding } from '../../../domain/health/finding.ts'
import { type Instant, MINUTE } from '../../../domain/time.ts'
import { list } from '../../../domain/text.ts'

/** How long after a write of which something was dropped it is sent again: the CRDs may have been put right. */
export const SENT_AGAIN_AFTER = 5 * MINUTE
/** More fields than a version adds: as many are named. */
const MOST_FIELDS = 12

export interface Written<T = unknown> {
  readonly sent: T
  /** What the API server keeps of it. */
  readonly answer: unknown
  /** Paths of what it dropped: `health`, `agents.admitted[].kind`. */
  readonly dropped: readonly string[]
  readonly at: Instant
}

export function writtenAs<T>(sent: T, answer: unknown, at: Instant): Written<T> {
  return { sent, answer, dropped: droppedFields(sent, answer), at }
}

/**
 * Whether a status has to be written: it is not there, and what is there is not what the API server makes of it.
 * @param live what is there now
 * @param written the last write of ours, if there was one
 */
export function isToWrite(wanted: unknown, live: unknown, written: Written | undefined, now: Instant): boolean {
  if (isDeepStrictEqual(live, wanted)) return false
  if (written === undefined || !isDeepStrictEqual(written.sent, wanted)) return true
  return !isDeepStrictEqual(written.answer, live) || now >= sentAgainAt(written)
}

/** When it is sent again though nothing changed. */
export function sentAgainAt({ dropped, at }: Written): Instant {
  return dropped.length === 0 ? Infinity : at + SENT_AGAIN_AFTER
}

/** The paths of what was sent and did not come back, each once. Pure. */
export function droppedFields(sent: unknown, answer: unknown): string[] {
  return [...new Set(missing(sent, answer, ''))]
}

/** Whether something empty that was sent is missing in what came back. Pure. */
export function lacksEmpty(sent: unknown, answer: unknown): boolean {
  if (Array.isArray(sent)) return Array.isArray(answer) && sent.some((item, index) => lacksEmpty(item, answer[index]))
  if (!isJsonObject(sent) || !isJsonObject(answer)) return false
  return Object.entries(sent).some(([name, value]) =>
    Object.hasOwn(answer, name) ? lacksEmpty(value, answer[name]) : isEmpty(value),
  )
}

/** The value without what stands at those paths. Pure. */
export function withoutFields<T>(value: T, paths: readonly string[]): T {
  return paths.length === 0 ? value : (pruned(value, new Set(paths), '') as T)
}

/** @param dropped by kind: what of its status does not come back */
export function outdatedCrds(dropped: ReadonlyMap<string, ReadonlySet<string>>): Finding | undefined {
  const kinds = [...dropped].filter(([, fields]) => fields.size > 0)
  if (kinds.length === 0) return undefined
  const what = kinds.map(([kind, fields]) => `${list([...fields].toSorted(), MOST_FIELDS)} of ${kind}`)
  const isForgotten = [...(dropped.get('Entitlement') ?? [])].some(isRemembered)
  const more = isForgotten ? ', and a restart forgets what earlier decisions remember' : ''
  const message = `the CRDs are older than the operator, so that the API server drops ${what.join('; ')}${more}; apply the CRDs of this version`
  return { type: 'CrdsCurrent', healthy: false, reason: 'CrdsOutdated', message }
}

/** What of the Entitlement's status a restart depends on. */
const REMEMBERED: ReadonlySet<string> = new Set(['seal', 'agents', 'cluster', 'nodes', 'violations'])

/** Whether without that field of the Entitlement's status its memory is not as it was written. */
export function isRemembered(path: string): boolean {
  const [head = ''] = path.split(/[.[]/)
  return REMEMBERED.has(head) || path === 'gate' || path.startsWith('gate.frozen')
}

function missing(sent: unknown, answer: unknown, path: string): string[] {
  if (Array.isArray(sent)) {
    if (!Array.isArray(answer)) return []
    return sent.flatMap((item, index) => missing(item, answer[index], `${path}[]`))
  }
  if (!isJsonObject(sent) || !isJsonObject(answer)) return []
  return Object.entries(sent).flatMap(([name, value]) => {
    if (value === undefined || isEmpty(value)) return []
    const inner = within(path, name)
    return Object.hasOwn(answer, name) ? missing(value, answer[name], inner) : [inner]
  })
}

// The first time that server-side apply is given an empty list in the place of a full one, it leaves it out. No schema is to blame.
function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0
}

function pruned(value: unknown, paths: ReadonlySet<string>, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => pruned(item, paths, `${path}[]`))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !paths.has(within(path, name)))
      .map(([name, inner]) => [name, pruned(inner, paths, within(path, name))]),
  )
}

function within(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
