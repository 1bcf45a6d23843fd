import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HELM, NODE } from '../../src/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/control-plane/binaries.ts'
import { localBase } from '../../src/packaging/local-base.ts'
import { buildImage, buildLayer } from '../../src/packaging/oci-image.ts'
import { operatorImage } from '../../src/packaging/operator-image.ts'
import { readFileSync } from 'node:fs'
import { type Answer, command, succeed, eventually } from './support/commands.ts'
import { startRealCluster, type RealCluster, SANDBOX_IMAGE } from './support/node.ts'
import { aVendor } from '../support/operator.ts'

const folder = process.env['CTO_E2E_FOLDER'] ?? ''
let cluster: RealCluster
let helm: (...args: string[]) => Promise<Answer>
let kubectl: (...args: (string | { input: string })[]) => Promise<Answer>

beforeAll(async () => {
  const b = await locateBinaries([...HELM, ...NODE], { log: console.error })
  cluster = await startRealCluster({
    folder: join(folder, 'node'),
    cgroup: process.env['CTO_E2E_CGROUP'] ?? '',
    log: console.error,
  })
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: cluster.plane.kubeconfigPath }
  helm = (...args) => command(b.helm, args, { env })
  kubectl = (...args) =>
    command(
      cluster.plane.kubectl,
      args.filter((a) => typeof a === 'string'),
      { env, ...(args.find((a) => typeof a !== 'string') ?? {}) },
    )
  const created = new Date(315532800000)
  const pause = buildLayer([{ path: 'pause', mode: 0o755, content: readFileSync(b.pause) }], created)
  for (const name of [SANDBOX_IMAGE, 'ghcr.io/5dlabs/cto-agent:latest']) {
    const img = buildImage({
      name,
      architecture: 'amd64',
      created,
      layers: [pause],
      config: { Entrypoint: ['/pause'], User: '65532:65532' },
    })
    await writeFile(join(folder, 'i.tar'), img.archive)
    await cluster.importImage(join(folder, 'i.tar'), name, img.digest)
  }
  const vendor = await aVendor()
  const op = await operatorImage({
    name: 'ghcr.io/5dlabs/cto-operator:0.1.0',
    version: '0.1.0',
    base: buildLayer(await localBase(), created),
    trustedKeys: JSON.stringify({ keys: [vendor.publicJwk] }),
    date: created,
  })
  await writeFile(join(folder, 'i.tar'), op.archive)
  await cluster.importImage(join(folder, 'i.tar'), 'ghcr.io/5dlabs/cto-operator:0.1.0', op.digest)
})
afterAll(async () => {
  await cluster.stop()
})

test('install', async () => {
  await succeed(kubectl('create', 'namespace', 'cto-system'))
  await succeed(kubectl('label', 'namespace', 'cto-system', 'pod-security.kubernetes.io/enforce=restricted'))
  const r = await helm(
    'install',
    'cto-operator',
    'charts/cto-operator',
    '-n',
    'cto-system',
    '--wait',
    '--timeout',
    '60s',
  )
  console.log(r)
  for (const a of [
    ['get', 'pods', '-A', '-o', 'wide'],
    ['get', 'events', '-A'],
    ['-n', 'cto-system', 'logs', 'deploy/cto-operator', '--tail=50'],
    ['get', 'cto'],
    ['get', 'nodes', '-o', 'wide'],
    ['-n', 'cto-system', 'exec', 'deploy/cto-operator', '--', 'node', '/app/cto.mjs', 'status'],
  ])
    console.log(await kubectl(...a).then((x) => x.stdout + x.stderr))
  const t = await helm('test', 'cto-operator', '-n', 'cto-system', '--logs')
  console.log(t.stdout, t.stderr)
  const u = await helm('uninstall', 'cto-operator', '-n', 'cto-system', '--wait')
  console.log(u.stdout, u.stderr)
  for (const a of [
    ['get', 'pods', '-A', '-o', 'wide'],
    ['get', 'events', '-A'],
    ['get', 'validatingadmissionpolicies'],
    ['-n', 'cto-system', 'get', 'all'],
  ])
    console.log(await kubectl(...a).then((x) => x.stdout + x.stderr))
})
