// What is known of each License. A license that was read and believed once stays in force for a while when it can no longer
// be read: a half-written or deleted Secret is no news about the license in it. And when another authentic license takes its
// place, it stays until that one is better than it is.

import { createHash } from 'node:crypto'
import type { LicenseFacts } from '../../domain/entitlement/facts.ts'
import type { Instant } from '../../domain/time.ts'
import type { Authenticity, LicenseClaims } from '../../domain/license/claims.ts'
import type { LicenseDecision } from '../../domain/entitlement/license-state.ts'
import type { Reason } from '../../domain/entitlement/reasons.ts'
import { Replacers } from './replacers.ts'

/** What stands where a License points to. */
export type LicenseContent =
  | { readonly kind: 'present'; readonly text: string }
  /** There is nothing, and nobody has said that there should be. */
  | { readonly kind: 'absent'; readonly reason: Reason; readonly message: string }
  /** There is something that gives no text, or it may not be looked at. */
  | { readonly kind: 'unreadable'; readonly reason: Reason; readonly message: string }

interface Problem {
  readonly reason: Reason
  readonly message: string
}

/** A license that was believed, with its file. */
export interface GoodLicense {
  readonly text: string
  readonly claims: LicenseClaims
  readonly keyExpiresAt?: Instant
}

interface Known {
  /** Of the License. One of the same name with another UID is another License. */
  uid?: string | undefined
  digest?: string
  authenticity?: Authenticity
  lastGood?: GoodLicense
  /** Those that were in its place before and go on, the latest first. */
  kept: readonly GoodLicense[]
  /** Since when it has not been readable. */
  unreadableSince?: Instant
}

// These depend on the time as well as on the bytes, so that the same bytes have to be read again.
const MAY_PASS: ReadonlySet<string> = new Set(['KeyNotValidNow', 'DateOutOfRange'])

/** What is remembered of a License: the file in its place, and after it those that it has not ended. */
export type LicenseFiles = ReadonlyMap<string, readonly string[]>

/** What a restart has to be given back. */
export interface RememberedLicenses {
  readonly licenses: LicenseFiles
  /** The license files that replace others. */
  readonly replacers: readonly string[]
  /** Since when Licenses have not been readable. */
  readonly unreadable: ReadonlyMap<string, Instant>
}

export class LicenseEvidence {
  readonly #known = new Map<string, Known>()
  #uids: ReadonlyMap<string, string> = new Map()
  /** Taking a license away does not bring back what it replaced. */
  readonly #replacers = new Replacers()
  readonly #read: (text: string, now: Instant) => Promise<Authenticity>
  readonly #keepMs: number

  /** @param keepMs how long the last good license counts while there is a problem, in ms */
  constructor(read: (text: string, now: Instant) => Promise<Authenticity>, keepMs: number) {
    this.#read = read
    this.#keepMs = keepMs
  }

  /** The facts about the License of that name, whose content is this now. Verifies only content that is new. */
  async factsOf(name: string, content: LicenseContent, now: Instant): Promise<LicenseFacts> {
    const known = this.#known.get(shortName(name)) ?? { kept: [] }
    this.#known.set(shortName(name), known)
    known.uid = this.#uids.get(shortName(name))
    if (content.kind !== 'present') return this.#withProblem(name, known, content, now)

    const digest = createHash('sha256').update(content.text).digest('hex')
    const readBefore = known.digest === digest ? known.authenticity : undefined
    const authenticity = stillHolds(readBefore, now) ? readBefore : await this.#read(content.text, now)
    known.digest = digest
    known.authenticity = authenticity
    if (authenticity.kind === 'rejected') return this.#withProblem(name, known, authenticity, now)
    takePlace(known, goodLicense(content.text, authenticity))
    delete known.unreadableSince
    const { claims, keyExpiresAt } = authenticity
    return { name, claims, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }), ...keptOf(known) }
  }

  /** Takes in what a decision says of the licenses: which of those before go on, and which have begun here. */
  settle(licenses: readonly LicenseDecision[], begun: ReadonlySet<LicenseClaims>, now: Instant): void {
    for (const { name, kept } of licenses) {
      const known = this.#known.get(shortName(name))
      if (known === undefined) continue
      for (const license of [...(known.lastGood === undefined ? [] : [known.lastGood]), ...known.kept]) {
        if (begun.has(license.claims)) this.#replacers.add(license, now)
      }
      const goOn = new Set(kept.map(({ claims }) => claims))
      known.kept = known.kept.filter(({ claims }) => goOn.has(claims))
    }
  }

  /**
   * The license files that were believed last, by License: what a restart has to be given back.
   * @param first the License that matters most
   */
  files(first = ''): LicenseFiles {
    const files = new Map<string, string[]>()
    const isFirst = (name: string) => Number(name === shortName(first))
    const byWeight = [...this.#known].toSorted(([a], [b]) => isFirst(b) - isFirst(a))
    for (const [name, { lastGood, kept }] of byWeight) {
      const good = [...(lastGood === undefined ? [] : [lastGood]), ...kept]
      if (good.length > 0)
        files.set(
          name,
          good.map(({ text }) => text),
        )
    }
    return files
  }

  /** Since when the Licenses of which a file is kept have not been readable: a restart does not begin that anew. */
  unreadable(): ReadonlyMap<string, Instant> {
    return new Map(
      [...this.#known].flatMap(([name, { lastGood, unreadableSince }]) =>
        lastGood === undefined || unreadableSince === undefined ? [] : [[name, unreadableSince]],
      ),
    )
  }

  /** The licenses that replace others, as far as they are needed, the latest first. */
  replacers(): readonly GoodLicense[] {
    return this.#replacers.licenses()
  }

  /** Takes back what is known from before a restart. Files are believed only if they are verified anew. */
  async restore({ licenses, replacers, unreadable }: RememberedLicenses, now: Instant): Promise<void> {
    for (const [name, texts] of licenses) {
      const [lastGood, ...kept] = await this.#believed(texts, now)
      if (lastGood === undefined) continue
      const unreadableSince = unreadable.get(name)
      this.#known.set(shortName(name), {
        lastGood,
        kept,
        ...(unreadableSince === undefined ? {} : { unreadableSince }),
      })
    }
    for (const license of await this.#believed(replacers, now)) this.#replacers.add(license, now)
  }

  async #believed(texts: readonly string[], now: Instant): Promise<GoodLicense[]> {
    const licenses: GoodLicense[] = []
    for (const text of texts) {
      const authenticity = await this.#read(text, now)
      if (authenticity.kind === 'authentic') licenses.push(goodLicense(text, authenticity))
    }
    return licenses
  }

  /**
   * Drops what is known of Licenses that are gone, also where one of the same name has been made since: deleting the resource
   * is news.
   * @param uids of the Licenses that there are, by name
   */
  keepOnly(uids: ReadonlyMap<string, string>): void {
    const short = new Map([...uids].map(([name, uid]) => [shortName(name), uid]))
    for (const [name, { uid }] of this.#known) {
      if (!short.has(name) || (uid !== undefined && uid !== short.get(name))) this.#known.delete(name)
    }
    this.#uids = short
  }

  /** The same Secret is named by another License from now on: what is known of it goes there, unless something is known there. */
  move(from: string, to: string): void {
    const known = this.#known.get(shortName(from))
    if (known === undefined) return
    this.#known.delete(shortName(from))
    if (this.#known.get(shortName(to))?.lastGood !== undefined) return
    const { uid: _, ...rest } = known
    this.#known.set(shortName(to), rest)
  }

  #withProblem(name: string, known: Known, { reason, message }: Problem, now: Instant): LicenseFacts {
    // A problem that changes its face is still the same time without a license.
    const since = Math.min(known.unreadableSince ?? now, now)
    known.unreadableSince = since
    if (now >= since + this.#keepMs) {
      delete known.lastGood
      known.kept = []
    }
    const claims = known.lastGood === undefined ? {} : { claims: known.lastGood.claims }
    return { name, ...claims, ...keptOf(known), problem: { reason, message, since } }
  }
}

function goodLicense(
  text: string,
  { claims, keyExpiresAt }: Extract<Authenticity, { kind: 'authentic' }>,
): GoodLicense {
  return { text, claims, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }) }
}

/** What was in its place before is kept until a decision says that it does not go on. */
function takePlace(known: Known, license: GoodLicense): void {
  const { lastGood } = known
  if (lastGood !== undefined && lastGood.text !== license.text) {
    known.kept = [lastGood, ...known.kept].filter(({ text }) => text !== license.text)
  }
  known.lastGood = license
}

function keptOf({ kept }: Known): Pick<LicenseFacts, 'kept'> {
  return kept.length === 0 ? {} : { kept }
}

/** Whether the same bytes would be answered the same now. */
function stillHolds(answer: Authenticity | undefined, now: Instant): answer is Authenticity {
  if (answer === undefined) return false
  if (answer.kind === 'rejected') return !MAY_PASS.has(answer.reason)
  return answer.keyExpiresAt === undefined || now < answer.keyExpiresAt
}

/** A key of a Secret has room for this and a prefix. */
const LONGEST_NAME = 200
const READABLE = 160
const HASH_DIGITS = 32

/** The name of a License, or a shorter one in its place that no License can have. */
export function shortName(name: string): string {
  if (name.length <= LONGEST_NAME) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)
  return `${name.slice(0, READABLE)}/${hash}`
}

/** What a Secret is called that is a license by its name alone. No License can have this name. */
export function offlineName(secret: string): string {
  return `secret/${secret}`
}
