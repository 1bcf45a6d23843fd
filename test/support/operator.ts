// An operator on a real API server, in the test's own process, with a vendor and a clock that the test has in its hands.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdir, readFile } from 'node:fs/promises'
import type { ClientRequest } from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { CompactSign } from 'jose'
import { parse } from 'yaml'
import ctoCatalog from '../../src/catalogs/cto.json' with { type: 'json' }
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import { kindLikeNodes, kubeadmConfigMap } from '../../src/devtools/control-plane/kind-nodes.ts'
import { type KubernetesVersion, NEWEST_KUBERNETES } from '../../src/devtools/control-plane/kubernetes-versions.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { parseCatalog } from '../../src/domain/catalog/catalog.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import type { DocumentKind } from '../../src/domain/license/compact-jws.ts'
import type { SignatureAlgorithm } from '../../src/domain/license/signature.ts'
import type { KeyUse, TrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { type Access, kubeconfigAccess } from '../../src/kube/access.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { unlessMissing } from '../../src/kube/errors.ts'
import { configMaps, deployments, namespaces, nodes, type Resource, secrets } from '../../src/kube/resource.ts'
import { type Operator, type OperatorSettings, startOperator } from '../../src/operator/operator.ts'
import { type Clock, systemClock } from '../../src/runtime/clock.ts'
import { createLogger } from '../../src/operator/telemetry/log.ts'
import { issueLicense } from '../../src/issuing/issue.ts'
import { generateSigningKey } from '../../src/issuing/keys/keygen.ts'
import { parseSigningKey, type SigningKey } from '../../src/issuing/keys/signing-key.ts'

export const crds: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
export const statefulSets: Resource = { ...deployments, plural: 'statefulsets', kind: 'StatefulSet' }
export const cronJobs: Resource = { ...deployments, group: 'batch', plural: 'cronjobs', kind: 'CronJob' }
export const catalog = parseCatalog(ctoCatalog)
export const soon = () => AbortSignal.timeout(30_000)

/** A vendor with a key of its own. */
export async function aVendor(use: KeyUse = 'license', alg: SignatureAlgorithm = 'EdDSA'): Promise<SigningKey> {
  const keyId = use === 'license' ? 'test-vendor' : `test-vendor-${use}`
  const { privateJwk } = await generateSigningKey({ alg, use, keyId })
  return parseSigningKey(JSON.stringify(privateJwk))
}

/** Any payload, signed as a document of that kind. */
export async function aDocument(kind: DocumentKind, key: SigningKey, payload: object): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: key.alg, kid: key.keyId, typ: kind.type })
    .sign(key.privateKey)
}

/** Trusts all of them. */
export function trusting(...keys: readonly SigningKey[]): TrustedKeys {
  return new Map(keys.flatMap((key) => [...key.trust]))
}

/** A license file of the Team plan that ends in a year, unless said otherwise. */
export function aLicense(vendor: SigningKey, overrides: Partial<LicenseClaims> = {}): Promise<string> {
  const expiresAt = wholeSecond(overrides.expiresAt ?? Date.now() + 365 * DAY)
  const claims: LicenseClaims = {
    form: 'jws',
    issuer: '5D Labs',
    licenseId: 'lic-test',
    organization: 'Acme Corp',
    product: 'cto',
    plan: 'team',
    issuedAt: Math.min(expiresAt - 400 * DAY, wholeSecond(Date.now()) - DAY),
    limits: {},
    features: [],
    addons: [],
    ...overrides,
    expiresAt,
  }
  return issueLicense(claims, vendor, Date.now())
}

export function wholeSecond(instant: number): number {
  return Math.floor(instant / SECOND) * SECOND
}

export interface RunningOperator extends AsyncDisposable {
  readonly operator: Operator
  /** All that the operator logged. */
  readonly logs: () => string
  /** Requests that changed or would have changed something, but the Lease and the Event of who leads, and what is only asked. */
  readonly writes: () => number
  /** The operator's metrics. */
  readonly metrics: () => Promise<string>
  stop(): Promise<void>
}

let operators = 0

/** Starts an operator; when this resolves it has decided, unless that is not to be awaited. */
export async function runOperator(
  access: Access,
  vendor: SigningKey,
  {
    clock = systemClock,
    awaitsDecision = true,
    ...settings
  }: Partial<OperatorSettings> & { clock?: Clock; awaitsDecision?: boolean } = {},
): Promise<RunningOperator> {
  const log = new PassThrough()
  let logged = ''
  log.on('data', (chunk: Buffer) => (logged += chunk.toString()))
  const writes = new Set<ClientRequest>()
  const ofElection = /\/namespaces\/[^/]+\/leases|\/namespaces\/cto-system\/events/
  const count = (message: unknown) => {
    const { request } = message as { request: ClientRequest & { agent?: unknown } }
    if (request.agent !== access.agent || request.method === 'GET' || ofElection.test(request.path)) return
    // Asked and not kept: who we are, and whether the gate is closed.
    if (/dryRun=All|\/selfsubjectreviews/.test(request.path)) return
    writes.add(request)
  }
  subscribe('http.client.request.start', count)
  const operator = await startOperator(
    access,
    {
      catalog,
      trustedKeys: vendor.trust,
      namespace: 'cto-system',
      agentsNamespace: 'cto-agents',
      agentImage: 'example.com/agent:1',
      listen: '127.0.0.1:0',
      election: { identity: `test-${++operators}` },
      ...settings,
    },
    clock,
    createLogger('debug', log),
  )
  if (awaitsDecision) await operator.ready
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    await operator.stop()
    unsubscribe('http.client.request.start', count)
  }
  const metrics = async () => (await fetch(`http://${operator.address}/metrics`)).text()
  return {
    operator,
    logs: () => logged,
    metrics,
    writes: () => writes.size,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** What tests do to the cluster, and how they look at it. */
export interface Cluster {
  readonly client: Client
  readonly access: () => Promise<Access>
  apply(resource: Resource, object: RawObject): Promise<RawObject>
  remove(resource: Resource, name: string, namespace?: string): Promise<void>
  /** Puts a text, or bytes, into the Secret of the operator's namespace. */
  secret(name: string, key: string, content: string | Uint8Array): Promise<void>
  /** Puts the license file into a Secret and names it in a License. */
  installLicense(license: string, name?: string): Promise<void>
  config(
    agents: readonly (string | { name: string; cli?: string; model?: string })[],
    spec?: Record<string, unknown>,
  ): Promise<RawObject>
  entitlement(): Promise<EntitlementStatus>
  /** Waits until the Entitlement is so, and returns it. */
  entitled(so: (status: EntitlementStatus) => boolean, what?: string): Promise<EntitlementStatus>
  /** Waits until the question has an answer. */
  eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T>
  object(resource: Resource, name: string, namespace?: string): Promise<RawObject | undefined>
}

export async function connect(kubeconfigPath: string): Promise<Cluster> {
  const access = await kubeconfigAccess(kubeconfigPath)
  const client = createClient(access, { fieldManager: 'a-person', userAgent: 'test' })
  const object = (resource: Resource, name: string, namespace?: string) =>
    unlessMissing(client.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) }, soon()))
  const apply = (resource: Resource, value: RawObject) => client.apply(resource, value, { force: true }, soon())
  const eventually = async <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> => {
    const deadline = performance.now() + 20_000
    for (;;) {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      if (performance.now() > deadline) throw new Error(`waited 20 s in vain for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
  }
  const entitlement = async () => (await object(entitlements, 'cto'))?.['status'] as EntitlementStatus
  const secret = async (name: string, key: string, content: string | Uint8Array) => {
    const metadata = { name, namespace: 'cto-system' }
    const data =
      typeof content === 'string'
        ? { stringData: { [key]: content } }
        : { data: { [key]: Buffer.from(content).toString('base64') } }
    await apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, ...data })
  }
  return {
    client,
    secret,
    access: () => kubeconfigAccess(kubeconfigPath),
    apply,
    object,
    eventually,
    entitlement,
    async remove(resource, name, namespace) {
      await client.delete(resource, { name, ...(namespace === undefined ? {} : { namespace }) }, undefined, soon())
    },
    async installLicense(license, name = 'acme') {
      await secret(name, 'license.lic', license)
      const spec = { secretRef: { namespace: 'cto-system', name } }
      await apply(licenses, { apiVersion: 'cto.5dlabs.io/v1', kind: 'License', metadata: { name }, spec })
    },
    config(agents, spec = {}) {
      const enabled = agents.map((agent) =>
        typeof agent === 'string' ? { name: agent, cli: 'claude', model: 'a-model' } : agent,
      )
      return apply(platformConfigs, {
        apiVersion: 'cto.5dlabs.io/v1',
        kind: 'PlatformConfig',
        metadata: { name: 'acme' },
        spec: { ...spec, agents: { enabled } },
      })
    },
    entitled(so, what = 'the Entitlement to be as expected') {
      return eventually(what, async () => {
        const status = await entitlement()
        return status !== undefined && so(status) ? status : undefined
      })
    },
  }
}

/** The CRDs and namespaces that the operator needs. */
export async function prepare(cluster: Cluster): Promise<void> {
  const folder = join(packageRoot(), 'crds')
  for (const file of await readdir(folder)) {
    if (file.endsWith('.yaml'))
      await cluster.apply(crds, parse(await readFile(join(folder, file), 'utf8')) as RawObject)
  }
  for (const kind of ['platformconfigs', 'licenses', 'entitlements']) {
    await cluster.eventually(`the CRD of ${kind}`, async () => {
      const crd = await cluster.object(crds, `${kind}.cto.5dlabs.io`)
      const conditions =
        (crd?.['status'] as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? []
      return conditions.some(({ type, status }) => type === 'Established' && status === 'True')
    })
  }
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cto-system' } })
}

/** Makes it a cluster of Kind's, on which the free plan may be used. */
export async function makeKind(
  cluster: Cluster,
  { workers = 0, version = NEWEST_KUBERNETES }: { workers?: number; version?: KubernetesVersion } = {},
): Promise<void> {
  await cluster.client.create(configMaps, kubeadmConfigMap('kind', version), soon())
  await addNodes(cluster, kindLikeNodes({ cluster: 'kind', workers, version }))
}

export async function addNodes(cluster: Cluster, list: readonly unknown[]): Promise<void> {
  for (const node of list) await cluster.client.create(nodes, node as RawObject, soon())
}
