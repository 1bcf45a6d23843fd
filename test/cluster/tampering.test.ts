// Somebody edits or deletes what the operator relies on: it is put right at once, said, and counted.

import { expect, test } from 'vitest'
import type { RawObject } from '../../src/kube/object.ts'
import { admissionPolicies, admissionPolicyBindings, namespaces } from '../../src/kube/resource.ts'
import { entitlements } from '../../src/api/resources.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aVendor, connect, makeKind, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })

test('policies, bindings, the Entitlement and the label of the namespace come back', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  await using running = await runOperator(await cluster.access(), await aVendor())
  await cluster.config(['rex', 'tess'])
  await cluster.entitled(({ agents }) => agents.refused.length === 1)
  await running.operator.idle()
  const { kubectl } = controlPlane
  const warnings = (await cluster.client.raw(
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    AbortSignal.timeout(5_000),
  )) as { items: RawObject[] }
  await cluster.eventually('the API server to have checked the types', async () => {
    const policy = await cluster.object(admissionPolicies, 'cto-agents')
    return (policy?.['status'] as { typeChecking?: object } | undefined)?.typeChecking !== undefined
  })
  expect(warnings.items).toHaveLength(4)
  for (const name of ['cto-agents', 'cto-agents-scale', 'cto-agents-labels', 'cto-config-freeze']) {
    const policy = await cluster.object(admissionPolicies, name)
    const { typeChecking } = (policy?.['status'] ?? {}) as { typeChecking?: { expressionWarnings?: unknown[] } }
    expect(typeChecking?.expressionWarnings ?? [], name).toEqual([])
  }

  const restored = async (kind: string, name: string) => {
    const line = (await running.metrics())
      .split('\n')
      .find((one) => one.startsWith(`cto_tampering_restored_total{kind="${kind}",name="${name}"}`))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  const specOf = async (kind: typeof admissionPolicies, name: string) =>
    JSON.stringify((await cluster.object(kind, name))?.['spec'])

  const cases: readonly (readonly [kind: typeof admissionPolicies, what: string, ...args: string[]])[] = [
    [admissionPolicies, 'deleted', 'delete', 'validatingadmissionpolicy', 'cto-agents'],
    [admissionPolicyBindings, 'deleted', 'delete', 'validatingadmissionpolicybinding', 'cto-agents'],
    [
      admissionPolicies,
      'changed',
      'patch',
      'validatingadmissionpolicy',
      'cto-agents',
      '--type=merge',
      '-p',
      '{"spec":{"failurePolicy":"Ignore"}}',
    ],
    [
      admissionPolicies,
      'changed',
      'patch',
      'validatingadmissionpolicy',
      'cto-agents',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/spec/matchConditions/-","value":{"name":"never","expression":"false"}}]',
    ],
    [
      admissionPolicyBindings,
      'changed',
      'patch',
      'validatingadmissionpolicybinding',
      'cto-agents',
      '--type=merge',
      '-p',
      '{"spec":{"validationActions":["Audit"]}}',
    ],
    [
      admissionPolicyBindings,
      'changed',
      'patch',
      'validatingadmissionpolicybinding',
      'cto-agents',
      '--type=merge',
      '-p',
      '{"spec":{"matchResources":{"excludeResourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"],"operations":["*"]}]}}}',
    ],
    [
      admissionPolicies,
      'deleted',
      'label',
      'validatingadmissionpolicy',
      'cto-agents',
      'app.kubernetes.io/managed-by=nobody',
      '--overwrite',
    ],
  ]
  for (const [kind, what, ...args] of cases) {
    const before = await specOf(kind, 'cto-agents')
    const count = await restored(kind.kind, 'cto-agents')
    const answer = await kubectl(...args)
    expect(answer, answer.stderr).toMatchObject({ code: 0 })
    await cluster.eventually(
      `${args.join(' ')} to be put right`,
      async () => (await restored(kind.kind, 'cto-agents')) > count,
    )
    expect(await specOf(kind, 'cto-agents'), args.join(' ')).toBe(before)
    await cluster.eventually(`the Event that ${kind.kind} was ${what}`, async () => {
      const { stdout } = await kubectl(
        'get',
        'events',
        '-n',
        'default',
        '--field-selector',
        'reason=TamperingRestored',
        '-o',
        'json',
      )
      return stdout.includes(`${kind.kind} cto-agents was ${what} by somebody else and has been restored`)
    })
  }

  // The published decision: what it says is what is so, whoever writes into it.
  const forged = JSON.stringify({
    status: {
      verdict: 'Valid',
      plan: 'enterprise',
      features: ['AllAgents'],
      gate: { anyAgent: true, slots: -1, workloads: { 'deployments/cto-agents/tess': '' } },
    },
  })
  const answer = await kubectl('patch', 'entitlement', 'cto', '--subresource=status', '--type=merge', '-p', forged)
  expect(answer, answer.stderr).toMatchObject({ code: 0 })
  await cluster.eventually('the Entitlement to be put right', async () => (await restored('Entitlement', 'cto')) === 1)
  expect(await cluster.entitlement()).toMatchObject({ plan: 'free', gate: { anyAgent: false } })
  expect((await kubectl('delete', 'entitlement', 'cto')).code).toBe(0)
  await cluster.eventually(
    'the Entitlement to be there again',
    async () => (await restored('Entitlement', 'cto')) === 2,
  )
  expect(await cluster.entitlement()).toMatchObject({ plan: 'free', verdict: 'Valid' })
  expect(await cluster.object(entitlements, 'cto')).toBeDefined()

  expect((await kubectl('label', 'namespace', 'cto-agents', 'cto.5dlabs.io/managed-')).code).toBe(0)
  await cluster.eventually('the label of the namespace', async () => {
    const labels = (await cluster.object(namespaces, 'cto-agents'))?.metadata['labels'] as Record<string, string>
    return labels['cto.5dlabs.io/managed'] === 'true'
  })
})

test(
  'while the operator was down: what somebody changed is told from what another version wrote',
  { timeout: 90_000 },
  async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    const vendor = await aVendor()
    await (await runOperator(await cluster.access(), vendor)).stop()
    const patch = (name: string, body: object) =>
      cluster.client.mergePatch(admissionPolicies, { name }, body, AbortSignal.timeout(5_000))
    await patch('cto-agents', { spec: { failurePolicy: 'Ignore' } })
    const annotations = { 'cto.5dlabs.io/spec-hash': 'of-another-version' }
    await patch('cto-agents-scale', { metadata: { annotations }, spec: { failurePolicy: 'Ignore' } })

    await using running = await runOperator(await cluster.access(), vendor)
    await running.operator.idle()
    const said = async (reason: string, name: string) => {
      const args = [
        '-n',
        'default',
        '--field-selector',
        `reason=${reason}`,
        '-o',
        'jsonpath={.items[*].regarding.name}',
      ]
      return (await controlPlane.kubectl('get', 'events.v1.events.k8s.io', ...args)).stdout.split(' ').includes(name)
    }
    await cluster.eventually('the Event of what was changed', () => said('TamperingRestored', 'cto-agents'))
    await cluster.eventually('the Event of what was updated', () => said('PolicyUpdated', 'cto-agents-scale'))
    expect(await said('TamperingRestored', 'cto-agents-scale')).toBe(false)
    expect(await said('PolicyUpdated', 'cto-agents')).toBe(false)
    for (const name of ['cto-agents', 'cto-agents-scale'])
      expect((await cluster.object(admissionPolicies, name))?.['spec']).toMatchObject({ failurePolicy: 'Fail' })
    expect(await running.metrics()).toMatch(/cto_tampering_restored_total\{[^}]*name="cto-agents"\} 1/)
  },
)
