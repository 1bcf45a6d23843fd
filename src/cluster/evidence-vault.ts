// What a restart must not lose of the evidence, in a Secret of the operator's own. Nothing is believed because it stands
// there: whoever reads it back verifies it anew, and a time that was written there can only make licenses older.

import { isDeepStrictEqual } from 'node:util'
import { formatInstant, type Instant, parseInstant } from '../domain/instant.ts'
import type { Client, RawObject } from '../kube/client.ts'
import { secrets } from '../kube/resource.ts'
import { projectSecret, type SecretData } from './license-secrets.ts'
import type { Watched } from './stores.ts'

export interface KeptEvidence {
  /** The license files that were believed last, by the name of their License. */
  readonly licenses: ReadonlyMap<string, string>
  /** The license files ever believed that replace others. */
  readonly replacers: readonly string[]
  /** The newest revocation list. */
  readonly revocations?: string | undefined
  /** The latest time that is known to have passed. */
  readonly time?: Instant | undefined
  /** The key that the marks of held workloads are signed with. */
  readonly marks?: string | undefined
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
}

export function vaultName(product: string): string {
  return `${product}-evidence`
}

const LICENSE = 'license.'
const REPLACER = 'replacer.'
const REVOCATIONS = 'revocations'
const TIME = 'time'
const MARKS = 'marks'

export function createEvidenceVault(client: Client, watched: Watched<SecretData>, place: Place): EvidenceVault {
  const key = `${place.namespace}/${place.name}`
  let written: SecretData | undefined

  return {
    regarding: { apiVersion: 'v1', kind: 'Secret', ...place },
    read() {
      const { store } = watched
      if (!store.synced && store.obstacle === undefined) return undefined
      return decode(store.get(key) ?? {})
    },
    async write(evidence, signal) {
      const live = watched.store.get(key)
      const data = encode(evidence)
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

function encode({ licenses, replacers, revocations, time, marks }: KeptEvidence): SecretData {
  const entries = [
    ...[...licenses].map(([name, text]) => [LICENSE + keyOf(name), text]),
    ...replacers.map((text, index) => [`${REPLACER}${index}`, text]),
    ...(revocations === undefined ? [] : [[REVOCATIONS, revocations]]),
    ...(time === undefined ? [] : [[TIME, formatInstant(time)]]),
    ...(marks === undefined ? [] : [[MARKS, marks]]),
  ] as [string, string][]
  return Object.fromEntries(entries.map(([name, text]) => [name, Buffer.from(text, 'utf8').toString('base64')]))
}

function decode(data: SecretData): KeptEvidence {
  const entries = Object.entries(data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')] as const,
  )
  const texts = new Map(entries)
  const licenses = entries
    .filter(([name]) => name.startsWith(LICENSE))
    .map(([name, text]) => [nameOf(name.slice(LICENSE.length)), text] as const)
  return {
    licenses: new Map(licenses),
    replacers: entries.filter(([name]) => name.startsWith(REPLACER)).map(([, text]) => text),
    revocations: texts.get(REVOCATIONS),
    time: parseInstant(texts.get(TIME)),
    marks: texts.get(MARKS),
  }
}

// A key of a Secret may have no slash, and the name of a License no underscore.
const keyOf = (name: string) => name.replace('/', '_')
const nameOf = (key: string) => key.replace('_', '/')
