// The operator under exactly the rights that the chart gives it, through its whole life: nothing that it does is refused,
// and nothing that it may do is never done. By the API server's own record.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { HOLD_RECORD_ANNOTATION } from '../../src/api/names.ts'
import { licenses } from '../../src/api/resources.ts'
import { isHoldManager } from '../../src/operator/observed/managed-fields.ts'
import { apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import { writeKubeconfig } from '../../src/devtools/control-plane/credentials.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { desiredGuardian } from '../../src/operator/controllers/agents/desired.ts'
import { policyKeys } from '../../src/operator/controllers/policy/controller.ts'
import { DAY } from '../../src/domain/time.ts'
import { kubeconfigAccess } from '../../src/kube/access.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { unlessMissing } from '../../src/kube/errors.ts'
import {
  admissionPolicies,
  admissionPolicyBindings,
  deployments,
  leases,
  namespaces,
  type Resource,
  roleBindings,
  secrets,
} from '../../src/kube/resource.ts'
import { agentDeployment, licenseFor, licenseSecret } from '../../src/cli/trial/manifests.ts'
import { allows, auditArgs, deedsOf, expand, inWords, rightsOf } from '../support/audit.ts'
import { CHART, helm, render } from '../support/chart.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  addNodes,
  aLicense,
  aVendor,
  catalog,
  type Cluster,
  connect,
  makeKind,
  runOperator,
} from '../support/operator.ts'

const folder = mkdtempSync(join(tmpdir(), 'cto-audit-'))
const log = join(folder, 'audit.log')
const controlPlane = useControlPlane({
  components: { controllerManager: true },
  // It cannot stream a list, as some versions: so the operator lists Nodes before it watches them.
  apiserverArgs: [...auditArgs(join(folder, 'policy.yaml'), log), '--feature-gates=WatchList=false'],
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ACCOUNT = 'cto-system/cto-operator'
const kind = (group: string, plural: string, name: string): Resource => {
  return { group, version: 'v1', plural, kind: name, namespaced: true }
}

const CRON_JOB = kind('batch', 'cronjobs', 'CronJob')
const REPLICA_SET = kind('apps', 'replicasets', 'ReplicaSet')

test('the operator does what it may, and may what it does', { timeout: 240_000 }, async () => {
  const { plane, kubectl } = controlPlane
  const cluster = await connect(plane.kubeconfigPath)
  const run = async (...args: string[]) => {
    const { code, stderr, stdout } = await kubectl(...args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
    return stdout
  }
  await makeKind(cluster)
  const env = { KUBECONFIG: plane.kubeconfigPath }
  const values = { rbac: { scope: 'cluster' } }
  const installed = await helm(['install', 'cto-operator', CHART, '--namespace=cto-system', '--create-namespace'], env)
  expect(installed.code, installed.stderr).toBe(0)

  // The operator itself runs here, as the account that its pod would have.
  const token = (await run('create', 'token', 'cto-operator', '-n', 'cto-system')).trim()
  const kubeconfigPath = join(folder, 'operator.kubeconfig')
  writeKubeconfig(kubeconfigPath, { server: plane.server, caPath: plane.caPath, token })
  const vendor = await aVendor()

  const workloads: readonly (readonly [Resource, string, object])[] = [
    [deployments, 'one', { replicas: 2 }],
    [kind('apps', 'statefulsets', 'StatefulSet'), 'two', { replicas: 2, serviceName: 'two', ...CLAIMS }],
    [REPLICA_SET, 'three', { replicas: 2 }],
    [kind('', 'replicationcontrollers', 'ReplicationController'), 'six', { replicas: 2 }],
    [kind('batch', 'jobs', 'Job'), 'four', {}],
    [CRON_JOB, 'five', {}],
  ]
  const team = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } }
  await cluster.apply(namespaces, team)
  for (const [resource, name, spec] of workloads) await cluster.apply(resource, aWorkload(resource, name, spec))
  // Somebody's own, under the name of an agent that will be wanted.
  const plain = agentDeployment('blaze', 'cto-agents')
  await cluster.apply(deployments, withoutAgentLabel(plain))

  // A replica that was killed has left its lease: it is waited for.
  const spec = { holderIdentity: 'killed', leaseDurationSeconds: 2, renewTime: '2026-01-01T00:00:00.000000Z' }
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'cto-operator', namespace: 'cto-system' },
    spec,
  }
  await cluster.apply(leases, lease)
  {
    await using running = await runOperator(await kubeconfigAccess(kubeconfigPath), vendor, {
      election: { identity: 'one' },
      holdNotice: 300,
    })
    await cluster.config(['rex', 'blaze', 'tess'], { guardian: { enabled: true, mode: 'full' } })
    await cluster.entitled(({ agents }) => agents.refused.some(({ reason }) => reason === 'NameTaken'), 'a taken name')
    await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))

    // A license by the Secret's name, and then one that a License names.
    await cluster.apply(secrets, licenseSecret('cto-system', await aLicense(vendor, { serial: 1 })))
    await cluster.entitled(({ plan }) => plan === 'team')
    await cluster.eventually('the guardian', () => cluster.object(roleBindings, 'guardian', 'cto-agents'))
    await cluster.apply(licenses, licenseFor('cto-system'))

    // It ended: the guardian may change nothing any more.
    await cluster.apply(
      secrets,
      licenseSecret(
        'cto-system',
        await aLicense(vendor, { serial: 2, licenseId: 'lic-2', expiresAt: Date.now() - 20 * DAY }),
      ),
    )
    await cluster.eventually('the guardian to be without rights', async () => {
      return (await cluster.object(roleBindings, 'guardian', 'cto-agents')) === undefined
    })
    await cluster.apply(
      secrets,
      licenseSecret('cto-system', await aLicense(vendor, { plan: 'starter', limits: { agents: 3 } })),
    )
    await cluster.entitled(({ plan }) => plan === 'starter')

    // A namespace comes under governance, with what the plan does not admit; then the plan does.
    await run('label', 'namespace', 'team', 'cto.5dlabs.io/managed=true')
    await cluster.entitled(({ agents }) => agents.held.length === workloads.length, 'everything in team to be held')
    await cluster.apply(secrets, licenseSecret('cto-system', await aLicense(vendor, { plan: 'enterprise' })))
    await cluster.entitled(({ agents }) => agents.held.length === 0, 'everything in team to be resumed')
    for (const [resource, name, spec] of workloads) {
      await cluster.eventually(`${name} to be resumed`, async () => {
        const live = (await cluster.object(resource, name, 'team'))?.['spec'] as Record<string, unknown> | undefined
        return 'replicas' in spec ? live?.['replicas'] === 2 : live?.['suspend'] !== true
      })
      // What it wrote for others is theirs again.
      await cluster.eventually(`${name} to be nobody's but its owner's`, async () => {
        const { metadata } = (await cluster.object(resource, name, 'team')) ?? {}
        const owners = (metadata?.['managedFields'] ?? []) as { manager: string }[]
        const annotations = (metadata?.['annotations'] ?? {}) as Record<string, string>
        return !owners.some(isHoldManager) && annotations[HOLD_RECORD_ANNOTATION] === undefined
      })
    }

    const two = await cluster.object(kind('apps', 'statefulsets', 'StatefulSet'), 'two', 'team')
    expect(two?.['spec']).toMatchObject(CLAIMS)

    // Tampering, and an agent that is not wanted any more.
    for (const key of policyKeys(catalog)) {
      const [kind = '', name = ''] = key.split('/')
      const asIs = () => run('get', kind, name, '-o', 'jsonpath={.spec.failurePolicy}{.spec.validationActions}')
      const before = await asIs()
      const another = { failurePolicy: before === 'Fail' ? 'Ignore' : 'Fail' }
      const changed = kind.endsWith('Policy') ? another : { validationActions: ['Audit'] }
      await run('patch', kind, name, '--type=merge', '-p', JSON.stringify({ spec: changed }))
      await cluster.eventually(`${key} to be restored`, async () => (await asIs()) === before)
    }
    for (const resource of [admissionPolicies, admissionPolicyBindings]) {
      await cluster.remove(resource, 'cto-agents')
      await cluster.eventually('it to be back', () => cluster.object(resource, 'cto-agents'))
    }
    await run('label', 'namespace', 'cto-agents', 'cto.5dlabs.io/managed-')
    await cluster.eventually('the label of the namespace', async () => {
      const labels = (await cluster.object(namespaces, 'cto-agents'))?.metadata['labels'] as Record<string, string>
      return labels['cto.5dlabs.io/managed'] === 'true'
    })
    await cluster.config(['rex'])
    await cluster.eventually(
      'tess to go',
      async () => (await cluster.object(deployments, 'tess', 'cto-agents')) === undefined,
    )
    await addNodes(cluster, [eksLikeNode(1)])
    await cluster.entitled(({ nodes }) => nodes.total === 2)
    // Who names a controller that is not labelled: it is looked for, in kinds of others too. Under governance there is none.
    await cluster.apply(namespaces, { ...team, metadata: { name: 'elsewhere' } })
    for (const one of CONTROLLERS) await ownedWorkload(cluster, one)
    await running.operator.idle()
    // Somebody removes the lease: it is taken anew.
    await cluster.remove(leases, 'cto-operator', 'cto-system')
    await cluster.eventually('the lease', () => cluster.object(leases, 'cto-operator', 'cto-system'))
    await cluster.eventually('the operator to lead', () => Promise.resolve(running.operator.leads))
    await running.operator.idle()
    expect(deedsOf(log, ACCOUNT).forbidden).toEqual([])
    // What the operator may do in the agents' namespace goes with it, so this comes last.
    await run('delete', 'namespace', 'cto-agents', '--wait=false')
    await cluster.eventually('the namespace to be back', async () => {
      const namespace = await cluster.object(namespaces, 'cto-agents')
      return namespace !== undefined && namespace.metadata['deletionTimestamp'] === undefined
    })
  }

  const rights = rightsOf(await render(values), ACCOUNT)
  expect(rights.length).toBeGreaterThan(60)
  const { done } = deedsOf(log, ACCOUNT)
  expect(done.filter((deed) => !rights.some((right) => allows(right, deed))).map(inWords)).toEqual([])

  const handedOn = desiredGuardian('cto-agents', { name: '', uid: '' }).flatMap((role) => {
    return expand((role['rules'] ?? []) as Parameters<typeof expand>[0], 'cto-agents')
  })
  const unused = rights.filter((right) => !done.some((deed) => allows(right, deed)))
  expect(unused.map(inWords).filter((one) => !handedOn.map(inWords).includes(one))).toEqual([
    // Who creates a policy with parameters must be allowed to get them: the next test.
    'get entitlements.cto.5dlabs.io */*',
  ])
})

test('no policy with parameters is created by who may not get them', async () => {
  const { plane, kubectl } = controlPlane
  const cluster = await connect(plane.kubeconfigPath)
  const token = (await kubectl('create', 'token', 'cto-operator', '-n', 'cto-system')).stdout.trim()
  const asOperator = apiRequester({ server: plane.server, caPath: plane.caPath, token })
  const name = 'cto-agents'
  const { apiVersion, kind, spec } = (await cluster.object(admissionPolicies, name)) as RawObject & { spec: object }
  await cluster.remove(admissionPolicies, name)
  const path = `/apis/${apiVersion}/${admissionPolicies.plural}/${name}?fieldManager=x&dryRun=All`
  const said = async () => {
    const policy = { apiVersion, kind, metadata: { name }, spec }
    const answer = await asOperator('PATCH', path, policy, 'application/apply-patch+yaml')
    return answer.status < 300 ? 'done' : (answer.body as { message: string }).message
  }
  expect(await said()).toBe('done')
  const role = JSON.parse((await kubectl('get', 'clusterrole', 'cto-operator', '-o', 'json')).stdout) as Role
  const rules = role.rules.map((rule) => {
    return isDeepStrictEqual(rule.resources, ['entitlements'])
      ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'get') }
      : rule
  })
  expect(rules).not.toEqual(role.rules)
  expect((await kubectl('replace', '-f', '-', { input: JSON.stringify({ ...role, rules }) })).code).toBe(0)
  await expect
    .poll(said, { timeout: 15_000, interval: 200 })
    .toMatch(/must have "get" permission on all objects of the referenced paramKind \(kind=Entitlement/)
})

type Role = RawObject & { readonly rules: readonly { resources: string[]; verbs: string[] }[] }

const CONTROLLERS: readonly Resource[] = [
  { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true },
  { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout', namespaced: true },
  {
    group: 'apps.openshift.io',
    version: 'v1',
    plural: 'deploymentconfigs',
    kind: 'DeploymentConfig',
    namespaced: true,
  },
  { group: 'keda.sh', version: 'v1alpha1', plural: 'scaledjobs', kind: 'ScaledJob', namespaced: true },
]

/** A labelled ReplicaSet that a controller without the label has; resolves when that controller was asked for. */
async function ownedWorkload(cluster: Cluster, resource: Resource): Promise<void> {
  const { group, version, plural, kind } = resource
  if (group !== 'batch') await cluster.apply(crds, aCrd(resource))
  const { metadata: _, ...controller } = aWorkload(CRON_JOB, plural, {})
  const object = {
    ...controller,
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name: plural, namespace: 'elsewhere' },
  }
  let uid = ''
  await cluster.eventually(`a ${kind}`, async () => {
    // A moment after its CRD there is no such kind yet.
    const made = await unlessMissing(cluster.apply(resource, object))
    uid = made?.metadata.uid ?? ''
    return uid !== ''
  })
  const owned = aWorkload(REPLICA_SET, plural, { replicas: 1 })
  const ownerReferences = [{ apiVersion: object.apiVersion, kind, name: plural, uid, controller: true }]
  const metadata = { ...owned.metadata, namespace: 'elsewhere', ownerReferences }
  await cluster.apply(REPLICA_SET, { ...owned, metadata })
  await cluster.eventually(`${kind} to be asked for`, () => {
    const { done } = deedsOf(log, ACCOUNT)
    return Promise.resolve(done.some((deed) => deed.verb === 'get' && deed.resource === plural && deed.group === group))
  })
}

const crds: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

function aCrd({ group, version, plural, kind }: Resource): RawObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  }
}

const CLAIMS = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } }

function aWorkload({ group, kind }: Resource, name: string, spec: object): RawObject {
  const labels = { 'cto.5dlabs.io/agent': `agent-${name}` }
  const pod = {
    metadata: { labels },
    spec: {
      restartPolicy: group === 'batch' ? 'Never' : 'Always',
      containers: [{ name: 'agent', image: 'example.com/agent:1' }],
    },
  }
  const rest =
    kind === 'CronJob'
      ? { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: pod } } }
      : { template: pod, ...(group === 'apps' ? { selector: { matchLabels: labels } } : {}) }
  return {
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    metadata: { name, namespace: 'team', labels },
    spec: { ...spec, ...rest },
  }
}

/** Its pods are no agent's either: else what it makes would count as one. */
function withoutAgentLabel(object: RawObject): RawObject {
  const { labels: _, ...metadata } = object.metadata
  const text = JSON.stringify({ ...object, metadata })
  return JSON.parse(text.replaceAll(catalog.governed.label, 'app')) as RawObject
}
