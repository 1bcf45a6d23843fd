// Whose a License or a PlatformConfig is: one product's, whoever is asked.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Products,
  productOfConfig,
  productOfLicense,
  unnamed,
} from '../../../../src/operator/observed/belonging.ts'

const resource = (spec: object = {}, status: object = {}) => ({
  name: 'acme',
  uid: '1',
  generation: 1,
  createdAt: '2026-11-21T08:00:00Z',
  spec,
  status,
})
const alone: Products = { own: 'cto', here: ['cto'] }
const second: Products = { own: 'cto', here: ['incidentfox', 'cto'] }

test.each<
  readonly [what: string, license: ReturnType<typeof resource>, said: string | undefined, of: Products, whose: string]
>([
  ['it names its product', resource({ product: 'ipmi-monitor' }), 'cto', second, 'ipmi-monitor'],
  ['its file says a product that is here', resource(), 'incidentfox', second, 'incidentfox'],
  ['its file says ours', resource({}, { product: 'incidentfox' }), 'cto', second, 'cto'],
  ['its file says ours, which has not decided yet', resource(), 'cto', { own: 'cto', here: ['incidentfox'] }, 'cto'],
  ['its file says a product that is not here', resource(), 'robots', alone, 'cto'],
  ['the same, and another was here first', resource(), 'robots', second, 'incidentfox'],
  ['its file cannot be read, and we judged it', resource({}, { product: 'cto' }), undefined, second, 'cto'],
  ['who judged it is not here any more', resource({}, { product: 'robots' }), undefined, second, 'incidentfox'],
  ['nobody has decided yet', resource(), undefined, { own: 'cto', here: [] }, 'cto'],
])('a License of which %s', (_what, license, said, of, whose) => {
  expect(productOfLicense(license, said, of)).toBe(whose)
})

test('operators that see the same come to the same answer', () => {
  const product = fc.constantFrom('cto', 'incidentfox', 'robots', undefined)
  const here = fc.shuffledSubarray(['cto', 'incidentfox', 'clawtex'], { minLength: 2 })
  fc.assert(
    fc.property(product, product, product, here, (named, said, judged, here) => {
      const license = resource(
        named === undefined ? {} : { product: named },
        judged === undefined ? {} : { product: judged },
      )
      const answers = here.map((own) => productOfLicense(license, said, { own, here }))
      expect(new Set(answers).size).toBe(1)
      expect(new Set(here.map((own) => productOfConfig(license, { own, here }))).size).toBe(1)
    }),
  )
})

test('a PlatformConfig says that it names no product only where there are several', () => {
  expect(unnamed(resource(), alone)).toBeUndefined()
  expect(unnamed(resource({ product: 'cto' }), second)).toBeUndefined()
  expect(unnamed(resource(), { own: 'incidentfox', here: ['incidentfox', 'cto'] })).toBe(
    'it names no product, and operators of incidentfox and cto are here: incidentfox uses it; set spec.product',
  )
})
