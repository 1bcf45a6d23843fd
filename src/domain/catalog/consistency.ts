// Whether the parts of a catalog fit together: every name is known and one, every limit is said, nothing is said twice.

import { type CatalogData, GROWTHS, GUARDIAN_MODES } from './schema.ts'
import { whatThereIs } from './words.ts'

const CHECKS: readonly ((catalog: CatalogData) => string[])[] = [
  namesAreUnique,
  plansBuildOnEarlierOnes,
  plansNameWhatThereIs,
  limitsAreSaid,
  badgesHaveAText,
  addonsNameWhatThereIs,
  bundlesAreFlat,
  metersNamePlans,
  governedWorkloadsAreCounted,
  specialFeaturesAreFeatures,
  scheduleOnlyTightens,
  keyFitsItsPattern,
  claimsLimitOneMeterEach,
]

/** One sentence without a full stop for each problem. */
export function consistencyProblems(catalog: CatalogData): string[] {
  return CHECKS.flatMap((check) => check(catalog))
}

function namesAreUnique({ plans, features, addons, agents, degradation }: CatalogData): string[] {
  return [
    ...alike('plans', namesOf(plans)),
    ...alike('features', features),
    ...alike('add-ons', namesOf(addons)),
    ...alike('agents', namesOf(agents)),
    ...alike(
      'degradation levels',
      degradation.map(({ level }) => level),
    ),
    ...plans.flatMap((plan) => twice(`plan "${plan.name}": the feature`, plan.features)),
    ...plans.flatMap((plan) => twice(`plan "${plan.name}": the agent`, plan.agents)),
  ]
}

/** Licenses and manifests spell names in their own way: what differs only in case and punctuation is one name to them. */
function alike(what: string, names: readonly string[]): string[] {
  const first = new Map<string, string>()
  return names.flatMap((name) => {
    const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
    const other = first.get(bare)
    first.set(bare, other ?? name)
    if (other === undefined) return []
    if (other === name) return [`two ${what} are called "${name}"; give one of them another name`]
    return [`the ${what} "${other}" and "${name}" differ only in their spelling; give one of them another name`]
  })
}

function twice(what: string, names: readonly string[]): string[] {
  const again = names.filter((name, index) => names.indexOf(name) !== index)
  return again.map((name) => `${what} "${name}" is listed twice; leave one out`)
}

function plansBuildOnEarlierOnes({ plans }: CatalogData): string[] {
  return plans.flatMap(({ name, extends: base }, index) => {
    if (base === undefined) return []
    if (base === name) return [`plan "${name}": it extends itself; name another plan, or leave "extends" out`]
    const at = plans.findIndex((plan) => plan.name === base)
    if (at > index) return [`plan "${name}": it extends "${base}", which stands after it; put "${base}" before it`]
    return notAmong(`plan "${name}": the plan`, [base], 'plans', namesOf(plans))
  })
}

function plansNameWhatThereIs({ plans, freePlan, features, agents, meters }: CatalogData): string[] {
  return [
    ...notAmong('freePlan: the plan', [freePlan], 'plans', namesOf(plans)),
    ...plans.flatMap((plan) => [
      ...notAmong(`plan "${plan.name}": the limit`, Object.keys(plan.limits), 'meters', Object.keys(meters)),
      ...notAmong(`plan "${plan.name}": the feature`, plan.features, 'features', features),
      ...notAmong(`plan "${plan.name}": the agent`, plan.agents, 'agents', namesOf(agents)),
    ]),
    ...agents.flatMap((agent) =>
      notAmong(`agent "${agent.name}": the feature`, agent.needsAnyOf ?? [], 'features', features),
    ),
  ]
}

/** A limit that is forgotten would be none. What a plan takes over is the business of the plan that it extends. */
function limitsAreSaid({ meters, plans }: CatalogData): string[] {
  return plans
    .filter((plan) => plan.extends === undefined)
    .flatMap(({ name, limits }) =>
      Object.keys(meters)
        .filter((axis) => limits[axis] === undefined)
        .map((axis) => `plan "${name}": the limit "${axis}" is missing; write a number, or -1 for unlimited`),
    )
}

function badgesHaveAText({ plans }: CatalogData): string[] {
  return plans
    .filter(({ branding }) => branding?.badgeRequired === true && branding.badgeText === undefined)
    .map(({ name }) => `plan "${name}": a badge is required, but branding.badgeText does not say what it reads`)
}

function addonsNameWhatThereIs({ addons, features, meters, plans }: CatalogData): string[] {
  return addons.flatMap((addon) => [
    ...notAmong(`add-on "${addon.name}": the feature`, addon.features, 'features', features),
    ...notAmong(`add-on "${addon.name}": the add-on`, addon.bundles, 'add-ons', namesOf(addons)),
    ...notAmong(`add-on "${addon.name}": the limit`, Object.keys(addon.raises), 'meters', Object.keys(meters)),
    ...notAmong(`add-on "${addon.name}": the plan`, Object.keys(addon.offers), 'plans', namesOf(plans)),
  ])
}

function bundlesAreFlat({ addons }: CatalogData): string[] {
  const bundles = new Set(addons.filter((addon) => addon.bundles.length > 0).map((addon) => addon.name))
  return addons.flatMap(({ name, bundles: contained }) =>
    contained
      .filter((other) => bundles.has(other))
      .map((other) =>
        other === name
          ? `add-on "${name}": it bundles itself; leave it out`
          : `add-on "${name}": it bundles "${other}", which is a bundle too; name what "${other}" bundles instead`,
      ),
  )
}

function metersNamePlans({ meters, plans }: CatalogData): string[] {
  return Object.entries(meters).flatMap(([axis, { overage }]) =>
    notAmong(`meter "${axis}": the plan`, Object.keys(overage), 'plans', namesOf(plans)),
  )
}

function governedWorkloadsAreCounted({ governed: { axis }, meters }: CatalogData): string[] {
  const period = meters[axis]?.period
  if (period === undefined) return notAmong('governed.axis: the meter', [axis], 'meters', Object.keys(meters))
  return [
    `governed.axis: the meter "${axis}" is added up over a ${period}, but workloads are counted at one moment; name a meter without a period`,
  ]
}

function specialFeaturesAreFeatures(catalog: CatalogData): string[] {
  const { features, featureRefusals, guardian, updates, customAgents, allAgents } = catalog
  const named: readonly (readonly [field: string, feature: string | undefined])[] = [
    ...Object.keys(featureRefusals).map((feature) => ['featureRefusals', feature] as const),
    ['guardian.full', guardian?.full],
    ['guardian.basic', guardian?.basic],
    ['updates.enabled', updates?.enabled],
    ['updates.staged', updates?.staged],
    ['customAgents', customAgents],
    ['allAgents', allAgents],
  ]
  return named.flatMap(([field, feature]) =>
    feature === undefined ? [] : notAmong(`${field}: the feature`, [feature], 'features', features),
  )
}

/** A customer who waits longer must never get something back by that. */
function scheduleOnlyTightens({ degradation }: CatalogData): string[] {
  return degradation.flatMap((step, index) => {
    const where = `degradation level "${step.level}"`
    const before = degradation[index - 1]
    const problems: string[] = []
    if (step.readOnly && step.growth !== 'Closed') {
      problems.push(`${where}: what is read-only cannot grow; write "growth": "Closed"`)
    }
    if (before === undefined) return problems
    if (step.fromDay <= before.fromDay) {
      problems.push(`${where}: fromDay must be later than ${before.fromDay}, the day of "${before.level}" before it`)
    }
    const given = [
      ['updates', step.updates && !before.updates],
      ['guardianAtMost', GUARDIAN_MODES.indexOf(step.guardianAtMost) > GUARDIAN_MODES.indexOf(before.guardianAtMost)],
      ['growth', GROWTHS.indexOf(step.growth) < GROWTHS.indexOf(before.growth)],
      ['readOnly', before.readOnly && !step.readOnly],
    ] as const
    for (const [field] of given.filter(([, back]) => back)) {
      const kept = `"${field}": ${JSON.stringify(before[field])}`
      problems.push(`${where}: ${field} gives back what "${before.level}" before it takes; write ${kept}`)
    }
    return problems
  })
}

function keyFitsItsPattern({ license: { key } }: CatalogData): string[] {
  if (key === undefined) return []
  const pattern = regularExpression(key.pattern)
  if (pattern === undefined) return ['license.key.pattern is not a regular expression']
  if (!key.pattern.startsWith('^') || !key.pattern.endsWith('$')) {
    return ['license.key.pattern must go from ^ to $; without them a text passes that only contains a key']
  }
  return pattern.test(key.example) ? [] : ['license.key.example does not fit license.key.pattern']
}

function regularExpression(text: string): RegExp | undefined {
  try {
    return new RegExp(text)
  } catch {
    return undefined
  }
}

function claimsLimitOneMeterEach({ license: { jwt }, meters }: CatalogData): string[] {
  const limits = Object.entries(jwt?.limits ?? {})
  const axes = limits.map(([, axis]) => axis)
  const again = limits.filter(([, axis], index) => axes.indexOf(axis) !== index)
  return [
    ...notAmong('license.jwt.limits: the meter', new Set(axes), 'meters', Object.keys(meters)),
    ...again.map(([claim, axis]) => `license.jwt.limits: a claim limits "${axis}" already; leave "${claim}" out`),
  ]
}

function namesOf(things: readonly { readonly name: string }[]): string[] {
  return things.map(({ name }) => name)
}

/** A sentence for each name that is not known, with what it may have meant and what there is. */
function notAmong(what: string, names: Iterable<string>, among: string, known: readonly string[]): string[] {
  return [...names]
    .filter((name) => !known.includes(name))
    .map((name) => `${what} "${name}" is not among the ${among}${whatThereIs(name, known)}`)
}
