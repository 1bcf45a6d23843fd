// The admission policies: what the API server refuses by itself, also while the operator is down. Never a webhook; never
// Pods, deletes, scale-down or an update that raises nothing.
//
// Parameters are the Entitlement's status.

import { createHash } from 'node:crypto'
import {
  API_VERSION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  MANAGED_LABEL,
  POLICIES,
  SPEC_HASH_ANNOTATION,
} from '../../../api/names.ts'
import type { Catalog } from '../../../domain/catalog/catalog.ts'
import { agentsPolicy } from './agents.ts'
import { configFreeze } from './config-freeze.ts'
import { labelsPolicy } from './labels.ts'
import { firstRefusal, type PolicySpec } from './policy-spec.ts'
import { scalePolicy } from './scale.ts'

export interface PolicyObject {
  readonly apiVersion: 'admissionregistration.k8s.io/v1'
  readonly kind: 'ValidatingAdmissionPolicy' | 'ValidatingAdmissionPolicyBinding'
  readonly metadata: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/**
 * The policies and their bindings as they must be for a product, whose Entitlement has its name. In the order in which they
 * are written: the last one is the one that is tried, and an API server that enforces it knows those before it.
 */
export function desiredPolicies({ product, governed }: Pick<Catalog, 'product' | 'governed'>): PolicyObject[] {
  const specs: Record<(typeof POLICIES)[number], PolicySpec> = {
    agents: agentsPolicy(governed),
    'agents-scale': scalePolicy(governed),
    'agents-labels': labelsPolicy(governed),
    'config-freeze': configFreeze(product),
  }
  return POLICIES.flatMap((name) => [
    policyObject('ValidatingAdmissionPolicy', `${product}-${name}`, policy(specs[name])),
    policyObject(
      'ValidatingAdmissionPolicyBinding',
      `${product}-${name}`,
      binding(`${product}-${name}`, product, specs[name]),
    ),
  ])
}

// A hash tells what another version wrote from what somebody changed.
function policyObject(kind: PolicyObject['kind'], name: string, spec: PolicyObject['spec']): PolicyObject {
  const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16)
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: {
      name,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: { [SPEC_HASH_ANNOTATION]: hash },
    },
    spec,
  }
}

// Every field is given, also where it is the default: the live object is compared exactly, so that an addition is seen too.
function policy(spec: PolicySpec): PolicyObject['spec'] {
  const { label, matchConditions, variables, refusals } = spec
  return {
    failurePolicy: spec.governed ? 'Fail' : 'Ignore',
    ...(spec.parameters ? { paramKind: { apiVersion: API_VERSION, kind: 'Entitlement' } } : {}),
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: namespaceSelector(spec),
      objectSelector: label === undefined ? {} : { matchExpressions: [label] },
      resourceRules: spec.rules.map((rule) => ({ ...rule, apiVersions: ['v1'], scope: '*' })),
    },
    ...(matchConditions.length === 0 ? {} : { matchConditions }),
    variables: [...variables, { name: 'refusal', expression: firstRefusal(refusals) }],
    validations: [
      {
        expression: `variables.refusal == ''`,
        messageExpression: 'variables.refusal',
        message: 'this is refused under the license',
        reason: 'Forbidden',
      },
    ],
  }
}

function binding(policyName: string, product: string, spec: PolicySpec): PolicyObject['spec'] {
  return {
    policyName,
    // Without parameters nothing may grow where agents live; elsewhere nobody notices.
    ...(spec.parameters
      ? { paramRef: { name: product, parameterNotFoundAction: spec.governed ? 'Deny' : 'Allow' } }
      : {}),
    matchResources: { matchPolicy: 'Equivalent', namespaceSelector: namespaceSelector(spec), objectSelector: {} },
    validationActions: ['Deny'],
  }
}

// Of the binding, and of the policy too: an API server that has just started does not know the kind of the parameters for a
// while, and then it asks no binding before it refuses.
function namespaceSelector({ governed }: PolicySpec): object {
  return governed ? { matchLabels: { [MANAGED_LABEL]: 'true' } } : {}
}
