// A cluster in a file: what `kubectl get nodes -o json` prints, in any of the ways in which such things are passed on, and
// beside the nodes what else tells what the cluster is.

import * as z from 'zod'
import { KUBEADM_CONFIG, projectKubeadm, publicAddressesOf } from '../../operator/observed/cluster-records.ts'
import { projectNode } from '../../operator/observed/nodes.ts'
import type { Survey } from '../../operator/observed/survey.ts'
import type { KubeadmRecord } from '../../domain/cluster/cluster-signals.ts'
import type { NodeFacts } from '../../domain/cluster/node-facts.ts'
import { isJsonObject } from '../../domain/license/strict-json.ts'
import { decodeText } from '../../domain/text-file.ts'
import { isTooDeep, TOO_DEEP, UnreadableText, yamlDocuments } from '../input.ts'
import { CliError } from '../../terminal/output.ts'

const EXAMPLE = 'kubectl get nodes -o json'

// As lenient as can be: a dump may be cut down to what somebody thought would do. What is there has to be of its type.
const text = z.string().nullish().transform(orAbsent)
const texts = z
  .record(
    z.string(),
    z
      .string()
      .nullish()
      .transform((value) => value ?? ''),
  )
  .nullish()
  .transform(orAbsent)
const nodeSchema = z.object({
  metadata: z.object({
    name: z.string().min(1),
    labels: texts,
    annotations: texts,
    deletionTimestamp: text,
    managedFields: z
      .array(z.object({ manager: text }))
      .nullish()
      .transform(orAbsent),
  }),
  spec: z
    .object({
      providerID: text,
      taints: z
        .array(z.object({ key: z.string() }))
        .nullish()
        .transform(orAbsent),
    })
    .nullish()
    .transform(orAbsent),
  status: z
    .object({
      nodeInfo: z
        .record(z.string(), z.unknown())
        .nullish()
        .transform((info) =>
          Object.fromEntries(Object.entries(info ?? {}).filter(([, value]) => typeof value === 'string')),
        ),
      addresses: z
        .array(z.object({ type: z.string() }))
        .nullish()
        .transform(orAbsent),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), lastTransitionTime: text, lastHeartbeatTime: text }))
        .nullish()
        .transform(orAbsent),
    })
    .nullish()
    .transform(orAbsent),
})

function orAbsent<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined
}

/**
 * Reads JSON or YAML: a NodeList, a List, an array or single objects, one document or several. kubeadm's ConfigMap, Services
 * and what `kubectl version` prints are taken too; what else is there is left out.
 * @param source how the input is called in messages
 * @throws CliError
 */
export function readClusterInput(bytes: Uint8Array, source: string): Survey {
  // The same node twice is one node: the later look at it counts.
  const nodes = new Map<string, NodeFacts>()
  let isAboutNodes = false
  let kubeadm: KubeadmRecord | undefined
  let serverVersion: string | undefined
  let publicAddresses: readonly string[] | undefined
  const others = new Set<string>()

  const decoded = decodeText(bytes)
  if ('problem' in decoded) throw new CliError(`${source} ${decoded.problem}`)
  const documents = documentsIn(decoded.text, source)
  for (const [index, document] of documents.entries()) {
    take(document, documents.length === 1 ? '' : `document ${index + 1}`, '')
  }
  if (!isAboutNodes) {
    const what = others.size === 0 ? 'nothing' : [...others].toSorted().join(', ')
    throw new CliError(`${source} holds ${what}, and no Node; give what ${EXAMPLE} prints`)
  }
  return {
    nodes: [...nodes.values()],
    cluster: {
      apiGroups: [],
      ...(kubeadm === undefined ? {} : { kubeadm }),
      ...(serverVersion === undefined ? {} : { serverVersion }),
      ...(publicAddresses === undefined ? {} : { publicAddresses }),
    },
  }

  /** @param kindOfItems of the items of a list, which carry no kind of their own when the API server sends them */
  function take(value: unknown, path: string, kindOfItems: string): void {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) take(item, `${path}[${index}]`, kindOfItems)
      return
    }
    if (!isJsonObject(value)) throw new CliError(`${source}: ${path || 'it'} is not a Kubernetes object`)
    const { kind = kindOfItems, items, serverVersion: server } = value
    if (typeof kind === 'string' && kind.endsWith('List')) {
      takeList(kind.slice(0, -'List'.length), items ?? [], path === '' ? 'items' : `${path}.items`)
    } else if (kind === 'Node') {
      const node = projectNode(nodeIn(value, path, source))
      nodes.set(node.name, node)
      isAboutNodes = true
    } else if (kind === 'ConfigMap') {
      if (isKubeadmConfig(value)) kubeadm = projectKubeadm(value)
    } else if (kind === 'Service') {
      publicAddresses = [...(publicAddresses ?? []), ...(publicAddressesOf(value) ?? [])]
    } else if (isJsonObject(server) && typeof server['gitVersion'] === 'string') {
      serverVersion = server['gitVersion']
    } else {
      others.add(typeof kind === 'string' && kind !== '' ? kind : 'something that is no Kubernetes object')
    }
  }

  function takeList(kindOfItems: string, items: unknown, path: string): void {
    if (kindOfItems === 'Node' || (kindOfItems === '' && isEmpty(items))) isAboutNodes = true
    if (kindOfItems === 'Service') publicAddresses ??= []
    take(items, path, kindOfItems)
  }
}

function documentsIn(content: string, source: string): unknown[] {
  if (content.trim() === '') throw new CliError(`${source} is empty; give what ${EXAMPLE} prints`)
  // JSON first: it is what comes, and thousands of nodes take YAML a minute.
  const json = jsonDocumentsIn(content)
  if (json?.some(isTooDeep) === true) throw new CliError(`${source} ${TOO_DEEP}`)
  if (json !== undefined) return json
  try {
    return yamlDocuments(content)
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error
    throw new CliError(`${source} ${error.message}${error.detail}`)
  }
}

/** One document, or several after each other, each beginning at the beginning of a line. */
function jsonDocumentsIn(content: string): unknown[] | undefined {
  for (const parts of [[content], content.split(/^(?=[{[])/m).filter((part) => part.trim() !== '')]) {
    try {
      return parts.map((part) => JSON.parse(part) as unknown)
    } catch {
      // Then perhaps otherwise.
    }
  }
  return undefined
}

function nodeIn(value: object, path: string, source: string): unknown {
  const read = nodeSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const where = [...(path === '' ? [] : [path]), ...(issue?.path ?? [])].join('.')
  throw new CliError(`${source}: ${where} of a Node is wrong: ${issue?.message ?? ''}`)
}

function isEmpty(items: unknown): boolean {
  return Array.isArray(items) && items.length === 0
}

function isKubeadmConfig(value: object): boolean {
  const { metadata } = value as { metadata?: { name?: unknown; namespace?: unknown } }
  return metadata?.name === KUBEADM_CONFIG.name && metadata.namespace === KUBEADM_CONFIG.namespace
}
