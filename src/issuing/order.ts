// What somebody orders, and the license that this makes: what is not said comes from the plan, where the form has to say it.

import { randomBytes } from 'node:crypto'
import type { Catalog, Plan } from '../domain/catalog/catalog.ts'
import { DAY, type Instant } from '../domain/time.ts'
import type { LicenseClaims } from '../domain/license/claims.ts'
import type { EndDate } from './end-date.ts'
import type { Draft } from './lint/draft.ts'

export interface Order {
  readonly organization: string
  readonly form: LicenseClaims['form']
  readonly id?: string | undefined
  readonly issuer?: string | undefined
  readonly issuedAt?: Instant | undefined
  readonly notBefore?: Instant | undefined
  /** Either the end or how many days the license runs. */
  readonly end: EndDate | { readonly days: number }
  readonly hardEnd?: EndDate | undefined
  readonly limits: Readonly<Record<string, number>>
  readonly features: readonly string[]
  readonly addons: readonly string[]
  readonly clusterUid?: string | undefined
  readonly clusterTypes: readonly string[]
  readonly serial?: number | undefined
  readonly supersedes: readonly string[]
  readonly revocationNoticeHours?: number | undefined
}

/** @param now in whole seconds */
export function draftOf(
  order: Order,
  { catalog, plan, now, issued }: Pick<Draft, 'catalog' | 'plan' | 'now' | 'issued'>,
): Draft {
  const { limits, features, addons } = order
  return {
    claims: claimsOf(order, catalog, plan, now),
    asked: { limits, features, addons },
    endsWithTheStartOf: 'at' in order.end ? order.end.startOf : undefined,
    isBackdated: order.issuedAt !== undefined,
    catalog,
    plan,
    now,
    issued,
  }
}

function claimsOf(order: Order, catalog: Catalog, plan: Plan, now: Instant): LicenseClaims {
  const { form, issuedAt = now, notBefore, hardEnd, serial, supersedes, revocationNoticeHours } = order
  const issuer = issuerOf(order, catalog)
  const cluster = clusterOf(order)
  return {
    form,
    licenseId: order.id ?? `lic-${randomBytes(8).toString('hex')}`,
    organization: order.organization,
    product: catalog.product,
    plan: plan.name,
    ...(issuer === undefined ? {} : { issuer }),
    issuedAt,
    ...(notBefore === undefined ? {} : { notBefore }),
    expiresAt: 'at' in order.end ? order.end.at : (notBefore ?? issuedAt) + order.end.days * DAY,
    ...(hardEnd === undefined ? {} : { hardEndsAt: hardEnd.at }),
    limits: limitsOf(order, catalog, plan),
    // Who reads a plain JWT may know no plans.
    features: form === 'jwt' ? [...new Set([...plan.features, ...order.features])] : order.features,
    addons: order.addons,
    ...(cluster === undefined ? {} : { cluster }),
    ...(serial === undefined ? {} : { serial }),
    ...(supersedes.length === 0 ? {} : { supersedes }),
    ...(revocationNoticeHours === undefined ? {} : { revocationNoticeHours }),
  }
}

/** The JSON form has no place for an issuer, and a plain JWT only one that is believed: it is an error only to ask for one. */
function issuerOf({ form, issuer }: Order, catalog: Catalog): string | undefined {
  if (issuer !== undefined) return issuer
  if (form === 'cto-json') return undefined
  return form === 'jwt' ? catalog.license.jwt?.issuer : catalog.vendor
}

function limitsOf({ form, limits }: Order, catalog: Catalog, plan: Plan): Record<string, number> {
  if (form === 'jws') return { ...limits }
  const written = form === 'jwt' ? Object.values(catalog.license.jwt?.limits ?? {}) : ['nodes', 'agents']
  const planned = written.flatMap((axis) => {
    const limit = plan.limits[axis]
    return limit === undefined ? [] : [[axis, limit] as const]
  })
  return { ...Object.fromEntries(planned), ...limits }
}

function clusterOf({ clusterUid, clusterTypes }: Order): LicenseClaims['cluster'] {
  if (clusterUid === undefined && clusterTypes.length === 0) return undefined
  return {
    ...(clusterUid === undefined ? {} : { uid: clusterUid }),
    ...(clusterTypes.length === 0 ? {} : { types: clusterTypes }),
  }
}
