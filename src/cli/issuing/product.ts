// The product that a command of the vendor is about.

import type { Catalog } from '../../domain/catalog/catalog.ts'
import { unknownName } from '../known-names.ts'
import { CliError, EXIT } from '../../terminal/output.ts'

/** @throws CliError with what may have been meant */
export function catalogOf(catalogs: readonly Catalog[], product: string): Catalog {
  const catalog = catalogs.find((one) => one.product === product)
  if (catalog !== undefined) return catalog
  const products = catalogs.map((one) => one.product)
  throw new CliError(unknownName('product', product, products) ?? '', EXIT.usage)
}
