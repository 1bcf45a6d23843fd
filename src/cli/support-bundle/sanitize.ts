// Kubernetes objects as far as they help and are known to be harmless: no content of Secrets, no values of environment
// variables, no arguments, headers or annotations of others, no texts of others at all.

import { createHash } from 'node:crypto'
import * as names from '../../api/names.ts'
import {
  amount,
  entries,
  keep,
  type Leaf,
  LEFT_OUT,
  ours,
  plain,
  type Shape,
  sizes,
  switches,
  term,
  text,
  word,
} from './shape.ts'

const OUR_LABELS = [
  names.AGENT_LABEL,
  names.MANAGED_LABEL,
  names.MANAGED_BY_LABEL,
  ...['name', 'instance', 'component', 'part-of', 'version'].map((one) => `app.kubernetes.io/${one}`),
  'helm.sh/chart',
  'kubernetes.io/metadata.name',
  ...['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}`),
]
const OWN_VARIABLES = /^CTO_(?:AGENT|CLI)$/

const metadata: Shape = {
  name: word,
  namespace: word,
  uid: word,
  resourceVersion: word,
  generation: plain,
  creationTimestamp: word,
  deletionTimestamp: word,
  finalizers: [word],
  labels: entries(OUR_LABELS, word),
  annotations: { [names.HELD_REPLICAS_ANNOTATION]: word, [names.HELD_REASON_ANNOTATION]: word },
  ownerReferences: [{ apiVersion: word, kind: term, name: word, uid: word, controller: plain }],
}
/** Whoever writes a condition writes its message: it is kept where that is the operator. */
const conditions: Shape = [{ type: word, status: term, reason: term, lastTransitionTime: word }]
const object = (fields: Readonly<Record<string, Shape>>): Shape => ({
  apiVersion: word,
  kind: term,
  metadata,
  ...fields,
})

const reference: Shape = { name: word, key: word, optional: plain }
const variable: Leaf = (value) => {
  const kept = keep(
    {
      name: word,
      valueFrom: {
        secretKeyRef: reference,
        configMapKeyRef: reference,
        fieldRef: { fieldPath: word },
        resourceFieldRef: { resource: word },
      },
    },
    value,
  ) as Record<string, unknown>
  const given = (value as { readonly name?: unknown; readonly value?: unknown }).value
  if (given === undefined) return kept
  const isOwn = OWN_VARIABLES.test(String(kept['name']))
  return { ...kept, value: isOwn ? word(given) : LEFT_OUT }
}
const quantities = entries(['cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu'], word)
const container: Shape = {
  name: word,
  image: word,
  imagePullPolicy: term,
  command: amount,
  args: amount,
  env: [variable],
  envFrom: [{ secretRef: reference, configMapRef: reference }],
  resources: { requests: quantities, limits: quantities },
  restartPolicy: term,
}
const volume: Shape = {
  name: word,
  secret: { secretName: word, optional: plain },
  configMap: { name: word, optional: plain },
  persistentVolumeClaim: { claimName: word },
  csi: { driver: word },
  emptyDir: {},
  projected: {},
  hostPath: {},
}
const podSpec: Shape = {
  nodeName: word,
  serviceAccountName: word,
  automountServiceAccountToken: plain,
  priorityClassName: word,
  schedulerName: word,
  restartPolicy: term,
  hostNetwork: plain,
  hostPID: plain,
  initContainers: [container],
  containers: [container],
  volumes: [volume],
}
const state: Shape = {
  waiting: { reason: term },
  running: { startedAt: word },
  terminated: { reason: term, exitCode: plain, signal: plain, startedAt: word, finishedAt: word },
}
const containerStatus: Shape = {
  name: word,
  image: word,
  imageID: word,
  ready: plain,
  started: plain,
  restartCount: plain,
  state,
  lastState: state,
}
const pod = object({
  spec: podSpec,
  status: {
    phase: term,
    reason: term,
    startTime: word,
    conditions,
    initContainerStatuses: [containerStatus],
    containerStatuses: [containerStatus],
  },
})
const template: Shape = { metadata, spec: podSpec }
const jobSpec: Shape = { parallelism: plain, completions: plain, backoffLimit: plain, suspend: plain, template }
/** Of all kinds together: no two mean different things by one field. */
const workload = object({
  spec: {
    replicas: plain,
    paused: plain,
    suspend: plain,
    schedule: text,
    parallelism: plain,
    completions: plain,
    strategy: { type: term },
    updateStrategy: { type: term },
    progressDeadlineSeconds: plain,
    template,
    jobTemplate: { metadata, spec: jobSpec },
  },
  status: { ...entriesOfCounts(), conditions },
})

function entriesOfCounts(): Readonly<Record<string, Shape>> {
  const counts =
    'observedGeneration replicas readyReplicas updatedReplicas availableReplicas unavailableReplicas currentReplicas ' +
    'fullyLabeledReplicas desiredNumberScheduled currentNumberScheduled numberReady numberAvailable numberUnavailable ' +
    'updatedNumberScheduled numberMisscheduled active succeeded failed ready'
  return Object.fromEntries(counts.split(' ').map((name) => [name, plain]))
}

const event: Leaf = (value) => {
  const { reportingController, note } = value as { readonly reportingController?: unknown; readonly note?: unknown }
  const kept = keep(
    object({
      type: term,
      reason: term,
      action: word,
      eventTime: word,
      deprecatedCount: plain,
      deprecatedFirstTimestamp: word,
      deprecatedLastTimestamp: word,
      series: { count: plain, lastObservedTime: word },
      regarding: { kind: term, namespace: word, name: word },
      reportingController: word,
    }),
    value,
  ) as object
  // What a probe printed and what a registry answered stands in the notes of others.
  return note === undefined
    ? kept
    : { ...kept, note: reportingController === names.FIELD_MANAGER ? text(note) : LEFT_OUT }
}

/** What a policy says is known from its version; whether it is that is told by a hash. */
const policy: Leaf = (value) => {
  const { spec } = value as { readonly spec?: unknown }
  const specHash = createHash('sha256')
    .update(JSON.stringify(spec ?? {}))
    .digest('hex')
  return {
    ...(keep(object({ spec: { failurePolicy: term, policyName: word, validationActions: [term] } }), value) as object),
    specHash,
  }
}

const platformConfig = object({
  spec: {
    license: { tier: word, organization: text, key: amount },
    deployment: { type: word, provider: word, nodes: plain },
    agents: { enabled: [{ name: word, cli: word }], localModels: { enabled: plain } },
    guardian: { enabled: plain, mode: word },
    services: switches,
    integrations: switches,
    addons: switches,
    observability: switches,
  },
  status: ours,
})
const license = object({
  spec: { key: amount, secretRef: { namespace: word, name: word, key: word } },
  status: ours,
})
const nodeFacts: Shape = {
  ...Object.fromEntries(
    'name providerId kubeletVersion kernelVersion runtime bootId instanceType marked'
      .split(' ')
      .map((name) => [name, word] as const),
  ),
  ...Object.fromEntries(
    'hasKubelet hasHardwareId hasOtherHostname hasExternalAddress deletingSince notReadySince'
      .split(' ')
      .map((name) => [name, plain] as const),
  ),
  osImage: text,
  // Of these the reader has kept the names that tell what a cluster is, and most often no values.
  labels: [word],
  annotations: [word],
}

const SHAPES: readonly (readonly [file: RegExp, shape: Shape])[] = [
  [/^status\.json$/, ours],
  [/^cluster\/version\.json$/, entries(['major', 'minor', 'gitVersion', 'gitCommit', 'buildDate', 'platform'], word)],
  [/^cluster\/nodes\.json$/, [nodeFacts]],
  [/^cluster\/crds\.json$/, [{ name: word, versions: [word], conditions }]],
  [/^resources\/platformconfigs\.json$/, [platformConfig]],
  [/^resources\/licenses\.json$/, [license]],
  [/^resources\/entitlements\.json$/, [object({ status: ours })]],
  [/^resources\/validatingadmissionpolic/, [policy]],
  [/^resources\/namespaces\.json$/, [object({ status: { phase: term } })]],
  [/\/events\.json$/, [event]],
  [/^workloads\/|\/deployments\.json$/, [workload]],
  [/\/pods\.json$/, [pod]],
  [/\/secrets\.json$/, [object({ type: word, immutable: plain, data: sizes })]],
  [
    /\/leases\.json$/,
    [
      object({
        spec: {
          holderIdentity: word,
          leaseDurationSeconds: plain,
          leaseTransitions: plain,
          acquireTime: word,
          renewTime: word,
        },
      }),
    ],
  ],
]

/** What is kept of a file of the bundle; of one that nobody has described, nothing. */
export function sanitizeFile(name: string, content: unknown): unknown {
  const found = SHAPES.find(([file]) => file.test(name))
  return found === undefined ? LEFT_OUT : (keep(found[1], content) ?? LEFT_OUT)
}
