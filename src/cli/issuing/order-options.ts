// The options that say what license to issue, and the order that they make. Names are checked against the catalog here, so
// that a misspelt one is answered with what it may have meant.

import { type Command, Option } from 'commander'
import { type Catalog, type Plan, planNamed } from '../../domain/catalog/catalog.ts'
import { CLUSTER_TYPES } from '../../domain/cluster/signals.ts'
import type { Instant } from '../../domain/time.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'
import type { EndDate } from '../../issuing/end-date.ts'
import type { Order } from '../../issuing/order.ts'
import { dateArgument } from '../date-argument.ts'
import { unknownName } from '../known-names.ts'
import {
  collect,
  countArgument,
  endArgument,
  fieldsArgument,
  type FormName,
  FORMS,
  limitArgument,
  limitsArgument,
  positiveArgument,
} from './order-arguments.ts'

/** What is said of one license. What is not said comes from the plan, or has to be said. */
export interface OrderOptions {
  readonly plan?: string
  readonly organization?: string
  readonly expires?: EndDate
  readonly days?: number
  readonly notBefore?: Instant
  readonly hardEnd?: EndDate
  readonly issuedAt?: Instant
  readonly id?: string
  readonly issuer?: string
  readonly limit?: Readonly<Record<string, number>>
  readonly maxNodes?: number
  readonly maxAgents?: number
  readonly feature?: readonly string[]
  readonly addon?: readonly string[]
  readonly clusterUid?: string
  readonly clusterType?: readonly string[]
  readonly serial?: number
  readonly supersedes?: readonly string[]
  readonly revocationNotice?: number
  readonly customField?: Readonly<Record<string, string>>
  readonly form?: FormName
}

const CLAIMS_FORMS: Readonly<Record<FormName, LicenseClaims['form']>> = { jws: 'jws', json: 'cto-json', jwt: 'jwt' }

export function addOrderOptions(command: Command): Command {
  return command
    .option('--plan <plan>', 'the plan, as the catalog names it')
    .option('--organization <name>', 'who the license is for; always spelled the same')
    .option(
      '--expires <date>',
      'its end: a day is the last one (in UTC), a date with a time is that instant',
      endArgument,
    )
    .addOption(
      new Option('--days <n>', 'how many days it is in force').argParser(positiveArgument).conflicts('expires'),
    )
    .option('--not-before <date>', 'when it begins; by default at once', dateArgument)
    .option('--hard-end <date>', 'when the last of the restrictions applies, instead of by the schedule', endArgument)
    .option('--issued-at <date>', 'the date of issue; by default now', dateArgument)
    .option('--id <id>', 'the ID of the license; by default a random one')
    .option('--issuer <name>', "who issues it; by default the catalog's vendor")
    .option('--limit <axis=n>', "instead of the plan's limit; -1 for unlimited (repeatable)", limitsArgument)
    .option('--max-nodes <n>', 'the same as --limit nodes=<n>', limitArgument)
    .option('--max-agents <n>', 'the same as --limit agents=<n>', limitArgument)
    .option('--feature <name>', "a feature beyond the plan's (repeatable)", collect)
    .option('--addon <name>', 'an add-on (repeatable)', collect)
    .option('--cluster-uid <uid>', 'the only cluster it is for')
    .option('--cluster-type <type>', 'a type of cluster it is for (repeatable)', collect)
    .option('--serial <n>', 'of the licenses of one organization, the highest number counts', countArgument)
    .option('--supersedes <id>', 'a license that this one replaces (repeatable)', collect)
    .option('--revocation-notice <hours>', 'how long it goes on after it was revoked', countArgument)
    .option('--custom-field <name=text>', 'something for people to read in it (repeatable)', fieldsArgument)
    .addOption(new Option('--form <form>', 'the form of the file').choices(FORMS).default('jws'))
}

export interface NamedOrder {
  readonly order: Order
  readonly plan: Plan
}

/** The order, or why there is none: one sentence without a full stop for each reason. */
export function orderOf(
  options: OrderOptions,
  catalog: Catalog,
): NamedOrder | { readonly problems: readonly string[] } {
  const { organization = '', expires, days, form = 'jws' } = options
  const plan = planNamed(catalog, options.plan ?? '')
  const end = expires ?? (days === undefined ? undefined : { days })
  const limits = { ...options.limit, ...olderLimits(options) }
  const problems = [
    ...whatIsMissing(options),
    ...whatIsLost(options),
    ...whatIsTwice(options),
    ...whatIsUnknown(options, limits, catalog),
  ]
  if (form === 'jwt' && options.id !== undefined) problems.push('the JWT form has no place for an ID; leave it out')
  if (problems.length > 0 || plan === undefined || end === undefined) return { problems }
  const { id, issuer, issuedAt, notBefore, hardEnd, clusterUid, serial } = options
  const order: Order = {
    organization,
    form: CLAIMS_FORMS[form],
    id,
    issuer,
    issuedAt,
    notBefore,
    end,
    hardEnd,
    limits,
    features: options.feature ?? [],
    addons: options.addon ?? [],
    clusterUid,
    clusterTypes: options.clusterType ?? [],
    serial,
    supersedes: options.supersedes ?? [],
    revocationNoticeHours: options.revocationNotice,
  }
  return { order, plan }
}

function olderLimits({ maxNodes, maxAgents }: OrderOptions): Record<string, number> {
  return {
    ...(maxNodes === undefined ? {} : { nodes: maxNodes }),
    ...(maxAgents === undefined ? {} : { agents: maxAgents }),
  }
}

function whatIsMissing({ plan, organization, expires, days }: OrderOptions): string[] {
  return [
    ...(plan === undefined ? ['say which plan the license is for, with --plan'] : []),
    ...(organization === undefined ? ['say who the license is for, with --organization'] : []),
    ...(expires === undefined && days === undefined ? ['say when the license ends, with --expires or --days'] : []),
  ]
}

/** U+FFFD is what programs write in the place of a letter that they could not read. */
function whatIsLost(options: OrderOptions): string[] {
  return Object.entries(options)
    .filter(([, value]) => JSON.stringify([value]).includes('\uFFFD'))
    .map(([name]) => {
      const option = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      return `in ${option} a letter was lost (U+FFFD stands in its place): write it anew, in UTF-8`
    })
}

function whatIsTwice(options: OrderOptions): string[] {
  return Object.keys(olderLimits(options))
    .filter((axis) => options.limit !== undefined && Object.hasOwn(options.limit, axis))
    .map((axis) => `the limit ${axis} is named twice; leave --max-${axis} out`)
}

function whatIsUnknown(options: OrderOptions, limits: Readonly<Record<string, number>>, catalog: Catalog): string[] {
  const { plan, feature = [], addon = [], clusterType = [] } = options
  const [plans, addons] = [catalog.plans, catalog.addons].map((things) => things.map(({ name }) => name)) as [
    string[],
    string[],
  ]
  // The operator compares types without regard to case.
  const types = clusterType.map((type) => CLUSTER_TYPES.find((known) => isSame(known, type)) ?? type)
  return [
    ...(plan === undefined ? [] : [unknownName('plan', plan, plans)]),
    ...Object.keys(limits).map((axis) => unknownName('limit', axis, Object.keys(catalog.meters))),
    ...feature.map((name) => unknownName('feature', name, catalog.features)),
    ...addon.map((name) => unknownName('add-on', name, addons)),
    ...types.map((type) => unknownName('type of cluster', type, CLUSTER_TYPES)),
  ].filter((problem) => problem !== undefined)
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
