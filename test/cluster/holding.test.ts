// The second layer alone, on an API server without ValidatingAdmissionPolicies: growth is not refused, but undone.

import { expect, test } from 'vitest'
import { NO_POLICIES } from '../../src/api/conditions.ts'
import { platformConfigs } from '../../src/api/resources.ts'
import { DAY } from '../../src/domain/time.ts'
import { deployments } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { aLicense, aVendor, connect, makeKind, prepare, runOperator } from '../support/operator.ts'

const API = 'admissionregistration.k8s.io/v1'
const controlPlane = useControlPlane({
  apiserverArgs: [
    `--runtime-config=${API}/validatingadmissionpolicies=false,${API}/validatingadmissionpolicybindings=false`,
    '--disable-admission-plugins=ValidatingAdmissionPolicy,ServiceAccount',
  ],
})

test(
  'what is not admitted is held at once and resumed exactly, and a condition says that nothing is refused',
  { timeout: 60_000 },
  async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    await prepare(cluster)
    await makeKind(cluster)
    const vendor = await aVendor()
    await using running = await runOperator(await cluster.access(), vendor)
    await cluster.config(['rex'])
    const status = await cluster.entitled(({ agents }) => agents.admitted.length === 1)
    expect(status.conditions.find(({ type }) => type === 'PolicyEnforced')).toMatchObject({
      status: 'False',
      reason: 'NotSupported',
      message: NO_POLICIES,
    })
    await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))

    const replicas = async (name: string) =>
      ((await cluster.object(deployments, name, 'cto-agents'))?.['spec'] as { replicas: number } | undefined)?.replicas
    await cluster.apply(deployments, agentDeployment('tess', 'cto-agents'))
    await cluster.eventually('tess to be held', async () => (await replicas('tess')) === 0)
    await cluster.entitled(({ agents }) => agents.held.some(({ name, replicas }) => name === 'tess' && replicas === 1))

    // Scaled up while it is held: what the person set is what will be restored, and it is held again.
    expect((await controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=5')).code).toBe(0)
    await cluster.eventually('tess to be held again', async () => (await replicas('tess')) === 0)
    await cluster.installLicense(await aLicense(vendor, { serial: 1, licenseId: 'lic-1' }))
    await cluster.eventually('tess to resume with five', async () => (await replicas('tess')) === 5)

    // What is admitted may grow, also where the policies would refuse it: nobody remembers how many it had.
    await cluster.installLicense(
      await aLicense(vendor, { serial: 2, licenseId: 'lic-2', expiresAt: Date.now() - 100 * DAY }),
    )
    await cluster.entitled(({ readOnly }) => readOnly)
    expect((await controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'tess', '--replicas=6')).code).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await running.operator.idle()
    expect(await replicas('tess')).toBe(6)
    await cluster.installLicense(await aLicense(vendor, { serial: 3, licenseId: 'lic-3' }))

    // A second PlatformConfig does not count, and says so.
    const second = {
      apiVersion: 'cto.5dlabs.io/v1',
      kind: 'PlatformConfig',
      metadata: { name: 'zweite' },
      spec: { agents: { enabled: [{ name: 'morgan' }] } },
    }
    await cluster.apply(platformConfigs, second)
    const told = await cluster.eventually('the second PlatformConfig to say so', async () => {
      const object = await cluster.object(platformConfigs, 'zweite')
      const { conditions } = (object?.['status'] ?? {}) as { conditions?: { type: string; message: string }[] }
      return conditions?.find(({ type }) => type === 'Stalled')
    })
    expect(told.message).toBe('PlatformConfig acme is older and is used instead; delete one of the two')
    expect(await cluster.object(deployments, 'morgan', 'cto-agents')).toBeUndefined()
    expect(running.logs()).not.toMatch(/"level":50/)
  },
)
