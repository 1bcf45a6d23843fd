// What a restart must not lose of the evidence, in a Secret of the operator's own. Nothing is believed because it stands
// there: whoever reads it back verifies it anew, and of times that nobody has signed none that lies ahead counts.

import { createHmac } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { formatInstant, type Instant, parseInstant } from '../../domain/time.ts'
import { TOLERANCE } from '../../domain/entitlement/trusted-time.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { isConflict, isNotFound } from '../../kube/errors.ts'
import { secrets } from '../../kube/resource.ts'
import type { LicenseFiles, RememberedLicenses } from './license-evidence.ts'
import { projectSecret, type SecretData } from './license-secrets.ts'
import type { Watched } from './stores.ts'

/** The license files are those that were believed last. Where there is no room for all, the first are kept. */
export interface KeptEvidence extends RememberedLicenses {
  /** The newest revocation list. */
  readonly revocations?: string | undefined
  /** The signed catalog that is in force, if it is not a built-in one. */
  readonly catalog?: string | undefined
  /** The latest time that has passed while an operator was at work. */
  readonly time?: Instant | undefined
  /** What a time that is contested was when it was said first. */
  readonly contested?: Instant | undefined
  /** The key that the marks of held workloads and the memory in the Entitlement are signed with. */
  readonly marks?: string | undefined
  /** When the memory in the Entitlement could not be believed. */
  readonly doubted?: Instant | undefined
}

/** What stands in the Secret. */
export interface ReadEvidence extends KeptEvidence {
  /** Whether its times are as an operator wrote them that had the key. */
  readonly isSealed: boolean
}

export interface EvidenceVault {
  /** The Secret, for an Event about it. */
  readonly regarding: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
  }
  /** What is kept; undefined while it is not known yet. */
  read(): ReadEvidence | undefined
  /** Writes what has changed. `changed` and `deleted` say that somebody else had done that since. */
  write(evidence: KeptEvidence, signal: AbortSignal): Promise<'unchanged' | 'written' | 'changed' | 'deleted'>
  /**
   * Whether what is known of the Secret is what the API server has: a list may be out of date. Whoever begins by writing would
   * overwrite what was kept.
   */
  isCurrent(signal: AbortSignal): Promise<boolean>
  /** How many license files there was no room for when it was written last. */
  readonly leftOut: number
}

const LICENSE = 'license.'
const EARLIER = 'earlier.'
const REPLACER = 'replacer.'
const REVOCATIONS = 'revocations'
const CATALOG = 'catalog'
const TIME = 'time'
const CONTESTED = 'contested'
const MARKS = 'marks'
const DOUBTED = 'doubted'
const SINCE = 'unreadable.'
const SEAL = 'seal'
/** What is signed differs from what else is signed with the key. */
const PURPOSE = 'evidence-times-1'
/** Of license files, in bytes. A Secret holds 1 MiB, and what replaces and revokes comes before them. */
const ROOM_FOR_LICENSES = 256 * 1024

export function createEvidenceVault(client: Client, watched: Watched<SecretData>, place: Place): EvidenceVault {
  const key = `${place.namespace}/${place.name}`
  let written: SecretData | undefined
  let leftOut = 0

  return {
    get leftOut() {
      return leftOut
    },
    regarding: { apiVersion: 'v1', kind: 'Secret', ...place },
    read() {
      const { store } = watched
      if (!store.synced && store.obstacle === undefined) return undefined
      return evidenceIn(store.get(key) ?? {})
    },
    async isCurrent(signal) {
      const { resourceVersion } = watched.store.identity(key) ?? {}
      const patch = resourceVersion === undefined ? {} : { metadata: { resourceVersion } }
      try {
        // Asked and not kept. It takes the right to patch this one Secret, and not the right to read it or to create others.
        await client.mergePatch(secrets, place, patch, signal, { dryRun: true })
        return resourceVersion !== undefined
      } catch (error) {
        if (isNotFound(error)) return resourceVersion === undefined
        // Whatever else keeps it from answering will keep us from writing, too.
        return !isConflict(error)
      }
    },
    async write(evidence, signal) {
      const live = watched.store.get(key)
      const fitting = fittingFiles(evidence.licenses)
      leftOut = evidence.licenses.size - fitting.size
      const data = evidenceData({ ...evidence, licenses: fitting })
      // As long as there was nothing to keep, there was no Secret either.
      const isOurs = written === undefined || isDeepStrictEqual(live ?? {}, written)
      if (isDeepStrictEqual(live ?? {}, data)) {
        written = data
        return 'unchanged'
      }
      const metadata = { name: place.name, namespace: place.namespace }
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: data as object }
      const applied = await client.apply(secrets, secret, { force: true }, signal)
      watched.written(await withoutOthers(applied, data, signal))
      written = data
      if (isOurs) return 'written'
      return live === undefined ? 'deleted' : 'changed'
    },
  }

  // What somebody else wrote too, as who restores a backup does, is not removed by applying without it.
  async function withoutOthers(applied: RawObject, data: SecretData, signal: AbortSignal): Promise<RawObject> {
    const others = Object.keys(projectSecret(applied)).filter((name) => !(name in data))
    if (others.length === 0) return applied
    const patch = { data: Object.fromEntries(others.map((name) => [name, null])) }
    return client.mergePatch(secrets, place, patch, signal)
  }
}

interface Place {
  readonly namespace: string
  readonly name: string
}

/** Whoever may make Licenses can make thousands that name one good file: they must not keep the rest from being kept. */
function fittingFiles(licenses: LicenseFiles): LicenseFiles {
  let room = ROOM_FOR_LICENSES
  return new Map(
    [...licenses].filter(([name, texts]) => {
      room -= texts.reduce((bytes, text) => bytes + name.length + Buffer.byteLength(text), 0)
      return room >= 0
    }),
  )
}

/** The evidence as it stands in the Secret. */
export function evidenceData(evidence: KeptEvidence): SecretData {
  const { licenses, replacers, revocations, catalog, marks } = evidence
  const times = timesOf(evidence)
  const entries: (readonly [key: string, text: string])[] = [
    ...[...licenses].flatMap(([name, [text = '', ...earlier]]) => [
      [LICENSE + keyOf(name), text] as const,
      ...earlier.map((one, index) => [`${EARLIER}${keyOf(name)}.${index}`, one] as const),
    ]),
    ...replacers.map((text, index) => [`${REPLACER}${index}`, text] as const),
    ...(revocations === undefined ? [] : [[REVOCATIONS, revocations] as const]),
    ...(catalog === undefined ? [] : [[CATALOG, catalog] as const]),
    ...times,
    ...(marks === undefined ? [] : [[MARKS, marks] as const, [SEAL, sealOf(times, marks)] as const]),
  ]
  return Object.fromEntries(entries.map(([name, text]) => [name, Buffer.from(text, 'utf8').toString('base64')]))
}

function timesOf({ licenses, unreadable, time, contested, doubted }: KeptEvidence): Entry[] {
  const named = { [TIME]: time, [CONTESTED]: contested, [DOUBTED]: doubted }
  return [
    ...Object.entries(named).flatMap(([name, at]) => (at === undefined ? [] : [[name, formatInstant(at)] as const])),
    ...[...unreadable]
      .filter(([name]) => licenses.has(name))
      .map(([name, since]) => [SINCE + keyOf(name), formatInstant(since)] as const),
  ]
}

/** Files have a signature of their own; a time has none. @param key in base64 */
function sealOf(times: readonly Entry[], key: string): string {
  const text = times
    .map((entry) => entry.join('='))
    .toSorted()
    .join('\n')
  return createHmac('sha256', Buffer.from(key, 'base64')).update(`${PURPOSE}\0${text}`).digest('base64url')
}

type Entry = readonly [key: string, text: string]

/** What stands in the Secret, believed by nobody. */
export function evidenceIn(data: SecretData): ReadEvidence {
  const entries = Object.entries(data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')] as const,
  )
  const texts = new Map(entries)
  const marks = texts.get(MARKS)
  const since = entries.filter(([name]) => name.startsWith(SINCE))
  const times = [...entries.filter(([name]) => [TIME, CONTESTED, DOUBTED].includes(name)), ...since]
  return {
    licenses: licensesIn(entries),
    replacers: entries.filter(([name]) => name.startsWith(REPLACER)).map(([, text]) => text),
    unreadable: new Map(
      since.flatMap(([name, text]) => {
        const at = parseInstant(text)
        return at === undefined ? [] : [[nameOf(name.slice(SINCE.length)), at]]
      }),
    ),
    revocations: texts.get(REVOCATIONS),
    catalog: texts.get(CATALOG),
    time: parseInstant(texts.get(TIME)),
    contested: parseInstant(texts.get(CONTESTED)),
    marks,
    doubted: parseInstant(texts.get(DOUBTED)),
    isSealed: marks !== undefined && texts.get(SEAL) === sealOf(times, marks),
  }
}

/**
 * The evidence without the times that lie ahead of every clock and that no operator has signed: whoever may write the Secret
 * would end every license by one of them. A time that is signed counts, also where all clocks are set back.
 * @param now what the clocks say
 */
export function plausible(evidence: ReadEvidence, now: Instant): { evidence: ReadEvidence; refused: Instant[] } {
  if (evidence.isSealed) return { evidence, refused: [] }
  const refused: Instant[] = []
  const unlessAhead = (at: Instant | undefined) => {
    if (at === undefined || at <= now + TOLERANCE) return at
    refused.push(at)
    return undefined
  }
  const { time, contested, doubted } = evidence
  return {
    evidence: {
      ...evidence,
      time: unlessAhead(time),
      contested: unlessAhead(contested),
      doubted: unlessAhead(doubted),
    },
    refused,
  }
}

function licensesIn(entries: readonly (readonly [key: string, text: string])[]): LicenseFiles {
  const licenses = new Map<string, string[]>()
  for (const [key, text] of entries) {
    if (key.startsWith(LICENSE)) licenses.set(nameOf(key.slice(LICENSE.length)), [text])
  }
  // There are fewer than ten of a License, so that their keys sort as their numbers do.
  for (const [key, text] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (key.startsWith(EARLIER)) licenses.get(nameOf(key.slice(EARLIER.length, key.lastIndexOf('.'))))?.push(text)
  }
  return licenses
}

// A key of a Secret may have no slash, and the name of a License no underscore.
const keyOf = (name: string) => name.replaceAll('/', '_')
const nameOf = (key: string) => key.replaceAll('_', '/')
