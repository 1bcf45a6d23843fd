// The reference scenario: what happens to an installation in its life, step by step, from nothing to nothing.

import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { DAY } from '../../src/domain/time.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { deployments, secrets } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { cronJobs, makeKind, wholeSecond, statefulSets } from '../support/operator.ts'
import type { Stage } from './stage.ts'

export interface Step {
  readonly name: string
  /** What people do, and time. */
  readonly act: (stage: Stage) => Promise<void>
  /** Whether the operator has noticed. */
  readonly isNoticed: (status: EntitlementStatus) => boolean
}

/** Far ahead of the API server's own clock, which knows nothing of the test's. */
const EXPIRES_AT = wholeSecond(Date.now() + 1_000 * DAY)
export const BEGINNING = EXPIRES_AT - 100 * DAY

const guardian = { guardian: { enabled: true, mode: 'full' } }
const names = (agents: readonly { readonly name: string }[]) =>
  agents
    .map(({ name }) => name)
    .toSorted()
    .join(' ')
// In the order in which those of one second are counted: created one after the other, a second may pass in between.
const OF_PEOPLE = [
  [cronJobs, 'cypher', 1],
  [deployments, 'morgan', 3],
  [statefulSets, 'atlas', 2],
] as const

/** The nodes of a Kind cluster, on which the free plan may be used. */
export async function furnish({ cluster }: Stage): Promise<void> {
  await makeKind(cluster, { workers: 1 })
}

export async function scenario(stage: Stage): Promise<Step[]> {
  const license = await stage.issue({ plan: 'business', licenseId: 'lic-1', expiresAt: EXPIRES_AT })
  const renewal = await stage.issue({ plan: 'business', licenseId: 'lic-2', expiresAt: EXPIRES_AT + 400 * DAY })
  return [
    {
      name: 'installed',
      act: async ({ cluster }) => void (await cluster.config(['rex', 'blaze'], guardian)),
      isNoticed: ({ plan, agents }) => plan === 'free' && names(agents.admitted) === 'blaze rex',
    },
    {
      name: 'agent refused',
      act: async ({ cluster }) => void (await cluster.config(['rex', 'blaze', 'tess'], guardian)),
      isNoticed: ({ agents }) => names(agents.refused) === 'tess',
    },
    {
      name: 'license applied',
      async act({ cluster }) {
        await cluster.installLicense(license)
        await cluster.eventually('tess', () => cluster.object(deployments, 'tess', 'cto-agents'))
        for (const [kind, name, replicas] of OF_PEOPLE) {
          await cluster.eventually(`${name} to be let in`, () =>
            cluster.apply(kind, workloadOf(kind.kind, name, replicas)).catch(() => undefined),
          )
        }
      },
      isNoticed: ({ plan, agents }) =>
        plan === 'business' && names(agents.admitted) === 'atlas blaze cypher morgan rex tess',
    },
    {
      name: 'license removed',
      async act({ cluster }) {
        await cluster.remove(licenses, 'acme')
        await cluster.remove(secrets, 'acme', 'cto-system')
      },
      isNoticed: ({ plan, agents }) => plan === 'free' && agents.refused.every(({ holdAt }) => holdAt !== undefined),
    },
    {
      name: 'held',
      act: async ({ clock }) => clock.advance(DAY),
      isNoticed: ({ agents }) => names(agents.held) === 'atlas cypher morgan tess',
    },
    {
      name: 'resumed',
      act: ({ cluster }) => cluster.installLicense(license),
      isNoticed: ({ agents }) => agents.held.length === 0 && agents.admitted.length === 6,
    },
    {
      name: 'expired',
      act: async ({ clock }) => clock.set(EXPIRES_AT + 31 * DAY),
      isNoticed: ({ degradation, guardian }) => degradation === 'NewAgentsBlocked' && guardian.mode === 'monitor-only',
    },
    {
      name: 'renewed',
      act: ({ cluster }) => cluster.installLicense(renewal),
      isNoticed: ({ degradation, licenseId }) => degradation === 'None' && licenseId === 'lic-2',
    },
    {
      name: 'agent removed',
      act: async ({ cluster }) => void (await cluster.config(['blaze', 'tess'], guardian)),
      isNoticed: ({ agents }) => names(agents.admitted) === 'atlas blaze cypher morgan tess',
    },
    {
      name: 'agent returned',
      act: async ({ cluster }) => void (await cluster.config(['blaze', 'tess', 'rex'], guardian)),
      isNoticed: ({ agents }) => names(agents.admitted) === 'atlas blaze cypher morgan rex tess',
    },
    {
      name: 'uninstalled',
      async act({ cluster, collectGarbage }) {
        await cluster.remove(platformConfigs, 'acme')
        await collectGarbage()
        for (const [kind, name] of OF_PEOPLE) await cluster.remove(kind, name, 'cto-agents')
        await cluster.remove(licenses, 'acme')
        await cluster.remove(secrets, 'acme', 'cto-system')
      },
      isNoticed: ({ plan, agents }) => plan === 'free' && agents.admitted.length + agents.refused.length === 0,
    },
  ]
}

function workloadOf(kind: string, name: string, replicas: number): RawObject {
  const deployment = agentDeployment(name, 'cto-agents')
  const { selector, template } = deployment['spec'] as { selector: unknown; template: { spec: object } }
  if (kind === 'CronJob') {
    const pod = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } }
    const spec = { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: pod } } }
    return { ...deployment, apiVersion: 'batch/v1', kind, spec }
  }
  const more = kind === 'StatefulSet' ? { serviceName: name } : {}
  return { ...deployment, kind, spec: { replicas, selector, template, ...more } }
}
