// A secret in every field that the API server knows, of every kind in a support bundle: the snapshot says which fields are kept.
// Whoever adds one to the shapes sees it here, and has to be sure of it.

import { PassThrough } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { projectNode } from '../../src/operator/observed/nodes.ts'
import { createPseudonyms } from '../../src/cli/support-bundle/anonymize.ts'
import { packBundle } from '../../src/cli/support-bundle/bundle.ts'
import { versionsOf } from '../../src/cli/support-bundle/collect.ts'
import { createLogger } from '../../src/operator/telemetry/log.ts'
import type { RawObject } from '../../src/kube/object.ts'
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
  'resources/entitlements.json': ['apis/cto.5dlabs.io/v1', 'io.5dlabs.cto.v1.Entitlement'],
  'cluster/nodes.json': ['api/v1', `${CORE}core.v1.Node`],
  'cluster/crds.json': [
    'apis/apiextensions.k8s.io/v1',
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  ],
}
/** Of these the collector keeps a part only. */
const READERS: Readonly<Record<string, (object: RawObject) => unknown>> = {
  'cluster/nodes.json': projectNode,
  'cluster/crds.json': versionsOf,
}
/** A secret as texts have it, in a text of its own and in what others quote. */
const DISGUISES: readonly ((secret: string) => string)[] = [
  (secret) => `password=${secret}`,
  (secret) => `the server said: {"token": "${secret}"}`,
  (secret) => `the server said: ${JSON.stringify({ body: JSON.stringify({ client_secret: secret }) })}`,
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => `get https://user:${secret}@example.com/path failed`,
  (secret) => `set-cookie: session=${secret}; path=/`,
  (secret) => `env: ${JSON.stringify([{ name: 'MODEL_API_KEY', value: secret }])}`,
  (secret) => `headers: ${JSON.stringify({ 'x-api-key': [secret, secret] })}`,
  (secret) => `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
]

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
      const made = example(components.schemas[schema] ?? {}, components.schemas, plant, '', [])
      files.push({ name, content: [READERS[name]?.(made as RawObject) ?? made] })
    }
    expect(planted.size).toBeGreaterThan(3_000)
    const pack = (pseudonyms?: ReturnType<typeof createPseudonyms>) => {
      const options = { version: '1', now: 0, ...(pseudonyms === undefined ? {} : { pseudonyms }) }
      return gunzipSync(packBundle({ files, missing: [] }, options).archive).toString('utf8')
    }
    const keptIn = (text: string) => [...new Set(text.match(/Planted\d+x/g))].map((secret) => planted.get(secret) ?? '')
    const kept = keptIn(pack())
    // What the operator writes into the status of its own resources is kept whole.
    const others = kept.filter(
      (path) => !/^resources\/(?:licenses|platformconfigs|entitlements)\.json \.status/.test(path),
    )
    expect(others.toSorted((a, b) => a.localeCompare(b))).toMatchSnapshot()
    expect(keptIn(pack(createPseudonyms()))).toEqual(kept)
  },
)

test('where texts are kept whole, what looks like a secret is taken out of them', { timeout: 60_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  const { components } = await cluster.eventually('the schemas of our kinds', async () => {
    const told = await unlessMissing(
      cluster.client.raw('/openapi/v3/apis/cto.5dlabs.io/v1', AbortSignal.timeout(20_000)),
    )
    return told as { components: { schemas: Record<string, Schema> } } | undefined
  })
  let count = 0
  const plant = () => (DISGUISES[count % DISGUISES.length] ?? String)(`Planted${count++}x`)
  const made = (kind: string) =>
    example(components.schemas[`io.5dlabs.cto.v1.${kind}`] ?? {}, components.schemas, plant, '', []) as RawObject
  const files = [
    ...['License', 'PlatformConfig', 'Entitlement'].map((kind) => ({
      name: `resources/${kind.toLowerCase()}s.json`,
      content: [made(kind)],
    })),
    { name: 'status.json', content: { ...made('Entitlement'), licenses: [made('License')] } },
    { name: 'logs/operator.log', content: await logOf(plant) },
  ]
  expect(count).toBeGreaterThan(400)
  const packed = gunzipSync(
    packBundle({ files, missing: [{ what: 'x', why: plant() }] }, { version: '1', now: 0 }).archive,
  )
  const lines = packed.toString('utf8').split('\n')
  expect(lines.filter((line) => /Planted\d+x/.test(line))).toEqual([])
})

/** A log of the operator's in which everything that others say is a secret. */
async function logOf(plant: () => string): Promise<string> {
  const stream = new PassThrough()
  const log = createLogger('debug', stream)
  for (const _ of DISGUISES) {
    log.warn({ err: new Error(plant()), words: plant(), deep: { answer: [plant()] } }, plant())
  }
  stream.end()
  return Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>)).toString('utf8')
}

/** A value of the schema in which every text, and every name of an entry, is a secret; with a field that nobody knows. */
function example(
  schema: Schema,
  all: Readonly<Record<string, Schema>>,
  plant: (path: string) => string,
  path: string,
  refs: readonly string[],
): unknown {
  const { $ref, allOf } = schema
  const [first] = allOf ?? []
  if (first !== undefined) return example(first, all, plant, path, refs)
  if ($ref !== undefined) {
    // A schema of schemas has no end.
    if (refs.includes($ref)) return undefined
    return example(all[$ref.split('/').at(-1) ?? ''] ?? {}, all, plant, path, [...refs, $ref])
  }
  const inner = (part: Schema, at: string) => example(part, all, plant, at, refs)
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
