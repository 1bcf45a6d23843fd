// People who edit at random what they may edit, and what they should not; and how they leave everything as it was.

import { entitlements, licenses, platformConfigs } from '../../../src/api/resources.ts'
import { eksLikeNode } from '../../../src/control-plane/kind-nodes.ts'
import { DAY } from '../../../src/domain/instant.ts'
import {
  admissionPolicies,
  admissionPolicyBindings,
  deployments,
  namespaces,
  nodes,
  secrets,
} from '../../../src/kube/resource.ts'
import { agentDeployment } from '../../../src/trial/manifests.ts'
import { aLicense, aVendor, catalog, soon } from '../../support/operator.ts'
import type { Stage } from '../stage.ts'
import type { Chance } from './chance.ts'

export interface People {
  /** Does something, and says what. What the API server refuses is not done. */
  edit(): Promise<string>
  /** Puts everything in order. */
  tidy(): Promise<void>
}

const AGENTS = catalog.agents.map(({ name }) => name)
const OF_A_PERSON = 'morgan'
const PLACE = { namespace: 'cto-agents' }
const NODES = [5, 6]

export async function somePeople({ cluster, issue }: Stage, chance: Chance): Promise<People> {
  const expiresAt = Date.now() + 300 * DAY
  const license = await issue({ licenseId: 'lic-soak', expiresAt })
  const others = [
    await issue({ licenseId: 'lic-business', plan: 'business', expiresAt }),
    await issue({ licenseId: 'lic-two-agents', expiresAt, limits: { agents: 2 } }),
    await issue({ licenseId: 'lic-over', expiresAt: Date.now() - 40 * DAY }),
    license.slice(0, 200),
    'no license at all',
    await aLicense(await aVendor()),
  ]
  const { client } = cluster
  const nodeNames = NODES.map((index) => eksLikeNode(index).metadata.name)

  const edits: Readonly<Record<string, () => Promise<unknown>>> = {
    'other agents': () => cluster.config(chance.someOf(AGENTS)),
    'another guardian': () => {
      const guardian = { enabled: true, mode: chance.oneOf(['basic', 'monitor-only']) }
      return cluster.config(['rex', 'tess'], { guardian })
    },
    'the PlatformConfig deleted': () => cluster.remove(platformConfigs, 'acme'),
    'another license': () => cluster.installLicense(chance.oneOf(others)),
    'a second license': () => cluster.installLicense(chance.oneOf(others), 'second'),
    'the license back': () => cluster.installLicense(license),
    'the License deleted': () => cluster.remove(licenses, 'acme'),
    'the Secret deleted': () => cluster.remove(secrets, 'acme', 'cto-system'),
    'a node more': () => client.create(nodes, eksLikeNode(chance.oneOf(NODES)), soon()),
    'a node less': () => cluster.remove(nodes, chance.oneOf(nodeNames)),
    'an agent of a person': () => cluster.apply(deployments, agentDeployment(chance.oneOf(AGENTS), 'cto-agents')),
    'an agent scaled': () => {
      const spec = { replicas: chance.below(4) }
      return client.mergePatch(deployments, { ...PLACE, name: chance.oneOf(AGENTS) }, { spec }, soon())
    },
    'an agent deleted': () => cluster.remove(deployments, chance.oneOf(AGENTS), 'cto-agents'),
    'a policy deleted': () => cluster.remove(admissionPolicies, 'cto-agents'),
    'a binding changed': () => {
      const spec = { validationActions: ['Audit'] }
      return client.mergePatch(admissionPolicyBindings, { name: 'cto-agents' }, { spec }, soon())
    },
    'the Entitlement deleted': () => cluster.remove(entitlements, 'cto'),
    'the label of the namespace removed': () => {
      const metadata = { labels: { 'cto.5dlabs.io/managed': null } }
      return client.mergePatch(namespaces, { name: 'cto-agents' }, { metadata }, soon())
    },
    'the evidence deleted': () => cluster.remove(secrets, 'cto-evidence', 'cto-system'),
  }

  return {
    async edit() {
      const [what, act] = chance.oneOf(Object.entries(edits))
      // It may not be there, be there already, or be refused.
      await act().catch(() => undefined)
      return what
    },
    async tidy() {
      await cluster.config(['rex', 'tess'], { guardian: { enabled: true, mode: 'full' } })
      await cluster.remove(licenses, 'second').catch(() => undefined)
      await cluster.remove(secrets, 'second', 'cto-system').catch(() => undefined)
      await cluster.installLicense(license)
      for (const name of nodeNames) await cluster.remove(nodes, name).catch(() => undefined)
      for (const name of AGENTS) {
        // Also the operator's own, which it makes anew: how many of them somebody wants, it leaves to them.
        await cluster.remove(deployments, name, 'cto-agents').catch(() => undefined)
      }
      await cluster.eventually(`${OF_A_PERSON} to be let in`, () =>
        cluster.apply(deployments, agentDeployment(OF_A_PERSON, 'cto-agents')).catch(() => undefined),
      )
    },
  }
}
