// Workloads of each kind for the table of the gate, with as little in them as Kubernetes takes.

import { GOVERNED, type Kind, LABEL } from './gate-table.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly object[]
  }
  readonly spec: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

interface Wanted {
  readonly kind: Kind
  readonly name: string
  readonly namespace?: string
  readonly label?: string | undefined
  readonly podLabel?: string | undefined
  readonly wants: number
  readonly image?: string
  /** The selector shows the label of the pods. */
  readonly shown?: boolean
  readonly owners?: readonly object[]
}

const API: Readonly<Record<Kind, readonly [apiVersion: string, plural: string]>> = {
  Deployment: ['apps/v1', 'deployments'],
  StatefulSet: ['apps/v1', 'statefulsets'],
  ReplicaSet: ['apps/v1', 'replicasets'],
  DaemonSet: ['apps/v1', 'daemonsets'],
  ReplicationController: ['v1', 'replicationcontrollers'],
  Job: ['batch/v1', 'jobs'],
  CronJob: ['batch/v1', 'cronjobs'],
}

export function resourceOf(kind: Kind): string {
  return API[kind][1]
}

export function pathOf(kind: Kind, namespace: string, name = ''): string {
  const [apiVersion, plural] = API[kind]
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
  return `${group}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`
}

export function manifest({
  kind,
  name,
  namespace = GOVERNED,
  label,
  podLabel,
  wants,
  image = 'img:1',
  shown,
  owners,
}: Wanted): Manifest {
  const shownLabel = shown === true && podLabel !== undefined ? { [LABEL]: podLabel } : {}
  const labels = { app: 'x', ...(podLabel === undefined ? {} : { [LABEL]: podLabel }) }
  const isJob = kind === 'Job' || kind === 'CronJob'
  const podSpec = { containers: [{ name: 'a', image }], ...(isJob ? { restartPolicy: 'Never' } : {}) }
  const template = { metadata: { labels }, spec: podSpec }
  const selector =
    kind === 'ReplicationController' ? { app: 'x', ...shownLabel } : { matchLabels: { app: 'x', ...shownLabel } }
  const withoutWants: Manifest = {
    apiVersion: API[kind][0],
    kind,
    metadata: {
      name,
      namespace,
      ...(label === undefined ? {} : { labels: { [LABEL]: label } }),
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
    spec:
      kind === 'CronJob'
        ? { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } }
        : {
            template,
            ...(kind === 'Job' ? {} : { selector }),
            ...(kind === 'StatefulSet' ? { serviceName: 'x' } : {}),
          },
  }
  return withWants(withoutWants, wants)
}

/** The same with so many pods, as its kind says that. */
export function withWants(object: Manifest, wants: number): Manifest {
  if (object.kind === 'DaemonSet') return object
  const much =
    object.kind === 'CronJob'
      ? { suspend: wants === 0 }
      : object.kind === 'Job'
        ? { parallelism: wants }
        : { replicas: wants }
  return { ...object, spec: { ...object.spec, ...much } }
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: object }
  readonly spec: { readonly containers: readonly object[] }
}

/** The same with another template. */
export function withTemplate(object: Manifest, change: (template: Template) => Template): Manifest {
  const { jobTemplate, template } = object.spec as {
    jobTemplate?: { spec: { template: Template } }
    template?: Template
  }
  if (jobTemplate !== undefined) {
    const spec = { ...jobTemplate.spec, template: change(jobTemplate.spec.template) }
    return { ...object, spec: { ...object.spec, jobTemplate: { ...jobTemplate, spec } } }
  }
  return template === undefined ? object : { ...object, spec: { ...object.spec, template: change(template) } }
}

/** The same with that label on its pods, or with none. */
export function withPods(object: Manifest, podLabel: string | undefined): Manifest {
  return withTemplate(object, (template) => ({
    ...template,
    metadata: { ...template.metadata, labels: { app: 'x', ...(podLabel === undefined ? {} : { [LABEL]: podLabel }) } },
  }))
}

export function withImage(object: Manifest, image: string): Manifest {
  return withTemplate(object, (template) => ({
    ...template,
    spec: { ...template.spec, containers: template.spec.containers.map((container) => ({ ...container, image })) },
  }))
}

/** As `kubectl rollout restart` does it. */
export function restarted(object: Manifest): Manifest {
  return withTemplate(object, (template) => ({
    ...template,
    metadata: { ...template.metadata, annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } },
  }))
}

export function withLabel(object: Manifest, label: string | undefined): Manifest {
  const { labels: _, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, ...(label === undefined ? {} : { labels: { [LABEL]: label } }) } }
}
