// Whether what a license adds to its plan is something, and something that the plan can have.

import type { Addon, Catalog } from '../../domain/catalog/catalog.ts'
import { allowsType } from '../../domain/cluster/cluster-type.ts'
import { addonKey } from '../../domain/entitlement/grant.ts'
import { UNLIMITED } from '../../domain/limits.ts'
import { amount, list } from '../../domain/text.ts'
import type { Check, Draft, Findings } from './draft.ts'

export const grantChecks: readonly Check[] = [
  limitsAreNotBelowThePlan,
  featuresAddSomething,
  addonsCanBeHad,
  addonsAddSomething,
  clusterTypesAreThoseOfThePlan,
]

function limitsAreNotBelowThePlan({ asked, plan, catalog }: Draft): Findings {
  const warnings = Object.entries(asked.limits).flatMap(([axis, limit]) => {
    const planned = plan.limits[axis] ?? UNLIMITED
    const isBelow = limit !== UNLIMITED && (planned === UNLIMITED || limit < planned)
    if (!isBelow) return []
    const [less, more] = [limit, planned].map((count) => amount(count, unitOf(axis, catalog)))
    return [`the license allows ${less}, which is less than the ${plan.title} plan (${more})`]
  })
  return { warnings }
}

function featuresAddSomething({ asked, plan, catalog }: Draft): Findings {
  const warnings = asked.features.flatMap((feature, index) => {
    if (asked.features.indexOf(feature) < index) return [`the feature ${feature} is named twice`]
    if (plan.features.includes(feature)) return [`the ${plan.title} plan has the feature ${feature} already`]
    const source = namedAddons(asked.addons, catalog).find((addon) => addon.features.includes(feature))
    return source === undefined ? [] : [`the add-on ${source.name} brings the feature ${feature} already`]
  })
  return { warnings }
}

function addonsCanBeHad({ asked, plan, catalog }: Draft): Findings {
  const problems = namedAddons(asked.addons, catalog)
    .filter((addon) => addon.offers[plan.name] === undefined)
    .map(({ name, offers }) => {
      const sold = catalog.plans.filter((other) => offers[other.name] !== undefined).map((other) => other.title)
      return `the ${plan.title} plan cannot have the add-on ${name}; it is for ${list(sold)}`
    })
  return { problems }
}

function addonsAddSomething({ asked, plan, catalog }: Draft): Findings {
  const addons = namedAddons(asked.addons, catalog)
  const warnings = addons.flatMap((addon, index) => {
    if (addon.offers[plan.name] === 'included')
      return [`the ${plan.title} plan includes the add-on ${addon.name} already`]
    const raises = Object.keys(addon.raises).length > 0
    if (!raises && addons.indexOf(addon) < index) return [`the add-on ${addon.name} is named twice`]
    const bundle = addons.find((other) => other.bundles.includes(addon.name))
    return bundle === undefined ? [] : [`the add-on ${bundle.name} contains the add-on ${addon.name} already`]
  })
  return { warnings }
}

/** A license that names types of clusters replaces those of the plan: it must not be the way around them. */
function clusterTypesAreThoseOfThePlan({ claims, plan }: Draft): Findings {
  if (plan.clusterTypes === undefined) return {}
  const beyond = (claims.cluster?.types ?? []).filter((type) => !allowsType(plan.clusterTypes, type))
  if (beyond.length === 0) return {}
  const only = `the ${plan.title} plan is for ${list(plan.clusterTypes)} clusters only`
  return { problems: [`${only}, and the license for ${list(beyond)}; choose a plan that may be used there`] }
}

function namedAddons(names: readonly string[], { addons }: Catalog): Addon[] {
  return names.flatMap((name) => addons.find((addon) => addonKey(addon.name) === addonKey(name)) ?? [])
}

function unitOf(axis: string, { meters }: Catalog): string {
  return meters[axis]?.unit ?? axis
}
