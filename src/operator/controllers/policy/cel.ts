// Pieces of CEL that several policies need. Kinds differ in fields, and one policy speaks for all of them: `dyn` keeps the
// type checker from taking one kind for all.

/** `object` is what is written, `oldObject` what was there before. */
export type Subject = 'object' | 'oldObject'

/** A label of the object, as a CEL optional: one that is there with an empty value is there. */
export function labelOf(label: string, subject: Subject): string {
  return `dyn(${subject}).metadata.?labels[?'${label}']`
}

/** Whether the write changes, adds or removes that label of the object. */
export function labelChanges(label: string): string {
  return `oldObject != null && ${labelOf(label, 'object')} != ${labelOf(label, 'oldObject')}`
}

/** How many pods the workload asks for; of a CronJob, whether it makes Jobs. A Job that has ended runs nothing. */
export function wants(subject: Subject): string {
  const spec = `dyn(${subject}).spec`
  return [
    `request.resource.resource == 'daemonsets' ? 1`,
    `request.resource.resource == 'cronjobs' ? (${spec}.?suspend.orValue(false) ? 0 : 1)`,
    `request.resource.resource == 'jobs' ? (${spec}.?suspend.orValue(false) || ${hasEnded(subject)} ? 0 : int(${spec}.?parallelism.orValue(1)))`,
    `int(${spec}.?replicas.orValue(1))`,
  ].join(' : ')
}

/** Whether it is a Job that is complete or has failed. */
export function hasEnded(subject: Subject): string {
  return (
    `request.resource.resource == 'jobs' && dyn(${subject}).?status.?conditions.orValue([])` +
    `.exists(c, c.type in ['Complete', 'Failed'] && c.status == 'True')`
  )
}

export function podSpec(subject: Subject): string {
  const spec = `dyn(${subject}).spec`
  return `(has(${spec}.jobTemplate) ? ${spec}.jobTemplate.spec.template.spec : ${spec}.template.spec)`
}

/** Images of all its containers, those first that run first, joined by commas: as the operator names them in the parameters. */
export function images(subject: Subject): string {
  const all = `${podSpec(subject)}.?initContainers.orValue([]) + ${podSpec(subject)}.containers`
  return `(${all}).map(c, string(c.?image.orValue(''))).join(',')`
}

/**
 * ` (did you mean rex?)` after an agent that is not in the plan; empty where nothing is meant. CEL has no distance between
 * words. What people get wrong most is the case of a name, and that it can see.
 */
export const spelling =
  `(!(variables.agent in params.status.gate.agents) && variables.agent.lowerAscii() in params.status.gate.agents` +
  ` ? ' (did you mean ' + variables.agent.lowerAscii() + '?)' : '')`

/** Whether two maps are the same, apart from some of their fields. Fields that nobody knows yet are compared too. */
export function sameFields(left: string, right: string, except: readonly string[]): string {
  const free = list(except)
  return (
    `(${left}.all(k, k in ${free} || (k in ${right} && ${left}[k] == ${right}[k])) && ` +
    `${right}.all(k, k in ${free} || k in ${left}))`
  )
}

/** The name under which the parameters know a workload. */
export function workloadKey(name: string): string {
  return `request.resource.resource + '/' + request.namespace + '/' + ${name}`
}

// Kubernetes' own controllers carry out what was admitted before: a rollout's ReplicaSet, a CronJob's Job. The
// HorizontalPodAutoscaler is not among them: what it asks for is growth.
const WORKLOAD_CONTROLLERS = ['deployment-controller', 'cronjob-controller'].map(
  (name) => `system:serviceaccount:kube-system:${name}`,
)

export const BY_KUBERNETES_ITSELF = `request.userInfo.username in ${list([...WORKLOAD_CONTROLLERS, 'system:kube-controller-manager'])}`

export function list(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`
}
