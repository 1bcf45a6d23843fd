// Licenses that replace others, remembered as the signed files so that nobody can forge the memory: only those without which
// a license that was replaced would count again. Of licenses with serial numbers that is one for each organization.

import type { Instant } from '../../domain/time.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'
import { validityAt } from '../../domain/license/validity.ts'
import { normalName } from '../../domain/names.ts'

interface Replacer {
  readonly text: string
  readonly claims: LicenseClaims
}

/** In bytes. There is room for hundreds of files, and a vendor who numbers licenses needs one. The latest stay. */
const ROOM = 256 * 1024

export class Replacers<T extends Replacer = Replacer> {
  #needed: readonly T[] = []

  /** Takes in a license that has begun here. */
  add(license: T, now: Instant): void {
    const { serial, supersedes = [] } = license.claims
    if (serial === undefined && supersedes.length === 0) return
    if (this.#needed.some(({ text }) => text === license.text)) return
    this.#needed = fitting(neededOf([...this.#needed, license].toSorted(latestFirst), now))
  }

  /** The latest first. */
  licenses(): readonly T[] {
    return this.#needed
  }
}

function latestFirst({ claims: a }: Replacer, { claims: b }: Replacer): number {
  return b.issuedAt - a.issuedAt || (b.serial ?? 0) - (a.serial ?? 0) || a.licenseId.localeCompare(b.licenseId)
}

/** @param latest the latest first: what a later one replaces by name is replaced without the earlier one */
function neededOf<T extends Replacer>(latest: readonly T[], now: Instant): T[] {
  const highest = new Map<string, T>()
  for (const license of latest) {
    const { serial } = license.claims
    if (serial === undefined || !hasBegun(license, now)) continue
    const before = highest.get(lineOf(license))?.claims.serial
    if (before === undefined || serial > before) highest.set(lineOf(license), license)
  }
  const replaced = new Set<string>()
  return latest.filter((license) => {
    if (!hasBegun(license, now)) return true
    const names = (license.claims.supersedes ?? []).map((id) => `${scopeOf(license)} ${id}`)
    const isNeeded = highest.get(lineOf(license)) === license || names.some((name) => !replaced.has(name))
    for (const name of names) replaced.add(name)
    return isNeeded
  })
}

function fitting<T extends Replacer>(latest: readonly T[]): T[] {
  let room = ROOM
  return latest.filter(({ text }) => (room -= Buffer.byteLength(text)) >= 0)
}

function hasBegun({ claims }: Replacer, now: Instant): boolean {
  return validityAt(claims, now).kind !== 'future'
}

/** Where it replaces others: one that is bound to a cluster does so there. */
function scopeOf({ claims }: Replacer): string {
  return claims.cluster?.uid ?? ''
}

function lineOf(license: Replacer): string {
  return `${scopeOf(license)} ${normalName(license.claims.organization)}`
}
