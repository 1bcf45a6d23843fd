// The agents of a PlatformConfig as Deployments: made, changed, removed, and never taken from somebody else.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { platformConfigs } from '../../src/api/resources.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, roleBindings, serviceAccounts } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })

test('made, rolled, scaled by others, removed, restored, and not taken over', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const { kubectl } = controlPlane
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  await using running = await runOperator(await cluster.access(), vendor)
  await cluster.installLicense(await aLicense(vendor))
  // A guardian that may not change anything has a name of its own, without which its pod would not start.
  await cluster.config(['guardian'], { guardian: { enabled: true, mode: 'monitor-only' } })
  await cluster.eventually('who the guardian is', () => cluster.object(serviceAccounts, 'guardian', 'cto-agents'))
  expect(await cluster.object(roleBindings, 'guardian', 'cto-agents')).toBeUndefined()
  await cluster.config(['rex', 'tess', 'morgan'], { guardian: { enabled: true, mode: 'full' } })
  const agent = (name: string) => cluster.object(deployments, name, 'cto-agents')
  const env = (object: RawObject | undefined) => {
    const spec = object?.['spec'] as
      { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } } | undefined
    return Object.fromEntries(spec?.template.spec.containers[0]?.env.map(({ name, value }) => [name, value]) ?? [])
  }
  await cluster.eventually(
    'the agents',
    async () => (await agent('morgan')) !== undefined && (await agent('tess')) !== undefined,
  )
  expect(env(await agent('tess'))).toEqual({ CTO_AGENT: 'tess', CTO_CLI: 'claude', CTO_MODEL: 'a-model' })
  await cluster.eventually("the guardian's rights", () => cluster.object(roleBindings, 'guardian', 'cto-agents'))
  const answer = await kubectl(
    'auth',
    'can-i',
    'delete',
    'pods',
    '-n',
    'cto-agents',
    '--as=system:serviceaccount:cto-agents:guardian',
  )
  expect(answer.stdout.trim()).toBe('yes')

  // A binding without our label gives the same rights, and goes with them.
  expect(
    (await kubectl('-n', 'cto-agents', 'label', 'rolebinding', 'guardian', 'app.kubernetes.io/managed-by-')).code,
  ).toBe(0)

  // Replicas belong to the customer.
  expect((await kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=4')).code).toBe(0)

  // A change of cli or model rolls the agent, and touches nothing else.
  await cluster.config(['rex', { name: 'tess', cli: 'codex', model: 'b-model' }, 'morgan'], {
    guardian: { enabled: true, mode: 'monitor-only' },
  })
  const changed = await cluster.eventually('tess to change', async () => {
    const one = await agent('tess')
    return env(one)['CTO_CLI'] === 'codex' && one
  })
  expect(env(changed)['CTO_MODEL']).toBe('b-model')
  expect((changed['spec'] as { replicas: number }).replicas).toBe(4)
  expect(changed.metadata.generation).toBe(3)
  await cluster.eventually(
    "the guardian's rights to be gone",
    async () => (await cluster.object(roleBindings, 'guardian', 'cto-agents')) === undefined,
  )

  // Somebody's hand on our fields is put right, a removed agent goes, a deleted one comes back.
  expect((await kubectl('-n', 'cto-agents', 'set', 'image', 'deployment/rex', 'agent=evil')).code).toBe(0)
  await cluster.eventually('the image of rex', async () =>
    JSON.stringify(await agent('rex')).includes('"image":"example.com/agent:1"'),
  )
  await cluster.eventually('who has changed it to be said', async () => {
    const said = await kubectl(
      '-n',
      'cto-agents',
      'get',
      'events',
      '--field-selector=reason=AgentRestored',
      '-o',
      'json',
    )
    return said.stdout.includes('kubectl-set had set spec.template.spec.containers[agent].image')
  })
  await cluster.config(['rex', { name: 'tess', cli: 'codex', model: 'b-model' }])
  await cluster.eventually('morgan to be gone', async () => (await agent('morgan')) === undefined)
  expect((await kubectl('-n', 'cto-agents', 'delete', 'deployment', 'rex')).code).toBe(0)
  await cluster.eventually('rex to be there again', () => agent('rex'))
  // The namespace loses its label, and gets it back.
  expect((await kubectl('label', 'namespace', 'cto-agents', 'cto.5dlabs.io/managed-')).code).toBe(0)
  await cluster.eventually('its label to be back, and that to be said', async () => {
    const said = await kubectl('get', 'events', '-A', '--field-selector=reason=TamperingRestored', '-o', 'json')
    return said.stdout.includes('Namespace cto-agents was changed by somebody else')
  })

  // A Deployment of the same name that is somebody else's: left alone, and said.
  expect((await kubectl('-n', 'cto-agents', 'create', 'deployment', 'cypher', '--image=theirs')).code).toBe(0)
  await cluster.config(['rex', 'cypher'])
  const status = await cluster.entitled(({ agents }) => agents.refused.some(({ reason }) => reason === 'NameTaken'))
  expect(status.agents.refused[0]?.message).toContain(
    "Deployment cto-agents/cypher exists and is not the operator's; rename or delete it",
  )
  const theirs = await agent('cypher')
  expect(JSON.stringify(theirs?.['spec'])).toContain('"image":"theirs"')
  expect(JSON.stringify(theirs)).not.toContain('example.com/agent')

  await running.operator.idle()
  const writes = running.writes()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(running.writes() - writes, 'it is not tried over and over').toBeLessThan(3)

  // The PlatformConfig tells what became of it, and takes its agents with it when it goes.
  await cluster.eventually('the status of the PlatformConfig', async () => {
    const config = await cluster.object(platformConfigs, 'acme')
    const status = config?.['status'] as { plan: string; agents: { summary: string } } | undefined
    return status?.plan === 'team' && status.agents.summary === '1/2'
  })
  expect((await kubectl('-n', 'cto-agents', 'delete', 'deployment', 'cypher')).code).toBe(0)
  await cluster.eventually('cypher, now that its name is free', async () =>
    JSON.stringify((await agent('cypher')) ?? {}).includes('example.com/agent'),
  )
  expect((await kubectl('-n', 'cto-agents', 'create', 'deployment', 'theirs', '--image=theirs')).code).toBe(0)
  expect((await kubectl('delete', 'platformconfig', 'acme')).code).toBe(0)
  await cluster.eventually('rex to be gone with the PlatformConfig', async () => (await agent('rex')) === undefined)
  expect(await agent('theirs')).toBeDefined()
  expect(running.logs()).not.toMatch(/"level":50/)
})
