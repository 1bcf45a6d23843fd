// The label stands on the workload where the policies look for it. Needs no decision, so that it costs the many workloads
// that are no agents one short question.

import type { Catalog } from '../../domain/catalog.ts'
import { imagePattern } from '../../domain/governed-images.ts'
import { BY_KUBERNETES_ITSELF, images, labelChanges, labelOf, podSpec, type Subject, wants } from './cel.ts'
import { type PolicySpec, type Refusal, WORKLOADS } from './policy-spec.ts'
import { aOrAn } from './scale.ts'

// Of whatever the workload makes: its pods, and the Jobs of a CronJob.
function templateLabels(label: string, subject: Subject): string {
  const paths = ['?template', '?jobTemplate', '?jobTemplate.?spec.?template']
  return `[${paths.map((path) => `dyn(${subject}).spec.${path}.?metadata.?labels[?'${label}']`).join(', ')}]`
}

const podsDiffer = (label: string) =>
  `${templateLabels(label, 'object')}.exists(l, l.hasValue() && l != ${labelOf(label, 'object')})`

function governedImages(pattern: string): string {
  const ofAgent = `filter(c, string(c.?image.orValue('')).matches(r'${pattern}')).map(c, string(c.image))`
  return `(${podSpec('object')}.containers.${ofAgent} + ${podSpec('object')}.?initContainers.orValue([]).${ofAgent})`
}

// What was there before, and does not change in this, goes on: it can be restarted, scaled down and deleted. A label that was
// there and is another now is refused by the policy of the agents.
function changesWhatRuns(label: string): string {
  const before = labelOf(label, 'oldObject')
  return (
    `oldObject == null || (!(${before}.hasValue() && ${before} != ${labelOf(label, 'object')}) && ` +
    `((${labelChanges(label)}) || (${wants('object')}) > (${wants('oldObject')}) || ` +
    `${templateLabels(label, 'object')} != ${templateLabels(label, 'oldObject')} || ${images('object')} != ${images('oldObject')}))`
  )
}

export function labelsPolicy({ label, noun, images: globs }: Catalog['governed']): PolicySpec {
  const pattern = imagePattern(globs)
  const isUnlabelled = `!${labelOf(label, 'object')}.hasValue()`
  const runsUnlabelled = pattern === undefined ? [] : [`${isUnlabelled} && ${governedImages(pattern)} != []`]
  const byLabel: Refusal = {
    when: podsDiffer(label),
    say: `'the label ${label} of the pods must be on the workload itself too, with the same value'`,
  }
  const byImage: Refusal[] =
    pattern === undefined
      ? []
      : [
          {
            when: 'true',
            say: `'image ' + ${governedImages(pattern)}[0] + ' runs ${aOrAn(noun)}: put the label ${label} with its name on the workload and on its pods'`,
          },
        ]
  return {
    rules: WORKLOADS.map(({ group, resources }) => ({
      apiGroups: [group],
      resources,
      operations: ['CREATE', 'UPDATE'],
    })),
    parameters: false,
    governed: true,
    matchConditions: [
      {
        name: 'runs-what-it-does-not-say',
        expression: [podsDiffer(label), ...runsUnlabelled].map((one) => `(${one})`).join(' || '),
      },
      { name: 'changes-what-runs', expression: changesWhatRuns(label) },
      { name: 'not-by-kubernetes-itself', expression: `!(${BY_KUBERNETES_ITSELF})` },
    ],
    variables: [],
    refusals: [byLabel, ...byImage],
  }
}
