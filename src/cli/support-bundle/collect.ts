// What a support bundle holds, read from the cluster: as much as may be read; what may not be is named.

import { MANAGED_BY, MANAGED_BY_LABEL, MANAGED_LABEL } from '../../api/names.ts'
import { entitlements, licenses, platformConfigs } from '../../api/resources.ts'
import { projectNode } from '../../operator/observed/nodes.ts'
import { WORKLOAD_KINDS, workloadResource } from '../../operator/observed/workloads.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { listAll, type ListScope } from '../../kube/list-all.ts'
import * as kinds from '../../kube/resource.ts'

export interface Collected {
  readonly name: string
  /** Objects are sanitized before they are written, texts are redacted. */
  readonly content: unknown
}

export interface Collection {
  readonly files: readonly Collected[]
  readonly missing: readonly { readonly what: string; readonly why: string }[]
}

export interface Scope {
  readonly namespace: string
  readonly agentsNamespace: string
  /** The label of governed workloads. */
  readonly label: string
  /** How many lines of each log. */
  readonly logLines: number
}

const crds: kinds.Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
/** As the chart calls it: who stands beside it in the pod logs what nobody here knows. */
const OPERATOR_CONTAINER = 'operator'
const MOST_EVENTS = 500
const LARGEST_LOG = 4 * 1024 * 1024

export async function collect(client: Client, scope: Scope, signal: AbortSignal): Promise<Collection> {
  const { namespace, agentsNamespace, label } = scope
  const files: Collected[] = []
  const missing: { what: string; why: string }[] = []
  const take = async (name: string, read: () => Promise<unknown>) => {
    try {
      files.push({ name, content: await read() })
    } catch (error) {
      missing.push({ what: name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  const all = (resource: kinds.Resource, where: ListScope = {}) =>
    Array.fromAsync(listAll(client, resource, where, signal))
  const ours = `${MANAGED_BY_LABEL}=${MANAGED_BY}`

  await take('cluster/version.json', () => client.raw('/version', signal))
  await take('cluster/nodes.json', async () => (await all(kinds.nodes)).map(projectNode))
  await take('cluster/crds.json', async () => (await all(crds)).filter(isOurs).map(versionsOf))
  for (const resource of [platformConfigs, licenses, entitlements]) {
    await take(`resources/${resource.plural}.json`, () => all(resource))
  }
  for (const resource of [kinds.admissionPolicies, kinds.admissionPolicyBindings]) {
    await take(`resources/${resource.plural}.json`, () => all(resource, { labelSelector: ours }))
  }
  await take('resources/namespaces.json', () => all(kinds.namespaces, { labelSelector: `${MANAGED_LABEL}=true` }))
  for (const kind of WORKLOAD_KINDS) {
    await take(`workloads/${kind.plural}.json`, () => all(workloadResource(kind), { labelSelector: label }))
  }
  for (const [part, where] of [
    ['operator', namespace],
    ['agents', agentsNamespace],
  ] as const) {
    await take(`${part}/deployments.json`, () => all(kinds.deployments, { namespace: where }))
    await take(`${part}/pods.json`, () => all(kinds.pods, { namespace: where }))
    await take(`${part}/events.json`, async () => latest(await all(kinds.events, { namespace: where })))
  }
  // Names of keys, never content: that is the sanitizer's law.
  await take('operator/secrets.json', () => all(kinds.secrets, { namespace }))
  await take('operator/leases.json', () => all(kinds.leases, { namespace }))
  // Events of what has no namespace are in this one.
  await take('resources/events.json', async () =>
    latest((await all(kinds.events, { namespace: 'default' })).filter(isAboutUs)),
  )
  await takeLogs(client, scope, take, signal)
  return { files, missing }
}

// The agents' own logs are their owner's business; what is asked about is the operator.
async function takeLogs(
  client: Client,
  { namespace, logLines }: Scope,
  take: (name: string, read: () => Promise<unknown>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const labelSelector = 'app.kubernetes.io/name=cto-operator'
  const found = await Array.fromAsync(listAll(client, kinds.pods, { namespace, labelSelector }, signal)).catch(() => [])
  for (const { metadata, ...pod } of found) {
    const { containers = [] } = (pod['spec'] ?? {}) as { containers?: readonly { name: string }[] }
    for (const container of containers.filter(({ name }) => name === OPERATOR_CONTAINER)) {
      for (const previous of [false, true]) {
        const query = { container: container.name, tailLines: String(logLines), previous: String(previous) }
        const where = { namespace, name: metadata.name, subresource: 'log' }
        const name = `logs/${metadata.name.slice(-50)}.${container.name.slice(-20)}${previous ? '.previous' : ''}.log`
        await take(name, () => readText(client, kinds.resourcePath(kinds.pods, where, query), signal))
      }
    }
  }
}

async function readText(client: Client, path: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  const { chunks: arriving } = await client.stream(path, signal)
  for await (const chunk of arriving) {
    chunks.push(chunk)
    size += chunk.length
    if (size > LARGEST_LOG) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function isOurs({ metadata }: RawObject): boolean {
  return metadata.name.endsWith(`.${platformConfigs.group}`)
}

/** What of a CRD is told. */
export function versionsOf(crd: RawObject): unknown {
  const { spec, status } = crd as {
    spec?: { versions?: readonly { name: string }[] }
    status?: { conditions?: unknown }
  }
  return {
    name: crd.metadata.name,
    versions: spec?.versions?.map((version) => version.name),
    conditions: status?.conditions,
  }
}

function isAboutUs(event: RawObject): boolean {
  const { regarding } = event as { regarding?: { kind?: string } }
  return ['PlatformConfig', 'License', 'Entitlement', 'ValidatingAdmissionPolicy'].includes(regarding?.kind ?? '')
}

function latest(events: readonly RawObject[]): RawObject[] {
  const time = ({ metadata, ...event }: RawObject) =>
    [event['eventTime'], metadata['creationTimestamp']].find((one) => typeof one === 'string') ?? ''
  return events.toSorted((a, b) => time(b).localeCompare(time(a))).slice(0, MOST_EVENTS)
}
