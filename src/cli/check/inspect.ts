// All looking at the cluster for a check. What may not be looked at is said to be hidden, and the rest is seen all the same.

import type { EntitlementStatus } from '../../api/entitlement.ts'
import type { LicenseStatus } from '../../api/license.ts'
import { readPlatformConfig } from '../../api/platform-config.ts'
import { entitlements, licenses, platformConfigs } from '../../api/resources.ts'
import { type ActiveConfig, activeConfig } from '../../operator/observed/active-config.ts'
import { projectOwn } from '../../operator/observed/stores.ts'
import { type Survey, surveyCluster } from '../../operator/observed/survey.ts'
import type { Client } from '../../kube/client.ts'
import type { Problem } from '../../domain/health/problem.ts'
import { KubeError, unlessMissing } from '../../kube/errors.ts'
import { listAll } from '../../kube/list-all.ts'
import * as kinds from '../../kube/resource.ts'
import { attendanceProblem } from './attendance.ts'
import { fieldsMissingIn, nameOfCrd } from './outdated.ts'
import { dutiesOf, type Place, type Right } from '../../operator/required-rights.ts'

/** What was seen of something, or why it could not be looked at. */
export type Sight<T> = { readonly kind: 'seen'; readonly value: T } | { readonly kind: 'hidden'; readonly why: string }

export interface RunningOperator {
  readonly deployment: string
  readonly image: string
  readonly ready: number
  readonly serviceAccount: string
}

export interface Seen {
  readonly server: string
  readonly version: Sight<string>
  /** How far the API server's clock is ahead of this machine's, in ms. */
  readonly clockAhead?: number
  readonly clusterUid: Sight<string>
  /** The nodes, and what else tells the type of the cluster. */
  readonly survey: Sight<Survey>
  readonly policies: Sight<boolean>
  /** The CRDs that are there, and whether the API server serves them. */
  readonly crds: Sight<ReadonlyMap<string, boolean>>
  readonly operator: Sight<RunningOperator | undefined>
  readonly entitlement: Sight<EntitlementStatus | undefined>
  readonly licenses: Sight<readonly { readonly name: string; readonly status?: LicenseStatus }[]>
  readonly config: Sight<ActiveConfig | undefined>
  /** The license file in the Secret that is one by its name. Nothing of it is ever shown. */
  readonly secret: Sight<Uint8Array | undefined>
  /** Namespaces with a Secret of the license's name in which nobody looks for it. */
  readonly strayLicenses: Sight<readonly string[]>
  /** What is wrong if no operator is at work, or nobody can tell. */
  readonly attendance?: Problem
  /** What CRDs of this version have and those in the cluster do not, by CRD. */
  readonly outdatedCrds: Sight<ReadonlyMap<string, readonly string[]>>
  readonly rights: Sight<Granted>
}

/** Whose rights were asked for, and which of them are not given. */
export interface Granted {
  readonly subject: string
  readonly count: number
  readonly missing: readonly { readonly duty: string; readonly right: Right }[]
}

const CRDS = [platformConfigs, licenses, entitlements].map(({ plural, group }) => `${plural}.${group}`)
const OPERATOR_LABELS = 'app.kubernetes.io/name=cto-operator,app.kubernetes.io/component=operator'
const PATIENCE_MS = 30_000
const AT_ONCE = 8

export async function look(
  client: Client,
  server: URL,
  place: Place & { readonly licenseKey: string },
  now: () => number,
  /** The CRDs of this version. */
  ownCrds: readonly unknown[] = [],
): Promise<Seen> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const see = <T>(work: () => Promise<T>) => sight(work)
  // First alone: if nobody answers here, nobody answers anywhere, and that takes long enough once.
  const version = await see(async () => ((await client.raw('/version', signal)) as { gitVersion: string }).gitVersion)
  const serverTime = client.serverTime()
  const operator = await see(() => runningOperator(client, place.namespace, signal))
  const account = operator.kind === 'seen' ? operator.value?.serviceAccount : undefined
  const entitlement = await see(async () => {
    const object = await unlessMissing(client.get(entitlements, { name: place.product }, signal))
    return object?.['status'] as EntitlementStatus | undefined
  })
  const decided = entitlement.kind === 'seen' ? entitlement.value : undefined
  const attendance =
    decided?.operator === undefined
      ? undefined
      : await attendanceProblem(client, place.product, decided.operator.namespace, signal)
  return {
    server: server.origin,
    version,
    ...(serverTime === undefined ? {} : { clockAhead: serverTime - now() }),
    clusterUid: await see(async () => {
      const { metadata } = await client.get(kinds.namespaces, { name: 'kube-system' }, signal)
      return metadata.uid ?? ''
    }),
    survey: await see(() => surveyCluster(client, signal)),
    policies: await see(() => hasPolicies(client, signal)),
    crds: await see(() => servedCrds(client, signal)),
    operator,
    entitlement,
    ...(attendance === undefined ? {} : { attendance }),
    licenses: await see(async () => {
      const items = (await unlessMissing(Array.fromAsync(listAll(client, licenses, {}, signal)))) ?? []
      return items.map(({ metadata, ...item }) => ({
        name: metadata.name,
        ...(item['status'] === undefined ? {} : { status: item['status'] as LicenseStatus }),
      }))
    }),
    config: await see(async () => {
      const items = (await unlessMissing(Array.fromAsync(listAll(client, platformConfigs, {}, signal)))) ?? []
      return activeConfig(items.map((raw) => ({ ...projectOwn(raw), reading: readPlatformConfig(raw) })))
    }),
    secret: await see(async () => {
      const where = { namespace: place.namespace, name: place.licenseSecret }
      const secret = await unlessMissing(client.get(kinds.secrets, where, signal))
      const encoded = (secret?.['data'] as Record<string, string> | undefined)?.[place.licenseKey]
      return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
    }),
    strayLicenses: await see(() => strayLicenses(client, place, signal)),
    outdatedCrds: await see(() => outdatedCrds(client, ownCrds, signal)),
    rights: await see(() => grantedTo(client, account, place, signal)),
  }
}

async function sight<T>(work: () => Promise<T>): Promise<Sight<T>> {
  try {
    return { kind: 'seen', value: await work() }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    return { kind: 'hidden', why: error.message }
  }
}

async function runningOperator(
  client: Client,
  namespace: string,
  signal: AbortSignal,
): Promise<RunningOperator | undefined> {
  const { items } = await client.list(kinds.deployments, { namespace }, { labelSelector: OPERATOR_LABELS }, signal)
  const [deployment] = items ?? []
  if (deployment === undefined) return undefined
  const { spec, status } = deployment as {
    spec?: { template?: { spec?: { serviceAccountName?: string; containers?: readonly { image?: string }[] } } }
    status?: { readyReplicas?: number }
  }
  const account = spec?.template?.spec?.serviceAccountName ?? 'default'
  return {
    deployment: `${namespace}/${deployment.metadata.name}`,
    image: spec?.template?.spec?.containers?.[0]?.image ?? '',
    ready: status?.readyReplicas ?? 0,
    serviceAccount: `system:serviceaccount:${namespace}:${account}`,
  }
}

async function hasPolicies(client: Client, signal: AbortSignal): Promise<boolean> {
  const { resources } = (await client.raw('/apis/admissionregistration.k8s.io/v1', signal)) as {
    resources: readonly { name: string }[]
  }
  return resources.some(({ name }) => name === kinds.admissionPolicies.plural)
}

const crdKind: kinds.Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

export async function strayLicenses(
  client: Client,
  { namespace, licenseSecret }: Pick<Place, 'namespace' | 'licenseSecret'>,
  signal: AbortSignal,
): Promise<string[]> {
  // Asked first: whoever may not is not to be seen trying it, in an audit log, with the operator's account.
  if (!(await isAllowed(client, undefined, { verb: 'list', group: '', resource: 'secrets' }, signal)))
    throw new KubeError('Secrets of all namespaces may not be listed', 403, 'Forbidden')
  const fieldSelector = `metadata.name=${licenseSecret}`
  const named = (await unlessMissing(client.list(licenses, {}, {}, signal)))?.items ?? []
  const isNamed = (where: string) =>
    named.some((license) => {
      const { secretRef } = (license['spec'] ?? {}) as { secretRef?: { namespace?: string; name?: string } }
      return secretRef?.name === licenseSecret && secretRef.namespace === where
    })
  const { items } = await client.list(kinds.secrets, {}, { fieldSelector }, signal)
  return (items ?? [])
    .map(({ metadata }) => metadata.namespace ?? '')
    .filter((where) => where !== namespace && !isNamed(where))
}

async function outdatedCrds(
  client: Client,
  ours: readonly unknown[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const own of ours) {
    const served = await unlessMissing(client.get(crdKind, { name: nameOfCrd(own) }, signal))
    const fields = served === undefined ? [] : fieldsMissingIn(served, own)
    if (fields.length > 0) found.set(nameOfCrd(own), fields)
  }
  return found
}

async function servedCrds(client: Client, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
  const found = new Map<string, boolean>()
  for (const name of CRDS) {
    const crd = await unlessMissing(client.get(crdKind, { name }, signal))
    if (crd === undefined) continue
    const { conditions } = (crd['status'] ?? {}) as { conditions?: readonly { type: string; status: string }[] }
    found.set(name, conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true)
  }
  return found
}

/** The names that `crds` has when all are there. */
export const EXPECTED_CRDS: readonly string[] = CRDS

async function grantedTo(
  client: Client,
  account: string | undefined,
  place: Place,
  signal: AbortSignal,
): Promise<Granted> {
  const asked = dutiesOf(place).flatMap(({ duty, rights }) => rights.map((right) => ({ duty, right })))
  const allowed = new Map<Right, boolean>()
  const left = asked.map(({ right }) => right)
  const worker = async () => {
    for (let right = left.shift(); right !== undefined; right = left.shift()) {
      allowed.set(right, await isAllowed(client, account, right, signal))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const missing = asked.filter(({ right }) => allowed.get(right) !== true)
  return { subject: account ?? 'you', count: asked.length, missing }
}

/** Asks for oneself, or, where that is allowed, for somebody else. */
async function isAllowed(
  client: Client,
  account: string | undefined,
  { namespace = '', name = '', subresource = '', ...right }: Right,
  signal: AbortSignal,
): Promise<boolean> {
  const kind = account === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview'
  const group = 'authorization.k8s.io'
  const resourceAttributes = { ...right, version: '*', namespace, name, subresource }
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${account?.split(':')[2]}`]
  const spec = account === undefined ? { resourceAttributes } : { resourceAttributes, user: account, groups }
  const review = { apiVersion: `${group}/v1`, kind, metadata: { name: '' }, spec }
  const resource = { group, version: 'v1', plural: `${kind.toLowerCase()}s`, kind, namespaced: false }
  const answer = await client.create(resource, review, signal)
  return (answer['status'] as { allowed?: boolean } | undefined)?.allowed === true
}
