// What is hardly meant as it is written in a catalog, though it can be used: what has no effect, and prices that look wrong.

import type { Plan } from './plans.ts'
import type { CatalogData, Price } from './schema.ts'

/** A catalog whose parts fit together. */
interface Consistent extends Omit<CatalogData, 'plans'> {
  readonly plans: readonly Plan[]
  readonly free: Plan
}

const CHECKS: readonly ((catalog: Consistent) => string[])[] = [
  featuresNobodyHas,
  agentsNobodyMayRun,
  refusalsThatNeverHappen,
  metersThatNeverAct,
  addonsThatSellNothing,
  pricesThatLookWrong,
  levelsWithoutEffect,
  noticesLongerThanTheSchedule,
]

const MONTHS = 12
const HOURS_OF_DAY = 24

/** One sentence without a full stop for each of them. */
export function warningsAbout(catalog: Consistent): string[] {
  return CHECKS.flatMap((check) => check(catalog))
}

function featuresNobodyHas({ features, plans, addons }: Consistent): string[] {
  const had = new Set([...plans, ...addons].flatMap((one) => one.features))
  return features
    .filter((feature) => !had.has(feature))
    .map((feature) => `the feature "${feature}" is in no plan and no add-on`)
}

function agentsNobodyMayRun({ agents, plans, addons, allAgents, customAgents }: Consistent): string[] {
  const special = [allAgents, customAgents].filter((feature) => feature !== undefined)
  if (agents.length === 0) {
    return special.map(
      (feature) => `the feature "${feature}" admits nobody: without agents in it, a catalog admits all`,
    )
  }
  if ([...plans, ...addons].some((one) => one.features.some((feature) => special.includes(feature)))) return []
  return agents
    .filter((agent) => !plans.some((plan) => plan.agents.includes(agent.name)))
    .map((agent) => `agent "${agent.name}": no plan admits it`)
}

function refusalsThatNeverHappen({ featureRefusals, plans }: Consistent): string[] {
  return Object.keys(featureRefusals)
    .filter((feature) => plans.every((plan) => plan.features.includes(feature)))
    .map((feature) => `featureRefusals: the feature "${feature}" is never refused, because every plan has it`)
}

function metersThatNeverAct({ meters }: Consistent): string[] {
  return Object.entries(meters).flatMap(([axis, { enforcement, httpStatus, overage }]) => {
    if (enforcement === 'soft') {
      return httpStatus === undefined
        ? []
        : [`meter "${axis}": a soft limit refuses nothing, so ${httpStatus} is never answered`]
    }
    const priced = Object.keys(overage).length > 0
    return priced ? [`meter "${axis}": nobody gets beyond a hard limit, so its overage is never paid`] : []
  })
}

function addonsThatSellNothing({ addons, plans }: Consistent): string[] {
  return addons.flatMap(({ name, features, bundles, raises, offers }) => {
    if (Object.keys(offers).length === 0) return [`add-on "${name}": no plan can have it`]
    if (features.length === 0 || bundles.length > 0 || Object.keys(raises).length > 0) return []
    return plans
      .filter((plan) => offers[plan.name] !== undefined && offers[plan.name] !== 'included')
      .filter((plan) => features.every((feature) => plan.features.includes(feature)))
      .map((plan) => `add-on "${name}": the plan "${plan.name}" has its features already, and would pay for nothing`)
  })
}

function pricesThatLookWrong({ plans, free }: Consistent): string[] {
  const warnings: string[] = []
  for (const plan of plans) {
    const { monthly, yearly } = plan.price ?? {}
    if (plan === free && [monthly, yearly].some((price) => price !== undefined && lowest(price) > 0)) {
      warnings.push(`plan "${plan.name}": it applies without a license, but has a price`)
    }
    if (monthly !== undefined && yearly !== undefined && lowest(yearly) > MONTHS * lowest(monthly)) {
      warnings.push(`plan "${plan.name}": a year costs more than twelve months`)
    }
    for (const period of ['monthly', 'yearly'] as const) {
      const price = plan.price?.[period]
      const smaller = plans.slice(0, plan.rank).findLast((earlier) => earlier.price?.[period] !== undefined)
      const before = smaller?.price?.[period]
      if (smaller === undefined || price === undefined || before === undefined || lowest(price) >= lowest(before))
        continue
      warnings.push(
        `plan "${plan.name}": its ${period} price is lower than that of "${smaller.name}" before it; plans go from the smallest to the largest`,
      )
    }
  }
  return warnings
}

function lowest(price: Price): number {
  return typeof price === 'number' ? price : price.from
}

function levelsWithoutEffect({ degradation, updates, guardian }: Consistent): string[] {
  if (degradation.length === 0) return ['degradation: nothing is ever restricted after the end of a license']
  return degradation.flatMap((step, index) => {
    const where = `degradation level "${step.level}"`
    const before = degradation[index - 1]
    const same =
      before !== undefined &&
      (['updates', 'guardianAtMost', 'growth', 'readOnly'] as const).every((field) => step[field] === before[field])
    return [
      ...(same ? [`${where}: it restricts nothing more than "${before.level}" before it`] : []),
      ...(updates === undefined && !step.updates ? [`${where}: the catalog has no updates that it could end`] : []),
      ...(guardian === undefined && step.guardianAtMost !== 'full'
        ? [`${where}: the catalog has no guardian that it could reduce`]
        : []),
    ]
  })
}

function noticesLongerThanTheSchedule({ degradation, notice }: Consistent): string[] {
  const last = degradation.at(-1)
  if (last === undefined || last.fromDay === 0) return []
  return (['holdHours', 'revocationHours'] as const)
    .filter((field) => notice[field] > last.fromDay * HOURS_OF_DAY)
    .map(
      (field) =>
        `notice.${field}: it is longer than the whole schedule, whose last level begins on day ${last.fromDay}`,
    )
}
