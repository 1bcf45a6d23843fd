// Every level of degradation at its first and its last day, through a real API server, by a clock that the test sets.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import { roleBindings } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator, wholeSecond } from '../support/operator.ts'

const controlPlane = useControlPlane({})

test('the whole schedule, and back', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  // The API server's own clock is not the test's: the license ends far ahead of it.
  const expiresAt = wholeSecond(Date.now() + 1_000 * DAY)
  const clock = new ManualClock(expiresAt - DAY)
  await using running = await runOperator(await cluster.access(), vendor, { clock })
  await cluster.config(['rex', 'tess'], { guardian: { enabled: true, mode: 'full' } })
  await cluster.installLicense(await aLicense(vendor, { serial: 1, licenseId: 'lic-1', plan: 'business', expiresAt }))
  await cluster.entitled(({ agents }) => agents.admitted.length === 2)
  await running.operator.idle()

  let restarts = 0
  const tries = {
    create: () =>
      controlPlane.kubectl('apply', '--dry-run=server', '-f', '-', {
        input: JSON.stringify(agentDeployment('morgan', 'cto-agents')),
      }),
    grow: () =>
      controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'rex', '--replicas=2', '--dry-run=server'),
    change: () =>
      controlPlane.kubectl('-n', 'cto-agents', 'set', 'image', 'deployment/rex', 'agent=other', '--dry-run=server'),
    // As `kubectl rollout restart` does it, which refuses to do it twice in a second.
    restart: () => {
      const template = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': String(restarts++) } } }
      const patch = JSON.stringify({ spec: { template } })
      return controlPlane.kubectl('-n', 'cto-agents', 'patch', 'deployment', 'rex', '-p', patch)
    },
    shrink: () =>
      controlPlane.kubectl('-n', 'cto-agents', 'scale', 'deployment', 'rex', '--replicas=0', '--dry-run=server'),
    reconfigure: () =>
      controlPlane.kubectl(
        'patch',
        'platformconfig',
        'acme',
        '--type=merge',
        '-p',
        '{"spec":{"deployment":{"type":"kind"}}}',
        '--dry-run=server',
      ),
    renew: () =>
      controlPlane.kubectl(
        'patch',
        'platformconfig',
        'acme',
        '--type=merge',
        '-p',
        '{"spec":{"license":{"key":"lic_new"}}}',
        '--dry-run=server',
      ),
  }
  type Try = keyof typeof tries
  const everything = Object.keys(tries) as Try[]

  const levels: readonly (readonly [level: string, firstDay: number, lastDay: number, refused: readonly Try[]])[] = [
    ['Warning', 0, 7, []],
    ['UpdatesDisabled', 8, 14, []],
    ['GuardianReduced', 15, 30, []],
    ['NewAgentsBlocked', 31, 90, ['create']],
    ['ReadOnly', 91, 4_000, ['create', 'grow', 'change', 'reconfigure']],
  ]
  for (const [level, firstDay, lastDay, refused] of levels) {
    const until = expiresAt + (lastDay + 1) * DAY
    for (const instant of [expiresAt + firstDay * DAY, until - SECOND]) {
      clock.set(instant)
      const status = await cluster.entitled(({ degradation }) => degradation === level, `level ${level}`)
      await running.operator.idle()
      expect(status.verdict).toBe('Expired')
      expect(status.message).toContain(`(level ${level})`)
      expect(status.updates.enabled, level).toBe(firstDay < 8)
      expect(status.guardian.mode, level).toBe(firstDay < 15 ? 'full' : 'monitor-only')
      expect(status.readOnly).toBe(firstDay >= 91)
      expect(
        status.agents.admitted.map(({ name }) => name),
        'what runs keeps running',
      ).toEqual(['rex', 'tess'])
      // The guardian's rights are Kubernetes' own to keep from it.
      const binding = await cluster.object(roleBindings, 'guardian', 'cto-agents')
      expect(binding !== undefined, `${level}: the guardian's RoleBinding`).toBe(firstDay < 15)
      for (const one of everything) {
        const answer = await tries[one]()
        expect(answer.code === 0, `${level}: ${one}: ${answer.stderr}`).toBe(!refused.includes(one))
        if (refused.includes(one)) expect(answer.stderr).toContain('renew the license to lift this')
      }
    }
  }

  await cluster.installLicense(
    await aLicense(vendor, { serial: 2, licenseId: 'lic-2', plan: 'business', expiresAt: expiresAt + 5_000 * DAY }),
  )
  const back = await cluster.entitled(({ degradation }) => degradation === 'None')
  expect(back).toMatchObject({
    verdict: 'Valid',
    readOnly: false,
    guardian: { mode: 'full' },
    updates: { enabled: true },
  })
  await cluster.eventually('the guardian to have its rights back', () =>
    cluster.object(roleBindings, 'guardian', 'cto-agents'),
  )
  for (const one of everything) expect(await tries[one](), one).toMatchObject({ code: 0 })
})

test(
  'on CREATE the API server moves from level to level by its own clock, while the operator is down',
  { timeout: 60_000 },
  async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    const vendor = await aVendor()
    // In three seconds the license will have been over for 31 days.
    const expiresAt = wholeSecond(Date.now() - 31 * DAY + 4 * SECOND)
    const running = await runOperator(await cluster.access(), vendor)
    await cluster.installLicense(await aLicense(vendor, { serial: 3, licenseId: 'lic-3', plan: 'business', expiresAt }))
    await cluster.entitled(({ degradation }) => degradation === 'GuardianReduced')
    await running.stop()
    const create = () =>
      controlPlane.kubectl('apply', '--dry-run=server', '-f', '-', {
        input: JSON.stringify(agentDeployment('morgan', 'cto-agents')),
      })
    expect(await create()).toMatchObject({ code: 0 })
    const answer = await cluster.eventually('the API server to refuse by itself', async () => {
      const one = await create()
      return one.code !== 0 && one
    })
    expect(answer.stderr).toContain('agent morgan is not licensed: the Business license of Acme Corp expired on')
    expect((await cluster.entitlement()).degradation).toBe('GuardianReduced')
  },
)
