// The chart before a real API server: it takes all of it, and confines the operator's own account as it says.

import { expect, test } from 'vitest'
import { apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import { writeKubeconfig } from '../../src/devtools/control-plane/credentials.ts'
import { join } from 'node:path'
import { desiredDeployment } from '../../src/operator/controllers/agents/desired.ts'
import { type RawObject } from '../../src/kube/object.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { CHART, DOCUMENTED, helm, objectsOf, template } from '../support/chart.ts'
import { useControlPlane } from '../support/control-plane.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const RELEASE = ['cto-operator', CHART, '--namespace=cto-system']

test('the API server takes everything that it renders', { timeout: 120_000 }, async () => {
  const { plane, kubectl } = controlPlane
  for (const name of ['cto-system', 'cto-agents', 'team-a', 'team-b']) {
    expect((await kubectl('create', 'namespace', name)).code).toBe(0)
  }
  expect((await kubectl('apply', '--server-side', '-f', 'crds/')).code).toBe(0)
  // A pod is tried out only if its account is there.
  expect((await kubectl('create', 'serviceaccount', 'cto-operator-test', '-n', 'cto-system')).code).toBe(0)
  for (const [name, values] of Object.entries(DOCUMENTED)) {
    const rendered = await template(values)
    // Of another project, and not here.
    const objects = objectsOf(rendered.stdout).filter(({ apiVersion = '' }) => !/cilium|monitoring/.test(apiVersion))
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
    const tried = await kubectl('apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-', { input })
    expect(tried.code, `${name}: ${tried.stderr}`).toBe(0)
    expect(tried.stderr, name).toBe('')
    expect(tried.stdout.trim().split('\n')).toHaveLength(objects.length)
  }
  // And Helm itself, which looks kinds up before it creates anything.
  const env = { KUBECONFIG: plane.kubeconfigPath }
  const whole = await helm(['install', ...RELEASE, '--dry-run=server', '--take-ownership'], env)
  expect(whole.code, whole.stderr).toBe(0)
})

test("what RBAC cannot say, a policy says: the operator's account changes how many run, and not what", async () => {
  const { plane, kubectl } = controlPlane
  const env = { KUBECONFIG: plane.kubeconfigPath }
  const installed = await helm(['install', ...RELEASE, '--take-ownership'], env)
  expect(installed.code, installed.stderr).toBe(0)
  const token = (await kubectl('create', 'token', 'cto-operator', '-n', 'cto-system')).stdout.trim()
  const operator = join(plane.folder, 'operator.kubeconfig')
  writeKubeconfig(operator, { server: plane.server, caPath: plane.caPath, token })
  const put = (object: RawObject) => kubectl('apply', '-f', '-', { input: JSON.stringify(object) })
  const agent = agentDeployment('rex', 'team-a')
  expect((await put(agent)).code).toBe(0)
  const { labels: _, ...metadata } = agent.metadata
  expect((await put({ ...agent, metadata: { ...metadata, name: 'other' } })).code).toBe(0)
  const asOperator = apiRequester({ server: plane.server, caPath: plane.caPath, token })
  const patch = async (name: string, body: object) => {
    const path = `/apis/apps/v1/namespaces/team-a/deployments/${name}`
    const answer = await asOperator('PATCH', path, body, 'application/merge-patch+json')
    return answer.status === 200 ? 'done' : (answer.body as { message: string }).message
  }

  // The API server looks for new policies once a second.
  await expect
    .poll(() => patch('other', { spec: { replicas: 0 } }), { timeout: 15_000, interval: 200 })
    .toContain('the license operator may hold and resume workloads with the label cto.5dlabs.io/agent only')
  const image = { spec: { template: { spec: { containers: [{ name: 'agent', image: 'example.com/evil:1' }] } } } }
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '11111111-2222-4333-8444-555555555556' }
  // This one by either of two policies.
  expect(await patch('rex', image)).toMatch(/nothing else of its spec|may not give an agent privileges/)
  for (const change of [{ spec: { paused: true } }, { spec: { strategy: null, minReadySeconds: 9 } }]) {
    expect(await patch('rex', change), JSON.stringify(change)).toContain(
      'the license operator may change how many of a workload run, and nothing else of its spec',
    )
  }
  for (const metadata of [
    { labels: { 'cto.5dlabs.io/agent': null } },
    { labels: { more: '1' } },
    { annotations: { a: 'b' } },
    { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': null } },
    { ownerReferences: [gone] },
    { finalizers: ['example.com/never'] },
  ]) {
    expect(await patch('rex', { metadata }), JSON.stringify(metadata)).toContain(
      'the license operator may change its own three annotations of a workload, and nothing else of its metadata',
    )
  }
  const marks = {
    'cto.5dlabs.io/held-replicas': '1',
    'cto.5dlabs.io/held-reason': 'x',
    'cto.5dlabs.io/hold-record': 'x',
  }
  expect(await patch('rex', { spec: { replicas: 0 }, metadata: { annotations: marks } })).toBe('done')
  const warnings = '-o=jsonpath={.items[*].status.typeChecking.expressionWarnings}'
  expect((await kubectl('get', 'validatingadmissionpolicies', warnings)).stdout).toBe('')
  // Anybody else is none of its business.
  expect((await kubectl('-n', 'team-a', 'set', 'image', 'deployment/other', 'agent=example.com/agent:2')).code).toBe(0)
  // And elsewhere it may not even try.
  for (const args of [
    ['delete', 'deployment', 'rex', '-n', 'team-a'],
    ['get', 'secrets', '-n', 'cto-system'],
    ['get', 'secret', 'other', '-n', 'cto-system'],
    ['delete', 'namespace', 'cto-agents'],
  ]) {
    expect((await kubectl(...args, `--kubeconfig=${operator}`)).stderr, args.join(' ')).toMatch(/forbidden/i)
  }
})

test('what deletes data or starts something by another field stays as it is', async () => {
  const { plane, kubectl } = controlPlane
  const token = (await kubectl('create', 'token', 'cto-operator', '-n', 'cto-system')).stdout.trim()
  const asOperator = apiRequester({ server: plane.server, caPath: plane.caPath, token })
  const batch = [
    aLabelled('batch/v1', 'Job', { template: POD, suspend: true }),
    aLabelled('batch/v1', 'CronJob', { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: POD } } }),
  ]
  for (const object of batch) {
    expect((await kubectl('apply', '-f', '-', { input: JSON.stringify(object) })).code).toBe(0)
  }
  const patch = async (resource: string, spec: object) => {
    const path = `/apis/batch/v1/namespaces/team-a/${resource}/data`
    const answer = await asOperator('PATCH', path, { spec }, 'application/merge-patch+json')
    return answer.status === 200 ? 'done' : (answer.body as { message: string }).message
  }
  for (const [resource, spec] of [
    ['jobs', { ttlSecondsAfterFinished: 0 }],
    ['jobs', { activeDeadlineSeconds: 1 }],
    ['jobs', { parallelism: 5 }],
    ['cronjobs', { schedule: '* * * * *' }],
    ['cronjobs', { successfulJobsHistoryLimit: 0 }],
    ['cronjobs', { jobTemplate: { spec: { ttlSecondsAfterFinished: 0 } } }],
  ] as const) {
    expect(await patch(resource, spec), JSON.stringify(spec)).toContain('and nothing else of its spec')
  }
  for (const suspend of [true, false]) {
    for (const resource of ['jobs', 'cronjobs']) expect(await patch(resource, { suspend })).toBe('done')
  }
})

test('no claim of a StatefulSet is deleted by the account that scales it', async () => {
  const { plane, kubectl } = controlPlane
  const token = (await kubectl('create', 'token', 'cto-operator', '-n', 'cto-system')).stdout.trim()
  const asOperator = apiRequester({ server: plane.server, caPath: plane.caPath, token })
  const selector = { matchLabels: POD.metadata.labels }
  const template = { ...POD, spec: { ...POD.spec, restartPolicy: 'Always' } }
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Delete' }
  const spec = { replicas: 2, serviceName: 'x', podManagementPolicy: 'Parallel', selector, template }
  const object = aLabelled('apps/v1', 'StatefulSet', { ...spec, persistentVolumeClaimRetentionPolicy })
  expect((await kubectl('apply', '-f', '-', { input: JSON.stringify(object) })).code).toBe(0)
  const put = async (replicas: number, policy: object) => {
    const path = '/apis/apps/v1/namespaces/team-a/statefulsets/data'
    const body = { spec: { replicas, persistentVolumeClaimRetentionPolicy: policy } }
    const answer = await asOperator('PATCH', path, body, 'application/merge-patch+json')
    return answer.status === 200 ? 'done' : (answer.body as { message: string }).message
  }
  const seen = async () =>
    (await kubectl('get', 'statefulset', 'data', '-n', 'team-a', '-o=jsonpath={.status.replicas}')).stdout
  await expect.poll(seen, { timeout: 15_000, interval: 200 }).toBe('2')

  const refused = /may not scale a StatefulSet down, or have pods of it that are going, while its claims are deleted/
  expect(await put(1, { whenScaled: 'Delete' })).toMatch(refused)
  expect(await put(2, { whenDeleted: 'Delete' })).toContain('and nothing else of its spec')
  // As a hold does it, and a resume. What still runs when it comes back would be a pod that goes.
  expect(await put(0, { whenScaled: 'Retain' })).toBe('done')
  await expect.poll(seen, { timeout: 15_000, interval: 200 }).toBe('0')
  expect(await put(2, { whenScaled: 'Retain' })).toBe('done')
  await expect.poll(seen, { timeout: 15_000, interval: 200 }).toBe('2')
  expect(await put(1, { whenScaled: 'Delete' })).toMatch(refused)
  expect(await put(2, { whenScaled: 'Delete' })).toBe('done')
  expect(await put(0, { whenScaled: 'Retain' })).toBe('done')
  await expect.poll(seen, { timeout: 15_000, interval: 200 }).toBe('0')
  expect(await put(1, { whenScaled: 'Delete' })).toBe('done')
})

test("neither the agents' namespace nor what runs in it becomes less guarded by the operator's account", async () => {
  const { plane, kubectl } = controlPlane
  const token = (await kubectl('create', 'token', 'cto-operator', '-n', 'cto-system')).stdout.trim()
  const asOperator = apiRequester({ server: plane.server, caPath: plane.caPath, token })
  const said = async (...[method, path, body, type]: Parameters<typeof asOperator>) => {
    const answer = await asOperator(method, path, body, type)
    return answer.status < 300 ? 'done' : (answer.body as { message: string }).message
  }
  const relabel = (labels: object) =>
    said('PATCH', '/api/v1/namespaces/cto-agents', { metadata: { labels } }, 'application/merge-patch+json')
  const labelled = await kubectl('label', 'namespace', 'cto-agents', 'team=a')
  expect(labelled.code, labelled.stderr).toBe(0)
  for (const labels of [
    { 'pod-security.kubernetes.io/enforce': 'privileged' },
    { 'pod-security.kubernetes.io/enforce': null },
    { team: null },
    { team: 'b' },
  ]) {
    expect(await relabel(labels), JSON.stringify(labels)).toMatch(
      /its own labels of the agents' namespace, and no others/,
    )
  }
  expect(await relabel({ 'cto.5dlabs.io/managed': 'true' })).toBe('done')

  const deployments = '/apis/apps/v1/namespaces/cto-agents/deployments'
  const agent = desiredDeployment({ name: 'rex' }, AGENTS, OWNER)
  const { template, ...rest } = agent['spec'] as { template: { spec: { containers: object[] } } }
  const withPod = (pod: object) => ({
    ...agent,
    spec: { ...rest, template: { ...template, spec: { ...template.spec, ...pod } } },
  })
  const [container = {}] = template.spec.containers
  const withContext = (context: object) => ({
    containers: [{ ...container, securityContext: { allowPrivilegeEscalation: false, ...context } }],
  })
  for (const pod of [
    { hostPID: true },
    { hostNetwork: true },
    { hostIPC: true },
    { volumes: [{ name: 'host', hostPath: { path: '/' } }] },
    { containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] },
    { containers: [{ ...container, securityContext: { privileged: true } }] },
    { containers: [{ ...container, securityContext: {} }] },
    { initContainers: [{ name: 'first', image: 'x', securityContext: { allowPrivilegeEscalation: true } }] },
    { hostNetwork: true, securityContext: { windowsOptions: { hostProcess: true } } },
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
    { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '0' }] } },
    { securityContext: { seLinuxOptions: { type: 'spc_t' } } },
    { hostUsers: false, ...withContext({ procMount: 'Unmasked' }) },
    withContext({ seccompProfile: { type: 'Unconfined' } }),
    // What it may not read itself.
    { volumes: [{ name: 'all', secret: { secretName: 'other' } }] },
    { volumes: [{ name: 'all', projected: { sources: [{ secret: { name: 'other' } }] } }] },
    { volumes: [{ name: 'all', csi: { driver: 'secrets-store.csi.k8s.io' } }] },
    { volumes: [{ name: 'all', configMap: { name: 'other' } }] },
    { volumes: [{ name: 'all', persistentVolumeClaim: { claimName: 'other' } }] },
    { containers: [{ ...container, envFrom: [{ secretRef: { name: 'other' } }] }] },
    { containers: [{ ...container, env: [SECRET_VARIABLE] }] },
    { initContainers: [{ ...container, name: 'first', env: [SECRET_VARIABLE] }] },
    // Whom it may not be.
    { serviceAccountName: 'somebody' },
    { serviceAccount: 'somebody' },
    { automountServiceAccountToken: true },
  ]) {
    expect(await said('POST', deployments, withPod(pod)), JSON.stringify(pod)).toMatch(/may not give an agent/)
  }
  expect(await said('POST', deployments, agent)).toBe('done')
  const guardian = desiredDeployment({ name: 'guardian' }, AGENTS, OWNER)
  expect(await said('POST', deployments, guardian)).toBe('done')

  // What somebody else gave an agent stays when the operator changes what runs, and no more comes to it.
  const given = { volumes: [{ name: 'own', secret: { secretName: 'own' } }], env: [SECRET_VARIABLE] }
  const more = { spec: { volumes: given.volumes, containers: [{ name: 'agent', env: given.env }] } }
  const byOwner = JSON.stringify({ spec: { template: { spec: { ...more.spec, serviceAccountName: 'somebody' } } } })
  // Its controller writes to it at the same time.
  const patched = async () => (await kubectl('patch', 'deployment', 'rex', '-n', 'cto-agents', '-p', byOwner)).stderr
  await expect.poll(patched, { timeout: 15_000, interval: 200 }).toBe('')
  const change = (spec: object) =>
    said('PATCH', `${deployments}/rex`, { spec: { template: { spec } } }, 'application/strategic-merge-patch+json')
  expect(await change({ containers: [{ name: 'agent', image: 'example.com/agent:2' }] })).toBe('done')
  for (const pod of [
    { volumes: [{ name: 'all', secret: { secretName: 'other' } }] },
    { containers: [{ name: 'agent', env: [{ ...SECRET_VARIABLE, name: 'OTHER' }] }] },
    { containers: [{ ...container, name: 'second', env: [SECRET_VARIABLE] }] },
    { containers: [{ name: 'agent', envFrom: [{ secretRef: { name: 'other' } }] }] },
    { serviceAccountName: 'another' },
    { automountServiceAccountToken: true },
  ]) {
    expect(await change(pod), JSON.stringify(pod)).toMatch(/may not give an agent a/)
  }

  // And no policy but the ones that it keeps.
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'
  const doom = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'doom' },
    spec: { matchConstraints: { resourceRules: [] }, validations: [{ expression: 'false' }] },
  }
  expect(await said('POST', policies, doom)).toMatch(/forbidden/)
  expect(
    await said('PATCH', `${policies}/doom?fieldManager=x&force=true`, doom, 'application/apply-patch+yaml'),
  ).toMatch(/forbidden/)
})

const AGENTS = { label: 'cto.5dlabs.io/agent', namespace: 'cto-agents', image: 'example.com/agent:1' }
const OWNER = { name: 'acme', uid: '11111111-2222-4333-8444-555555555556' }
const SECRET_VARIABLE = { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'other', key: 'token' } } }
const POD = {
  metadata: { labels: { 'cto.5dlabs.io/agent': 'data' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'agent', image: 'example.com/agent:1' }] },
}

function aLabelled(apiVersion: string, kind: string, spec: object): RawObject {
  return { apiVersion, kind, metadata: { name: 'data', namespace: 'team-a', labels: POD.metadata.labels }, spec }
}
