// The one use of Kubernetes' own client: reading a kubeconfig with all its ways to authenticate. It is large, and loaded
// only where there is a kubeconfig: never in a pod.

import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { KubeConfig, type User } from '@kubernetes/client-node'

export type { Cluster, KubeConfig } from '@kubernetes/client-node'

/** What a kubeconfig says of a plugin that gets credentials. */
export interface ExecPlugin {
  readonly command: string
  readonly installHint?: string
}

/**
 * Reads several files as one, as kubectl does: those that are missing are skipped, and of what two of them define the first
 * counts. client-node alone would refuse both.
 * @throws what reading or parsing throws
 */
export function loadKubeconfig(files: readonly string[]): KubeConfig {
  const all = files.map(loadOne)
  const merged = new KubeConfig()
  merged.clusters = firstOfEachName(all.flatMap(({ clusters }) => clusters))
  merged.users = firstOfEachName(all.flatMap(({ users }) => users))
  merged.contexts = firstOfEachName(all.flatMap(({ contexts }) => contexts))
  const current = all.map(({ currentContext }) => currentContext).find(Boolean)
  if (current !== undefined) merged.setCurrentContext(current)
  return merged
}

/** The plugin that the current user's credentials come from. */
export function execPluginOf(config: KubeConfig): ExecPlugin | undefined {
  const { exec } = (config.getCurrentUser() ?? {}) as { exec?: Partial<ExecPlugin> | null }
  const { command, installHint } = exec ?? {}
  if (typeof command !== 'string') return undefined
  return { command, ...(typeof installHint === 'string' ? { installHint } : {}) }
}

function loadOne(file: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromFile(file)
  config.users = (config.users ?? []).map((user) => withPlugin(user, config, dirname(file)))
  return config
}

function firstOfEachName<T extends { readonly name: string }>(items: readonly (T | undefined)[]): T[] {
  const byName = new Map<string, T>()
  for (const item of items) if (item !== undefined && !byName.has(item.name)) byName.set(item.name, item)
  return [...byName.values()]
}

interface Exec {
  readonly apiVersion?: string
  readonly command?: string
  readonly env?: readonly object[] | null
  readonly provideClusterInfo?: boolean
}

// What client-node leaves out of the protocol: the place from which a relative path counts, and what the plugin is told.
function withPlugin(user: User, config: KubeConfig, folder: string): User {
  const exec = user.exec as Exec | null | undefined
  if (typeof exec?.command !== 'string') return user
  const isPath = /[/\\]/.test(exec.command)
  const command = isPath && !isAbsolute(exec.command) ? join(folder, exec.command) : exec.command
  const info = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(execInfo(exec, user, config)) }
  return { ...user, exec: { ...exec, command, env: [...(exec.env ?? []), info] } }
}

function execInfo({ apiVersion, provideClusterInfo }: Exec, user: User, config: KubeConfig): unknown {
  const context = config.contexts.find((one) => one.name === config.currentContext && one.user === user.name)
  const cluster = config.clusters.find((one) => one.name === context?.cluster)
  const told =
    provideClusterInfo !== true || cluster === undefined
      ? {}
      : {
          cluster: {
            server: cluster.server,
            'tls-server-name': cluster.tlsServerName,
            'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
            'certificate-authority-data': cluster.caData,
            'proxy-url': cluster.proxyUrl,
          },
        }
  return { kind: 'ExecCredential', apiVersion, spec: { interactive: false, ...told } }
}

/** Of the files that `KUBECONFIG` names those that are there, each once. */
export function presentFiles(list: readonly string[]): string[] {
  return [...new Set(list)].filter((file) => file !== '' && existsSync(file))
}
