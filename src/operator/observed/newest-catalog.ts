// Which catalog counts: of those of a product that the vendor has signed, the newest that was ever in force here. Whoever
// starts the operator chooses the file, and would otherwise choose the old rules, or those that are built in.

import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { Instant } from '../../domain/time.ts'
import type { TrustedKeys } from '../../domain/license/trusted-keys.ts'
import { readSignedCatalog, type SignedCatalog } from '../../domain/catalog/signed-catalog.ts'
import type { Client } from '../../kube/client.ts'
import { secrets } from '../../kube/resource.ts'
import { vaultName } from '../../api/names.ts'
import { evidenceIn } from './evidence-vault.ts'
import { projectSecret } from './license-secrets.ts'

export interface GivenCatalog {
  readonly catalog: Catalog
  /** The file that it comes from; absent when it is built in. */
  readonly signedCatalog?: SignedCatalog
  readonly trustedKeys: TrustedKeys
  /** Where the operator lives. */
  readonly namespace: string
}

/** A catalog in the place of the one that was given, and what is said of that. */
export interface NewerCatalog {
  readonly catalog: Catalog
  readonly signedCatalog: SignedCatalog
  /** One sentence: what is wrong, and what lifts it. */
  readonly outdatedCatalog: string
}

/** The start does not wait for longer, in ms. */
const PATIENCE_MS = 5_000

/**
 * The catalog that counts instead of the given one, if there is one. An API server that does not answer has none: whoever comes
 * to lead looks again before he decides.
 */
export async function catalogInForce(
  client: Client,
  given: GivenCatalog,
  now: Instant,
): Promise<NewerCatalog | undefined> {
  return newerCatalog(await keptCatalog(client, given).catch(() => undefined), given, now)
}

async function keptCatalog(client: Client, { catalog, namespace }: GivenCatalog): Promise<string | undefined> {
  // Listed by its name: the operator has no right to get it.
  const query = { fieldSelector: `metadata.name=${vaultName(catalog.product)}` }
  const { items } = await client.list(secrets, { namespace }, query, AbortSignal.timeout(PATIENCE_MS))
  return evidenceIn(projectSecret(items?.[0] ?? {})).catalog
}

/** @param kept the signed file that was in force last; it is believed only if it is verified anew */
export async function newerCatalog(
  kept: string | undefined,
  { catalog, signedCatalog, trustedKeys }: Omit<GivenCatalog, 'namespace'>,
  now: Instant,
): Promise<NewerCatalog | undefined> {
  if (kept === undefined) return undefined
  // Whose key has ended, or what an older operator cannot use, is in force no more.
  const read = await readSignedCatalog(kept, trustedKeys, now).catch(() => undefined)
  if (read === undefined || read.catalog.product !== catalog.product) return undefined
  if (read.version <= (signedCatalog?.version ?? 0)) return undefined
  const what = signedCatalog === undefined ? 'is built in and not signed' : `has version ${signedCatalog.version}`
  return {
    catalog: read.catalog,
    signedCatalog: read,
    outdatedCatalog: `the catalog that the operator was started with ${what}, and version ${read.version} has been in force here and stays so; start the operator with that one or a newer one`,
  }
}
