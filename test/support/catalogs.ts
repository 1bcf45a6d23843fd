// The catalogs that are built in, as far as the chart has to know them.

import { builtInCatalogs } from '../../src/cli/catalogs.ts'

/** For each product, the name of the Secret that is a license by its name alone. */
export const LICENSE_SECRETS = builtInCatalogs().map(
  ({ product, license }) => [product, license.offlineSecret.name] as const,
)
