// The vendor's newest revocation list. It only ever goes forward: an older one, a damaged one and none at all leave the
// newest in force.

import { createHash } from 'node:crypto'
import type { Concern } from '../../domain/entitlement/facts.ts'
import type { Instant } from '../../domain/time.ts'
import type { RevocationList, RevocationListReading } from '../../domain/license/revocation-list.ts'
import type { LicenseContent } from './license-evidence.ts'

export class RevocationEvidence {
  readonly #read: (text: string, now: Instant) => Promise<RevocationListReading>
  #newest: { readonly text: string; readonly list: RevocationList } | undefined
  #judged: { readonly digest: string; readonly concern: Concern | undefined } | undefined

  constructor(read: (text: string, now: Instant) => Promise<RevocationListReading>) {
    this.#read = read
  }

  get newest(): { readonly text: string; readonly list: RevocationList } | undefined {
    return this.#newest
  }

  /** Takes in what stands in the Secret now; says what is wrong with it. Verifies only content that is new. */
  async look(content: LicenseContent, now: Instant): Promise<Concern | undefined> {
    if (content.kind === 'absent') return undefined
    if (content.kind === 'unreadable') return refused(content.message)
    const digest = createHash('sha256').update(content.text).digest('hex')
    if (this.#judged?.digest !== digest) {
      const concern = await this.#take(content.text, now)
      // A list that is refused may be refused because of the time.
      this.#judged = { digest: concern?.reason === 'RevocationListRefused' ? '' : digest, concern }
    }
    return this.#judged.concern
  }

  /** Takes back the list from before a restart. It is believed only if it is verified anew. */
  async restore(text: string, now: Instant): Promise<void> {
    await this.#take(text, now)
  }

  async #take(text: string, now: Instant): Promise<Concern | undefined> {
    const reading = await this.#read(text, now)
    if (reading.kind === 'rejected') return refused(reading.message)
    const { list } = reading
    const known = this.#newest?.list
    if (known !== undefined && list.version < known.version) {
      const message = `the revocation list in the cluster has version ${list.version}, and version ${known.version} is known already and stays in force; apply the newest list`
      return { about: 'revocations', reason: 'RevocationListOutdated', message }
    }
    if (known?.version !== list.version) this.#newest = { text, list }
    return undefined
  }
}

function refused(why: string): Concern {
  const message = `the revocation list in the cluster is refused: ${why}; the one before it stays in force`
  return { about: 'revocations', reason: 'RevocationListRefused', message }
}
