// The admission policies: what the API server refuses by itself, also while the operator is down. Never a webhook; never
// Pods, deletes, status, scale-down or an update that raises nothing.
//
// Parameters are the Entitlement's status. Each validation stands in the order in which a person should hear of it.

import { API_VERSION, MANAGED_BY, MANAGED_BY_LABEL, MANAGED_LABEL } from '../../api/names.ts'
import type { Catalog } from '../../domain/catalog.ts'

/** What the catalog says of the workloads that are governed. */
type Governed = Catalog['governed']

interface Validation {
  readonly expression: string
  /** CEL that makes the sentence; `message` is what is said should that fail. */
  readonly messageExpression?: string
  readonly message: string
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly operations: readonly ('CREATE' | 'UPDATE')[]
}

interface PolicySpec {
  readonly rules: readonly Rule[]
  readonly labelled: boolean
  readonly namespaced: boolean
  readonly matchConditions: readonly { name: string; expression: string }[]
  readonly variables: readonly { name: string; expression: string }[]
  readonly validations: readonly Validation[]
}

export interface PolicyObject {
  readonly apiVersion: 'admissionregistration.k8s.io/v1'
  readonly kind: 'ValidatingAdmissionPolicy' | 'ValidatingAdmissionPolicyBinding'
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: Readonly<Record<string, unknown>>
}

// Kubernetes' own controllers carry out what was admitted before: a rollout's ReplicaSet, a CronJob's Job. The
// HorizontalPodAutoscaler is not among them: what it asks for is growth.
const WORKLOAD_CONTROLLERS = ['deployment-controller', 'cronjob-controller'].map(
  (name) => `system:serviceaccount:kube-system:${name}`,
)
const notByKubernetesItself = {
  name: 'not-by-kubernetes-itself',
  expression: `!(request.userInfo.username in ${celList([...WORKLOAD_CONTROLLERS, 'system:kube-controller-manager'])})`,
}

// Kinds differ in fields, and one policy speaks for all of them: `dyn` keeps the type checker from taking one kind for all.
const valueOf = (label: string, object: string) =>
  `has(dyn(${object}).metadata.labels) && '${label}' in dyn(${object}).metadata.labels ? string(dyn(${object}).metadata.labels['${label}']) : ''`
const wants = (object: string) =>
  `request.resource.resource in ['jobs', 'cronjobs'] ? (has(dyn(${object}).spec.suspend) && dyn(${object}).spec.suspend ? 0 : 1) : ` +
  `request.resource.resource == 'daemonsets' ? 1 : (has(dyn(${object}).spec.replicas) ? int(dyn(${object}).spec.replicas) : 1)`
// A restart is an annotation of the template, so only what is in the template's spec counts as a change.
const podSpec = (object: string) =>
  `has(dyn(${object}).spec.template) ? dyn(${object}).spec.template.spec : dyn(${object}).spec.jobTemplate.spec.template.spec`

/**
 * Whether a write can concern the license at all. Most do not, and an API server that hears so before anything else is asked
 * spares itself three quarters of what the policy costs: it makes the objects ready for each of its questions anew.
 */
const concernsTheLicense = (label: string) => ({
  name: 'concerns-the-license',
  expression:
    `oldObject == null || (${valueOf(label, 'object')}) != (${valueOf(label, 'oldObject')}) || ` +
    `(${wants('object')}) > (${wants('oldObject')}) || (${podSpec('object')}) != (${podSpec('oldObject')})`,
})

const key = (name: string) => `request.resource.resource + '/' + request.namespace + '/' + ${name}`

const decided: Validation = {
  expression: 'has(params.status) && has(params.status.gate)',
  message: 'the license operator has not published its decision yet; try again in a moment',
}
const mayGrow: Validation = {
  expression: `!variables.grows || !variables.known || params.status.gate.workloads[variables.key] == ''`,
  messageExpression: 'string(params.status.gate.workloads[variables.key])',
  message: 'this workload may not grow under the license',
}
const mayStart = (noun: string): readonly Validation[] => [
  {
    // Also of a workload that is known: it may have come back under its name with another agent in it.
    expression: `!variables.grows || variables.agent == '' || params.status.gate.anyAgent || variables.agent in params.status.gate.agents`,
    messageExpression: `'${noun} ' + variables.agent + ' is not licensed: ' + string(params.status.gate.refusal)`,
    message: `this ${noun} is not licensed`,
  },
  {
    expression: `!variables.appears || params.status.gate.growth == 'Open'`,
    messageExpression: `'${noun} ' + variables.agent + ' is not licensed: ' + string(params.status.gate.message)`,
    message: `no new ${noun} may start under the license`,
  },
  {
    expression: '!variables.appears || params.status.gate.slots != 0',
    messageExpression: `'${noun} ' + variables.agent + ' is not licensed: ' + string(params.status.gate.slotsMessage)`,
    message: `the license allows no more ${noun}s`,
  },
]

const known = {
  name: 'known',
  expression: 'has(params.status.gate.workloads) && variables.key in params.status.gate.workloads',
}

const workloads = ({ label, noun }: Governed): PolicySpec => ({
  rules: [
    {
      apiGroups: ['apps'],
      resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
      operations: ['CREATE', 'UPDATE'],
    },
    { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], operations: ['CREATE', 'UPDATE'] },
  ],
  labelled: true,
  namespaced: true,
  matchConditions: [notByKubernetesItself, concernsTheLicense(label)],
  variables: [
    { name: 'agent', expression: valueOf(label, 'object') },
    { name: 'before', expression: `oldObject == null ? '' : (${valueOf(label, 'oldObject')})` },
    { name: 'wants', expression: `variables.agent == '' ? 0 : (${wants('object')})` },
    { name: 'wanted', expression: `variables.before == '' ? 0 : (${wants('oldObject')})` },
    { name: 'grows', expression: 'variables.wants > variables.wanted' },
    { name: 'key', expression: key(`(has(object.metadata.name) ? object.metadata.name : '')`) },
    known,
    { name: 'appears', expression: 'variables.grows && !variables.known' },
  ],
  validations: [
    decided,
    {
      expression: `variables.before == '' || variables.agent == variables.before`,
      message: `the label ${label} of a workload cannot be changed or removed; delete the workload and create it anew`,
    },
    mayGrow,
    ...mayStart(noun),
    {
      // The API server sets creationTimestamp before it asks the policies: the only clock that CEL has.
      expression:
        'oldObject != null || variables.wants == 0 || !has(params.status.gate.createUntil) || timestamp(dyn(object).metadata.creationTimestamp) < timestamp(params.status.gate.createUntil)',
      messageExpression: `'${noun} ' + variables.agent + ' is not licensed: ' + string(params.status.gate.createMessage)`,
      message: 'the license has ended',
    },
    {
      expression: `oldObject == null || variables.wants == 0 || !params.status.readOnly || (${podSpec('object')}) == (${podSpec('oldObject')})`,
      messageExpression: `'${noun} ' + variables.agent + ' may not change: ' + string(params.status.gate.message)`,
      message: 'the platform is read-only under the license',
    },
  ],
})

// A Scale carries no labels. Its workload is known from the parameters; one too new for them shows the label in its selector.
const scale = ({ label, noun }: Governed): PolicySpec => ({
  rules: [
    {
      apiGroups: ['apps'],
      resources: ['deployments/scale', 'statefulsets/scale', 'replicasets/scale'],
      operations: ['UPDATE'],
    },
  ],
  labelled: false,
  namespaced: true,
  matchConditions: [
    {
      name: 'not-by-kubernetes-itself',
      expression: `!(request.userInfo.username in ${celList(WORKLOAD_CONTROLLERS)})`,
    },
    {
      name: 'grows',
      expression:
        '(has(object.spec.replicas) ? object.spec.replicas : 0) > (has(oldObject.spec.replicas) ? oldObject.spec.replicas : 0)',
    },
  ],
  variables: [
    {
      name: 'agent',
      expression: `has(object.status.selector) && object.status.selector.contains('${label}=') ? object.status.selector.split('${label}=')[1].split(',')[0] : ''`,
    },
    { name: 'grows', expression: 'true' },
    { name: 'key', expression: key('request.name') },
    known,
    { name: 'appears', expression: `!variables.known && variables.agent != ''` },
  ],
  validations: [decided, mayGrow, ...mayStart(noun)],
})

const configFreeze: PolicySpec = {
  rules: [{ apiGroups: ['cto.5dlabs.io'], resources: ['platformconfigs'], operations: ['UPDATE'] }],
  labelled: false,
  namespaced: false,
  matchConditions: [],
  variables: [],
  validations: [
    {
      // Everything but the license: renewing must always be possible.
      expression: `!has(params.status) || !has(params.status.readOnly) || !params.status.readOnly || ${specWithoutLicenseIsSame()}`,
      messageExpression: `'the PlatformConfig may not change, except spec.license: ' + string(params.status.gate.message)`,
      message: 'the platform is read-only under the license',
    },
  ],
}

function specWithoutLicenseIsSame(): string {
  const fields = ['deployment', 'services', 'agents', 'integrations', 'secrets', 'addons', 'guardian', 'observability']
  const specs = '(has(object.spec) == has(oldObject.spec))'
  const same = fields.map(
    (field) =>
      `has(object.spec.${field}) == has(oldObject.spec.${field}) && (!has(object.spec.${field}) || object.spec.${field} == oldObject.spec.${field})`,
  )
  return `(${specs} && (!has(object.spec) || (${same.join(' && ')})))`
}

/** The policies and their bindings as they must be for a product, whose Entitlement has its name. */
export function desiredPolicies({ product, governed }: Pick<Catalog, 'product' | 'governed'>): PolicyObject[] {
  return [
    ...policy(`${product}-agents`, product, workloads(governed), governed),
    ...policy(`${product}-agents-scale`, product, scale(governed), governed),
    ...policy(`${product}-config-freeze`, product, configFreeze, governed),
  ]
}

// Every field is given, also where it is the default: the live object is compared exactly, so that an addition is seen too.
function policy(name: string, product: string, spec: PolicySpec, { label }: Governed): PolicyObject[] {
  const metadata = { name, labels: { [MANAGED_BY_LABEL]: MANAGED_BY } }
  const objectSelector = spec.labelled ? { matchExpressions: [{ key: label, operator: 'Exists' }] } : {}
  // Of the binding, and of the policy too: an API server that has just started does not know the kind of the parameters for a
  // while, and then it asks no binding before it refuses.
  const namespaceSelector = spec.namespaced ? { matchLabels: { [MANAGED_LABEL]: 'true' } } : {}
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: spec.namespaced ? 'Fail' : 'Ignore',
        paramKind: { apiVersion: API_VERSION, kind: 'Entitlement' },
        matchConstraints: {
          matchPolicy: 'Equivalent',
          namespaceSelector,
          objectSelector,
          resourceRules: spec.rules.map((rule) => ({ ...rule, apiVersions: ['v1'], scope: '*' })),
        },
        ...(spec.matchConditions.length === 0 ? {} : { matchConditions: spec.matchConditions }),
        ...(spec.variables.length === 0 ? {} : { variables: spec.variables }),
        validations: spec.validations.map((validation) => ({ ...validation, reason: 'Forbidden' })),
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: name,
        // Without parameters nothing may grow where agents live; elsewhere nobody notices.
        paramRef: { name: product, parameterNotFoundAction: spec.namespaced ? 'Deny' : 'Allow' },
        matchResources: {
          matchPolicy: 'Equivalent',
          namespaceSelector,
          objectSelector: {},
        },
        validationActions: ['Deny'],
      },
    },
  ]
}

function celList(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`
}
