// The control plane keeps its promises: it is a real one, it answers nobody but this machine, and it leaves nothing.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import { startControlPlane } from '../../src/devtools/control-plane/control-plane.ts'
import { withFolderLock } from '../../src/files/folder-lock.ts'
import { kindLikeNodes, kubeadmConfigMap } from '../../src/devtools/control-plane/kind-nodes.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { placePods } from '../../src/devtools/control-plane/pod-placement.ts'
import { useControlPlane } from '../support/control-plane.ts'

const portsThatSeemFree = vi.hoisted((): number[] => [])
vi.mock('../../src/devtools/control-plane/free-port.ts', async (importOriginal) => {
  const { freePort } = await importOriginal<{ freePort: () => Promise<number> }>()
  return { freePort: async () => portsThatSeemFree.pop() ?? freePort() }
})

const SOON = { timeout: 30_000, interval: 200 }
const silent = { log: () => undefined }
const onLinux = it.runIf(process.platform === 'linux')

describe('a control plane', () => {
  const cluster = useControlPlane({ components: { controllerManager: true, kwok: true } })

  it('is ready and says its version', async () => {
    expect(await cluster.request('GET', '/readyz')).toEqual({ status: 200, body: 'ok' })
    const { stdout } = await cluster.kubectl('version', '--output=json')
    expect(JSON.parse(stdout)).toMatchObject({ serverVersion: { gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) } })
  })

  it('knows the admin by a token and nobody else', async () => {
    const whoami = await cluster.kubectl('auth', 'whoami', '--output=jsonpath={.status.userInfo.username}')
    expect(whoami).toMatchObject({ code: 0, stdout: 'admin' })
    const guess = apiRequester({ ...cluster.plane, token: 'guessed' })
    expect(await guess('GET', '/api/v1/nodes')).toMatchObject({ status: 401 })
    expect((await stat(join(cluster.plane.folder, 'tokens.csv'))).mode & 0o777).toBe(0o600)
    expect((await stat(cluster.plane.folder)).mode & 0o777).toBe(0o700)
  })

  it('enforces RBAC', async () => {
    const robot = '--as=system:serviceaccount:default:default'
    expect(await cluster.kubectl('auth', 'can-i', 'delete', 'nodes', robot)).toMatchObject({ stdout: 'no\n' })
  })

  it('keeps the nodes of a Kind cluster Ready', async () => {
    for (const node of kindLikeNodes({ cluster: 'kind', workers: 2 })) {
      expect(await cluster.request('POST', '/api/v1/nodes', node)).toMatchObject({ status: 201 })
    }
    const names = ['kind-control-plane', 'kind-worker', 'kind-worker2']
    await vi.waitFor(async () => {
      const leases = await cluster.kubectl('get', 'leases', '--namespace=kube-node-lease', '--output=name')
      for (const name of names) expect(leases.stdout).toContain(`/${name}\n`)
    }, SOON)
    const ready = await cluster.kubectl('wait', 'node', '--all', '--for=condition=Ready', '--timeout=10s')
    expect(ready.stdout.match(/condition met/g)).toHaveLength(names.length)
    const boots = await cluster.kubectl('get', 'nodes', '--output=jsonpath={.items[*].status.nodeInfo.bootID}')
    expect(new Set(boots.stdout.split(' ')).size).toBe(1)
  })

  it("has kubeadm's record of the cluster", async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps'
    expect(await cluster.request('POST', path, kubeadmConfigMap('kind'))).toMatchObject({ status: 201 })
  })

  it('runs the pods of a Deployment', async () => {
    expect(await placePods(cluster.request, 'kind-worker')).toBe(true)
    await cluster.kubectl('create', 'deployment', 'rex', '--image=example.invalid/rex', '--replicas=2')
    const available = ['wait', 'deployment/rex', '--for=condition=Available', '--timeout=30s']
    expect(await cluster.kubectl(...available)).toMatchObject({ code: 0 })
    const owner = '--output=jsonpath={.items[*].metadata.ownerReferences[0].name}'
    expect(await cluster.kubectl('get', 'replicasets', owner)).toMatchObject({ stdout: 'rex' })
  })

  it('has controllers that speak for themselves', async () => {
    // Only who may create ReplicaSets as the deployment controller can have made the one above; RBAC says who that is.
    const robot = '--as=system:serviceaccount:kube-system:deployment-controller'
    expect(await cluster.kubectl('auth', 'can-i', 'create', 'replicasets', robot)).toMatchObject({ stdout: 'yes\n' })
    const { stdout } = await cluster.kubectl('get', 'serviceaccounts', '--namespace=kube-system', '--output=name')
    expect(stdout).toContain('serviceaccount/deployment-controller\n')
  })

  it('forgets what an owner leaves behind', async () => {
    await cluster.kubectl('delete', 'deployment', 'rex')
    await vi.waitFor(async () => {
      expect(await cluster.kubectl('get', 'replicasets,pods', '--output=name')).toMatchObject({ stdout: '' })
    }, SOON)
  })

  onLinux('listens on one port, of the loopback interface', () => {
    const { pids, server } = cluster.plane
    expect(Object.keys(pids)).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kwok'])
    expect(Object.values(pids).flatMap(listeningAddresses)).toEqual([`127.0.0.1:${new URL(server).port}`])
  })

  it('shares nothing with a second one', async () => {
    await using second = await startControlPlane(silent)
    expect(second.server).not.toBe(cluster.plane.server)
    expect(await cluster.kubectl(`--kubeconfig=${second.kubeconfigPath}`, 'get', 'nodes')).toMatchObject({
      code: 0,
      stderr: 'No resources found\n',
    })
    const stranger = apiRequester({ ...second, token: cluster.plane.token })
    expect(await stranger('GET', '/api/v1/nodes')).toMatchObject({ status: 401 })
  })
})

it('starts on another port when somebody was faster', async () => {
  const somebody = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void somebody.close())
  await once(somebody, 'listening')
  const address = somebody.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  portsThatSeemFree.push(address.port)
  await using plane = await startControlPlane(silent)
  expect(portsThatSeemFree).toEqual([])
  expect(plane.server).not.toContain(`:${address.port}`)
})

describe('its end', () => {
  it('leaves nothing when it is stopped', async () => {
    const plane = await startControlPlane(silent)
    await plane.stop()
    expect(existsSync(plane.folder)).toBe(false)
    expect(Object.values(plane.pids).filter(isAlive)).toEqual([])
  })

  it('keeps a folder that was named, and starts from it again', async () => {
    const folder = join(await temporaryFolder(), 'state')
    const first = await startControlPlane({ ...silent, folder })
    const create = ['create', 'configmap', 'kept', `--kubeconfig=${first.kubeconfigPath}`]
    await new Promise((resolve) => execFile(first.kubectl, create, resolve))
    await first.stop()
    await using second = await startControlPlane({ ...silent, folder })
    const get = ['get', 'configmap', 'kept', '--output=name', `--kubeconfig=${second.kubeconfigPath}`]
    const kept = await new Promise((resolve) => execFile(second.kubectl, get, (_error, stdout) => resolve(stdout)))
    expect(kept).toBe('configmap/kept\n')
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('comes with that of its parent: %s', async (signal) => {
    const { parent, folder, pids } = await startElsewhere('await new Promise(() => setInterval(() => {}, 1000))')
    expect(pids.filter(isAlive)).toHaveLength(4)
    parent.kill(signal)
    await vi.waitFor(() => {
      expect(pids.filter(isAlive)).toEqual([])
      expect(processesIn(folder)).toEqual([])
      expect(existsSync(folder)).toBe(false)
    }, SOON)
  })

  it.each([
    ['an exception that nobody catches', 'setTimeout(() => { throw new Error("crash") }); await new Promise(() => {})'],
    ['a normal exit', 'process.exit(0)'],
  ])('comes with that of its parent: %s', async (_name, script) => {
    const { folder, pids } = await startElsewhere(script)
    await vi.waitFor(() => {
      expect(pids.filter(isAlive)).toEqual([])
      expect(processesIn(folder)).toEqual([])
      expect(existsSync(folder)).toBe(false)
    }, SOON)
  })

  it('is told with the last lines of the component that died', async () => {
    const start = startControlPlane({ ...silent, apiserverArgs: ['--no-such-flag'] })
    await expect(start).rejects.toThrow(/^kube-apiserver exited with code 1\..*\n(.*\n)*.*unknown flag: --no-such-flag/)
  })
})

describe('its binaries', () => {
  it('need Go, in one sentence', async () => {
    const { code, stderr } = await prepare({ PATH: await temporaryFolder() })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^etcd, kwok, [^\n]* are missing: install Go >= 1\.\d+\.\d+, or set KUBEBUILDER_ASSETS to a folder that holds them\.\n$/,
    )
  })

  it('need a Go that is new enough', async () => {
    const { code, stderr } = await prepare({ PATH: await fakeGo('echo go1.19.8; echo') })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^[^\n]* are missing and Go 1\.19\.8 is too old to build them: install Go >= [^\n]*\n$/)
  })

  it('come from KUBEBUILDER_ASSETS as far as they are there', async () => {
    const assets = await temporaryFolder()
    for (const name of ['kube-apiserver', 'etcd', 'kubectl']) await writeFile(join(assets, name), '')
    const { stderr } = await prepare({ PATH: await temporaryFolder(), KUBEBUILDER_ASSETS: assets })
    expect(stderr).toMatch(/^kwok, kwok-stages\.yaml, kube-controller-manager are missing: /)
  })

  it('are built once, by one of those who need them', async () => {
    const cache = await temporaryFolder()
    const built = join(cache, 'built.log')
    const path = await fakeGo(`case $1 in
      env) echo go99.0.0; echo local ;;
      list) mkdir -p ${cache}/kustomize/stage/node/fast ${cache}/kustomize/stage/pod/fast; echo ${cache} ;;
      build) for argument; do output=$target; target=$argument; done; sleep 0.2; echo $target >> ${built}; echo > $output ;;
    esac`)
    const both = await Promise.all([1, 2].map(() => prepare({ PATH: path, CTO_CACHE: cache })))
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(both[0]?.stdout).toBe(both[1]?.stdout)
    expect(both.map(({ stderr }) => stderr).join('')).toMatch(/waiting for process \d+, which builds/)
    const targets = (await readFile(built, 'utf8')).trim().split('\n')
    expect(targets).toHaveLength(5)
    expect(new Set(targets).size).toBe(5)
  })

  it('fail with the last lines of the build', async () => {
    const path = await fakeGo(
      'case $1 in env) echo go99.0.0; echo local ;; *) echo "no such package" >&2; exit 1 ;; esac',
    )
    const { code, stderr } = await prepare({ PATH: path })
    expect(code).toBe(1)
    expect(stderr).toMatch(/go build go\.etcd\.io\/etcd\/server\/v3 failed\. Its last lines:\nno such package\n$/)
  })
})

describe('the lock of the build', () => {
  it('is held by one at a time', async () => {
    const path = join(await temporaryFolder(), 'lock')
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await sleep(20)
      inside--
    }
    await Promise.all(Array.from({ length: 5 }, () => withFolderLock(path, { waiting: () => undefined }, work)))
    expect(most).toBe(1)
    expect(existsSync(path)).toBe(false)
  })

  it('is taken over from a holder that died', async () => {
    const path = join(await temporaryFolder(), 'lock')
    await mkdir(path)
    const longAgo = new Date(Date.now() - 60_000)
    await writeFile(join(path, 'process-1-dead'), '')
    await utimes(join(path, 'process-1-dead'), longAgo, longAgo)
    const waiting = vi.fn()
    expect(await withFolderLock(path, { waiting }, async () => readdirSync(path).length)).toBe(1)
    expect(waiting).not.toHaveBeenCalled()
  })
})

/** A control plane that another process starts; then that process runs the script. */
async function startElsewhere(script: string): Promise<{ parent: ChildProcess; folder: string; pids: number[] }> {
  const module = join(packageRoot(), 'src/devtools/control-plane/control-plane.ts')
  const start = `
    import { startControlPlane } from ${JSON.stringify(module)}
    const components = { controllerManager: true, kwok: true }
    const { folder, pids } = await startControlPlane({ log: () => {}, components })
    console.log(JSON.stringify({ folder, pids: Object.values(pids) }))
    ${script}`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', start], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void parent.kill('SIGKILL'))
  for await (const line of createInterface(parent.stdout)) return { parent, ...JSON.parse(line) }
  throw new Error(`The other process started no control plane: ${await text(parent.stderr)}`)
}

function prepare(env: NodeJS.ProcessEnv): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = join(packageRoot(), 'src/devtools/control-plane/prepare.ts')
  return temporaryFolder().then(
    (cache) =>
      new Promise((resolve) => {
        execFile(process.execPath, [script], { env: { CTO_CACHE: cache, ...env } }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        })
      }),
  )
}

/** A PATH on which `go` is a shell script. */
async function fakeGo(script: string): Promise<string> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'go'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'go'), 0o755)
  return `${folder}:/usr/bin:/bin`
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cto-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Processes that run in the folder, the watchers of the components among them. */
function processesIn(folder: string): number[] {
  return numbersIn('/proc').filter((pid) => linkTarget(`/proc/${pid}/cwd`)?.startsWith(folder))
}

function listeningAddresses(pid: number): string[] {
  const sockets = new Set(numbersIn(`/proc/${pid}/fd`).map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`)))
  return ['tcp', 'tcp6'].flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(`socket:[${inode}]`))
      .map(([, address = '']) => readableAddress(address)),
  )
}

/** `0100007F:1F90` is 127.0.0.1:8080; anything longer is an IPv6 address and stays as it is. */
function readableAddress(address: string): string {
  const [host = '', port = ''] = address.split(':')
  if (host.length !== 8) return address
  return `${[...Buffer.from(host, 'hex')].toReversed().join('.')}:${Number.parseInt(port, 16)}`
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
