// The catalogs that are built in, and one that the vendor has signed.

import { isDeepStrictEqual } from 'node:util'
import aiControlPlane from '../catalogs/ai-control-plane.json' with { type: 'json' }
import clawtex from '../catalogs/clawtex.json' with { type: 'json' }
import cto from '../catalogs/cto.json' with { type: 'json' }
import incidentfox from '../catalogs/incidentfox.json' with { type: 'json' }
import ipmiMonitor from '../catalogs/ipmi-monitor.json' with { type: 'json' }
import { type Catalog, parseCatalog } from '../domain/catalog/catalog.ts'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import { readSignedCatalog, type SignedCatalog } from '../domain/catalog/signed-catalog.ts'
import { problemOf, readText, UnreadableText, yamlDocument } from './input.ts'
import { type CatalogNames, unknownName } from './known-names.ts'
import { CliError, EXIT, type Io } from '../terminal/output.ts'

/** The first is the one that is meant where none is named. */
const BUILT_IN: readonly { readonly product: string }[] = [cto, incidentfox, ipmiMonitor, clawtex, aiControlPlane]

export function builtInCatalogs(): Catalog[] {
  return BUILT_IN.map(parseCatalog)
}

/**
 * The built-in catalog of that product.
 * @throws CliError with what may have been meant
 */
export function builtInCatalog(product: string): Catalog {
  const found = builtInOf(product)
  if (found !== undefined) return found
  const known = BUILT_IN.map((catalog) => catalog.product)
  throw new CliError(unknownName('product', product, known) ?? '', EXIT.usage)
}

/** Reading all of them would be felt when the operator starts. */
export function builtInOf(product: string): Catalog | undefined {
  const found = BUILT_IN.find((catalog) => catalog.product === product)
  return found === undefined ? undefined : parseCatalog(found)
}

/** The names of a catalog that can be given on the command line. */
export function catalogNames({ product, vendor, plans, features, addons, license }: Catalog): CatalogNames {
  return {
    name: product,
    vendor,
    plans: plans.map((plan) => plan.name),
    features,
    addons: addons.map((addon) => addon.name),
    jwt: license.jwt,
  }
}

/** A catalog, and the signed file that it comes from, if it does. */
export interface ReadCatalog {
  readonly catalog: Catalog
  readonly signedCatalog?: SignedCatalog
}

/**
 * The built-in catalog of that name, else the one in that file. A file brings something new only with the signature of a
 * key that is trusted for catalogs: whoever may edit rules may license himself.
 * @throws CliError
 */
export async function readCatalog(nameOrFile: string, keys: TrustedKeys, io: Io): Promise<ReadCatalog> {
  const builtIn = builtInOf(nameOrFile)
  if (builtIn !== undefined) return { catalog: builtIn }
  if (/^[a-z0-9-]+$/.test(nameOrFile)) {
    const known = BUILT_IN.map((catalog) => catalog.product).join(', ')
    throw new CliError(
      `there is no built-in catalog "${nameOrFile}" (there are: ${known}); give one of them, or a signed file`,
    )
  }
  const text = await readText(nameOrFile, io)
  try {
    if (/^[\w-]+\.[\w-]+\.[\w-]+\s*$/.test(text)) {
      const signedCatalog = await readSignedCatalog(text, keys, io.now())
      return { catalog: signedCatalog.catalog, signedCatalog }
    }
    const catalog = parseCatalog(yamlDocument(text))
    // What is built in already needs no signature.
    if (builtInCatalogs().some((builtIn) => isDeepStrictEqual(builtIn, catalog))) return { catalog }
  } catch (error) {
    if (error instanceof UnreadableText) throw new CliError(`${nameOrFile} ${error.message}${error.detail}`)
    throw new CliError(`${nameOrFile}: ${problemOf(error)}`)
  }
  throw new CliError(
    `${nameOrFile} is not signed, so it is not used; let the vendor sign it with cto vendor catalog sign, and trust the key with the use "catalog"`,
  )
}
