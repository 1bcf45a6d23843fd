// The license behind a published decision, as far as the decision tells of it. The operator has verified it.

import type { EntitlementStatus } from '../../api/entitlement.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { LicenseFacts } from '../../domain/entitlement/facts.ts'
import { parseInstant } from '../../domain/time.ts'

/** Undefined on the free plan. */
export function publishedLicense(status: EntitlementStatus, catalog: Catalog): LicenseFacts | undefined {
  const expiresAt = parseInstant(status.coveredUntil ?? status.expiresAt)
  if (expiresAt === undefined) return undefined
  return {
    name: 'published',
    claims: {
      form: 'jws',
      licenseId: status.licenseId ?? '',
      organization: status.organization ?? '',
      product: catalog.product,
      plan: status.plan,
      issuedAt: 0,
      expiresAt,
      limits: { nodes: status.nodes.limit, [catalog.governed.axis]: status.agents.limit },
      features: status.features,
      addons: status.addons,
    },
  }
}
