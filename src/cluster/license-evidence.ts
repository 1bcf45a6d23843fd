// What is known of each License. A license that was read and believed once stays in force for a while when it can no
// longer be read: a half-written or deleted Secret is no news about the license in it.

import { createHash } from 'node:crypto'
import type { LicenseFacts } from '../domain/facts.ts'
import type { Instant } from '../domain/instant.ts'
import type { Authenticity, LicenseClaims } from '../domain/license/claims.ts'
import type { Reason } from '../domain/reasons.ts'

/** What stands where a License points to. */
export type LicenseContent =
  | { readonly kind: 'present'; readonly text: string }
  | { readonly kind: 'absent'; readonly reason: Reason; readonly message: string }

interface Problem {
  readonly reason: Reason
  readonly message: string
  readonly since: Instant
}

interface Known {
  digest?: string
  authenticity?: Authenticity
  lastGood?: { readonly text: string; readonly claims: LicenseClaims }
  problem?: Problem
}

// These depend on the time as well as on the bytes, so that the same bytes have to be read again.
const MAY_PASS: ReadonlySet<string> = new Set(['KeyNotValidNow', 'DateOutOfRange'])

/** A license that replaces others, with its file. */
export interface Replacer {
  readonly text: string
  readonly claims: LicenseClaims
}

/** More than a vendor issues to one cluster; the latest are kept. */
const MOST_REPLACERS = 16

export class LicenseEvidence {
  readonly #known = new Map<string, Known>()
  /** By license ID. Taking a license away does not bring back what it replaced. */
  readonly #replacers = new Map<string, Replacer>()
  readonly #read: (text: string, now: Instant) => Promise<Authenticity>
  readonly #keepMs: number

  /** @param keepMs how long the last good license counts while there is a problem, in ms */
  constructor(read: (text: string, now: Instant) => Promise<Authenticity>, keepMs: number) {
    this.#read = read
    this.#keepMs = keepMs
  }

  /**
   * The facts about the License of that name, whose content is this now. Verifies only content that is new.
   * @param unreadableSince since when there has been a problem, as far as is known from before a restart
   */
  async factsOf(
    name: string,
    content: LicenseContent,
    now: Instant,
    unreadableSince: Instant = now,
  ): Promise<LicenseFacts> {
    const known = this.#known.get(name) ?? {}
    this.#known.set(name, known)
    if (content.kind === 'absent') {
      return this.#withProblem(name, known, { ...content, since: unreadableSince }, now)
    }

    const digest = createHash('sha256').update(content.text).digest('hex')
    const readBefore = known.digest === digest ? known.authenticity : undefined
    const authenticity = stillHolds(readBefore, now) ? readBefore : await this.#read(content.text, now)
    known.digest = digest
    known.authenticity = authenticity
    if (authenticity.kind === 'rejected') {
      return this.#withProblem(name, known, { ...authenticity, since: unreadableSince }, now)
    }
    known.lastGood = { text: content.text, claims: authenticity.claims }
    this.#remember(known.lastGood)
    delete known.problem
    const { claims, keyExpiresAt } = authenticity
    return { name, claims, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }) }
  }

  /** The license files that were believed last, by License: what a restart has to be given back. */
  lastGood(): ReadonlyMap<string, string> {
    const texts = new Map<string, string>()
    for (const [name, { lastGood }] of this.#known) if (lastGood !== undefined) texts.set(name, lastGood.text)
    return texts
  }

  /** The licenses ever believed that replace others, the latest first. */
  replacers(): readonly Replacer[] {
    return [...this.#replacers.values()]
  }

  /** Takes files back from before a restart. They are believed only if they are verified anew. */
  async restore(licenses: ReadonlyMap<string, string>, replacers: readonly string[], now: Instant): Promise<void> {
    for (const [name, text] of licenses) {
      const authenticity = await this.#read(text, now)
      if (authenticity.kind === 'authentic') this.#known.set(name, { lastGood: { text, claims: authenticity.claims } })
    }
    for (const text of replacers) {
      const authenticity = await this.#read(text, now)
      if (authenticity.kind === 'authentic') this.#remember({ text, claims: authenticity.claims })
    }
  }

  /** Drops what is known of Licenses that are gone: deleting the resource is news. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name)
  }

  #remember(license: Replacer): void {
    const { licenseId, serial, supersedes = [] } = license.claims
    if (serial === undefined && supersedes.length === 0) return
    if (this.#replacers.get(licenseId)?.text === license.text) return
    this.#replacers.set(licenseId, license)
    const latestFirst = [...this.#replacers].toSorted(
      ([a, left], [b, right]) => right.claims.issuedAt - left.claims.issuedAt || a.localeCompare(b),
    )
    this.#replacers.clear()
    for (const [id, replacer] of latestFirst.slice(0, MOST_REPLACERS)) this.#replacers.set(id, replacer)
  }

  #withProblem(name: string, known: Known, problem: Problem, now: Instant): LicenseFacts {
    const { reason, message } = problem
    // A problem that changes its face is still the same time without a license.
    const since = known.problem?.since ?? Math.min(problem.since, now)
    known.problem = { reason, message, since }
    if (now >= since + this.#keepMs) delete known.lastGood
    return { name, ...(known.lastGood === undefined ? {} : { claims: known.lastGood.claims }), problem: known.problem }
  }
}

/** Whether the same bytes would be answered the same now. */
function stillHolds(answer: Authenticity | undefined, now: Instant): answer is Authenticity {
  if (answer === undefined) return false
  if (answer.kind === 'rejected') return !MAY_PASS.has(answer.reason)
  return answer.keyExpiresAt === undefined || now < answer.keyExpiresAt
}
