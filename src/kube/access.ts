// The way to the API server: from inside a pod with nothing but three files, from outside with a kubeconfig.

import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https'

export interface Access {
  readonly server: URL
  /** One pool for all requests; watches keep a connection each. */
  readonly agent: HttpAgent | HttpsAgent
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

/** @throws Error when the pod has no service account mounted */
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

/** In a pod the service account's, unless a kubeconfig or a context is named; elsewhere by kubeconfig. */
export async function clusterAccess(kubeconfig: string | undefined, context?: string): Promise<Access> {
  const isNamed = kubeconfig !== undefined || context !== undefined
  return !isNamed && isInCluster() ? inClusterAccess() : kubeconfigAccess(kubeconfig, context)
}

/**
 * Access by a kubeconfig: the file, else what `KUBECONFIG` names, else `~/.kube/config`.
 * @param wanted the context, if not the current one
 * @throws Error with one sentence when there is none, or it cannot be used
 */
export async function kubeconfigAccess(file?: string, wanted?: string): Promise<Access & { readonly context: string }> {
  const { KubeConfig } = await import('./kubeconfig.ts')
  const config = new KubeConfig()
  const where = file ?? process.env['KUBECONFIG'] ?? '~/.kube/config'
  // client-node would try localhost:8080 in its place.
  if (
    file === undefined &&
    process.env['KUBECONFIG'] === undefined &&
    !existsSync(join(homedir(), '.kube', 'config'))
  ) {
    throw new Error(`The kubeconfig ${where} cannot be read: there is no such file; name another with --kubeconfig`)
  }
  try {
    if (file === undefined) config.loadFromDefault(undefined, false)
    else config.loadFromFile(file)
  } catch (cause) {
    throw new Error(`The kubeconfig ${where} cannot be read: ${why(cause)}; name another with --kubeconfig`, { cause })
  }
  if (wanted !== undefined) {
    const known = config.getContexts().map((one) => one.name)
    if (!known.includes(wanted))
      throw new Error(`The kubeconfig ${where} has no context "${wanted}" (there are: ${known.join(', ')})`)
    config.setCurrentContext(wanted)
  }
  const cluster = config.getCurrentCluster()
  const context = config.getCurrentContext() as string | undefined
  if (cluster === null) {
    const known = config.getContexts().map((one) => one.name)
    const choose = `choose one with kubectl config use-context (there are: ${known.join(', ')})`
    if (known.length === 0) throw new Error(`The kubeconfig ${where} names no cluster; name another with --kubeconfig`)
    if (context === undefined) throw new Error(`The kubeconfig ${where} has no current context; ${choose}`)
    throw new Error(`The kubeconfig ${where} has no cluster for its current context "${context}"; ${choose}`)
  }
  if (!URL.canParse(cluster.server)) {
    throw new Error(`The kubeconfig ${where} has a server that is not an address; correct clusters[].cluster.server`)
  }
  const server = new URL(cluster.server)
  const isPlain = server.protocol === 'http:'
  // Without TLS there is nothing to verify; client-node refuses the server unless that is said.
  if (isPlain) config.clusters = config.clusters.map((one) => ({ ...one, skipTLSVerify: true }))
  const credentials = async () => {
    try {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options)
      return options
    } catch (cause) {
      throw new Error(`The kubeconfig ${where} names credentials that cannot be used: ${why(cause)}`, { cause })
    }
  }
  const { agent: proxied, ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = await credentials()
  const tls = given({ ca, cert, key, pfx, passphrase, servername, rejectUnauthorized })
  const direct = isPlain ? new HttpAgent(POOL) : new HttpsAgent({ ...tls, ...POOL })
  return {
    server,
    context: context ?? '',
    // client-node's own agent knows the way through a proxy.
    agent: cluster.proxyUrl !== undefined && typeof proxied === 'object' ? proxied : direct,
    headers: async () => headersOf(await credentials()),
    refresh: () => undefined,
  }
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
