// Workloads with the label: none starts or grows but as the decision allows it.

import { FIELD_MANAGER, HELD_REPLICAS_ANNOTATION } from '../../../api/names.ts'
import type { Catalog } from '../../../domain/catalog/catalog.ts'
import {
  BY_KUBERNETES_ITSELF,
  hasEnded,
  images,
  labelChanges,
  labelOf,
  list,
  podSpec,
  sameFields,
  spelling,
  wants,
  workloadKey,
} from './cel.ts'
import { mislabelled, templateLabels } from './labels.ts'
import { type Expression, type PolicySpec, type Refusal, SCALABLE, WORKLOADS } from './policy-spec.ts'

/** An agent of this name is always refused: a dry run of it tells whether the gate is closed, and with which decision. */
export const PROBE = 'cto-gate-probe'
export const GATE_IS_CLOSED = 'the gate is closed'

// What a person may change while the platform is read-only: how many run, and what happens to claims when there are fewer.
const FREE_FIELDS = ['replicas', 'parallelism', 'suspend', 'paused', 'persistentVolumeClaimRetentionPolicy']

// A restart is an annotation of the template, so only what is in the template's spec counts as a change.
function sameSpec(): string {
  const spec = sameFields('dyn(object).spec', 'dyn(oldObject).spec', [...FREE_FIELDS, 'template', 'jobTemplate'])
  const jobSpec = sameFields('dyn(object).spec.jobTemplate.spec', 'dyn(oldObject).spec.jobTemplate.spec', ['template'])
  return `(${spec} && ${podSpec('object')} == ${podSpec('oldObject')} && (!has(dyn(object).spec.jobTemplate) || ${jobSpec}))`
}

/**
 * Whether a write can concern the license at all. Most do not, and an API server that hears so before anything else is asked
 * spares itself most of what the policy costs. Of a status, only the labels that come with it can.
 */
function concernsTheLicense(label: string): string {
  return (
    `oldObject == null || (${labelChanges(label)}) || (!has(request.subResource) && ` +
    `dyn(object).spec != dyn(oldObject).spec && ((${wants('object')}) > (${wants('oldObject')}) || !${sameSpec()} || ` +
    `${templateLabels(label, 'object')} != ${templateLabels(label, 'oldObject')}))`
  )
}

// The label stays, whoever writes. One with an empty value is a label like any other.
function labelIsLost(label: string): string {
  return `${labelChanges(label)} && ${labelOf(label, 'oldObject')}.hasValue()`
}

const isCreated = 'oldObject == null'
const STATE_IS_ADMITTED = `variables.state == 'admitted'`

function variables(label: string, noun: string): readonly Expression[] {
  const held = (subject: string) => `'${HELD_REPLICAS_ANNOTATION}' in dyn(${subject}).metadata.?annotations.orValue({})`
  return [
    { name: 'agent', expression: `string(${labelOf(label, 'object')}.orValue(''))` },
    { name: 'subject', expression: `variables.agent == '' ? '${noun} ""' : '${noun} ' + variables.agent` },
    { name: 'wants', expression: wants('object') },
    {
      name: 'wanted',
      expression: `${isCreated} || !${labelOf(label, 'oldObject')}.hasValue() ? 0 : (${wants('oldObject')})`,
    },
    { name: 'grows', expression: 'variables.wants > variables.wanted' },
    { name: 'starts', expression: 'variables.grows && variables.wanted == 0' },
    { name: 'growth', expression: `params.status.?readOnly.orValue(false) ? 'Closed' : params.status.gate.growth` },
    { name: 'key', expression: workloadKey(`string(dyn(object).metadata.?name.orValue(''))`) },
    {
      name: 'entry',
      expression: `variables.key in params.status.gate.workloads ? params.status.gate.workloads[variables.key].split(' ', 3) : ['']`,
    },
    // What came back under its name with another agent in it is another.
    {
      name: 'state',
      expression: `size(variables.entry) > 1 && variables.entry[1] == variables.agent ? variables.entry[0] : ''`,
    },
    {
      name: 'controllers',
      expression: `dyn(object).metadata.?ownerReferences.orValue([]).filter(o, o.?controller.orValue(false))`,
    },
    // It was asked whether that controller exists, and which agent it runs: the owner that is written down proves nothing.
    {
      name: 'isKnownTo',
      expression: `variables.controllers.exists(o, (string(o.kind) + '/' + string(o.uid)) in params.status.gate.controllers && params.status.gate.controllers[string(o.kind) + '/' + string(o.uid)] == variables.agent)`,
    },
    { name: 'ofCronJob', expression: `variables.controllers.exists(o, o.kind == 'CronJob')` },
    {
      name: 'isRollout',
      expression: `variables.isKnownTo && !variables.ofCronJob && !params.status.?readOnly.orValue(false)`,
    },
    {
      name: 'isResumed',
      expression: `!(${isCreated}) && ${held('oldObject')} && !(${held('object')})`,
    },
    // The operator starts what its own decision admits: what it makes, and what it resumes. The parameters may be those of the
    // decision before for a moment, and in a crowded namespace they do not name it. Whoever writes with the operator's user but
    // in another way is judged as everybody is.
    {
      name: 'byOperator',
      expression: `params.status.gate.operator != '' && request.userInfo.username == params.status.gate.operator && request.options.?fieldManager.orValue('') == '${FIELD_MANAGER}' && (${isCreated} || variables.isResumed)`,
    },
    {
      name: 'needsPlace',
      expression: `variables.starts && !(${STATE_IS_ADMITTED} || variables.isRollout || variables.byOperator)`,
    },
    // The name of a Deployment is taken once in a namespace: the operator gave as many names as places were free.
    {
      name: 'hasTicket',
      expression: `!params.status.gate.attended && ${isCreated} && request.resource.resource == 'deployments' && request.name == variables.agent && variables.agent in params.status.gate.mayCreate`,
    },
  ]
}

const isNotLicensed = (why: string) => `variables.subject + ' is not licensed: ' + ${why}`
const mayNotGrow = (why: string) => `variables.subject + ' may not grow: ' + ${why}`
const mayNotChange = `variables.subject + ' may not change: ' + params.status.gate.message`

/** What a policy with parameters needs first of all. */
export const undecided: Refusal = {
  when: '!has(params.status) || !has(params.status.gate) || !has(params.status.gate.serial)',
  say: `'the license operator has not published its decision yet; try again in a moment'`,
}

// What is asked first is what is seldom so: the API server evaluates all of this twice, for the answer and for the sentence.
const starting = (noun: string): readonly Refusal[] => [
  {
    when: '!params.status.gate.anyAgent && !(variables.agent in params.status.gate.agents) && variables.grows && !variables.byOperator',
    say: isNotLicensed(`params.status.gate.refusal + ${spelling}`),
  },
  {
    when: `variables.growth != 'Open' && variables.needsPlace`,
    say: isNotLicensed('params.status.gate.message'),
  },
  {
    when: `request.resource.resource == 'jobs' && variables.ofCronJob && !variables.isKnownTo && variables.needsPlace`,
    say: isNotLicensed(
      `'it is a Job of a CronJob that does not run ${noun} ' + variables.agent + ' under the license; resume the CronJob first'`,
    ),
  },
  {
    when: 'params.status.gate.slots == 0 && variables.needsPlace && !variables.hasTicket',
    say: isNotLicensed('params.status.gate.slotsMessage'),
  },
  {
    // The API server sets creationTimestamp before it asks the policies: the only clock that CEL has.
    when:
      `${isCreated} && has(params.status.gate.createUntil) && ` +
      'timestamp(dyn(object).metadata.creationTimestamp) >= timestamp(params.status.gate.createUntil) && ' +
      `variables.wants > 0 && !(${STATE_IS_ADMITTED} || variables.isRollout || variables.byOperator)`,
    say: isNotLicensed('params.status.gate.createMessage'),
  },
]

const growing: readonly Refusal[] = [
  {
    when: `variables.growth == 'Closed' && variables.grows && !variables.starts && !variables.isRollout`,
    say: mayNotGrow('params.status.gate.message'),
  },
  {
    when: `!(${isCreated}) && variables.grows && !variables.starts && variables.state == 'refused' && !variables.isRollout`,
    say: mayNotGrow('params.status.gate.slotsMessage'),
  },
]

const readOnly: readonly Refusal[] = [
  {
    when: `params.status.?readOnly.orValue(false) && !(${isCreated}) && !(${hasEnded('object')}) && !${sameSpec()}`,
    say: mayNotChange,
  },
  {
    // Made anew just as it was.
    when: `params.status.?readOnly.orValue(false) && ${isCreated} && variables.wants > 0 && !variables.byOperator && !(${STATE_IS_ADMITTED} && size(variables.entry) == 3 && variables.entry[2] == ${images('object')})`,
    say: mayNotChange,
  },
]

const unattended = (label: string): Refusal => ({
  when:
    `!params.status.gate.attended && ${isCreated} && variables.wants == 0 && request.resource.resource in ${list(SCALABLE)} && ` +
    `dyn(object).spec.?selector.?matchLabels[?'${label}'] != ${labelOf(label, 'object')} && dyn(object).spec.?selector[?'${label}'] != ${labelOf(label, 'object')}`,
  say: isNotLicensed(
    `'the license operator is not running, and with 0 replicas nobody could tell later what is scaled; start it, or put the label ${label} into the selector'`,
  ),
})

export function agentsPolicy({ label, noun }: Catalog['governed']): PolicySpec {
  return {
    rules: WORKLOADS.flatMap(({ group, resources }) => [
      { apiGroups: [group], resources, operations: ['CREATE', 'UPDATE'] },
      { apiGroups: [group], resources: resources.map((one) => `${one}/status`), operations: ['UPDATE'] },
    ]),
    parameters: true,
    label: { key: label, operator: 'Exists' },
    governed: true,
    matchConditions: [
      { name: 'concerns-the-license', expression: concernsTheLicense(label) },
      { name: 'not-by-kubernetes-itself', expression: `!(${BY_KUBERNETES_ITSELF}) || (${labelIsLost(label)})` },
    ],
    variables: variables(label, noun),
    refusals: [
      undecided,
      {
        when: labelIsLost(label),
        say: `'the label ${label} of a workload cannot be changed or removed; delete the workload and create it anew'`,
      },
      mislabelled(label),
      { when: `variables.agent == '${PROBE}'`, say: `'${GATE_IS_CLOSED}; decision ' + params.status.gate.serial` },
      ...starting(noun),
      ...growing,
      ...readOnly,
      unattended(label),
    ],
  }
}
