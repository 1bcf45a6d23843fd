// Agents that the cluster refuses, and agents that somebody fights for: it is said wherever people look, and the rest of
// the platform goes on.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { admissionPolicies, admissionPolicyBindings, deployments } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()

test('said in conditions, without standing in the way, and over by itself', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const { kubectl } = controlPlane
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  await cluster.installLicense(await aLicense(vendor))
  await using running = await runOperator(await cluster.access(), vendor, {
    survey: { firstAfterMs: 0, passMs: 1_400 },
  })
  await cluster.config(['rex'])
  await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))
  const condition =
    (type: string) =>
    ({ conditions }: EntitlementStatus) =>
      conditions.find((one) => one.type === type)
  const unwell = (type: string) => (status: EntitlementStatus) =>
    condition(type)(status)?.message.includes('cto-agents/') === true

  const apiVersion = 'admissionregistration.k8s.io/v1'
  const metadata = { name: 'limits' }
  const rule = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE'] }
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    validations: [
      {
        expression: 'object.metadata.name != "tess" && object.metadata.name != "canary"',
        message: 'every container needs limits',
      },
    ],
  }
  await cluster.apply(admissionPolicies, { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec })
  await cluster.apply(admissionPolicyBindings, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: 'limits', validationActions: ['Deny'] },
  })
  await cluster.eventually('the policy', async () => {
    const { code, stderr } = await kubectl('create', 'deployment', 'canary', '--image=x', '--dry-run=server')
    return code !== 0 && stderr.includes('every container needs limits')
  })
  await cluster.config(['rex', 'tess', 'morgan'])
  await cluster.eventually('morgan', () => cluster.object(deployments, 'morgan', 'cto-agents'))
  const refused = await cluster.entitled(unwell('AgentsApplied'))
  expect(condition('AgentsApplied')(refused)?.message).toContain('Deployment cto-agents/tess could not be written')
  expect(condition('AgentsApplied')(refused)?.message).toContain('every container needs limits')
  await cluster.remove(admissionPolicyBindings, 'limits')
  await cluster.eventually('tess', () => cluster.object(deployments, 'tess', 'cto-agents'))
  await cluster.entitled((status) => !unwell('AgentsApplied')(status))

  // Somebody does not give in.
  for (let round = 0; round < 3; round++) {
    await kubectl('-n', 'cto-agents', 'set', 'image', 'deployment/rex', `agent=example.com/theirs:${round}`)
    await cluster.eventually('rex to be put right', async () =>
      JSON.stringify(await cluster.object(deployments, 'rex', 'cto-agents')).includes('example.com/agent:1'),
    )
  }
  const contested = await cluster.entitled(unwell('Contested'))
  expect(condition('Contested')(contested)?.message).toContain('by kubectl-set again and again')
  await kubectl('-n', 'cto-agents', 'set', 'image', 'deployment/rex', 'agent=example.com/theirs:last')
  await running.operator.idle()
  const writes = running.writes()
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(running.writes() - writes, 'it waits for minutes').toBeLessThan(2)

  // One without the label, in a namespace that nobody governs.
  await kubectl('create', 'deployment', 'hidden', '--image=registry.example/cto-agent:1')
  const found = await cluster.entitled(
    (status) => condition('AgentsLabelled')(status)?.message.includes('default/hidden') === true,
  )
  expect(condition('AgentsLabelled')(found)?.reason).toBe('AgentWithoutLabel')
  expect(running.logs()).not.toMatch(/"level":50/)
})
