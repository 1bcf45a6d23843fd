// A product as data: its plans, agents, add-ons and what happens when. The one schema that every catalog passes.

import { z } from 'zod'
import { UNLIMITED } from './license/claims.ts'

/** What may start: everything the plan admits, only what runs already, or nothing. */
export type Growth = 'Open' | 'ExistingOnly' | 'Closed'
export const GUARDIAN_MODES = ['off', 'monitor-only', 'basic', 'full'] as const
/** How much the guardian may do, from nothing to everything. */
export type GuardianMode = (typeof GUARDIAN_MODES)[number]
export const DEGRADATION_LEVELS = [
  'None',
  'Warning',
  'UpdatesDisabled',
  'GuardianReduced',
  'NewAgentsBlocked',
  'ReadOnly',
] as const
/** How far the platform is restricted after a license has ended, from not at all to most. */
export type DegradationLevel = (typeof DEGRADATION_LEVELS)[number]

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'starts with a letter; letters, digits and hyphens')
const limit = z.int().min(UNLIMITED, 'a number from 0 up, or -1 for unlimited')
const hours = z.int().nonnegative()

const planSchema = z.strictObject({
  name,
  title: z.string(),
  price: z
    .strictObject({ monthly: z.number().optional(), yearly: z.number().optional(), yearlyFrom: z.number().optional() })
    .optional(),
  /** The plan whose features and agents this one has too. */
  extends: name.optional(),
  limits: z.record(name, limit),
  /** Where the plan may be used; absent: anywhere. */
  clusterTypes: z.array(z.string()).min(1).optional(),
  /** The agents that the plan admits by name. */
  agents: z.array(name).default([]),
  features: z.array(name).default([]),
  branding: z.strictObject({ badgeRequired: z.boolean(), badgeLocation: z.string() }).optional(),
  support: z
    .strictObject({
      level: z.string(),
      channels: z.array(z.string()).optional(),
      slaHours: z.number().positive().optional(),
    })
    .optional(),
})

const catalogSchema = z.strictObject({
  product: name,
  title: z.string(),
  vendor: z.string(),
  /** The plan that applies without a license. */
  freePlan: name,
  features: z.array(name),
  agents: z.array(z.strictObject({ name, title: z.string(), needsAnyOf: z.array(name).optional() })),
  plans: z.array(planSchema).min(1),
  addons: z.array(
    z.strictObject({
      name,
      title: z.string(),
      features: z.array(name).default([]),
      bundles: z.array(name).default([]),
      /** By plan: a price in US dollars a month, or included. A plan that is not named cannot have the add-on. */
      offers: z.record(name, z.union([z.number().nonnegative(), z.literal('included')])),
    }),
  ),
  /** The features that stand for the guardian's modes. */
  guardian: z.strictObject({ full: name, basic: name }).optional(),
  /** The features that stand for updates over the air and for rolling them out in stages. */
  updates: z.strictObject({ enabled: name, staged: name }).optional(),
  /** The feature that admits agents which the catalog does not know. */
  customAgents: name.optional(),
  /** The feature that admits every agent of the catalog, also those a later catalog adds. */
  allAgents: name.optional(),
  /** From which whole day after the end of a license what applies. */
  degradation: z.array(
    z.strictObject({
      level: z.enum(DEGRADATION_LEVELS),
      fromDay: z.int().nonnegative(),
      updates: z.boolean().default(true),
      guardianAtMost: z.enum(GUARDIAN_MODES).default('full'),
      growth: z.enum(['Open', 'ExistingOnly', 'Closed']).default('Open'),
      readOnly: z.boolean().default(false),
    }),
  ),
  notice: z.strictObject({
    /** How long before its end a license is said to be expiring. */
    expiryDays: z.int().nonnegative(),
    /** How long an agent that was admitted goes on before it is held. */
    holdHours: hours,
    /** How long more nodes than licensed are tolerated. */
    nodeOverageHours: hours,
    /** How long a license that was read once stays in force while it cannot be read. */
    lastKnownGoodHours: hours,
  }),
  nodes: z.strictObject({ uncountedClasses: z.array(z.enum(['virtual', 'simulated'])) }),
  license: z.strictObject({
    keyPrefix: z.string(),
    offlineSecret: z.strictObject({ name: z.string(), key: z.string() }),
  }),
})

type CatalogData = z.infer<typeof catalogSchema>
export type DegradationStep = CatalogData['degradation'][number]
export type Addon = CatalogData['addons'][number]

/** A plan with what it takes over from the plan it extends. */
export interface Plan {
  readonly name: string
  readonly title: string
  /** Position in the catalog: a later plan is the larger one. */
  readonly rank: number
  readonly limits: Readonly<Record<string, number>>
  readonly clusterTypes?: readonly string[]
  readonly agents: readonly string[]
  readonly features: readonly string[]
}

export interface Catalog extends Omit<CatalogData, 'plans'> {
  readonly plans: readonly Plan[]
  readonly free: Plan
}

/** The plan of that name; undefined when the catalog has none. */
export function planNamed(catalog: Catalog, name: string): Plan | undefined {
  return catalog.plans.find((plan) => plan.name === name)
}

/**
 * Reads a catalog.
 * @throws Error with one line for each thing that is wrong and where.
 */
export function parseCatalog(data: unknown): Catalog {
  const parsed = catalogSchema.safeParse(data)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the catalog'}: ${issue.message}`)
    throw new Error(`The catalog is not valid: ${problems.join('; ')}`)
  }
  const catalog = parsed.data
  const plans = resolvePlans(catalog)
  const problems = danglingNames(catalog, plans)
  const free = plans.find((plan) => plan.name === catalog.freePlan)
  if (free === undefined) problems.push(`freePlan: there is no plan "${catalog.freePlan}"`)
  if (problems.length > 0 || free === undefined) throw new Error(`The catalog is not valid: ${problems.join('; ')}`)
  return { ...catalog, plans, free }
}

function resolvePlans(catalog: CatalogData): Plan[] {
  const plans: Plan[] = []
  for (const [rank, plan] of catalog.plans.entries()) {
    const base = plans.find((earlier) => earlier.name === plan.extends)
    if (plan.extends !== undefined && base === undefined) {
      throw new Error(`The catalog is not valid: plans.${rank}.extends: no plan "${plan.extends}" stands before it`)
    }
    plans.push({
      name: plan.name,
      title: plan.title,
      rank,
      limits: { ...base?.limits, ...plan.limits },
      ...(plan.clusterTypes === undefined ? {} : { clusterTypes: plan.clusterTypes }),
      agents: [...new Set([...(base?.agents ?? []), ...plan.agents])],
      features: [...new Set([...(base?.features ?? []), ...plan.features])],
    })
  }
  return plans
}

function danglingNames(catalog: CatalogData, plans: readonly Plan[]): string[] {
  const problems: string[] = []
  const features = new Set(catalog.features)
  const agents = new Set(catalog.agents.map((agent) => agent.name))
  const planNames = new Set(plans.map((plan) => plan.name))
  const addons = new Set(catalog.addons.map((addon) => addon.name))
  const check = (known: ReadonlySet<string>, what: string, where: string, names: readonly (string | undefined)[]) => {
    for (const name of names) {
      if (name !== undefined && !known.has(name)) problems.push(`${where}: there is no ${what} "${name}"`)
    }
  }
  for (const plan of catalog.plans) {
    check(features, 'feature', `plans.${plan.name}.features`, plan.features)
    check(agents, 'agent', `plans.${plan.name}.agents`, plan.agents)
  }
  for (const agent of catalog.agents) check(features, 'feature', `agents.${agent.name}`, agent.needsAnyOf ?? [])
  for (const addon of catalog.addons) {
    check(features, 'feature', `addons.${addon.name}.features`, addon.features)
    check(addons, 'add-on', `addons.${addon.name}.bundles`, addon.bundles)
    check(planNames, 'plan', `addons.${addon.name}.offers`, Object.keys(addon.offers))
  }
  check(features, 'feature', 'guardian', [catalog.guardian?.full, catalog.guardian?.basic])
  check(features, 'feature', 'updates', [catalog.updates?.enabled, catalog.updates?.staged])
  check(features, 'feature', 'customAgents', [catalog.customAgents])
  check(features, 'feature', 'allAgents', [catalog.allAgents])
  for (const [index, step] of catalog.degradation.entries()) {
    const before = catalog.degradation[index - 1]
    if (before !== undefined && step.fromDay <= before.fromDay) {
      problems.push(`degradation.${index}.fromDay: must be later than the level before it`)
    }
  }
  return problems
}
