// The quick start: `cto init`, then `cto deploy`, on a cluster like Kind's, with Helm where there is one.

import { existsSync, readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageRoot } from '../../src/files/package-root.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { deployments, nodes } from '../../src/kube/resource.ts'
import { findHelm } from '../../src/cli/deploy/helm.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import {
  addNodes,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  runOperator,
  soon,
} from '../support/operator.ts'

// Helm is looked for where people have it, and where this project's own parts are built.
const cache =
  process.env['CTO_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cto-operator')
const built = existsSync(cache) ? readdirSync(cache).map((folder) => join(cache, folder, 'helm')) : []
const helm = findHelm() ?? built.find((path) => existsSync(path))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-deploy-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('on a cluster like Kind’s', () => {
  const controlPlane = useControlPlane()
  const cto = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runCto(args, { home: folder, cwd: folder, env: { KUBECONFIG: controlPlane.plane.kubeconfigPath, ...env } })
  const isThere = async (cluster: Cluster, name: string) =>
    (await cluster.object(deployments, name, 'cto-agents')) !== undefined

  test(
    'from nothing to running agents, with Helm (needs one in PATH or built here)',
    { timeout: 120_000, skip: helm === undefined },
    async () => {
      const cluster = await connect(controlPlane.plane.kubeconfigPath)
      await makeKind(cluster, { workers: 1 })
      const bin = join(folder, 'bin')
      await mkdir(bin)
      await symlink(helm ?? '', join(bin, 'helm'))
      // A chart that brings the CRDs; the operator itself runs here, and waits for them.
      const chart = join(folder, 'chart')
      await mkdir(join(chart, 'templates'), { recursive: true })
      await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: cto-operator\nversion: 0.0.1\n')
      await cp(join(packageRoot(), 'crds'), join(chart, 'templates'), { recursive: true })
      const vendor = await aVendor()
      const starting = runOperator(await cluster.access(), vendor)

      expect(await cto(['init', '--target', 'kind'])).toMatchObject({ code: 0 })
      expect(await cto(['deploy', '--chart', chart])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/there is no helm in the PATH; install it, or run the operator yourself/),
      })
      const deployed = await cto(['deploy', '--chart', chart], { PATH: `${bin}:${process.env['PATH']}` })
      await using running = await starting
      expect(deployed.code, deployed.stderr + deployed.stdout).toBe(0)
      expect(deployed.stderr).toMatch(
        /✔ Kind cluster at https:[^]*✔ the chart .* is installed\n✔ PlatformConfig cto-platform is applied/,
      )
      expect(deployed.stdout).toMatch(/✔ Everything is in order\n/)
      expect(deployed.stdout).toMatch(/AGENTS +2 of 2: rex, blaze\n/)
      // A new kind as the parameter of a policy is known to the API server half a minute later.
      const names = ['rex', 'blaze']
      await expect
        .poll(() => Promise.all(names.map((name) => isThere(cluster, name))), { timeout: 60_000, interval: 250 })
        .toEqual([true, true])
      await running.stop()
    },
  )

  test('with an operator that is there, a license, and more agents', { timeout: 120_000 }, async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    await prepare(cluster)
    if ((await cluster.client.list(nodes, {}, {}, soon())).items?.length === 0) {
      await makeKind(cluster, { workers: 1 })
    }
    const vendor = await aVendor()
    await using running = await runOperator(await cluster.access(), vendor)
    await cto(['init', '--target', 'on-prem', '--plan', 'team', '--agents', 'rex,tess,unheard-of'])
    await writeFile(join(folder, 'team.lic'), await aLicense(vendor))
    const deployed = await cto(['deploy', '--license', 'team.lic', '-o', 'json'])
    // An agent is refused: that is a warning, and said.
    expect(deployed.code, deployed.stderr).toBe(4)
    expect(deployed.stderr).toMatch(/✔ the operator runs already, outside this namespace\n✔ the license is installed\n/)
    expect(JSON.parse(deployed.stdout)).toMatchObject({
      headline: 'In force, with 1 agent refused',
      entitlement: { plan: 'team', agents: { refused: [{ name: 'unheard-of', reason: 'AgentNotInPlan' }] } },
    })
    await expect.poll(() => isThere(cluster, 'tess'), { timeout: 60_000, interval: 250 }).toBe(true)
    await running.stop()

    // Nobody there any more.
    await cto(['init', '--target', 'kind', '--force'])
    expect(await cto(['deploy', '--no-operator', '--timeout', '2s'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the operator has not decided on it within 2 s; cto check says whether it runs/),
    })
  })
})

describe('on a cluster that is not the one that is meant', () => {
  const controlPlane = useControlPlane()
  test('nothing is applied, and it is said what to do', { timeout: 60_000 }, async () => {
    const cluster = await connect(controlPlane.plane.kubeconfigPath)
    await addNodes(cluster, [eksLikeNode(1)])
    const cto = (args: readonly string[], kubeconfig = controlPlane.plane.kubeconfigPath) =>
      runCto(args, { home: folder, cwd: folder, env: { KUBECONFIG: kubeconfig } })
    expect(await cto(['deploy'])).toMatchObject({
      code: 1,
      stderr: 'There is no platformconfig.yaml here; cto init writes one.\n',
    })
    await cto(['init', '--target', 'kind'])
    expect(await cto(['deploy'])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /is for Kind, and this cluster is EKS; make one with: kind create cluster --config kind\.yaml, or choose another --context/,
      ),
    })
    const nowhere = join(folder, 'nowhere')
    const clusters = [{ name: 'x', cluster: { server: 'http://127.0.0.1:1' } }]
    const contexts = [{ name: 'x', context: { cluster: 'x', user: 'x' } }]
    await writeFile(
      nowhere,
      JSON.stringify({ clusters, users: [{ name: 'x', user: {} }], contexts, 'current-context': 'x' }),
    )
    expect(await cto(['deploy'], nowhere)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/nobody listens at its address\); make one with: kind create cluster/),
    })
  })
})
