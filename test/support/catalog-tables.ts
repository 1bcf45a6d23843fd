// Catalogs as tables, to be held beside a product document. What is granted is taken from the operator's own decision.

import { builtInCatalogs } from '../../src/cli/catalogs.ts'
import type { Catalog, Plan } from '../../src/domain/catalog/catalog.ts'
import { decide, type Decision } from '../../src/domain/entitlement/decision.ts'
import { degradationAt } from '../../src/domain/entitlement/degradation.ts'
import { DAY } from '../../src/domain/time.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import { claims, facts, NOW } from './builders.ts'

type Row = readonly string[]

export const CATALOGS = builtInCatalogs()

export function builtIn(product: string): Catalog {
  const catalog = CATALOGS.find((catalog) => catalog.product === product)
  if (catalog === undefined) throw new Error(`there is no built-in catalog ${product}`)
  return catalog
}

/** The cells of a table whose lines look like `| a | b |`. */
export function table(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** What the operator decides with a license for the plan; for the free plan, without any. */
export function decisionFor(catalog: Catalog, plan: string, overrides: Partial<LicenseClaims> = {}): Decision {
  const isFree = plan === catalog.freePlan
  const license = claims({ product: catalog.product, plan, ...overrides })
  return decide(facts({ catalog, licenses: isFree ? [] : [{ name: 'license', claims: license }] }))
}

/** Each plan with its prices and with the limits that the operator grants. */
export function planRows(catalog: Catalog): Row[] {
  const axes = Object.keys(catalog.meters)
  return [
    ['plan', 'title', 'price', ...axes],
    ...catalog.plans.map((plan) => {
      const { limits } = decisionFor(catalog, plan.name).grant
      return [plan.name, plan.title, planPrice(plan), ...axes.map((axis) => limit(limits[axis]))]
    }),
  ]
}

/** Each feature, with a cross for each plan that the operator grants it to. */
export function featureRows(catalog: Catalog): Row[] {
  return matrix(catalog, 'feature', catalog.features, (plan, feature) =>
    decisionFor(catalog, plan).features.includes(feature) ? 'x' : '',
  )
}

/** Each add-on, with its price for each plan. */
export function addonRows(catalog: Catalog): Row[] {
  const offers = new Map(catalog.addons.map((addon) => [addon.name, addon]))
  return matrix(catalog, 'add-on', [...offers.keys()], (plan, name) => {
    const addon = offers.get(name)
    const offer = addon?.offers[plan]
    if (offer === undefined) return ''
    return offer === 'included' ? 'included' : `${money(offer)} ${addon?.per === 'once' ? 'once' : `a ${addon?.per}`}`
  })
}

/** Each plan with what the vendor promises. */
export function supportRows(catalog: Catalog): Row[] {
  return [
    [
      'plan',
      'level',
      'channels',
      'availability',
      'first answer',
      'solution',
      'on call',
      'uptime',
      'set up',
      'services',
    ],
    ...catalog.plans.map(({ name, support }) => [
      name,
      text(support?.level),
      text(support?.channels),
      text(support?.availability),
      text(support?.slaHours === undefined ? undefined : `${support.slaHours} h`),
      text(support?.resolution),
      text(support?.onCall),
      [support?.uptime === undefined ? '' : `${support.uptime.percent}%`, text(support?.uptime?.terms)]
        .join(' ')
        .trim(),
      text(support?.setup),
      text(support?.services),
    ]),
  ]
}

/** What each meter does at its limit, and what one more costs. */
export function meterRows(catalog: Catalog): Row[] {
  return [
    ['meter', 'unit', 'per', 'at the limit', 'one more costs'],
    ...Object.entries(catalog.meters).map(([axis, { unit, period, enforcement, overage }]) => [
      axis,
      unit,
      text(period),
      enforcement,
      Object.entries(overage)
        .map(([plan, price]) => `${plan} ${price === 'true-up' ? price : money(price)}`)
        .join(', '),
    ]),
  ]
}

/** What is restricted so many days after the end. The same for each plan, or there is a row for each that differs. */
export function degradationRows(catalog: Catalog, days: readonly number[]): Row[] {
  const licensed = catalog.plans.filter((plan) => plan.name !== catalog.freePlan)
  return [
    ['day', 'level', 'updates', 'guardian at most', 'growth', 'read-only'],
    ...days.flatMap((day) => {
      const expiresAt = NOW - day * DAY
      const rows = licensed.map((plan) => {
        const { degradation } = decisionFor(catalog, plan.name, { expiresAt })
        const cells = [degradation.updates, degradation.guardianAtMost, degradation.growth, degradation.readOnly]
        return [String(day), degradation.level, ...cells.map(word)]
      })
      return distinct([...rows, scheduleRow(catalog, day, expiresAt)])
    }),
  ]
}

/** Keys that people may type in, and whether they have the form of one. */
export function keyFits(catalog: Catalog, key: string): boolean {
  const { pattern } = catalog.license.key ?? { pattern: '(?!)' }
  return new RegExp(pattern).test(key)
}

function scheduleRow(catalog: Catalog, day: number, expiresAt: number): Row {
  const { level, updates, guardianAtMost, growth, readOnly } = degradationAt({ expiresAt }, NOW, catalog)
  return [String(day), level, ...[updates, guardianAtMost, growth, readOnly].map(word)]
}

function word(value: boolean | string): string {
  if (typeof value === 'string') return value
  return value ? 'yes' : 'no'
}

function distinct(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.join('|'), row])).values()]
}

function matrix(
  catalog: Catalog,
  what: string,
  names: readonly string[],
  cell: (plan: string, name: string) => string,
) {
  const plans = catalog.plans.map((plan) => plan.name)
  return [[what, ...plans], ...names.map((name) => [name, ...plans.map((plan) => cell(plan, name))])]
}

function planPrice({ price }: Plan): string {
  const prices = [
    price?.monthly === undefined ? '' : `${money(price.monthly)} a month`,
    price?.yearly === undefined ? '' : `${money(price.yearly)} a year`,
    price?.hostedMonthly === undefined ? '' : `${money(price.hostedMonthly)} a month hosted`,
  ]
  return prices.filter((one) => one !== '').join(', ')
}

function money(price: number | { readonly from: number; readonly to?: number | undefined }): string {
  const dollars = (amount: number) => {
    const minimumFractionDigits = Number.isInteger(amount) ? 0 : 2
    return `$${amount.toLocaleString('en-US', { minimumFractionDigits, maximumFractionDigits: 4 })}`
  }
  if (typeof price === 'number') return dollars(price)
  return price.to === undefined ? `${dollars(price.from)}+` : `${dollars(price.from)} to ${dollars(price.to)}`
}

function limit(value: number | undefined): string {
  return value === -1 ? 'unlimited' : (value ?? Number.NaN).toLocaleString('en-US')
}

function text(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ')
}
