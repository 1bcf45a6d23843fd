// The way to the API server: from inside a pod with nothing but three files, from outside with a kubeconfig.

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https'
import { pluginProblem } from './credential-plugin.ts'
import type { Cluster, KubeConfig } from './kubeconfig.ts'
import { type Proxy, proxyAddress, proxyFromEnvironment } from './proxy.ts'

export interface Access {
  readonly server: URL
  /** One pool for all requests; watches keep a connection each. */
  readonly agent: HttpAgent | HttpsAgent
  /** What stands between, if anything does. */
  readonly proxy?: Proxy
  /** Headers that say who we are. Asked for before each request; tokens may change. */
  headers(): Promise<Record<string, string>>
  /** Called after the server did not know us: what was remembered may be out of date. */
  refresh(): void
}

// As many connections as are needed: each watch holds one, and a limit would let enough of them starve the requests.
const POOL: AgentOptions = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 32, scheduling: 'lifo' }
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_LIFE_MS = 60_000

/** Whether this process runs in a pod. */
export function isInCluster(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['KUBERNETES_SERVICE_HOST'] !== undefined
}

/**
 * From a pod. A proxy of the environment is not used: the way to the API server is inside the cluster.
 * @throws Error when the pod has no service account mounted
 */
export function inClusterAccess(env: NodeJS.ProcessEnv = process.env, folder = SERVICE_ACCOUNT): Access {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443'
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  let ca: Buffer
  try {
    ca = readFileSync(`${folder}/ca.crt`)
  } catch (cause) {
    throw new Error(`No service account is mounted at ${folder}; set automountServiceAccountToken on the pod`, {
      cause,
    })
  }
  let token: { readonly value: string; readonly readAt: number } | undefined
  return {
    server,
    agent: new HttpsAgent({ ...POOL, ca }),
    async headers() {
      if (token === undefined || performance.now() - token.readAt > TOKEN_LIFE_MS) {
        const value = await readFile(`${folder}/token`, 'utf8').catch((cause: unknown) => {
          throw new Error(`The service account's token ${folder}/token cannot be read: ${why(cause)}`, { cause })
        })
        token = { value: value.trim(), readAt: performance.now() }
      }
      return { authorization: `Bearer ${token.value}` }
    },
    refresh: () => (token = undefined),
  }
}

/** For a person's command: by kubeconfig, if one or a context is named or there is no pod; else by service account. */
export async function clusterAccess(kubeconfig: string | undefined, context?: string): Promise<Access> {
  const isNamed = kubeconfig !== undefined || context !== undefined || (process.env['KUBECONFIG'] ?? '') !== ''
  return !isNamed && isInCluster() ? inClusterAccess() : kubeconfigAccess(kubeconfig, context)
}

/** For what runs as a part of the cluster: in a pod no variable leads it to another one. */
export async function ownClusterAccess(kubeconfig: string | undefined): Promise<Access> {
  return kubeconfig === undefined && isInCluster() ? inClusterAccess() : kubeconfigAccess(kubeconfig)
}

/**
 * Access by a kubeconfig: the file, else those that `KUBECONFIG` names, else `~/.kube/config`. It goes through the proxy of
 * the kubeconfig, else of the environment.
 * @param wanted the context, if not the current one
 * @throws Error with one sentence when there is none, or it cannot be used
 */
export async function kubeconfigAccess(file?: string, wanted?: string): Promise<Access & { readonly context: string }> {
  const kubeconfig = await import('./kubeconfig.ts')
  const { files, where } = filesFor(file, kubeconfig.presentFiles)
  const read = () => {
    try {
      return kubeconfig.loadKubeconfig(files)
    } catch (cause) {
      throw new Error(`The kubeconfig ${where} cannot be read: ${why(cause)}; name another with --kubeconfig`, {
        cause,
      })
    }
  }
  let config = read()
  const context = contextOf(config, where, wanted)
  const cluster = clusterOf(config, context, where)
  const server = new URL(cluster.server)
  const isPlain = server.protocol === 'http:'
  const proxy = proxyOf(cluster, server)
  const prepared = (raw: KubeConfig) => {
    raw.setCurrentContext(context)
    // Without TLS there is nothing to verify; client-node refuses the server unless that is said.
    const change = { ...(isPlain ? { skipTLSVerify: true } : {}), ...(proxy ? { proxyUrl: proxy.url.href } : {}) }
    raw.clusters = raw.clusters.map((one) => (one.name === cluster.name ? { ...one, ...change } : one))
    return raw
  }
  config = prepared(config)
  const credentials = async () => {
    try {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options)
      return options
    } catch (cause) {
      const plugin = kubeconfig.execPluginOf(config)
      const problem = plugin === undefined ? undefined : pluginProblem(plugin, cause)
      const words = problem ?? `names credentials that cannot be used: ${why(cause)}`
      throw new Error(`The kubeconfig ${where} ${words}`, { cause })
    }
  }
  const { agent: proxied, ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = await credentials()
  const tls = given({ ca, cert, key, pfx, passphrase, servername, rejectUnauthorized })
  const direct = () => (isPlain ? new HttpAgent(POOL) : new HttpsAgent({ ...tls, ...POOL }))
  return {
    server,
    context,
    ...(proxy === undefined ? {} : { proxy }),
    // client-node's own agent knows the way through a proxy.
    agent: proxy !== undefined && typeof proxied === 'object' ? proxied : direct(),
    headers: async () => headersOf(await credentials()),
    // A plugin is asked once and remembered with the config: after a refusal it is asked again, as kubectl does.
    refresh: () => (config = prepared(read())),
  }
}

/** Which files make the kubeconfig, and how it is called in messages. */
function filesFor(file: string | undefined, present: (list: readonly string[]) => string[]) {
  if (file !== undefined) return { files: [file], where: file }
  const named = process.env['KUBECONFIG'] ?? ''
  const files = present(named === '' ? [join(homedir(), '.kube', 'config')] : named.split(delimiter))
  const where = named === '' ? '~/.kube/config' : named
  if (files.length === 0)
    throw new Error(`The kubeconfig ${where} cannot be read: there is no such file; name another with --kubeconfig`)
  return { files, where }
}

function contextOf(config: KubeConfig, where: string, wanted: string | undefined): string {
  const known = config.getContexts().map((one) => one.name)
  if (wanted !== undefined && !known.includes(wanted))
    throw new Error(`The kubeconfig ${where} has no context "${wanted}" (there are: ${known.join(', ')})`)
  const current: string | undefined = config.getCurrentContext()
  const context = wanted ?? current ?? ''
  if (known.length === 0) throw new Error(`The kubeconfig ${where} names no cluster; name another with --kubeconfig`)
  if (context === '') throw new Error(`The kubeconfig ${where} has no current context; ${chooseOf(known)}`)
  return context
}

function clusterOf(config: KubeConfig, context: string, where: string): Cluster {
  const cluster = config.getCluster(config.getContextObject(context)?.cluster ?? '')
  if (cluster === null) {
    const choose = chooseOf(config.getContexts().map((one) => one.name))
    throw new Error(`The kubeconfig ${where} has no cluster for its current context "${context}"; ${choose}`)
  }
  if (!URL.canParse(cluster.server))
    throw new Error(`The kubeconfig ${where} has a server that is not an address; correct clusters[].cluster.server`)
  return cluster
}

function chooseOf(known: readonly string[]): string {
  return `choose one with kubectl config use-context (there are: ${known.join(', ')})`
}

function proxyOf({ proxyUrl }: Cluster, server: URL): Proxy | undefined {
  const from = 'proxy-url of the kubeconfig'
  return proxyUrl === undefined || proxyUrl === ''
    ? proxyFromEnvironment(server, process.env)
    : { url: proxyAddress(proxyUrl, from), from }
}

function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) result[name.toLowerCase()] = String(value)
  if (typeof auth === 'string') result['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`
  return result
}

// Parsers quote what they could not read, and a kubeconfig is full of secrets: only the kind of the problem is told.
function why(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'permission is denied'
  if (code === 'EISDIR') return 'it is a folder'
  const name = cause instanceof Error ? cause.name : ''
  return /yaml/i.test(name) ? 'it is not valid YAML' : 'it is not a valid kubeconfig'
}
