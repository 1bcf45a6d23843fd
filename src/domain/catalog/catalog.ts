// A product as data: its plans, agents, add-ons and what happens when. The one schema that every catalog passes.

import { consistencyProblems } from './consistency.ts'
import { formProblems } from './form.ts'
import { type Plan, resolvePlans } from './plans.ts'
import { type CatalogData, catalogSchema, type GROWTHS, GUARDIAN_MODES, NO_DEGRADATION } from './schema.ts'
import { warningsAbout } from './warnings.ts'

export { GUARDIAN_MODES, NO_DEGRADATION, type Plan }
/** What may start: everything the plan admits, only what runs already, or nothing. */
export type Growth = (typeof GROWTHS)[number]
/** How much the guardian may do, from nothing to everything. */
export type GuardianMode = (typeof GUARDIAN_MODES)[number]
export type DegradationStep = CatalogData['degradation'][number]
export type Addon = CatalogData['addons'][number]
export type Meter = CatalogData['meters'][string]

export interface Catalog extends Omit<CatalogData, 'plans'> {
  readonly plans: readonly Plan[]
  readonly free: Plan
}

/** What is found in a catalog, each in one sentence without a full stop. */
export interface CatalogCheck {
  /** Why it cannot be used. None: `catalog` is there. */
  readonly problems: readonly string[]
  /** What is hardly meant as it is written, but can be used. Looked for only where there are no problems. */
  readonly warnings: readonly string[]
  readonly catalog?: Catalog
}

/** The plan of that name; undefined when the catalog has none. */
export function planNamed(catalog: Catalog, name: string): Plan | undefined {
  return catalog.plans.find((plan) => plan.name === name)
}

/**
 * Reads a catalog.
 * @throws Error with one line for each thing that is wrong, and where.
 */
export function parseCatalog(data: unknown): Catalog {
  const { problems, catalog } = checkCatalog(data)
  if (catalog === undefined)
    throw new Error(`The catalog is not valid:\n${problems.map((one) => `- ${one}`).join('\n')}`)
  return catalog
}

/** Looks for everything that is wrong with a catalog: first with its form, then with how its parts fit together. */
export function checkCatalog(data: unknown): CatalogCheck {
  const parsed = catalogSchema.safeParse(data)
  if (!parsed.success) return { problems: formProblems(parsed.error.issues, data), warnings: [] }
  const plans = resolvePlans(parsed.data)
  const problems = consistencyProblems(parsed.data)
  const free = plans.find((plan) => plan.name === parsed.data.freePlan)
  if (problems.length > 0 || free === undefined) return { problems, warnings: [] }
  const catalog = { ...parsed.data, plans, free }
  return { problems, warnings: warningsAbout(catalog), catalog }
}
