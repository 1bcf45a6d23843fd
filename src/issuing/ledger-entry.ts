// What the vendor's ledger says of each thing that was made: enough to know, years later, who has what until when. On disk
// times are RFC 3339, for people; in memory they are instants.

import * as z from 'zod'
import { formatInstant } from '../domain/time.ts'
import { SIGNATURE_ALGORITHMS } from '../domain/license/signature.ts'
import { KEY_USES } from '../domain/license/trusted-keys.ts'

const instant = z.codec(z.iso.datetime({ offset: true }), z.number(), { decode: Date.parse, encode: formatInstant })
const names = z.array(z.string()).readonly()

/** A signed file: which key signed it, what its bytes are, and where it was put. */
const signedFile = {
  keyId: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  file: z.string().exactOptional(),
}

/** The claims of a license, all of them. */
const license = z.object({
  kind: z.literal('license'),
  licenseId: z.string(),
  organization: z.string(),
  product: z.string(),
  plan: z.string(),
  form: z.enum(['jws', 'cto-json', 'jwt']),
  issuer: z.string().exactOptional(),
  issuedAt: instant,
  notBefore: instant.exactOptional(),
  expiresAt: instant,
  hardEndsAt: instant.exactOptional(),
  limits: z.record(z.string(), z.number()).readonly(),
  features: names,
  addons: names,
  cluster: z.object({ uid: z.string().exactOptional(), types: names.exactOptional() }).exactOptional(),
  serial: z.number().exactOptional(),
  supersedes: names.exactOptional(),
  revocationNoticeHours: z.number().exactOptional(),
  ...signedFile,
})

const revocationList = z.object({
  kind: z.literal('revocation-list'),
  product: z.string(),
  version: z.number(),
  /** What this list added to the one before it. The reason is for the vendor alone: the list does not carry it. */
  revoked: z.array(z.object({ licenseId: z.string(), at: instant, reason: z.string().exactOptional() })).readonly(),
  ...signedFile,
})

const catalog = z.object({
  kind: z.literal('catalog'),
  product: z.string(),
  /** Missing in lines from before catalogs were numbered. */
  version: z.number().exactOptional(),
  ...signedFile,
})

const key = z.object({
  kind: z.literal('key'),
  keyId: z.string(),
  alg: z.enum(SIGNATURE_ALGORITHMS),
  use: z.enum(KEY_USES),
  encrypted: z.boolean(),
  file: z.string(),
  /** The key in whose place it is, and from when on that one may no longer be used. */
  replaces: z.object({ keyId: z.string(), endsAt: instant }).exactOptional(),
})

/** How each line of a ledger ends: when it was written, and the SHA-256 of the line before it. */
const chained = { at: instant, previous: z.string() }

export const ledgerLine = z.discriminatedUnion('kind', [
  license.extend(chained),
  revocationList.extend(chained),
  catalog.extend(chained),
  key.extend(chained),
])

export type LicenseEntry = z.output<typeof license>
export type LedgerEntry =
  LicenseEntry | z.output<typeof revocationList> | z.output<typeof catalog> | z.output<typeof key>
export type LedgerLine = z.output<typeof ledgerLine>
