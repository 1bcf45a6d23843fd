// Ready means that the gate is closed: not that policies were written, but that the API server was seen to enforce them.

import { beforeAll, expect, test } from 'vitest'
import { admissionPolicies, admissionPolicyBindings, type Resource } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aVendor, catalog, type Cluster, connect, makeKind, prepare, runOperator } from '../support/operator.ts'
import { policyKeys } from '../../src/operator/controllers/policy/controller.ts'
import { manifest, pathOf } from './gate-workloads.ts'

const controlPlane = useControlPlane()
const withoutPolicies = useControlPlane({
  apiserverArgs: ['--disable-admission-plugins=ServiceAccount,ValidatingAdmissionPolicy'],
})
const AGENTS = 'cto-agents'
let cluster: Cluster
let vendor: SigningKey

beforeAll(async () => {
  cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  vendor = await aVendor()
})

async function removePolicies(): Promise<void> {
  for (const [kind, name] of policyKeys(catalog).map((key) => key.split('/'))) {
    const resource: Resource = kind === 'ValidatingAdmissionPolicy' ? admissionPolicies : admissionPolicyBindings
    await cluster.remove(resource, name ?? '')
  }
  await cluster.eventually('the API server to enforce them no more', async () => {
    const { status } = await controlPlane.request('POST', `${pathOf('Deployment', AGENTS)}?dryRun=All`, agent('probe'))
    return status === 201
  })
}

const agent = (name: string) =>
  manifest({ kind: 'Deployment', name, namespace: AGENTS, label: 'tess', podLabel: 'tess', wants: 1 })

/** Resolves in the moment in which the operator says that it is ready. */
async function untilReady(address: string): Promise<void> {
  while ((await fetch(`http://${address}/readyz`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 1))
}

const gateVerified = async () => {
  const { conditions } = await cluster.entitled(({ conditions }) =>
    conditions.some(({ type }) => type === 'GateVerified'),
  )
  return conditions.find(({ type }) => type === 'GateVerified')
}

test('from the very moment in which it is ready, no unlicensed agent gets in', { timeout: 180_000 }, async () => {
  const admitted: string[] = []
  let waited = 0
  for (let round = 0; round < 20; round++) {
    if (round > 0) await removePolicies()
    await using running = await runOperator(await cluster.access(), vendor, { awaitsDecision: false })
    const started = performance.now()
    await untilReady(running.operator.address)
    const { status, body } = await controlPlane.request('POST', pathOf('Deployment', AGENTS), agent(`tess-${round}`))
    waited += performance.now() - started
    if (status !== 403) admitted.push(`round ${round}: ${status} ${JSON.stringify(body).slice(0, 300)}`)
    await running.operator.ready
  }
  console.log(`ready after ${Math.round(waited / 20)} ms on average`)
  expect(admitted).toEqual([])
})

test('the condition says that the gate was tried', { timeout: 60_000 }, async () => {
  await using running = await runOperator(await cluster.access(), vendor)
  expect(await gateVerified()).toMatchObject({ status: 'True', reason: 'GateClosed' })
  await running.operator.idle()
})

test('what else refuses every agent is named, and keeps nobody from being ready', { timeout: 90_000 }, async () => {
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
    },
    validations: [{ expression: `request.namespace != '${AGENTS}'`, message: 'only on Tuesdays' }],
  }
  const metadata = { name: 'house-rules' }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  await cluster.apply(admissionPolicies, { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec })
  const bound = { policyName: 'house-rules', validationActions: ['Deny'] }
  await cluster.apply(admissionPolicyBindings, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: bound,
  })
  const plain = manifest({ kind: 'Deployment', name: 'plain', namespace: AGENTS, wants: 0 })
  await cluster.eventually('the other policy', async () => {
    const { status } = await controlPlane.request('POST', `${pathOf('Deployment', AGENTS)}?dryRun=All`, plain)
    return status === 422
  })
  await using running = await runOperator(await cluster.access(), vendor)
  await cluster.entitled(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'GateVerified' && status === 'False'),
  )
  const condition = await gateVerified()
  expect(condition?.message).toContain(`ValidatingAdmissionPolicy 'house-rules' with binding 'house-rules'`)
  expect(condition?.message).toContain('only on Tuesdays')
  expect((await fetch(`http://${running.operator.address}/readyz`)).status).toBe(200)
  await cluster.remove(admissionPolicyBindings, 'house-rules')
})

test(
  'an API server that does not enforce policies is said to, and the operator is not ready',
  { timeout: 90_000 },
  async () => {
    const lax = await connect(withoutPolicies.plane.kubeconfigPath)
    await prepare(lax)
    await makeKind(lax)
    await using running = await runOperator(await lax.access(), vendor, { awaitsDecision: false })
    const verified = ({ conditions }: EntitlementStatus) => conditions.find(({ type }) => type === 'GateVerified')
    // As long as nobody has tried it, nobody says that it is in order.
    const untried = await lax.entitled((status) => verified(status)?.status === 'Unknown')
    expect(untried.health).toMatchObject({ level: 'Attention', headline: 'In force, and being carried out' })
    const tried = await lax.entitled((status) => verified(status)?.status !== 'Unknown')
    const condition = verified(tried)
    expect(condition).toMatchObject({ status: 'False', reason: 'GateOpen' })
    expect(tried.health).toMatchObject({ level: 'Attention', problems: [{ reason: 'GateOpen', severity: 'critical' }] })
    expect(condition?.message).toContain('it would create an agent in namespace cto-agents that no license admits')
    const readiness = await fetch(`http://${running.operator.address}/readyz`)
    expect(readiness.status).toBe(503)
    expect(await readiness.text()).toContain('the admission policies (the API server does not enforce them yet)')
  },
)
