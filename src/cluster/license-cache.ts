// The license files that were believed last, in a Secret of the operator's own: a restart does not lose them. Nothing is
// believed because it stands there; whoever reads it back verifies it anew.

import { isDeepStrictEqual } from 'node:util'
import type { Client } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { secrets } from '../kube/resource.ts'

/** License files by the name of their License. */
export type LicenseTexts = ReadonlyMap<string, string>

export class LicenseCache {
  readonly #client: Client
  readonly #namespace: string
  readonly #name: string
  /** What stands in the Secret, as far as we know. */
  #stored: LicenseTexts = new Map()

  constructor(client: Client, namespace: string, product: string) {
    this.#client = client
    this.#namespace = namespace
    this.#name = `${product}-last-good-licenses`
  }

  async load(signal: AbortSignal): Promise<LicenseTexts> {
    try {
      const secret = await this.#client.get(secrets, { namespace: this.#namespace, name: this.#name }, signal)
      const entries = Object.entries((secret['data'] ?? {}) as Record<string, string>)
      this.#stored = new Map(
        entries.map(([key, value]) => [nameOf(key), Buffer.from(value, 'base64').toString('utf8')]),
      )
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return this.#stored
  }

  /** Writes only what has changed. */
  async save(texts: LicenseTexts, signal: AbortSignal): Promise<void> {
    if (isDeepStrictEqual(texts, this.#stored)) return
    const entries = [...texts].map(([name, text]) => [keyOf(name), Buffer.from(text, 'utf8').toString('base64')])
    const metadata = { name: this.#name, namespace: this.#namespace }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(entries) as object }
    await this.#client.apply(secrets, secret, { force: true }, signal)
    this.#stored = new Map(texts)
  }
}

// A key of a Secret may have no slash, and the name of a License no underscore.
const keyOf = (name: string) => name.replace('/', '_')
const nameOf = (key: string) => key.replace('_', '/')
