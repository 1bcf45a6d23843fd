// `cto status`: am I fine, until when, what is refused and why, what do I do. It says what the operator itself says.

import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY } from '../../src/domain/time.ts'
import type { StatusView } from '../../src/operator/status-page/view.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()

test('fine, with something refused, and after the end', { timeout: 120_000 }, async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const cluster = await connect(kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  await using running = await runOperator(await cluster.access(), vendor)
  const status = (...args: string[]) => runCto(['status', '--kubeconfig', kubeconfigPath, ...args], { home: folder })
  const screen = async () => {
    const { code, stdout, stderr } = await status()
    expect(code, stderr).toBe(0)
    return stdout
  }

  await cluster.installLicense(
    await aLicense(vendor, { serial: 1, licenseId: 'lic-1', expiresAt: Date.now() + 100.5 * DAY }),
  )
  await cluster.config(['rex', 'tess'], { guardian: { enabled: true, mode: 'full' } })
  await cluster.entitled(({ agents }) => agents.admitted.length === 2)
  const fine = await screen()
  expect(fine).toMatch(/^✔ Everything is in order\n\nVERDICT +Valid: the Team license of Acme Corp is in force until /)
  expect(fine).toMatch(/UNTIL +\S+Z, 100 days left\n/)
  expect(fine).toMatch(/AGENTS +2 of 15: rex, tess\n/)
  expect(fine).toMatch(
    /WHAT HAPPENS WHEN\n +\S+Z +reminders to renew the license begin\n +\S+Z +the license ends; level Warning begins\n/,
  )
  expect(fine).not.toMatch(/TO DO|NOT ADMITTED|WRONG SINCE/)

  // What is to come is what the operator says is to come.
  const page = (await (await fetch(`http://${running.operator.address}/status.json`)).json()) as StatusView
  const { timeline } = JSON.parse((await status('-o', 'json')).stdout) as { timeline: { at: string }[] }
  expect(timeline.map(({ at }) => at)).toEqual(page.status?.timeline.map(({ at }) => at))

  await cluster.config(['rex', 'tess', 'unheard-of'])
  await cluster.entitled(({ agents }) => agents.refused.length === 1)
  const refused = await screen()
  expect(refused).toMatch(/^‼ In force, with 1 agent refused\n/)
  expect(refused).toMatch(/NOT ADMITTED\n +cto-agents\/unheard-of +refused +agent unheard-of is not licensed: /)
  expect(refused).toMatch(
    /TO DO\n +Install a license for a plan that includes it, or remove the agent\. +cto explain AgentNotInPlan\n$/,
  )

  await cluster.installLicense(
    await aLicense(vendor, { serial: 2, licenseId: 'lic-2', expiresAt: Date.now() - 40 * DAY }),
  )
  await cluster.entitled(({ degradation }) => degradation === 'NewAgentsBlocked')
  const ended = await screen()
  expect(ended).toMatch(/^✗ The license has ended\n/)
  expect(ended).toMatch(/UNTIL +\S+Z, 40 days ago\nLEVEL +NewAgentsBlocked\n/)
  expect(ended).toMatch(/WRONG SINCE\n +\S+Z +Expired +the Team license of Acme Corp expired on /)
  expect(ended).toMatch(/WHAT HAPPENS WHEN\n +\S+Z +level ReadOnly begins; no agent may grow/)
  expect(ended).toMatch(/TO DO\n +Renew the license: .* +cto explain Expired\n/)
})
