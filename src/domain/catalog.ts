// A product as data: its plans, agents, add-ons and what happens when. The one schema that every catalog passes.

import { z } from 'zod'
import { NODE_CLASSES } from './cluster/node-class.ts'
import { UNLIMITED } from './license/claims.ts'

/** What may start: everything the plan admits, only what runs already, or nothing. */
export type Growth = 'Open' | 'ExistingOnly' | 'Closed'
export const GUARDIAN_MODES = ['off', 'monitor-only', 'basic', 'full'] as const
/** How much the guardian may do, from nothing to everything. */
export type GuardianMode = (typeof GUARDIAN_MODES)[number]
/** Nothing is restricted. The other levels are the catalog's own. */
export const NO_DEGRADATION = 'None'

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'starts with a letter; letters, digits, hyphens and underscores')
const limit = z.int().min(UNLIMITED, 'a number from 0 up, or -1 for unlimited')
const hours = z.int().nonnegative()
/** In US dollars: one price, a range, or from a price up. */
const price = z.union([
  z.number().nonnegative(),
  z.strictObject({ from: z.number().nonnegative(), to: z.number().positive().optional() }),
])
const labelKey = z
  .string()
  .regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'must be the key of a Kubernetes label')
/** What a product answers with when it refuses something. */
const httpStatus = z.int().min(400).max(499)

const planSchema = z.strictObject({
  name,
  title: z.string(),
  /** Absent: by agreement. */
  price: z.strictObject({ monthly: price.optional(), yearly: price.optional() }).optional(),
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
      /** Until the first answer. */
      slaHours: z.number().positive().optional(),
      /** Until a solution. */
      resolutionHours: z.number().positive().optional(),
      availability: z.string().optional(),
      uptimePercent: z.number().positive().max(100).optional(),
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
  /** With which HTTP status the product refuses a feature that is not licensed. */
  featureRefusals: z.record(name, httpStatus).default({}),
  /** Which workloads are governed: those with this label, whose value is the name of one such thing. */
  governed: z.strictObject({
    label: labelKey,
    /** What one of them is called: `agent`. */
    noun: z.string().regex(/^[a-z]+$/, 'must be one word in lower case'),
    /** The axis of the limit on them. */
    axis: name,
  }),
  /** What is measured against the limits, by axis. */
  meters: z.record(
    name,
    z.strictObject({
      title: z.string(),
      unit: z.string(),
      /** Over which time it is added up; absent: what there is at one moment. */
      period: z.enum(['day', 'month', 'year']).optional(),
      /** Hard: refused at the limit. Soft: allowed, said, and perhaps billed. */
      enforcement: z.enum(['hard', 'soft']).default('hard'),
      httpStatus: httpStatus.optional(),
      /** What one more than the limit costs, by plan; a plan that is not named has no price for it. */
      overage: z.record(name, price).default({}),
    }),
  ),
  /** The governed things that are known by name. None: every name may be used. */
  agents: z.array(z.strictObject({ name, title: z.string(), needsAnyOf: z.array(name).optional() })),
  plans: z.array(planSchema).min(1),
  addons: z.array(
    z.strictObject({
      name,
      title: z.string(),
      features: z.array(name).default([]),
      bundles: z.array(name).default([]),
      /** By how much it raises limits, each time that a license names it. */
      raises: z.record(name, z.int().positive()).default({}),
      /** By plan: a price in US dollars a month, or included. A plan that is not named cannot have the add-on. */
      offers: z.record(name, z.union([price, z.literal('included')])),
      /** What the price is for. */
      per: z.enum(['month', 'year', 'once']).default('month'),
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
      level: name,
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
    /** How long a license goes on after the vendor has revoked it, unless it says so itself. */
    revocationHours: hours,
  }),
  nodes: z.strictObject({
    /** Classes of nodes that do not count against the limit. */
    uncountedClasses: z.array(z.enum(NODE_CLASSES)),
    /** For how long a node is on its way out. One that something keeps from going for longer is a node like any other. */
    deletingHours: hours.default(24),
    /** After how long of not being ready a node is lost. */
    lostAfterHours: hours.default(24),
    /** Over how many days the highest count is kept. */
    peakDays: z.int().min(1).max(366).default(30),
  }),
  license: z.strictObject({
    /** The key that is activated online. */
    key: z.strictObject({ format: z.string(), pattern: z.string(), example: z.string() }),
    offlineSecret: z.strictObject({ name: z.string(), key: z.string() }),
    /** How the product's own plain JWTs are read; absent: it has none. */
    jwt: z.strictObject({ issuer: z.string(), limits: z.record(z.string(), name) }).optional(),
  }),
})

type CatalogData = z.infer<typeof catalogSchema>
export type DegradationStep = CatalogData['degradation'][number]
export type Addon = CatalogData['addons'][number]
export type Meter = CatalogData['meters'][string]

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
  const axes = new Set(Object.keys(catalog.meters))
  for (const plan of catalog.plans) check(axes, 'meter', `plans.${plan.name}.limits`, Object.keys(plan.limits))
  for (const addon of catalog.addons) check(axes, 'meter', `addons.${addon.name}.raises`, Object.keys(addon.raises))
  for (const [axis, meter] of Object.entries(catalog.meters)) {
    check(planNames, 'plan', `meters.${axis}.overage`, Object.keys(meter.overage))
  }
  check(axes, 'meter', 'governed.axis', [catalog.governed.axis])
  check(axes, 'meter', 'license.jwt.limits', Object.values(catalog.license.jwt?.limits ?? {}))
  check(features, 'feature', 'featureRefusals', Object.keys(catalog.featureRefusals))
  check(features, 'feature', 'guardian', [catalog.guardian?.full, catalog.guardian?.basic])
  check(features, 'feature', 'updates', [catalog.updates?.enabled, catalog.updates?.staged])
  check(features, 'feature', 'customAgents', [catalog.customAgents])
  check(features, 'feature', 'allAgents', [catalog.allAgents])
  const { pattern, example } = catalog.license.key
  if (!isPattern(pattern)) problems.push('license.key.pattern: is not a regular expression')
  else if (!new RegExp(pattern).test(example)) problems.push('license.key.example: does not fit the pattern')
  for (const [index, step] of catalog.degradation.entries()) {
    const before = catalog.degradation[index - 1]
    if (before !== undefined && step.fromDay <= before.fromDay) {
      problems.push(`degradation.${index}.fromDay: must be later than the level before it`)
    }
  }
  return problems
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== ''
  } catch {
    return false
  }
}
