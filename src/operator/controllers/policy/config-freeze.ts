// While the platform is read-only, what the customer asked for stays as it is. All but the license: renewing must always be
// possible.

import { sameFields } from './cel.ts'
import type { PolicySpec } from './policy-spec.ts'

const isReadOnly = 'params.?status.?readOnly.orValue(false)'
// One that names no product belongs to the oldest of those that are there: the operator lists its own.
const isOurs = `(dyn(oldObject).?spec.?product.hasValue() || dyn(params.status.gate.frozen).exists(f, f.name == request.name))`
const same = (left: string, right: string) => sameFields(left, right, ['license'])

/** The freeze of a product's PlatformConfigs, and of no other product's. */
export const configFreeze = (product: string): PolicySpec => ({
  rules: [{ apiGroups: ['cto.5dlabs.io'], resources: ['platformconfigs'], operations: ['CREATE', 'UPDATE'] }],
  parameters: true,
  governed: false,
  matchConditions: [
    {
      name: 'not-of-another-product',
      // As it was: naming another product is no way out of being frozen.
      expression: `(oldObject == null ? dyn(object) : dyn(oldObject)).?spec.?product.orValue('${product}') == '${product}'`,
    },
  ],
  variables: [
    { name: 'spec', expression: 'dyn(object).?spec.orValue({})' },
    { name: 'before', expression: 'dyn(oldObject).?spec.orValue({})' },
  ],
  refusals: [
    {
      when: `${isReadOnly} && oldObject != null && ${isOurs} && !${same('variables.spec', 'variables.before')}`,
      say: `'the PlatformConfig may not change, except spec.license: ' + string(params.status.gate.message)`,
    },
    {
      when: `${isReadOnly} && oldObject == null && !dyn(params.status.gate.frozen).exists(f, f.name == request.name && ${same('variables.spec', 'f.spec')})`,
      say: `'no PlatformConfig may be added, and one that was deleted may only be made anew as it was, except spec.license: ' + string(params.status.gate.message)`,
    },
  ],
})
