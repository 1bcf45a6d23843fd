// Agents by what they run: on a real API server, every kind is looked through, page by page.

import { expect, test } from 'vitest'
import { createHealthBoard } from '../../src/operator/controllers/health-board.ts'
import { startSurvey } from '../../src/operator/controllers/survey/survey.ts'
import { WORKLOAD_KINDS, workloadResource } from '../../src/operator/observed/workloads.ts'
import type { RawObject } from '../../src/kube/object.ts'
import type { Client } from '../../src/kube/client.ts'
import { deployments, namespaces, type Resource } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { catalog, connect, soon } from '../support/operator.ts'

const controlPlane = useControlPlane()
const IMAGE = 'registry.example/acme/cto-agent:3'
const LABEL = catalog.governed.label

interface Pods {
  readonly image: string
  readonly init?: string
  readonly labels?: Record<string, string>
  readonly owner?: RawObject
}

function aWorkload({ group, kind }: Resource, name: string, { image, init, labels = {}, owner }: Pods): RawObject {
  const selector = { app: name }
  const pod = {
    metadata: { labels: selector },
    spec: {
      restartPolicy: group === 'batch' ? 'Never' : 'Always',
      containers: [{ name: 'main', image }],
      ...(init === undefined ? {} : { initContainers: [{ name: 'init', image: init }] }),
    },
  }
  const template =
    kind === 'CronJob' ? { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: pod } } } : { template: pod }
  const select = group === 'batch' ? {} : { selector: group === '' ? selector : { matchLabels: selector } }
  const ownerReferences =
    owner === undefined
      ? []
      : [
          {
            apiVersion: 'apps/v1',
            kind: owner.kind,
            name: owner.metadata.name,
            uid: owner.metadata.uid,
            controller: true,
          },
        ]
  return {
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    metadata: { name, namespace: 'team', labels, ownerReferences },
    spec: { ...template, ...select },
  }
}

test('all kinds are found, named and counted, and lift when they have the label', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const { client } = cluster
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
  const kinds = WORKLOAD_KINDS.map(workloadResource)
  expect(kinds).toHaveLength(7)
  for (const resource of kinds) {
    const name = `hidden-${resource.plural}`
    await client.create(resource, aWorkload(resource, name, { image: IMAGE }), soon())
    const other = { image: 'registry.example/cto-agents-website:1' }
    await client.create(resource, aWorkload(resource, `other-${resource.plural}`, other), soon())
    const labels = { [LABEL]: 'rex' }
    await client.create(resource, aWorkload(resource, `governed-${resource.plural}`, { image: IMAGE, labels }), soon())
  }
  // What a Deployment makes is seen in that one; what an unknown controller has made is not.
  const replicaSets = { ...deployments, plural: 'replicasets', kind: 'ReplicaSet' }
  const owner = await cluster.object(deployments, 'hidden-deployments', 'team')
  if (owner === undefined) throw new Error('the Deployment is not there')
  await client.create(replicaSets, aWorkload(replicaSets, 'made', { image: IMAGE, owner }), soon())
  const rollout = { ...owner, kind: 'Rollout' }
  await client.create(replicaSets, aWorkload(replicaSets, 'canary', { image: IMAGE, owner: rollout }), soon())
  const init = { image: 'other:1', init: `${IMAGE}@sha256:${'0'.repeat(64)}` }
  await client.create(deployments, aWorkload(deployments, 'by-init', init), soon())

  const health = createHealthBoard()
  const asked: string[] = []
  const counting: Pick<Client, 'page'> = {
    page: (resource, place, query, signal) => {
      asked.push(resource.plural)
      return client.page(resource, place, query, signal)
    },
  }
  const { label, noun, images } = catalog.governed
  const survey = startSurvey({
    client: counting,
    health,
    label,
    noun,
    images,
    timing: { firstAfterMs: 0, passMs: 1_400 },
  })
  try {
    const message = () => health.findings[0]?.message ?? ''
    await cluster.eventually('all of them', () =>
      Promise.resolve(message().startsWith('9 workloads run an image of agents')),
    )
    expect(health.findings).toMatchObject([{ type: 'AgentsLabelled', healthy: false, reason: 'AgentWithoutLabel' }])
    expect(message()).toContain(`Deployment team/hidden-deployments (${IMAGE})`)
    expect(message()).toContain('and 4 more')
    expect(asked.slice(0, 7)).toEqual(kinds.map(({ plural }) => plural))

    for (const resource of kinds) {
      const place = { namespace: 'team', name: `hidden-${resource.plural}` }
      await client.mergePatch(resource, place, { metadata: { labels: { [LABEL]: '' } } }, soon())
    }
    await cluster.remove(replicaSets, 'canary', 'team')
    await cluster.remove(deployments, 'by-init', 'team')
    // The one that the Deployment made is not looked at, whatever its own labels are.
    await cluster.eventually('nothing to be left', () => Promise.resolve(health.findings.length === 0))

    // Three pages of Deployments, and one of each other kind.
    for (let index = 0; index < 230; index++) {
      const image = index === 229 ? IMAGE : 'other:1'
      await client.create(
        deployments,
        aWorkload(deployments, `many-${String(index).padStart(3, '0')}`, { image }),
        soon(),
      )
    }
    await cluster.eventually('the one on the third page', () => Promise.resolve(message().includes('team/many-229')))
    asked.length = 0
    await cluster.eventually('two passes', () => Promise.resolve(asked.filter((one) => one === 'cronjobs').length > 1))
    const pass = asked.slice(asked.indexOf('cronjobs') + 1, asked.lastIndexOf('cronjobs') + 1)
    expect(pass.filter((one) => one === 'deployments')).toHaveLength(3)
    expect(pass).toHaveLength(9)
  } finally {
    await survey.stop()
  }
  const before = asked.length
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(asked).toHaveLength(before)
})
