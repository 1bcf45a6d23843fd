// What people and clusters do to an installation in the worst of days: nobody loses more than the license says, and it all comes
// back exactly.

import { expect, test } from 'vitest'
import { entitlements, licenses } from '../../src/api/resources.ts'
import { HOUR } from '../../src/domain/time.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, type Resource, resourcePath } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { crds, soon } from '../support/operator.ts'
import { answers, cut, ofKind, when } from './faults.ts'
import { useInstallation } from './installation.ts'
import type { Fault } from './proxy.ts'
import { deed, takesAway } from './sieve.ts'

const installation = useInstallation()
const { trouble, mended, life, isWell } = installation
const PLACE = { namespace: 'cto-agents' }

const MOMENTS: readonly (readonly [what: string, fault: Fault])[] = [
  ['500', answers(500, 'InternalError')],
  ['cut connections', cut],
]
/** Without what is only asked: who the operator is, and, in dry runs, whether the gate is closed. Agents are applied, not created. */
const kept = (deeds: readonly string[]) =>
  deeds.filter((one) => !/^create (?:selfsubjectreviews|deployments)\//.test(one))

test.each(MOMENTS)(
  'T43 a restart while Secrets cannot be read, with %s: nothing is decided without them',
  async (_what, fault) => {
    const { stage } = installation
    stage.crash()
    trouble(when(ofKind('secrets'), fault))
    const starting = stage.start()
    await stage.cluster.eventually('Secrets to be asked for again', async () =>
      Promise.resolve(stage.proxy.asked.filter(ofKind('secrets')).length >= 3),
    )
    expect(kept(stage.proxy.writes.map(deed))).toEqual([])
    expect(await stage.cluster.entitlement()).toMatchObject({ plan: 'team', verdict: 'Valid' })
    mended()
    await starting
    await stage.settle()
    expect(kept(stage.proxy.writes.map(deed)), 'and then there is nothing to be done').toEqual([])
  },
)

test('T40 held and resumed: what nobody touched is byte for byte what it was, and what people changed is theirs', async () => {
  const { cluster, clock, proxy, settle } = installation.stage
  const names = Array.from({ length: 10 }, (_, index) => `morgan-${index}`)
  const place = (name: string) => ({ ...PLACE, name })
  const specOf = async (name: string) =>
    JSON.stringify((await cluster.object(deployments, name, 'cto-agents'))?.['spec'])
  const change = (name: string, spec: object) => cluster.client.mergePatch(deployments, place(name), { spec }, soon())
  for (const [index, name] of names.entries()) {
    const deployment = agentDeployment('morgan', 'cto-agents')
    const spec = { ...(deployment['spec'] as object), replicas: index % 4, paused: index % 3 === 0 }
    await cluster.apply(deployments, { ...deployment, metadata: { ...deployment.metadata, name }, spec })
  }
  const running = names.filter((_, index) => index % 4 !== 0)
  await cluster.entitled(({ agents }) => agents.admitted.length === 3 + running.length)
  await settle()
  const before = new Map(await Promise.all(names.map(async (name) => [name, await specOf(name)] as const)))

  await cluster.remove(licenses, 'acme')
  await cluster.entitled(({ plan }) => plan === 'free')
  await settle()
  clock.advance(25 * HOUR)
  await cluster.entitled(({ agents }) => agents.held.length === 3 + running.length)
  await settle()
  // While they are held: one is deleted, one is changed, and one is wanted larger.
  const [deleted = '', changed = '', larger = '', ...untouched] = running
  await cluster.remove(deployments, deleted, 'cto-agents')
  await change(changed, { revisionHistoryLimit: 3 })
  const scale = ['scale', 'deployment', larger, '--replicas=9', '-n', 'cto-agents']
  expect((await installation.controlPlane.kubectl(...scale)).stderr).toContain('agent morgan is not licensed')

  await cluster.installLicense(installation.license)
  await cluster.entitled(({ agents }) => agents.held.length === 0 && agents.admitted.length === 2 + running.length)
  await settle()
  for (const name of [...untouched, larger, ...names.filter((name) => !running.includes(name))]) {
    expect(await specOf(name), name).toBe(before.get(name))
  }
  const is = JSON.parse((await specOf(changed)) ?? '{}') as object
  expect(is).toEqual({ ...(JSON.parse(before.get(changed) ?? '{}') as object), revisionHistoryLimit: 3 })
  expect(await specOf(deleted)).toBeUndefined()
  expect(proxy.writes.filter(takesAway).length, 'each is held once').toBe(3 + running.length)
  for (const name of names.filter((one) => one !== deleted)) await cluster.remove(deployments, name, 'cto-agents')
})

test('T38 the CRD of the Entitlement is deleted and applied again', { timeout: 90_000 }, async () => {
  const { stage, controlPlane } = installation
  const { cluster } = stage
  const name = 'entitlements.cto.5dlabs.io'
  const { apiVersion = '', kind = '', metadata, spec } = (await cluster.object(crds, name))!
  await cluster.remove(crds, name)
  await cluster.eventually('it to be gone', async () => (await cluster.object(crds, name)) === undefined)
  // Nobody else is in its way: workloads without the label, other namespaces, deleting.
  const create = async (object: RawObject) => {
    const path = resourcePath(deployments, { namespace: object.metadata.namespace ?? '' }, { dryRun: 'All' })
    return (await controlPlane.request('POST', path, object)).status
  }
  const elsewhere = agentDeployment('nobody', 'default')
  const labels = { app: 'plain' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'plain', image: 'example.com/plain' }] } }
  const plain = {
    ...elsewhere,
    metadata: { name: 'plain', namespace: 'cto-agents' },
    spec: { selector: { matchLabels: labels }, template },
  }
  expect([await create(elsewhere), await create(plain)]).toEqual([201, 201])
  expect(stage.proxy.writes.filter(takesAway)).toEqual([])
  const annotations = metadata['annotations']
  await cluster.apply(crds, { apiVersion, kind, metadata: { name, annotations }, spec })
  await cluster.eventually('the Entitlement to be there again', () => isThere(entitlements, 'cto'))
  await life()
  await isWell('the CRD is back')
})

async function isThere(kind: Resource, name: string): Promise<boolean> {
  try {
    return (await installation.stage.cluster.object(kind, name)) !== undefined
  } catch {
    // Not served yet.
    return false
  }
}
