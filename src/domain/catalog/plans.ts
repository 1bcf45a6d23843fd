// The plans of a catalog, each with what it takes over from the plan that it extends.

import type { CatalogData, PlanData } from './schema.ts'

/** A plan with what it takes over from the plan it extends. */
export interface Plan extends Readonly<
  Pick<PlanData, 'name' | 'title' | 'price' | 'clusterTypes' | 'branding' | 'support'>
> {
  /** Position in the catalog: a later plan is the larger one. */
  readonly rank: number
  readonly limits: Readonly<Record<string, number>>
  readonly agents: readonly string[]
  readonly features: readonly string[]
}

/** A plan extends one that stands before it; what else it names is nothing here. */
export function resolvePlans(catalog: CatalogData): Plan[] {
  const plans: Plan[] = []
  for (const [rank, { extends: baseName, ...plan }] of catalog.plans.entries()) {
    const base = plans.find((earlier) => earlier.name === baseName)
    plans.push({
      ...plan,
      rank,
      limits: { ...base?.limits, ...plan.limits },
      agents: [...new Set([...(base?.agents ?? []), ...plan.agents])],
      features: [...new Set([...(base?.features ?? []), ...plan.features])],
    })
  }
  return plans
}
