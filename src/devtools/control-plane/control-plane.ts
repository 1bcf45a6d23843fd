// A real Kubernetes control plane on this machine, for tests and trials: it answers on one port of the loopback
// interface, keeps its state in one folder, and is gone when the process that started it is.

import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ApiRequest, apiRequester } from './api-request.ts'
import { CERTIFICATE, controllerManagerArgs, etcdArgs, kubeApiserverArgs, kwokArgs } from './arguments.ts'
import { locateControlPlane } from './binaries.ts'
import { Component } from './component.ts'
import { writeKubeconfig, writeServiceAccountKeys, writeTokens } from './credentials.ts'
import { stopwatch } from './duration.ts'
import { freePort } from './free-port.ts'
import { type KubernetesVersion, NEWEST_KUBERNETES } from './kubernetes-versions.ts'
import { untilReady } from './readiness.ts'

export interface ControlPlaneOptions {
  readonly log: (line: string) => void
  /** By default, the newest. */
  readonly version?: KubernetesVersion
  /** Where its state is kept: by default, in a new folder. */
  readonly folder?: string
  /** Whether the folder stays when it stops: by default, if it was named. */
  readonly keepFolder?: boolean
  readonly components?: {
    /** Deployments get ReplicaSets, ReplicaSets get pods, and what nobody owns any more goes. */
    readonly controllerManager?: boolean
    /** Nodes stay Ready, and pods that are bound to a node run. */
    readonly kwok?: boolean
    /** The caller brings nodes whose kubelets beat: one that is silent is taken for dead. */
    readonly kubelets?: boolean
  }
  /** Where the API server answers: by default, on the loopback interface. */
  readonly address?: string
  /** Come last, so that they win over ours. */
  readonly apiserverArgs?: readonly string[]
  /** More users that the API server knows by a token, by their name, with the group of each; empty for none. */
  readonly users?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface ControlPlane extends AsyncDisposable {
  /** `https://<address>:<port>` */
  readonly server: string
  readonly kubeconfigPath: string
  /** Of a user who may do everything. */
  readonly token: string
  /** Of the other users, by their name. */
  readonly userTokens: Readonly<Record<string, string>>
  /** The certificates by which the server is known. */
  readonly caPath: string
  /** The path of a kubectl. */
  readonly kubectl: string
  readonly folder: string
  /** The process IDs of the components, by name. */
  readonly pids: Readonly<Record<string, number>>
  stop(): Promise<void>
}

const PORT_ATTEMPTS = 5
const DEFAULT_ACCOUNT = '/api/v1/namespaces/default/serviceaccounts/default'

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { log, signal, version = NEWEST_KUBERNETES, address = '127.0.0.1', apiserverArgs = [] } = options
  const { controllerManager = false, kwok = false, kubelets = false } = options.components ?? {}
  const binaries = await locateControlPlane(version, { log, signal })
  const took = stopwatch()
  const folder = await makeFolder(options.folder)
  const disposable = !(options.keepFolder ?? options.folder !== undefined)
  const caPath = join(folder, CERTIFICATE)
  log(`starting the control plane in ${folder}`)

  const components: Component[] = []
  const start = (name: keyof typeof binaries, args: readonly string[]): void => {
    components.push(new Component({ name, command: binaries[name], args, folder, disposable, log }))
  }
  const stop = once(async () => {
    const stopping = stopwatch()
    // Who is asked stays until those who ask are gone.
    for (const component of components.toReversed()) await component.stop()
    if (disposable) await rm(folder, { recursive: true, force: true })
    log(`the control plane stopped in ${stopping()}`)
  })

  async function startApiserver(token: string): Promise<{ server: string; request: ApiRequest }> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort()
      const server = `https://${address}:${port}`
      const args = kubeApiserverArgs({ address, port, serviceAccounts: controllerManager })
      start('kube-apiserver', [...args, ...apiserverArgs])
      try {
        await untilReady(components, async () => answers(apiRequester({ server, caPath, token }), '/readyz'), signal)
        return { server, request: apiRequester({ server, caPath, token }) }
      } catch (error) {
        // Somebody took the port between our look at it and the server's.
        if (attempt === PORT_ATTEMPTS || !String(error).includes('address already in use')) throw error
        components.pop()
      }
    }
  }

  try {
    const tokens = writeTokens(folder, options.users)
    writeServiceAccountKeys(folder)
    start('etcd', etcdArgs())
    const { server, request } = await startApiserver(tokens.admin)
    log(`kube-apiserver is ready after ${took()}`)

    const kubeconfigPath = join(folder, 'kubeconfig')
    writeKubeconfig(kubeconfigPath, { server, caPath, token: tokens.admin })
    if (controllerManager) {
      const path = join(folder, 'controller-manager.kubeconfig')
      writeKubeconfig(path, { server, caPath, token: tokens.controllerManager })
      start('kube-controller-manager', controllerManagerArgs({ nodesBeat: kwok || kubelets }))
    }
    if (kwok) {
      writeKubeconfig(join(folder, 'kwok.kubeconfig'), { server, caPath, token: tokens.kwok })
      start('kwok', kwokArgs(binaries['kwok-stages.yaml']))
    }
    // Until the controllers have made it, every pod is refused.
    if (controllerManager) await untilReady(components, () => answers(request, DEFAULT_ACCOUNT), signal)
    log(`the control plane is ready after ${took()}: ${server}`)

    const pids = Object.fromEntries(components.map(({ name, pid = 0 }) => [name, pid]))
    const { kubectl } = binaries
    const { admin: token, others: userTokens } = tokens
    return {
      server,
      kubeconfigPath,
      token,
      userTokens,
      caPath,
      kubectl,
      folder,
      pids,
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeFolder(named: string | undefined): Promise<string> {
  if (named === undefined) return mkdtemp(join(tmpdir(), 'cto-control-plane-'))
  const folder = resolve(named)
  await mkdir(folder, { recursive: true })
  // Tokens and keys lie in it, and the socket of an etcd that trusts everybody.
  await chmod(folder, 0o700)
  return folder
}

async function answers(request: ApiRequest, path: string): Promise<boolean> {
  return (await request('GET', path)).status === 200
}

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return () => (result ??= work())
}
