// The label stands on the workload where the policies look for it. The policy for workloads without it needs no decision, so
// that it costs the many that are no agents one short question.

import type { Catalog } from '../../../domain/catalog/catalog.ts'
import { imagePattern } from '../../../domain/catalog/governed-images.ts'
import { BY_KUBERNETES_ITSELF, images, labelChanges, labelOf, podSpec, type Subject, wants } from './cel.ts'
import { aOrAn, type PolicySpec, type Refusal, WORKLOADS } from './policy-spec.ts'

// Of whatever the workload makes: its pods, and the Jobs of a CronJob.
export function templateLabels(label: string, subject: Subject): string {
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

/** The pods have another label than the workload, which has one or not. */
export function mislabelled(label: string): Refusal {
  return {
    when: `${podsDiffer(label)} && (${changesWhatRuns(label)})`,
    say: `'the label ${label} of the pods must be on the workload itself too, with the same value'`,
  }
}

export function labelsPolicy({ label, noun, images: globs }: Catalog['governed']): PolicySpec {
  const pattern = imagePattern(globs)
  const runsAgent = pattern === undefined ? 'false' : `${governedImages(pattern)} != []`
  const byImage: Refusal[] =
    pattern === undefined
      ? []
      : [
          {
            when: runsAgent,
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
    label: { key: label, operator: 'DoesNotExist' },
    governed: true,
    matchConditions: [
      // One that gets the label with this write is judged as an agent, and one that loses it too.
      {
        name: 'runs-what-it-does-not-say',
        expression: `!${labelOf(label, 'object')}.hasValue() && (${podsDiffer(label)} || ${runsAgent})`,
      },
      { name: 'changes-what-runs', expression: changesWhatRuns(label) },
      { name: 'not-by-kubernetes-itself', expression: `!(${BY_KUBERNETES_ITSELF})` },
    ],
    variables: [],
    refusals: [mislabelled(label), ...byImage],
  }
}
