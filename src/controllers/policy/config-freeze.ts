// While the platform is read-only, what the customer asked for stays as it is. All but the license: renewing must always be
// possible.

import { sameFields } from './cel.ts'
import type { PolicySpec } from './policy-spec.ts'

const isReadOnly = 'params.?status.?readOnly.orValue(false)'
const same = (left: string, right: string) => sameFields(left, right, ['license'])

export const configFreeze: PolicySpec = {
  rules: [{ apiGroups: ['cto.5dlabs.io'], resources: ['platformconfigs'], operations: ['CREATE', 'UPDATE'] }],
  parameters: true,
  governed: false,
  matchConditions: [],
  variables: [
    { name: 'spec', expression: 'dyn(object).?spec.orValue({})' },
    { name: 'before', expression: 'dyn(oldObject).?spec.orValue({})' },
  ],
  refusals: [
    {
      when: `${isReadOnly} && oldObject != null && !${same('variables.spec', 'variables.before')}`,
      say: `'the PlatformConfig may not change, except spec.license: ' + string(params.status.gate.message)`,
    },
    {
      when: `${isReadOnly} && oldObject == null && !dyn(params.status.gate.frozen).exists(f, f.name == request.name && ${same('variables.spec', 'f.spec')})`,
      say: `'no PlatformConfig may be added, and one that was deleted may only be made anew as it was, except spec.license: ' + string(params.status.gate.message)`,
    },
  ],
}
