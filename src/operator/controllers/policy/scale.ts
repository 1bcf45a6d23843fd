// The scale of workloads. A Scale carries no labels: its workload is known from the parameters, and one that is not among them
// shows the label in its selector.

import type { Catalog } from '../../../domain/catalog/catalog.ts'
import { undecided } from './agents.ts'
import { BY_KUBERNETES_ITSELF, spelling, type Subject, workloadKey } from './cel.ts'
import { aOrAn, type Expression, type PolicySpec, type Refusal, SCALABLE } from './policy-spec.ts'

const replicas = (subject: Subject) => `int(dyn(${subject}).?spec.?replicas.orValue(0))`

// Of a selector only `label=value` is read. A comma before it: another label may end in the same words.
function variables(label: string, noun: string): readonly Expression[] {
  return [
    { name: 'growth', expression: `params.status.?readOnly.orValue(false) ? 'Closed' : params.status.gate.growth` },
    { name: 'starts', expression: `${replicas('oldObject')} == 0` },
    {
      name: 'selector',
      expression: `(',' + string(dyn(object).?status.?selector.orValue(''))).split(',${label}=', 2)`,
    },
    { name: 'key', expression: workloadKey('request.name') },
    {
      name: 'entry',
      expression: `variables.key in params.status.gate.workloads ? params.status.gate.workloads[variables.key].split(' ', 3) : ['']`,
    },
    { name: 'isAgent', expression: 'size(variables.selector) > 1 || size(variables.entry) > 1' },
    {
      name: 'agent',
      expression: `size(variables.selector) > 1 ? variables.selector[1].split(',')[0] : size(variables.entry) > 1 ? variables.entry[1] : ''`,
    },
    { name: 'subject', expression: `variables.agent == '' ? '${noun} ""' : '${noun} ' + variables.agent` },
    {
      name: 'state',
      expression: `size(variables.entry) > 1 && variables.entry[1] == variables.agent ? variables.entry[0] : ''`,
    },
    {
      name: 'isCrowded',
      expression: `params.status.gate.crowded.exists(name, name == request.namespace || name == '*')`,
    },
    { name: 'needsPlace', expression: `variables.isAgent && variables.starts && variables.state != 'admitted'` },
  ]
}

// Where not all workloads are known, one that cannot be told from an agent does not start.
function untold(label: string, noun: string): Refusal {
  return {
    when: `!variables.isAgent && variables.isCrowded && (variables.starts || variables.growth == 'Closed')`,
    say: `'nobody can tell by its Scale whether this workload runs ${aOrAn(noun)}, because its namespace has too many of them; change spec.replicas of the workload itself, or put the label ${label} into its selector'`,
  }
}

const refusals: readonly Refusal[] = [
  {
    when: 'variables.isAgent && !params.status.gate.anyAgent && !(variables.agent in params.status.gate.agents)',
    say: `variables.subject + ' is not licensed: ' + params.status.gate.refusal + ${spelling}`,
  },
  {
    when: `variables.needsPlace && variables.growth != 'Open'`,
    say: `variables.subject + ' is not licensed: ' + params.status.gate.message`,
  },
  {
    when: 'variables.needsPlace && params.status.gate.slots == 0',
    say: `variables.subject + ' is not licensed: ' + params.status.gate.slotsMessage`,
  },
  {
    when: `variables.isAgent && !variables.starts && variables.growth == 'Closed'`,
    say: `variables.subject + ' may not grow: ' + params.status.gate.message`,
  },
  {
    when: `variables.isAgent && !variables.starts && variables.state == 'refused'`,
    say: `variables.subject + ' may not grow: ' + params.status.gate.slotsMessage`,
  },
]

export function scalePolicy({ label, noun }: Catalog['governed']): PolicySpec {
  const scales = SCALABLE.map((resource) => `${resource}/scale`)
  return {
    rules: [
      {
        apiGroups: ['apps'],
        resources: scales.filter((one) => !one.startsWith('replication')),
        operations: ['UPDATE'],
      },
      { apiGroups: [''], resources: scales.filter((one) => one.startsWith('replication')), operations: ['UPDATE'] },
    ],
    parameters: true,
    governed: true,
    matchConditions: [
      { name: 'grows', expression: `${replicas('object')} > ${replicas('oldObject')}` },
      { name: 'not-by-kubernetes-itself', expression: `!(${BY_KUBERNETES_ITSELF})` },
    ],
    variables: variables(label, noun),
    refusals: [undecided, untold(label, noun), ...refusals],
  }
}
