// The chart before a real API server: it takes all of it, and confines the operator's own account as it says.

import { expect, test } from 'vitest'
import { apiRequester } from '../../src/control-plane/api-request.ts'
import { writeKubeconfig } from '../../src/control-plane/credentials.ts'
import { join } from 'node:path'
import { desiredDeployment } from '../../src/controllers/agents/desired.ts'
import { type RawObject } from '../../src/kube/client.ts'
import { agentDeployment } from '../../src/trial/manifests.ts'
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
  for (const change of [image, { metadata: { labels: { 'cto.5dlabs.io/agent': null } } }]) {
    expect(await patch('rex', change)).toContain(
      'the license operator may change how many of a workload run, and not what runs',
    )
  }
  expect(await patch('rex', { spec: { replicas: 0 }, metadata: { annotations: { a: 'b' } } })).toBe('done')
  for (const change of [
    {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '11111111-2222-4333-8444-555555555556' },
      ],
    },
    { finalizers: ['example.com/never'] },
  ]) {
    expect(await patch('rex', { metadata: change })).toContain(
      'the license operator may not change the owners and the finalizers of a workload',
    )
  }
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
  expect((await kubectl('label', 'namespace', 'cto-agents', 'team=a')).code).toBe(0)
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
  const agent = desiredDeployment({ name: 'rex' }, AGENTS, {
    name: 'acme',
    uid: '11111111-2222-4333-8444-555555555556',
  })
  const { template, ...rest } = agent['spec'] as { template: { spec: { containers: object[] } } }
  const withPod = (pod: object) => ({
    ...agent,
    spec: { ...rest, template: { ...template, spec: { ...template.spec, ...pod } } },
  })
  const [container = {}] = template.spec.containers
  for (const pod of [
    { hostPID: true },
    { hostNetwork: true },
    { hostIPC: true },
    { volumes: [{ name: 'host', hostPath: { path: '/' } }] },
    { containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] },
    { containers: [{ ...container, securityContext: { privileged: true } }] },
    { containers: [{ ...container, securityContext: {} }] },
    { initContainers: [{ name: 'first', image: 'x', securityContext: { allowPrivilegeEscalation: true } }] },
  ]) {
    expect(await said('POST', deployments, withPod(pod)), JSON.stringify(pod)).toMatch(/may not give an agent/)
  }
  expect(await said('POST', deployments, agent)).toBe('done')

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
