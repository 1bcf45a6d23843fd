// What a survey says of one workload, and of all that it found.

import type { ObjectMeta } from '../../../kube/object.ts'
import { amount } from '../../../domain/text.ts'
import type { Finding } from '../../../domain/health/finding.ts'

/** The workloads of one kind that run an agent's image without the label: all are counted, the first few are named. */
export interface Sightings {
  readonly total: number
  readonly first: readonly string[]
}

interface PodTemplate {
  readonly spec?: {
    readonly containers?: readonly { readonly image?: string }[] | null
    readonly initContainers?: readonly { readonly image?: string }[] | null
  }
}

interface RawWorkload {
  readonly metadata: ObjectMeta
  readonly spec?: {
    readonly template?: PodTemplate
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } }
  }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null }
}

export const NOTHING: Sightings = { total: 0, first: [] }
const NAMED = 5
const LONGEST_IMAGE = 120
// What these make is seen in them.
const SURVEYED_MAKERS: ReadonlySet<string> = new Set(['apps/v1 Deployment', 'batch/v1 CronJob'])
const ENDED: ReadonlySet<string> = new Set(['Complete', 'Failed'])

/** The image of an agent that the workload runs without carrying the label; undefined when there is nothing to say of it. */
export function unlabelledImage(
  raw: unknown,
  label: string,
  isGoverned: (image: string) => boolean,
): string | undefined {
  const { metadata, spec, status } = raw as RawWorkload
  if (metadata.labels?.[label] !== undefined) return undefined
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true)
  if (controller !== undefined && SURVEYED_MAKERS.has(`${controller.apiVersion} ${controller.kind}`)) return undefined
  // A Job that has ended runs nothing any more.
  if (status?.conditions?.some((condition) => ENDED.has(condition.type) && condition.status === 'True'))
    return undefined
  const pods = (spec?.template ?? spec?.jobTemplate?.spec?.template)?.spec
  const images = [...(pods?.initContainers ?? []), ...(pods?.containers ?? [])].map(({ image = '' }) => image)
  return images.find(isGoverned)
}

/** One more was seen. */
export function withSighting({ total, first }: Sightings, kind: string, raw: unknown, image: string): Sightings {
  const { namespace = '', name } = (raw as RawWorkload).metadata
  const short = image.length > LONGEST_IMAGE ? `${image.slice(0, LONGEST_IMAGE)}…` : image
  return { total: total + 1, first: total < NAMED ? [...first, `${kind} ${namespace}/${name} (${short})`] : first }
}

/** What follows for people; undefined when none was seen. */
export function findingOf(
  sightings: readonly Sightings[],
  { label, noun }: { readonly label: string; readonly noun: string },
): Finding | undefined {
  const total = sightings.reduce((sum, one) => sum + one.total, 0)
  if (total === 0) return undefined
  const named = sightings.flatMap(({ first }) => first).slice(0, NAMED)
  const others = total > named.length ? ` and ${total - named.length} more` : ''
  const does = total === 1 ? 'runs' : 'run'
  const message = `${amount(total, 'workload')} ${does} an image of ${noun}s without the label ${label}, so that no license counts ${total === 1 ? 'it' : 'them'}: ${named.join(', ')}${others}; set the label in metadata.labels, with the name of the ${noun} as its value, or remove the workload; within an hour it is looked at again`
  return { type: 'AgentsLabelled', healthy: false, reason: 'AgentWithoutLabel', message }
}
