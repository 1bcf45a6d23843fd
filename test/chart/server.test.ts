// The chart before a real API server: it takes all of it, and confines the operator's own account as it says.

import { expect, test } from 'vitest'
import { apiRequester } from '../../src/control-plane/api-request.ts'
import { writeKubeconfig } from '../../src/control-plane/credentials.ts'
import { join } from 'node:path'
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
