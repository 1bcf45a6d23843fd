// What a person has at hand: kubectl and Helm, and what they show of the operator and of agents.

import { HELM } from '../../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../../src/devtools/control-plane/binaries.ts'
import { type Answer, command, eventually, succeed } from './commands.ts'

export const SYSTEM = 'cto-system'
export const AGENTS = 'cto-agents'

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly status: {
    readonly phase: string
    readonly podIP?: string
    readonly containerStatuses?: readonly { readonly ready: boolean }[]
  }
}

export interface Decision {
  readonly plan: string
  readonly verdict: string
  readonly cluster: { readonly type: string; readonly proven: boolean }
  readonly agents: Readonly<
    Record<'admitted' | 'refused' | 'held', readonly { name: string; message?: string; holdAt?: string }[]>
  >
}

export type Person = Awaited<ReturnType<typeof aPerson>>

export interface Desk {
  readonly kubeconfigPath: string
  /** The binary. */
  readonly kubectl: string
  readonly home: string
  /** The socket of the node's containerd, for whoever sits at the node. */
  readonly containerd?: string
}

export async function aPerson({ kubeconfigPath, kubectl: kubectlPath, home, containerd }: Desk) {
  const { helm: helmPath } = await locateBinaries(HELM, { log: () => undefined })
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    KUBECONFIG: kubeconfigPath,
    ...(containerd === undefined ? {} : { CONTAINERD_ADDRESS: containerd }),
  }
  const tryKubectl = (args: readonly string[], input?: string): Promise<Answer> =>
    command(kubectlPath, args, { env, ...(input === undefined ? {} : { input }) })
  const kubectl = (...args: string[]) => succeed(tryKubectl(args))
  const json = async <T>(...args: string[]) => JSON.parse(await kubectl(...args, '-o', 'json')) as T
  const runningPods = async (namespace: string, selector: string) =>
    (await json<{ items: Pod[] }>('get', 'pods', '-n', namespace, '-l', selector)).items.filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running',
    )
  return {
    /** The environment that commands run in. */
    env,
    kubectl,
    tryKubectl,
    json,
    runningPods,
    apply: (manifest: string | object) =>
      succeed(tryKubectl(['apply', '-f', '-'], typeof manifest === 'string' ? manifest : JSON.stringify(manifest))),
    /** All that Helm says: what hooks print, it writes to stderr. */
    async helm(...args: string[]) {
      const answer = await command(helmPath, args, { env })
      return (await succeed(Promise.resolve(answer))) + answer.stderr
    },
    operators: () => runningPods(SYSTEM, 'app.kubernetes.io/component=operator'),
    runs: (agent: string) =>
      eventually(`${agent} to run`, async () => {
        return (await runningPods(AGENTS, `cto.5dlabs.io/agent=${agent}`)).length === 1
      }),
    /** The agents' pods: none of them may change when the operator does. */
    async agents() {
      const { items } = await json<{ items: Pod[] }>('get', 'pods', '-n', AGENTS)
      return new Set(items.map(({ metadata }) => metadata.uid))
    },
    /** Waits until the Entitlement says so. */
    decided: (what: string, so: (decision: Decision) => boolean) =>
      eventually(what, async () => {
        const { code, stdout } = await tryKubectl(['get', 'entitlement', 'cto', '-o', 'json'])
        const { status } = (code === 0 ? JSON.parse(stdout) : {}) as { status?: Decision }
        return status !== undefined && so(status) ? status : undefined
      }),
    /** For whoever wonders why a step failed. */
    async lookAround() {
      const looks = [
        ['get', 'all', '--all-namespaces', '-o', 'wide'],
        ['get', 'events', '--all-namespaces'],
        ['logs', '-n', SYSTEM, '-l', 'app.kubernetes.io/name=cto-operator', '--tail=40'],
        ['get', 'entitlements,licenses,platformconfigs', '-o', 'yaml'],
      ]
      for (const args of looks) {
        const { stdout, stderr } = await tryKubectl(args)
        console.log(`$ kubectl ${args.join(' ')}\n${stdout}${stderr}`)
      }
    },
  }
}

/** A Deployment that runs an agent, as somebody writes it by hand. */
export function anAgent(name: string, namespace: string, image: string, replicas: number): object {
  const labels = { app: name, 'cto.5dlabs.io/agent': name }
  const containers = [{ name: 'agent', image, imagePullPolicy: 'IfNotPresent' }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers } },
    },
  }
}
