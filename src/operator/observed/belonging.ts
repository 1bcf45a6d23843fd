// Whose a License or a PlatformConfig is, where operators of several products are in a cluster. Each belongs to one product:
// what belongs to another is neither read for a decision nor written. All operators come to the same answer by what stands in
// the cluster, and none of them asks another.

import type { License, LicenseStatus } from '../../api/license.ts'
import type { PlatformConfig } from '../../api/platform-config.ts'
import { byAge } from './active-config.ts'
import type { Own, OwnResource, Stores } from './stores.ts'

export interface Products {
  readonly own: string
  /** Those that have an Entitlement here, the oldest first. */
  readonly here: readonly string[]
}

export function productsHere({ entitlement }: Pick<Stores, 'entitlement'>, own: string): Products {
  return {
    own,
    here: entitlement.store
      .values()
      .toSorted(byAge)
      .map(({ name }) => name),
  }
}

/** Whose a thing is that tells nothing of its product: theirs who were here first. */
export function heirOf({ own, here }: Products): string {
  return here[0] ?? own
}

/** The product of a PlatformConfig. */
export function productOfConfig(config: Pick<OwnResource, 'spec'>, products: Products): string {
  return productNamedBy(config) ?? heirOf(products)
}

/**
 * The product of a License.
 * @param said the product that its file says it is for, believed by nobody
 */
export function productOfLicense(license: OwnResource, said: string | undefined, products: Products): string {
  const isHere = (product: string | undefined): product is string =>
    product !== undefined && (product === products.own || products.here.includes(product))
  const named = productNamedBy(license)
  if (named !== undefined) return named
  if (isHere(said)) return said
  // A file that cannot be read now, or that only its own product can read: whose it was before, it still is.
  const { product: judgedBy } = (license.status ?? {}) as Partial<LicenseStatus>
  return isHere(judgedBy) ? judgedBy : heirOf(products)
}

export function productNamedBy({ spec }: Pick<OwnResource, 'spec'>): string | undefined {
  const { product } = spec as Partial<License['spec'] & PlatformConfig['spec']>
  return product
}

/** The PlatformConfigs of our product. */
export function ownConfigs(stores: Pick<Stores, 'configs' | 'entitlement'>, own: string): Own<PlatformConfig>[] {
  const products = productsHere(stores, own)
  return stores.configs.store.values().filter((config) => productOfConfig(config, products) === own)
}

/** That a PlatformConfig names no product where there are several; undefined where there is nothing to say. */
export function unnamed(config: OwnResource, { own, here }: Products): string | undefined {
  if (productNamedBy(config) !== undefined || here.length < 2) return undefined
  return `it names no product, and operators of ${here.join(' and ')} are here: ${own} uses it; set spec.product`
}
