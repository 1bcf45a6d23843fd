// A secret in every field that the API server knows, of every kind in a support bundle: the snapshot says which fields are kept.
// Whoever adds one to the shapes sees it here, and has to be sure of it.

import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createPseudonyms } from '../../src/support/anonymize.ts'
import { packBundle } from '../../src/support/bundle.ts'
import { unlessMissing } from '../../src/kube/errors.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { connect, prepare } from '../support/operator.ts'

const controlPlane = useControlPlane()

interface Schema {
  readonly type?: string
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
}

const CORE = 'io.k8s.api.'
/** Of each file the schema of its objects, and where the API server tells it. */
const FILES: Readonly<Record<string, readonly [path: string, schema: string]>> = {
  'agents/pods.json': ['api/v1', `${CORE}core.v1.Pod`],
  'operator/secrets.json': ['api/v1', `${CORE}core.v1.Secret`],
  'resources/namespaces.json': ['api/v1', `${CORE}core.v1.Namespace`],
  'workloads/replicationcontrollers.json': ['api/v1', `${CORE}core.v1.ReplicationController`],
  'workloads/deployments.json': ['apis/apps/v1', `${CORE}apps.v1.Deployment`],
  'workloads/statefulsets.json': ['apis/apps/v1', `${CORE}apps.v1.StatefulSet`],
  'workloads/daemonsets.json': ['apis/apps/v1', `${CORE}apps.v1.DaemonSet`],
  'workloads/replicasets.json': ['apis/apps/v1', `${CORE}apps.v1.ReplicaSet`],
  'workloads/jobs.json': ['apis/batch/v1', `${CORE}batch.v1.Job`],
  'workloads/cronjobs.json': ['apis/batch/v1', `${CORE}batch.v1.CronJob`],
  'agents/events.json': ['apis/events.k8s.io/v1', `${CORE}events.v1.Event`],
  'operator/leases.json': ['apis/coordination.k8s.io/v1', `${CORE}coordination.v1.Lease`],
  'resources/validatingadmissionpolicies.json': [
    'apis/admissionregistration.k8s.io/v1',
    `${CORE}admissionregistration.v1.ValidatingAdmissionPolicy`,
  ],
  'resources/validatingadmissionpolicybindings.json': [
    'apis/admissionregistration.k8s.io/v1',
    `${CORE}admissionregistration.v1.ValidatingAdmissionPolicyBinding`,
  ],
  'resources/platformconfigs.json': ['apis/cto.5dlabs.io/v1', 'io.5dlabs.cto.v1.PlatformConfig'],
  'resources/licenses.json': ['apis/cto.5dlabs.io/v1', 'io.5dlabs.cto.v1.License'],
}

test(
  'a secret in every field of every kind: what is kept are names, numbers and terms',
  { timeout: 120_000 },
  async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    await prepare(cluster)
    const planted = new Map<string, string>()
    const files: { name: string; content: unknown }[] = []
    for (const [name, [path, schema]] of Object.entries(FILES)) {
      // Those of the CRDs are told a moment after these.
      const { components } = await cluster.eventually(`the schemas of ${path}`, async () => {
        const told = await unlessMissing(cluster.client.raw(`/openapi/v3/${path}`, AbortSignal.timeout(20_000)))
        return told as { components: { schemas: Record<string, Schema> } } | undefined
      })
      const plant = (at: string) => {
        const secret = `Planted${planted.size}x`
        planted.set(secret, `${name} ${at}`)
        return secret
      }
      const made = example(components.schemas[schema] ?? {}, components.schemas, plant, '', 0)
      files.push({ name, content: [made] })
    }
    expect(planted.size).toBeGreaterThan(3_000)
    const pack = (pseudonyms?: ReturnType<typeof createPseudonyms>) => {
      const options = { version: '1', now: 0, ...(pseudonyms === undefined ? {} : { pseudonyms }) }
      return gunzipSync(packBundle({ files, missing: [] }, options).archive).toString('utf8')
    }
    const keptIn = (text: string) => [...new Set(text.match(/Planted\d+x/g))].map((secret) => planted.get(secret) ?? '')
    const kept = keptIn(pack())
    // What the operator writes into the status of its own resources is kept whole.
    const others = kept.filter((path) => !/^resources\/(?:licenses|platformconfigs)\.json \.status/.test(path))
    expect(others.toSorted((a, b) => a.localeCompare(b))).toMatchSnapshot()
    expect(keptIn(pack(createPseudonyms()))).toEqual(kept)
  },
)

/** A value of the schema in which every text, and every name of an entry, is a secret; with a field that nobody knows. */
function example(
  schema: Schema,
  all: Readonly<Record<string, Schema>>,
  plant: (path: string) => string,
  path: string,
  depth: number,
): unknown {
  const { $ref, allOf } = schema
  const [first] = allOf ?? []
  if (first !== undefined) return example(first, all, plant, path, depth)
  if ($ref !== undefined) return example(all[$ref.split('/').at(-1) ?? ''] ?? {}, all, plant, path, depth + 1)
  if (depth > 12) return undefined
  const inner = (part: Schema, at: string) => example(part, all, plant, at, depth + 1)
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties).map(([field, member]) => [
      field,
      inner(member, `${path}.${field}`),
    ])
    return { ...Object.fromEntries(members), unknownField: plant(`${path}.unknownField`) }
  }
  if (schema.items !== undefined) return [inner(schema.items, `${path}[]`)]
  if (typeof schema.additionalProperties === 'object')
    return { [plant(`${path}{}`)]: inner(schema.additionalProperties, `${path}{}`) }
  if (schema.type === 'integer' || schema.type === 'number') return 7
  if (schema.type === 'boolean') return true
  return schema.type === 'object' ? { [plant(`${path}{}`)]: plant(`${path}{}`) } : plant(path)
}
