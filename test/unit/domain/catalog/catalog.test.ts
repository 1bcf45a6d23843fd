// A catalog that makes no sense is refused in words that its author understands: where, what, and what to write instead.

import { describe, expect, test } from 'vitest'
import { checkCatalog, parseCatalog, planNamed } from '../../../../src/domain/catalog/catalog.ts'

/** A catalog in which everything is right. */
const GOOD = {
  product: 'robots',
  title: 'Robots',
  vendor: 'Example Robots',
  freePlan: 'free',
  features: ['Walking', 'Updates', 'Rollouts', 'Basic', 'Full', 'Teleport'],
  featureRefusals: { Teleport: 402 },
  governed: { label: 'robots.example.com/robot', noun: 'robot', axis: 'robots' },
  meters: {
    robots: { title: 'Robots', unit: 'robot', httpStatus: 429 },
    steps: { title: 'Steps', unit: 'step', period: 'month', enforcement: 'soft', overage: { team: 0.5 } },
  },
  agents: [
    { name: 'walker', title: 'Walks', needsAnyOf: ['Walking'] },
    { name: 'guardian', title: 'Heals' },
  ],
  plans: [
    {
      name: 'free',
      title: 'Free',
      price: { monthly: 0 },
      limits: { robots: 1, steps: 100 },
      agents: ['walker'],
      features: ['Walking'],
      branding: { badgeRequired: true, badgeText: 'Made by robots', badgeLocation: 'footer' },
    },
    {
      name: 'team',
      title: 'Team',
      price: { monthly: 10, yearly: 100 },
      extends: 'free',
      limits: { robots: 5 },
      agents: ['guardian'],
      features: ['Updates', 'Basic'],
      support: { level: 'email', slaHours: 8 },
    },
  ],
  addons: [
    { name: 'teleport', title: 'Teleport', features: ['Teleport', 'Rollouts', 'Full'], offers: { team: 5 } },
    { name: 'moreSteps', title: 'More steps', raises: { steps: 100 }, offers: { team: 1 } },
    { name: 'everything', title: 'Everything', bundles: ['teleport', 'moreSteps'], offers: { team: 5.5 } },
  ],
  guardian: { full: 'Full', basic: 'Basic' },
  updates: { enabled: 'Updates', staged: 'Rollouts' },
  degradation: [
    { level: 'Warning', fromDay: 0 },
    { level: 'NoUpdates', fromDay: 10, updates: false, guardianAtMost: 'basic' },
    { level: 'Frozen', fromDay: 20, updates: false, guardianAtMost: 'off', growth: 'Closed', readOnly: true },
  ],
  notice: { expiryDays: 30 },
  license: {
    key: { format: 'rob_<KEY>', pattern: '^rob_[a-z]+$', example: 'rob_abc' },
    offlineSecret: { name: 'robots-license', key: 'license.lic' },
    jwt: { issuer: 'license.example.com', limits: { max_robots: 'robots' } },
  },
}
/** A path such as `plans.1.title`, and what is there instead; `+` is one more entry, undefined takes it away. */
type Edits = Readonly<Record<string, unknown>>

function edited(edits: Edits): unknown {
  const draft = structuredClone<unknown>(GOOD)
  for (const [path, value] of Object.entries(edits)) {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    const place = keys.reduce<unknown>((group, key) => (group as Record<string, unknown>)[key], draft)
    if (Array.isArray(place) && last === '+') place.push(value)
    else if (value === undefined) delete (place as Record<string, unknown>)[last]
    else (place as Record<string, unknown>)[last] = value
  }
  return draft
}

test('the good catalog is good, and its defaults are those of the design', () => {
  expect(checkCatalog(GOOD)).toMatchObject({ problems: [], warnings: [] })
  const catalog = parseCatalog(GOOD)
  expect(planNamed(catalog, 'team')).toMatchObject({
    rank: 1,
    limits: { robots: 5, steps: 100 },
    agents: ['walker', 'guardian'],
    features: ['Walking', 'Updates', 'Basic'],
    price: { monthly: 10, yearly: 100 },
  })
  expect(planNamed(catalog, 'gold')).toBeUndefined()
  expect(catalog.free.name).toBe('free')
  expect(catalog.notice).toEqual({
    expiryDays: 30,
    holdHours: 24,
    nodeOverageHours: 72,
    lastKnownGoodHours: 72,
    revocationHours: 0,
  })
  expect(catalog.nodes.uncountedClasses).toEqual(['deleting', 'simulated'])
})

type Case = readonly [what: string, edits: Edits, ...sentences: string[]]

function named(cases: readonly Case[]) {
  return cases.map(([what, edits, ...sentences]) => ({ what, edits, sentences }))
}

const FEATURES = '(there are: Walking, Updates, Rollouts, Basic, Full, Teleport)'
const PRICE = 'a price in US dollars, such as 79, {"from": 199, "to": 299} or {"from": 20000}'
const NAME = 'must start with a letter and consist of at most 63 letters, digits, hyphens and underscores'
const KUBERNETES = 'must be a Kubernetes name: at most 63 lower-case letters, digits and hyphens, no hyphen at its ends'

const FORM: readonly Case[] = [
  [
    'misspelt fields, each said where it stands',
    { 'plans.1.prize': 3, 'plans.1.support.slahours': 3, 'plans.1.price.weekly': 1, 'meters.steps.units': 'x' },
    'meter "steps": there is no field "units"; did you mean "unit"? (there are: title, unit, period, enforcement, httpStatus, overage)',
    'plan "team": price has no field "weekly" (there are: monthly, yearly, hostedMonthly)',
    'plan "team": support has no field "slahours"; did you mean "slaHours"? (there are: level, channels, availability, slaHours, resolution, onCall, uptime, setup, services)',
    'plan "team": there is no field "prize"; did you mean "price"? (there are: name, title, price, extends, limits, clusterTypes, agents, features, branding, support)',
  ],
  [
    'a misspelt field at the top, where there are many',
    { plan: [] },
    'the catalog: there is no field "plan"; did you mean "plans"? (there are: product, title, vendor, freePlan, features, featureRefusals, governed, meters, agents, plans, addons, discounts and 8 more)',
  ],
  [
    'a misspelt field within a price',
    { 'addons.1.offers.team': { from: 1, too: 2 } },
    'add-on "moreSteps": offers.team has no field "too"; did you mean "to"? (there are: from, to)',
  ],
  [
    'missing fields, with what they are for; a plan without a name is known by its number',
    { title: undefined, 'plans.0.title': undefined, 'plans.1.name': undefined, 'meters.robots.unit': undefined },
    'title is missing (what people call the product)',
    'meter "robots": unit is missing (one of it; with an s it is several)',
    'plan "free": title is missing (what people call it)',
    'plan 2: name is missing (what licenses call the plan)',
  ],
  [
    'something else than a text, a list, a group, a yes or no',
    { title: 3, features: 'Walking', governed: null, 'plans.0.branding.badgeRequired': 'yes', notice: [] },
    'title must be a text, not 3',
    'features must be a list, not "Walking"',
    'governed must be a group of fields, not nothing',
    'plan "free": branding.badgeRequired must be true or false, not "yes"',
    'notice must be a group of fields, not a list',
  ],
  [
    'texts, lists and names that say nothing',
    { title: ' ', 'plans.0.clusterTypes': [], plans: [] },
    'title must say something',
    'plans must have an entry',
  ],
  [
    'a word that is none of those to choose from',
    { 'meters.steps.period': 'week', 'degradation.1.growth': true },
    'meter "steps": period must be one of day, month, year, not "week"',
    'degradation level "NoUpdates": growth must be one of Open, ExistingOnly, Closed, not true',
  ],
  [
    'limits that are none',
    { 'plans.0.limits.robots': -2, 'plans.1.limits.robots': 1.5, 'plans.1.limits.steps': 'many' },
    'plan "free": limits.robots must be a whole number from 0 up, or -1 for unlimited, not -2',
    'plan "team": limits.robots must be a whole number from 0 up, or -1 for unlimited, not 1.5',
    'plan "team": limits.steps must be a whole number from 0 up, or -1 for unlimited, not "many"',
  ],
  [
    'numbers that are too small or too large',
    {
      'featureRefusals.Teleport': 500,
      'plans.1.support.slaHours': 0,
      'notice.expiryDays': -1,
      'notice.holdHours': 0.5,
      'notice.lastKnownGoodHours': 24,
      discounts: [{ title: 'Friends', percent: 101 }],
    },
    'featureRefusals.Teleport must be an HTTP status from 400 to 499, not 500',
    'plan "team": support.slaHours must be more than 0, not 0',
    'discount "Friends": percent must be at most 100, not 101',
    'notice.expiryDays must be a whole number of days from 0 up, not -1',
    'notice.holdHours must be a whole number of hours from 0 up, not 0.5',
    'notice.lastKnownGoodHours must be at least 72 hours: a weekend has to pass, not 24',
  ],
  [
    'prices that are none',
    {
      'plans.1.price.monthly': -10,
      'meters.steps.overage.team': 'later',
      'addons.0.offers.team': 'free',
      'addons.2.offers.team': { from: 5, to: 3 },
    },
    `meter "steps": overage.team must be "true-up" or ${PRICE}, not "later"`,
    `plan "team": price.monthly must be ${PRICE}, not -10`,
    `add-on "teleport": offers.team must be "included" or ${PRICE}, not "free"`,
    'add-on "everything": offers.team must have a "to" that is more than its "from"',
  ],
  [
    'names that licenses and Kubernetes cannot carry',
    {
      product: 'Robots',
      'features.0': 'Walking, fast',
      'features.1': 'constructor',
      'plans.0.limits.max robots': 3,
      'agents.0.name': 'Walker',
    },
    `product ${KUBERNETES}, not "Robots"`,
    `features entry 1 ${NAME}, not "Walking, fast"`,
    'features entry 2 must be another name, because JavaScript keeps this one for itself, not "constructor"',
    `agent "Walker": name ${KUBERNETES}, not "Walker"`,
    `plan "free": the name "max robots" in limits ${NAME}`,
  ],
  [
    'the level that is there before the end',
    { 'degradation.0.level': 'None' },
    'degradation level "None": level must be another name, because this one is that of the time before the end, not "None"',
  ],
  [
    'labels and Secrets that Kubernetes does not know',
    {
      'governed.label': 'a label',
      'governed.noun': 'Robots',
      'license.offlineSecret': { name: 'My_License', key: 'a/b' },
    },
    'governed.label must be the key of a Kubernetes label, such as example.com/agent, not "a label"',
    'governed.noun must be one word in lower case, not "Robots"',
    'license.offlineSecret.name must be the name of a Kubernetes Secret: lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit, not "My_License"',
    'license.offlineSecret.key must be a key of a Kubernetes Secret: letters, digits, hyphens, underscores and dots, not "a/b"',
  ],
]

const CONSISTENCY: readonly Case[] = [
  [
    'a limit on what is not measured',
    { 'plans.1.limits.robotz': 3 },
    'plan "team": the limit "robotz" is not among the meters; did you mean "robots"? (there are: robots, steps)',
  ],
  [
    'a limit that is forgotten: it would be none',
    { 'plans.0.limits.steps': undefined },
    'plan "free": the limit "steps" is missing; write a number, or -1 for unlimited',
  ],
  [
    'names that nobody knows, in plans and agents',
    {
      freePlan: 'gratis',
      'agents.0.needsAnyOf': ['Waking'],
      'plans.1.features.+': 'Flying',
      'plans.1.agents.+': 'wlaker',
    },
    'freePlan: the plan "gratis" is not among the plans (there are: free, team)',
    `plan "team": the feature "Flying" is not among the features ${FEATURES}`,
    'plan "team": the agent "wlaker" is not among the agents; did you mean "walker"? (there are: walker, guardian)',
    `agent "walker": the feature "Waking" is not among the features; did you mean "Walking"? ${FEATURES}`,
  ],
  [
    'names that nobody knows, in add-ons and meters',
    {
      'addons.0.features.+': 'Flying',
      'addons.0.offers.gold': 3,
      'addons.1.raises.stepz': 1,
      'addons.2.bundles.+': 'teleports',
      'meters.steps.overage.teams': 1,
    },
    `add-on "teleport": the feature "Flying" is not among the features ${FEATURES}`,
    'add-on "teleport": the plan "gold" is not among the plans (there are: free, team)',
    'add-on "moreSteps": the limit "stepz" is not among the meters; did you mean "steps"? (there are: robots, steps)',
    'add-on "everything": the add-on "teleports" is not among the add-ons; did you mean "teleport"? (there are: teleport, moreSteps, everything)',
    'meter "steps": the plan "teams" is not among the plans; did you mean "team"? (there are: free, team)',
  ],
  [
    'names that nobody knows, at the top',
    {
      'governed.axis': 'servers',
      'featureRefusals.Flying': 402,
      'guardian.full': 'Flying',
      'updates.staged': 'Flying',
      customAgents: 'Flying',
      allAgents: 'Flying',
      'license.jwt.limits.max_flights': 'flights',
    },
    'governed.axis: the meter "servers" is not among the meters (there are: robots, steps)',
    `featureRefusals: the feature "Flying" is not among the features ${FEATURES}`,
    `guardian.full: the feature "Flying" is not among the features ${FEATURES}`,
    `updates.staged: the feature "Flying" is not among the features ${FEATURES}`,
    `customAgents: the feature "Flying" is not among the features ${FEATURES}`,
    `allAgents: the feature "Flying" is not among the features ${FEATURES}`,
    'license.jwt.limits: the meter "flights" is not among the meters (there are: robots, steps)',
  ],
  [
    'an agent where there are none',
    { agents: [], 'plans.0.agents': ['walker'], 'plans.1.agents': [] },
    'plan "free": the agent "walker" is not among the agents (there are none)',
  ],
  [
    'the same name twice',
    {
      'features.+': 'Walking',
      'plans.0.features.+': 'Walking',
      'plans.0.agents.+': 'walker',
      'agents.+': { name: 'walker', title: 'Walks too' },
    },
    'two features are called "Walking"; give one of them another name',
    'two agents are called "walker"; give one of them another name',
    'plan "free": the feature "Walking" is listed twice; leave one out',
    'plan "free": the agent "walker" is listed twice; leave one out',
  ],
  [
    'names that a license would not tell apart',
    {
      'plans.+': { name: 'te-am', title: 'Another', extends: 'free' },
      'addons.+': { name: 'more-steps', title: 'Another', offers: { team: 3 } },
      'degradation.0.level': 'frozen',
    },
    'the plans "team" and "te-am" differ only in their spelling; give one of them another name',
    'the add-ons "moreSteps" and "more-steps" differ only in their spelling; give one of them another name',
    'the degradation levels "frozen" and "Frozen" differ only in their spelling; give one of them another name',
  ],
  [
    'a plan that extends a later one',
    { 'plans.0.extends': 'team' },
    'plan "free": it extends "team", which stands after it; put "team" before it',
  ],
  [
    'a plan that extends itself',
    { 'plans.1.extends': 'team' },
    'plan "team": it extends itself; name another plan, or leave "extends" out',
  ],
  [
    'a plan that extends none that there is',
    { 'plans.1.extends': 'freee' },
    'plan "team": the plan "freee" is not among the plans; did you mean "free"? (there are: free, team)',
  ],
  [
    'a badge that reads nothing',
    { 'plans.0.branding.badgeText': undefined },
    'plan "free": a badge is required, but branding.badgeText does not say what it reads',
  ],
  [
    'bundles within bundles',
    {
      'addons.2.bundles.+': 'everything',
      'addons.+': { name: 'more', title: 'More', bundles: ['everything'], offers: { team: 9 } },
    },
    'add-on "everything": it bundles itself; leave it out',
    'add-on "more": it bundles "everything", which is a bundle too; name what "everything" bundles instead',
  ],
  [
    'workloads that would be counted by the month',
    { 'governed.axis': 'steps' },
    'governed.axis: the meter "steps" is added up over a month, but workloads are counted at one moment; name a meter without a period',
  ],
  [
    'a schedule that goes back',
    { 'degradation.1.fromDay': 0 },
    'degradation level "NoUpdates": fromDay must be later than 0, the day of "Warning" before it',
  ],
  [
    'a schedule that loosens again',
    { 'degradation.+': { level: 'Later', fromDay: 30 } },
    'degradation level "Later": updates gives back what "Frozen" before it takes; write "updates": false',
    'degradation level "Later": guardianAtMost gives back what "Frozen" before it takes; write "guardianAtMost": "off"',
    'degradation level "Later": growth gives back what "Frozen" before it takes; write "growth": "Closed"',
    'degradation level "Later": readOnly gives back what "Frozen" before it takes; write "readOnly": true',
  ],
  [
    'growth of what is read-only',
    { 'degradation.2.growth': 'ExistingOnly' },
    'degradation level "Frozen": what is read-only cannot grow; write "growth": "Closed"',
  ],
  [
    'a pattern that is none',
    { 'license.key.pattern': '^rob_[a-z+$' },
    'license.key.pattern is not a regular expression',
  ],
  [
    'a pattern that a key only has to contain',
    { 'license.key.pattern': 'rob_[a-z]+' },
    'license.key.pattern must go from ^ to $; without them a text passes that only contains a key',
  ],
  [
    'an example that does not fit',
    { 'license.key.example': 'rob_1' },
    'license.key.example does not fit license.key.pattern',
  ],
  [
    'two claims for one limit',
    { 'license.jwt.limits.max_machines': 'robots' },
    'license.jwt.limits: a claim limits "robots" already; leave "max_machines" out',
  ],
]

const WARNINGS: readonly Case[] = [
  ['a feature without use', { 'features.+': 'Flying' }, 'the feature "Flying" is in no plan and no add-on'],
  ['an agent without a plan', { 'agents.+': { name: 'idle', title: 'Idles' } }, 'agent "idle": no plan admits it'],
  [
    'a feature that admits agents where all are admitted',
    { agents: [], 'plans.0.agents': [], 'plans.1.agents': [], customAgents: 'Walking' },
    'the feature "Walking" admits nobody: without agents in it, a catalog admits all',
  ],
  [
    'a refusal of what everybody has',
    { 'featureRefusals.Walking': 403 },
    'featureRefusals: the feature "Walking" is never refused, because every plan has it',
  ],
  [
    'meters that never do what they say',
    { 'meters.steps.httpStatus': 429, 'meters.robots.overage': { team: 1 } },
    'meter "robots": nobody gets beyond a hard limit, so its overage is never paid',
    'meter "steps": a soft limit refuses nothing, so 429 is never answered',
  ],
  [
    'add-ons that sell nothing',
    {
      'addons.0.features': ['Walking'],
      'addons.1.offers': {},
      'plans.1.features.+': 'Teleport',
      guardian: undefined,
      updates: undefined,
      degradation: [{ level: 'Frozen', fromDay: 0, growth: 'Closed' }],
      features: ['Walking', 'Updates', 'Basic', 'Teleport'],
    },
    'add-on "teleport": the plan "team" has its features already, and would pay for nothing',
    'add-on "moreSteps": no plan can have it',
  ],
  [
    'prices that look wrong',
    { 'plans.0.price.monthly': 20, 'plans.1.price.yearly': { from: 121 } },
    'plan "free": it applies without a license, but has a price',
    'plan "team": a year costs more than twelve months',
    'plan "team": its monthly price is lower than that of "free" before it; plans go from the smallest to the largest',
  ],
  ['no schedule', { degradation: [] }, 'degradation: nothing is ever restricted after the end of a license'],
  [
    'levels without effect',
    {
      updates: undefined,
      guardian: undefined,
      'degradation.0': { level: 'First', fromDay: 0 },
      'degradation.1': { level: 'Second', fromDay: 3 },
    },
    'degradation level "Second": it restricts nothing more than "First" before it',
    'degradation level "Frozen": the catalog has no updates that it could end',
    'degradation level "Frozen": the catalog has no guardian that it could reduce',
  ],
  [
    'a notice that outlasts the schedule',
    { 'notice.holdHours': 481 },
    'notice.holdHours: it is longer than the whole schedule, whose last level begins on day 20',
  ],
]

describe('what is wrong with its form', () => {
  test.each(named(FORM))('$what', ({ edits, sentences }) => {
    expect(checkCatalog(edited(edits))).toEqual({ problems: sentences, warnings: [] })
  })

  test.each([null, undefined, [], 'cto', 7])('it is no catalog at all: %j', (data) => {
    expect(checkCatalog(data).problems).toEqual([
      expect.stringMatching(/^the catalog: it must be a group of fields, not /),
    ])
  })

  test('what has to be there at least', () => {
    expect(checkCatalog({}).problems.map((sentence) => sentence.split(' ')[0])).toEqual([
      'product',
      'title',
      'vendor',
      'freePlan',
      'features',
      'governed',
      'meters',
      'plans',
      'degradation',
      'notice',
      'license',
    ])
  })
})

describe('what does not fit together', () => {
  test.each(named(CONSISTENCY))('$what', ({ edits, sentences }) => {
    expect(checkCatalog(edited(edits))).toEqual({ problems: sentences, warnings: [] })
  })
})

describe('what is hardly meant', () => {
  test.each(named(WARNINGS))('$what', ({ edits, sentences }) => {
    const check = checkCatalog(edited(edits))
    expect(check).toMatchObject({ problems: [], warnings: sentences })
    expect(check.catalog).toBeDefined()
  })
})

test('a catalog that is refused says everything, one line each', () => {
  expect(() => parseCatalog(edited({ 'plans.0.extends': 'team', 'license.key.example': 'rob_1' }))).toThrow(
    new Error(
      [
        'The catalog is not valid:',
        '- plan "free": it extends "team", which stands after it; put "team" before it',
        '- license.key.example does not fit license.key.pattern',
      ].join('\n'),
    ),
  )
})
