// What a restart must not lose of the evidence, in a Secret of the operator's own. Nothing is believed because it stands
// there: whoever reads it back verifies it anew, and a time that was written there can only make licenses older.

import { isDeepStrictEqual } from 'node:util'
import { formatInstant, type Instant, parseInstant } from '../domain/instant.ts'
import type { Client, RawObject } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import { secrets } from '../kube/resource.ts'
import type { LicenseFiles } from './license-evidence.ts'
import { projectSecret, type SecretData } from './license-secrets.ts'
import type { Watched } from './stores.ts'

export interface KeptEvidence {
  /** The license files that were believed last, by License. Where there is no room for all, the first are kept. */
  readonly licenses: LicenseFiles
  /** The license files that replace others. */
  readonly replacers: readonly string[]
  /** The newest revocation list. */
  readonly revocations?: string | undefined
  /** The latest time that has passed while an operator was at work. */
  readonly time?: Instant | undefined
  /** What a time that is contested was when it was said first. */
  readonly contested?: Instant | undefined
  /** The key that the marks of held workloads and the memory in the Entitlement are signed with. */
  readonly marks?: string | undefined
  /** When the memory in the Entitlement could not be believed. */
  readonly doubted?: Instant | undefined
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
  read(): KeptEvidence | undefined
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

export function vaultName(product: string): string {
  return `${product}-evidence`
}

const LICENSE = 'license.'
const EARLIER = 'earlier.'
const REPLACER = 'replacer.'
const REVOCATIONS = 'revocations'
const TIME = 'time'
const CONTESTED = 'contested'
const MARKS = 'marks'
const DOUBTED = 'doubted'
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
      const data = encode({ ...evidence, licenses: fitting })
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

function encode({ licenses, replacers, revocations, time, contested, marks, doubted }: KeptEvidence): SecretData {
  const entries = [
    ...[...licenses].flatMap(([name, [text, ...earlier]]) => [
      [LICENSE + keyOf(name), text],
      ...earlier.map((text, index) => [`${EARLIER}${keyOf(name)}.${index}`, text]),
    ]),
    ...replacers.map((text, index) => [`${REPLACER}${index}`, text]),
    ...(revocations === undefined ? [] : [[REVOCATIONS, revocations]]),
    ...(time === undefined ? [] : [[TIME, formatInstant(time)]]),
    ...(contested === undefined ? [] : [[CONTESTED, formatInstant(contested)]]),
    ...(marks === undefined ? [] : [[MARKS, marks]]),
    ...(doubted === undefined ? [] : [[DOUBTED, formatInstant(doubted)]]),
  ] as [string, string][]
  return Object.fromEntries(entries.map(([name, text]) => [name, Buffer.from(text, 'utf8').toString('base64')]))
}

/** What stands in the Secret, believed by nobody. */
export function evidenceIn(data: SecretData): KeptEvidence {
  const entries = Object.entries(data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')] as const,
  )
  const texts = new Map(entries)
  return {
    licenses: licensesIn(entries),
    replacers: entries.filter(([name]) => name.startsWith(REPLACER)).map(([, text]) => text),
    revocations: texts.get(REVOCATIONS),
    time: parseInstant(texts.get(TIME)),
    contested: parseInstant(texts.get(CONTESTED)),
    marks: texts.get(MARKS),
    doubted: parseInstant(texts.get(DOUBTED)),
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
