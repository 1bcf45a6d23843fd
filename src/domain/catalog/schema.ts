// The form of a catalog. What each field means stands here once: error messages and docs/catalogs.md quote it.

import * as z from 'zod'
import { UNLIMITED } from '../limits.ts'

/** The classes that a catalog can leave out, in the order in which they name a node. */
export const NODE_CLASSES = ['deleting', 'simulated', 'virtual', 'lost', 'fargate', 'controlPlane'] as const
export type NodeClass = (typeof NODE_CLASSES)[number]

/** How a catalog counts nodes. */
export interface NodePolicy {
  readonly uncountedClasses: readonly NodeClass[]
  /** For how long a node is on its way out. One that something keeps from going for longer is a node like any other. */
  readonly deletingHours: number
  /** After how long of not being ready a node is lost. */
  readonly lostAfterHours: number
}

export const GUARDIAN_MODES = ['off', 'monitor-only', 'basic', 'full'] as const
export const GROWTHS = ['Open', 'ExistingOnly', 'Closed'] as const
/** Nothing is restricted. The other levels are the catalog's own. */
export const NO_DEGRADATION = 'None'
const LEAST_LAST_KNOWN_GOOD_HOURS = 72

// Names are keys of objects; those that every object has would be found in all of them.
const RESERVED = 'must be another name, because JavaScript keeps this one for itself'
const NAME = 'must start with a letter and consist of at most 63 letters, digits, hyphens and underscores'
const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, NAME)
  .refine((text) => !(text in {}), RESERVED)
  .meta({ title: 'name' })

const DNS_LABEL = 'must be a Kubernetes name: at most 63 lower-case letters, digits and hyphens, no hyphen at its ends'
const dnsLabel = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, DNS_LABEL)
  .refine((text) => !(text in {}), RESERVED)
  .meta({ title: 'Kubernetes name' })

const text = z.string().trim().min(1).meta({ title: 'text' })

const LIMIT = 'must be a whole number from 0 up, or -1 for unlimited'
const limit = z.int(LIMIT).min(UNLIMITED, LIMIT).meta({ title: 'limit' })

const HOURS = 'must be a whole number of hours from 0 up'
const hours = z.int(HOURS).nonnegative(HOURS).meta({ title: 'hours' })

const DAYS = 'must be a whole number of days from 0 up'
const days = z.int(DAYS).nonnegative(DAYS).meta({ title: 'days' })

const A_PRICE = 'a price in US dollars, such as 79, {"from": 199, "to": 299} or {"from": 20000}'
const PRICE = `must be ${A_PRICE}`
const amount = z.number(PRICE).nonnegative(PRICE)
const priceRange = z
  .strictObject({ from: amount, to: amount.optional() })
  .refine(({ from, to }) => to === undefined || to > from, 'must have a "to" that is more than its "from"')
const price = z.union([amount, priceRange], PRICE).meta({ title: 'price' })

const HTTP_STATUS = 'must be an HTTP status from 400 to 499'
const httpStatus = z.int(HTTP_STATUS).min(400, HTTP_STATUS).max(499, HTTP_STATUS).meta({ title: 'HTTP status' })

const LABEL_KEY = 'must be the key of a Kubernetes label, such as example.com/agent'
const labelKey = z
  .string()
  .max(317, LABEL_KEY)
  .regex(
    /^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    LABEL_KEY,
  )
  .meta({ title: 'label key' })

const IMAGE_GLOB =
  'must be the name of an image, with * for any text: letters, digits and ._-/:@*, at least one letter or digit among them'
const imageGlob = z
  .string()
  .max(255, IMAGE_GLOB)
  .regex(/^[A-Za-z0-9._\-/:@*]*[A-Za-z0-9][A-Za-z0-9._\-/:@*]*$/, IMAGE_GLOB)
  .meta({ title: 'image' })

const SECRET_NAME =
  'must be the name of a Kubernetes Secret: lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit'
const secretName = z
  .string()
  .max(253, SECRET_NAME)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, SECRET_NAME)
  .meta({ title: 'Secret name' })

const SECRET_KEY = 'must be a key of a Kubernetes Secret: letters, digits, hyphens, underscores and dots'
const secretKey = z
  .string()
  .max(253, SECRET_KEY)
  .regex(/^[-._a-zA-Z0-9]+$/, SECRET_KEY)
  .meta({ title: 'Secret key' })

const hoursPromised = z.number().positive().meta({ title: 'hours' })

const planSchema = z.strictObject({
  name: name.describe('what licenses call the plan'),
  title: text.describe('what people call it'),
  price: z
    .strictObject({
      monthly: price.optional().describe('for a month'),
      yearly: price.optional().describe('for a year'),
      hostedMonthly: price.optional().describe('for a month when the vendor also runs the product'),
    })
    .optional()
    .describe('in US dollars; what is not named is by agreement'),
  extends: name.optional().describe('an earlier plan whose limits, features and agents this one has too'),
  limits: z.record(name, limit).default({}).describe('the most of each meter; -1 is unlimited'),
  clusterTypes: z.array(text).min(1).optional().describe('where it may be used, such as `Kind`; absent: anywhere'),
  agents: z.array(dnsLabel).default([]).describe('the agents that it admits by name'),
  features: z.array(name).default([]).describe('what it has beside the limits'),
  branding: z
    .strictObject({
      badgeRequired: z.boolean().describe('whether the product must show a badge'),
      badgeText: text.optional().describe('what the badge reads'),
      badgeLocation: text.optional().describe('where it is shown'),
    })
    .optional()
    .describe('what the product shows of its vendor'),
  support: z
    .strictObject({
      level: text.describe('how it is called'),
      channels: z.array(text).optional().describe('where one asks'),
      availability: text.optional().describe('when somebody is there'),
      slaHours: hoursPromised.optional().describe('hours until the first answer'),
      resolution: text.optional().describe('how long until it is solved'),
      onCall: text.optional().describe('what an engineer is woken for'),
      uptime: z
        .strictObject({
          percent: z.number().positive().max(100).describe('how much of the time'),
          terms: text.optional().describe('what is promised if not'),
        })
        .optional()
        .describe('how much of the time the product is there'),
      setup: text.optional().describe('how long until it is set up'),
      services: z.array(text).optional().describe('what people do beside answering'),
    })
    .optional()
    .describe('what the vendor promises'),
})

const meterSchema = z.strictObject({
  title: text.describe('what people call it'),
  unit: text.max(63).describe('one of it; with an s it is several'),
  period: z
    .enum(['day', 'month', 'year'])
    .optional()
    .describe('over which time it is added up; absent: what there is at one moment'),
  enforcement: z
    .enum(['hard', 'soft'])
    .default('hard')
    .describe('at the limit, hard refuses; soft allows, says so, and perhaps bills'),
  httpStatus: httpStatus.optional().describe('what the product answers with at a hard limit'),
  overage: z
    .record(name, z.union([price, z.literal('true-up')], `must be "true-up" or ${A_PRICE}`))
    .default({})
    .describe('what one more than a soft limit costs in which plan; `true-up` is settled afterwards'),
})

const addonSchema = z.strictObject({
  name: name.describe('what licenses call the add-on'),
  title: text.describe('what people call it'),
  features: z.array(name).default([]).describe('the features that it brings'),
  bundles: z.array(name).default([]).describe('the add-ons that it contains, as far as the plan can have them'),
  raises: z
    .record(name, z.int().positive())
    .default({})
    .describe('by how much it raises limits, each time that a license names it'),
  offers: z
    .record(name, z.union([price, z.literal('included')], `must be "included" or ${A_PRICE}`))
    .describe('what it costs in which plan; a plan that is not named cannot have it'),
  per: z.enum(['month', 'year', 'once']).default('month').describe('what the price is for'),
})

const levelSchema = z.strictObject({
  level: name
    .refine(
      (level) => level !== NO_DEGRADATION,
      'must be another name, because this one is that of the time before the end',
    )
    .describe('what the level is called'),
  fromDay: days.describe('how many whole days after the end it begins; 0 is the end itself'),
  updates: z.boolean().default(true).describe('whether updates over the air go on'),
  guardianAtMost: z.enum(GUARDIAN_MODES).default('full').describe('how much the guardian may still do'),
  growth: z
    .enum(GROWTHS)
    .default('Open')
    .describe('what may start: what the plan admits, only what runs already, or nothing'),
  readOnly: z.boolean().default(false).describe('whether the configuration is frozen, except for its license'),
})

export const catalogSchema = z.strictObject({
  product: dnsLabel.describe('the name of the product; licenses are issued for it'),
  title: text.describe('what people call the product'),
  vendor: text.describe('who issues its licenses'),
  freePlan: name.describe('the plan that applies without a license'),
  features: z.array(name).describe('every feature that there is'),
  featureRefusals: z
    .record(name, httpStatus)
    .default({})
    .describe('with which HTTP status the product refuses which feature'),
  governed: z
    .strictObject({
      label: labelKey.describe('the label of governed workloads; its value is the name of one such thing'),
      noun: z
        .string()
        .regex(/^[a-z]+$/, 'must be one word in lower case')
        .meta({ title: 'word' })
        .describe('what one is called'),
      axis: name.describe('the meter that limits how many there are'),
      images: z
        .array(imageGlob)
        .min(1)
        .max(64)
        .optional()
        .describe(
          'the images that they run, `*` for any text: in a governed namespace, a workload that runs one of them has to have the label',
        ),
    })
    .describe('which workloads in the cluster are governed'),
  meters: z.record(name, meterSchema).describe('what is measured against the limits'),
  agents: z
    .array(
      z.strictObject({
        name: dnsLabel.describe('the value of the label'),
        title: text.describe('what it does'),
        needsAnyOf: z.array(name).min(1).optional().describe('features of which it needs one'),
      }),
    )
    .default([])
    .describe('the governed things that are known by name; none: every name is admitted'),
  plans: z.array(planSchema).min(1).describe('from the smallest to the largest'),
  addons: z.array(addonSchema).default([]).describe('what can be bought beside a plan'),
  discounts: z
    .array(
      z.strictObject({
        title: text.describe('for whom or for what'),
        percent: z.number().positive().max(100).describe('how much less'),
      }),
    )
    .default([])
    .describe('what is taken off a price'),
  guardian: z
    .strictObject({
      full: name.describe('the feature for all it can do'),
      basic: name.describe('the feature for the basic mode'),
    })
    .optional()
    .describe('the features that stand for the modes of the guardian; absent: there is no guardian'),
  updates: z
    .strictObject({
      enabled: name.describe('the feature for updates at all'),
      staged: name.describe('the feature for rolling them out in stages'),
    })
    .optional()
    .describe('the features that stand for updates over the air; absent: there are none'),
  customAgents: name.optional().describe('the feature that admits agents which the catalog does not know'),
  allAgents: name.optional().describe('the feature that admits every agent of the catalog, and of later ones'),
  degradation: z.array(levelSchema).describe('what is restricted from which day after the end of a license'),
  notice: z
    .strictObject({
      expiryDays: days.describe('how long before its end a license is said to be expiring'),
      holdHours: hours.default(24).describe('how long what was admitted goes on before it is held'),
      nodeOverageHours: hours.default(72).describe('how long more nodes than licensed are tolerated'),
      lastKnownGoodHours: hours
        .min(
          LEAST_LAST_KNOWN_GOOD_HOURS,
          `must be at least ${LEAST_LAST_KNOWN_GOOD_HOURS} hours: a weekend has to pass`,
        )
        .default(LEAST_LAST_KNOWN_GOOD_HOURS)
        .describe('how long a license stays in force while it cannot be read'),
      revocationHours: hours.default(0).describe('how long one goes on after it was revoked, unless it says so itself'),
    })
    .describe('how long before something happens'),
  nodes: z
    .strictObject({
      uncountedClasses: z
        .array(z.enum(NODE_CLASSES))
        .default(['deleting', 'simulated'])
        .describe('the classes of nodes that do not count'),
      deletingHours: hours
        .default(24)
        .describe('for how long a node is on its way out; what something keeps from going for longer counts again'),
      lostAfterHours: hours.default(24).describe('after how long of not being ready a node is lost'),
      peakDays: days.min(1).max(366).default(30).describe('over how many days the highest count is kept'),
    })
    .prefault({})
    .describe('which nodes do not count'),
  license: z
    .strictObject({
      key: z
        .strictObject({
          format: text.describe('what it looks like, for people'),
          pattern: text.describe('a regular expression for it, from ^ to $'),
          example: text.describe('one that fits'),
        })
        .optional()
        .describe('the key that is activated online; absent: there is none'),
      offlineSecret: z
        .strictObject({
          name: secretName.describe('the name of the Secret'),
          key: secretKey.describe('the key in it'),
        })
        .describe('where a license file is put in a cluster'),
      jwt: z
        .strictObject({
          issuer: text.describe('the only issuer that is believed'),
          limits: z.record(text, name).describe('which claim limits which meter'),
        })
        .optional()
        .describe("how the product's own plain JWTs are read; absent: it has none"),
    })
    .describe('what its licenses look like'),
})

export type CatalogData = z.output<typeof catalogSchema>
export type PlanData = CatalogData['plans'][number]
export type Price = z.output<typeof price>
