// The rights that `cto check` asks for are enough: the operator does everything it is there for with these and no others.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import type { Access } from '../../src/kube/access.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, namespaces, type Resource, roleBindings, roles } from '../../src/kube/resource.ts'
import { dutiesOf, type Right } from '../../src/operator/required-rights.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, aLicense, aVendor, type Cluster, connect, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()
const USER = 'system:serviceaccount:cto-system:cto-operator'
const PLACE = { product: 'cto', namespace: 'cto-system', agentsNamespace: 'cto-agents', licenseSecret: 'cto-license' }
const GROUP = 'rbac.authorization.k8s.io'

test('everything the operator is there for can be done with them', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cto-agents' } })
  await give(
    cluster,
    dutiesOf(PLACE).flatMap(({ rights }) => rights),
  )
  const vendor = await aVendor()
  let serial = 0
  const license = (overrides = {}) => aLicense(vendor, { licenseId: `lic-${++serial}`, serial, ...overrides })
  await cluster.installLicense(await license(), 'cto-license')
  await using running = await runOperator(as(USER, await cluster.access()), vendor, {
    holdNotice: 300,
    election: { identity: 'one' },
  })
  const replicas = async (name: string) => {
    const spec = (await cluster.object(deployments, name, 'cto-agents'))?.['spec'] as { replicas: number } | undefined
    return spec?.replicas
  }

  try {
    // Agents, one that is somebody's own, and the guardian with its rights.
    await cluster.config(['rex', 'guardian'], { guardian: { enabled: true, mode: 'full' } })
    await cluster.eventually('rex', async () => (await replicas('rex')) === 1)
    await cluster.eventually('the guardian to be bound', () => cluster.object(roleBindings, 'guardian', 'cto-agents'))
    await cluster.apply(deployments, agentDeployment('tess', 'cto-agents'))
    // Held when the license is bad for this plan, resumed when it is good; the guardian's rights taken away and given.
    await cluster.installLicense(await license({ plan: 'free', cluster: { types: ['EKS'] } }), 'cto-license')
    await cluster.eventually('tess to be held', async () => (await replicas('tess')) === 0)
    await cluster.eventually('the guardian to be let go', async () => {
      return (await cluster.object(roleBindings, 'guardian', 'cto-agents')) === undefined
    })
    await cluster.installLicense(await license(), 'cto-license')
    await cluster.eventually('tess to be resumed', async () => (await replicas('tess')) === 1)
    // An agent that is no longer wanted, and a decision that is tampered with.
    await cluster.config(['rex'])
    await cluster.eventually('the guardian to be gone', async () => (await replicas('guardian')) === undefined)
    await running.operator.idle()
  } finally {
    await running.stop()
    // Before all else: what was waited for in vain may have been forbidden.
    const lines = running.logs().split('\n')
    const forbidden = lines.flatMap(
      (line) => /[^"]*(?:\\"[^"]*)* (?:is forbidden|may not be read).{0,160}/i.exec(line)?.[0] ?? [],
    )
    expect([...new Set(forbidden)]).toEqual([])
  }
})

/** The same way to the cluster, as somebody else. */
function as(user: string, access: Access): Access {
  return { ...access, headers: async () => ({ ...(await access.headers()), 'impersonate-user': user }) }
}

/** One Role for each namespace, and a ClusterRole for the rest. */
async function give(cluster: Cluster, rights: readonly Right[]): Promise<void> {
  const subjects = [{ kind: 'User', name: USER, apiGroup: GROUP }]
  for (const namespace of new Set(rights.map((right) => right.namespace))) {
    const rules = rights.filter((right) => right.namespace === namespace).map(ruleOf)
    const kind = namespace === undefined ? 'ClusterRole' : 'Role'
    const metadata = { name: 'operator', ...(namespace === undefined ? {} : { namespace }) }
    const role = { apiVersion: `${GROUP}/v1`, kind, metadata, rules }
    const roleRef = { apiGroup: GROUP, kind, name: 'operator' }
    const binding = { apiVersion: `${GROUP}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects }
    await create(cluster, namespace === undefined ? clusterWide(roles) : roles, role)
    await create(cluster, namespace === undefined ? clusterWide(roleBindings) : roleBindings, binding)
  }
}

function ruleOf({ verb, group, resource, subresource, name }: Right) {
  return {
    apiGroups: [group],
    resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
    verbs: [verb],
    ...(name === undefined ? {} : { resourceNames: [name] }),
  }
}

function clusterWide({ plural, kind, ...resource }: Resource): Resource {
  return { ...resource, plural: `cluster${plural}`, kind: `Cluster${kind}`, namespaced: false }
}

async function create(cluster: Cluster, resource: Resource, object: RawObject): Promise<void> {
  await cluster.apply(resource, object)
}
