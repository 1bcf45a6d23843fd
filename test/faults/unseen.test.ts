// Sieve's third pattern: something happens and is undone, and the operator's watches never tell of it. It has to end as if nothing
// had happened, and nothing is taken away from anybody on the way (T04).

import { expect, test } from 'vitest'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, namespaces, nodes, secrets } from '../../src/kube/resource.ts'
import { soon } from '../support/operator.ts'
import { deed, takesAway, useSieve } from './sieve.ts'
import { type Stage, withoutTimes } from './stage.ts'

const sieve = useSieve()

/** Done and undone: what stood there before stands there again. */
type Episodes = Readonly<Record<string, (stage: Stage) => Promise<void>>>

async function without(stage: Stage, kind: typeof secrets, name: string, namespace?: string): Promise<RawObject> {
  const object = await stage.cluster.object(kind, name, namespace)
  if (object === undefined) throw new Error(`${kind.kind} ${name} is not there`)
  await stage.cluster.remove(kind, name, namespace)
  return object
}

/** As a person would write it: without what the API server adds. */
function anew({ apiVersion, kind, metadata, ...rest }: RawObject): RawObject {
  const { name, namespace, labels, annotations } = metadata
  const { status: _, ...body } = rest
  const kept = { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations }
  return { apiVersion: apiVersion!, kind: kind!, ...body, metadata: kept }
}

const put = ({ cluster }: Stage, content: string) =>
  cluster.apply(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'acme', namespace: 'cto-system' },
    data: { 'license.lic': Buffer.from(content).toString('base64') },
  })
const licenseFile = async ({ cluster }: Stage) => {
  const { data } = (await cluster.object(secrets, 'acme', 'cto-system')) as unknown as { data: Record<string, string> }
  return Buffer.from(data['license.lic']!, 'base64').toString()
}

const whileNobodyIsHeld: Episodes = {
  'the PlatformConfig was deleted with all that is its, and made anew': async (stage) => {
    const config = await without(stage, platformConfigs, 'acme')
    await stage.collectGarbage()
    await stage.cluster.apply(platformConfigs, anew(config))
  },
}
const always: Episodes = {
  'an agent left the PlatformConfig and came back': async (stage) => {
    const config = (await stage.cluster.object(platformConfigs, 'acme'))!
    const spec = config['spec'] as { agents: { enabled: { name: string }[] } }
    const enabled = spec.agents.enabled.filter(({ name }) => name !== 'blaze')
    const { apiVersion, kind } = config
    const metadata = { name: 'acme' }
    const less = { ...spec, agents: { ...spec.agents, enabled } }
    await stage.cluster.apply(platformConfigs, { apiVersion: apiVersion!, kind: kind!, metadata, spec: less })
    await stage.cluster.apply(platformConfigs, { apiVersion: apiVersion!, kind: kind!, metadata, spec })
  },
  'the namespace lost its label and got it back': async ({ cluster }) => {
    const label = (value: string | null) =>
      cluster.client.mergePatch(
        namespaces,
        { name: 'cto-agents' },
        { metadata: { labels: { 'cto.5dlabs.io/managed': value } } },
        soon(),
      )
    await label(null)
    await label('true')
  },
  'a node of another cloud came and went': async ({ cluster }) => {
    const node = eksLikeNode(7)
    await cluster.client.create(nodes, node, soon())
    await cluster.remove(nodes, node.metadata.name)
  },
}
const licensed: Episodes = {
  'the License was deleted and made anew': async (stage) => {
    await stage.cluster.apply(licenses, anew(await without(stage, licenses, 'acme')))
  },
  'the Secret was deleted and made anew': async (stage) => {
    const file = await licenseFile(stage)
    await without(stage, secrets, 'acme', 'cto-system')
    await put(stage, file)
  },
  'the Secret was half written': async (stage) => {
    const file = await licenseFile(stage)
    await put(stage, file.slice(0, 100))
    await put(stage, file)
  },
  'a workload was deleted and made anew': async (stage) => {
    await stage.cluster.apply(deployments, anew(await without(stage, deployments, 'morgan', 'cto-agents')))
  },
  'a workload was scaled up and down again': async ({ cluster }) => {
    for (const replicas of [4, 3]) {
      await cluster.client.mergePatch(
        deployments,
        { namespace: 'cto-agents', name: 'morgan' },
        { spec: { replicas } },
        soon(),
      )
    }
  },
}
const EPISODES: Readonly<Record<string, Episodes>> = {
  'agent refused': { ...always, ...whileNobodyIsHeld },
  'license applied': { ...always, ...whileNobodyIsHeld, ...licensed },
  held: always,
  renewed: { ...always, ...whileNobodyIsHeld, ...licensed },
}

// What is deleted and made anew has been so only since then.

test('what is never seen', { timeout: 300_000 }, async () => {
  const { stage } = sieve
  const failures: string[] = []
  let played = 0
  await sieve.play(async (step) => {
    await sieve.perform(step)
    for (const [name, happen] of Object.entries(EPISODES[step.name] ?? {})) {
      const before = await stage.state()
      const from = stage.proxy.writes.length
      const see = stage.proxy.blind(() => true)
      await happen(stage)
      see()
      const what = `${step.name}, ${name}`
      await stage.reaches(before, what, withoutTimes).catch((error: unknown) => failures.push(String(error)))
      await stage.settle()
      const taken = stage.proxy.writes.slice(from).filter(takesAway)
      if (taken.length > 0) failures.push(`${what}: ${taken.map(deed).join(', ')}`)
      played++
    }
  })
  console.error(`unseen: ${played} plans`)
  expect(failures).toEqual([])
})
