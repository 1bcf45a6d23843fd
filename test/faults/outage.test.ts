// The API server is gone for a while, and comes back: as it was, or with the state of a backup. What was decided is held all along,
// nobody is punished for it, and a cluster starts without its operator.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import { type ControlPlane, startControlPlane } from '../../src/devtools/control-plane/control-plane.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { deployments, resourcePath } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { addNodes } from '../support/operator.ts'
import { checkInvariants } from './invariants.ts'
import { deed, takesAway } from './sieve.ts'
import { openStage, type Stage, type State, withoutPast } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'cto-outage-'))
const state = join(folder, 'etcd')
const backup = join(folder, 'backup')
let plane: ControlPlane | undefined
let stage: Stage
let well: State

async function switchOn(): Promise<ControlPlane> {
  return (plane = await startControlPlane({ folder, log: () => undefined }))
}

async function switchOff(): Promise<void> {
  await plane?.stop()
  plane = undefined
}

beforeAll(async () => {
  const problem = inject('controlPlaneProblem')
  if (problem) throw new Error(problem)
  stage = await openStage(await switchOn())
  const { cluster } = stage
  await addNodes(cluster, [eksLikeNode(1), eksLikeNode(2)])
  await cluster.installLicense(await stage.issue({ serial: 1, expiresAt: Date.now() + 300 * DAY }))
  await cluster.config(['rex', 'tess'])
  await stage.start()
  await cluster.entitled(({ agents }) => agents.admitted.length === 2)
  await stage.settle()
  well = await stage.state()
})
afterEach(() => {
  checkInvariants(stage)
  expect(stage.proxy.writes.filter(takesAway).map(deed)).toEqual([])
})
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await switchOff()
  rmSync(folder, { recursive: true, force: true })
})

test('T09 the API server is down: what was decided is held, and all is well when it is back', async () => {
  const { running, clock } = stage
  await switchOff()
  stage.proxy.cutWatches()
  clock.advance(HOUR)
  const probe = async (path: string) => fetch(`http://${running.operator.address}${path}`)
  expect((await probe('/livez')).status).toBe(200)
  expect(running.operator.board?.current).toMatchObject({ verdict: 'Valid', grant: { plan: { name: 'team' } } })
  expect(await running.metrics()).toContain('cto_license_info{verdict="Valid",plan="team"')

  await stage.moveTo(await switchOn())
  // Whatever waits longest: a watch or a controller that failed often.
  await stage.reaches(well, 'the API server is back', withoutPast, 60_000)
  await stage.cluster.config(['rex', 'tess', 'morgan'])
  await stage.cluster.entitled(({ agents }) => agents.admitted.length === 3)
  await stage.cluster.config(['rex', 'tess'])
  await stage.cluster.eventually('morgan to leave as it was asked to', async () => {
    return (await stage.cluster.object(deployments, 'morgan', 'cto-agents')) === undefined
  })
  await stage.settle()
  stage.proxy.writes.length = 0
})

test('T42 everything starts with the state of a backup, and the operator last', async () => {
  stage.crash()
  await switchOff()
  cpSync(state, backup, { recursive: true })
  await stage.moveTo(await switchOn())
  await stage.start()
  await stage.cluster.installLicense(
    await stage.issue({ serial: 2, plan: 'business', expiresAt: Date.now() + 400 * DAY }),
  )
  await stage.cluster.entitled(({ plan }) => plan === 'business')
  await stage.settle()
  stage.crash()
  await switchOff()
  rmSync(state, { recursive: true })
  cpSync(backup, state, { recursive: true })
  const started = await switchOn()
  await stage.moveTo(started)

  // Nobody waits for us where no agents live (I5), from the first moment on.
  const request = apiRequester(started)
  const path = resourcePath(deployments, { namespace: 'default' })
  const scale = ['PATCH', `${path}/nobody/scale`, { spec: { replicas: 2 } }, 'application/merge-patch+json'] as const
  expect(await request('POST', path, agentDeployment('nobody', 'default'))).toMatchObject({ status: 201 })
  expect(await request(...scale)).toMatchObject({ status: 200 })
  await request('DELETE', `${path}/nobody`)
  await stage.start()
  await stage.reaches(well, 'the backup is what there is', withoutPast)
  // And what the vendor has issued since may be brought in again.
  await stage.cluster.installLicense(
    await stage.issue({ serial: 3, plan: 'business', expiresAt: Date.now() + 400 * DAY }),
  )
  await stage.cluster.entitled(({ plan }) => plan === 'business')
})
