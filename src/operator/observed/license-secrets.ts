// The Secrets that Licenses name: each watched by its name alone, so that the right to read one is enough.

import { encodingProblem } from '../../domain/license/license-file.ts'
import type { Client } from '../../kube/client.ts'
import { secrets } from '../../kube/resource.ts'
import { reflect, Store } from '../../kube/store.ts'
import type { LicenseContent } from './license-evidence.ts'

export interface SecretKeyReference {
  readonly namespace: string
  readonly name: string
  readonly key: string
}

export type SecretData = Readonly<Record<string, string>>

interface WatchedSecret {
  readonly store: Store<SecretData>
  readonly stop: AbortController
}

export class LicenseSecrets {
  readonly #watched = new Map<string, WatchedSecret>()
  readonly #onListenerError: (error: unknown) => void
  #changed: () => void = () => undefined
  #start: ((id: string, watched: WatchedSecret) => void) | undefined

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** Calls when any of the Secrets changed; returns how to stop listening. */
  onChange(changed: () => void): () => void {
    this.#changed = changed
    return () => {
      if (this.#changed === changed) this.#changed = () => undefined
    }
  }

  /** Watches just these Secrets from now on. */
  watchOnly(references: readonly SecretKeyReference[]): void {
    const wanted = new Set(references.map(idOf))
    for (const [id, { stop }] of this.#watched) {
      if (wanted.has(id)) continue
      stop.abort()
      this.#watched.delete(id)
    }
    for (const id of wanted) {
      if (this.#watched.has(id)) continue
      const store = new Store<SecretData>(this.#onListenerError)
      store.onChange(() => this.#changed())
      const watched = { store, stop: new AbortController() }
      this.#watched.set(id, watched)
      this.#start?.(id, watched)
    }
  }

  /**
   * What stands at the key; undefined while it is not known yet.
   * @param noun what should stand there, for the messages
   */
  read(reference: SecretKeyReference, noun = LICENSE_FILE): LicenseContent | undefined {
    const store = this.#watched.get(idOf(reference))?.store
    if (store === undefined) return undefined
    const where = `Secret ${reference.namespace}/${reference.name}`
    if (!store.synced) {
      const { obstacle } = store
      if (obstacle === undefined) return undefined
      const message =
        obstacle.status === 403
          ? `${where} may not be read by the operator; allow it to get, list and watch that Secret`
          : `${where} cannot be read now: ${obstacle.message}`
      return { kind: 'unreadable', reason: 'SecretNotFound', message }
    }
    const data = store.get(`${reference.namespace}/${reference.name}`)
    if (data === undefined) {
      const message = `${where} does not exist; create it from the ${noun} with kubectl create secret generic`
      return { kind: 'absent', reason: 'SecretNotFound', message }
    }
    const encoded = data[reference.key]
    if (encoded === undefined) {
      const there = keysInWords(data)
      const message = `${where} has no key ${reference.key} (it has: ${there}); ${noun === LICENSE_FILE ? 'correct spec.secretRef.key or the Secret' : `put the ${noun} under that key`}`
      return { kind: 'unreadable', reason: 'SecretKeyNotFound', message }
    }
    const bytes = Buffer.from(encoded, 'base64')
    // Said here: as text the bytes would be others already.
    const problem = encodingProblem(bytes)
    if (problem !== undefined)
      return { kind: 'unreadable', reason: 'MalformedLicense', message: `the ${noun} ${problem} (in ${where})` }
    return { kind: 'present', text: bytes.toString('utf8') }
  }

  /** Reads the Secrets until the signal aborts. */
  async run(client: Client, signal: AbortSignal): Promise<void> {
    const running = new Set<Promise<void>>()
    this.#start = (id, { store, stop }) => {
      const [namespace = '', name = ''] = id.split('/')
      const target = {
        resource: secrets,
        namespace,
        fieldSelector: `metadata.name=${name}`,
        project: projectSecret,
      }
      const reflecting = reflect(client, target, store, AbortSignal.any([signal, stop.signal])).finally(() =>
        running.delete(reflecting),
      )
      running.add(reflecting)
    }
    for (const [id, watched] of this.#watched) this.#start(id, watched)
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    await Promise.all(running)
  }
}

const LICENSE_FILE = 'license file'
const MOST_KEYS = 7
const LONGEST_KEY = 60

// Whoever may write the Secret may give it thousands of keys with long names, and the message goes into a status.
function keysInWords(data: SecretData): string {
  const keys = Object.keys(data).toSorted()
  const named = keys
    .slice(0, MOST_KEYS)
    .map((key) => (key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key))
  if (keys.length > MOST_KEYS) named.push(`and ${keys.length - MOST_KEYS} more`)
  return named.length === 0 ? 'none' : named.join(', ')
}

function idOf({ namespace, name }: SecretKeyReference): string {
  return `${namespace}/${name}`
}

export function projectSecret(raw: unknown): SecretData {
  return (raw as { data?: SecretData }).data ?? {}
}
