// Where the trial runs: the Kind cluster that a person has and agrees to, else a control plane of its own with nodes as
// Kind has them.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { projectNode } from '../../operator/observed/nodes.ts'
import { apiRequester } from '../../devtools/control-plane/api-request.ts'
import { startControlPlane } from '../../devtools/control-plane/control-plane.ts'
import type { KubernetesVersion } from '../../devtools/control-plane/kubernetes-versions.ts'
import { placePods } from '../../devtools/control-plane/pod-placement.ts'
import { kindLikeNodes, kubeadmConfigMap } from '../../devtools/control-plane/kind-nodes.ts'
import { kubeconfigAccess } from '../../kube/access.ts'
import { createClient } from '../../kube/client.ts'
import { configMaps, nodes } from '../../kube/resource.ts'

export interface TrialCluster extends AsyncDisposable {
  readonly description: string
  readonly kubeconfigPath: string
  readonly kubectl: string
  /** Whether it was there before and stays. */
  readonly isYours: boolean
}

const LOOK_MS = 3_000

/** The Kind cluster of the current kubeconfig, when there is one, it answers, and the person says yes. */
export async function offeredKindCluster(
  ask: (question: string) => Promise<boolean>,
): Promise<TrialCluster | undefined> {
  const kubeconfigPath = process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config')
  try {
    const access = await kubeconfigAccess()
    const client = createClient(access, { fieldManager: 'cto-trial', userAgent: 'cto-trial', timeoutMs: LOOK_MS })
    const { items } = await client.list(nodes, {}, { limit: '50' }, AbortSignal.timeout(LOOK_MS))
    access.agent.destroy()
    const found = (items ?? []).map(projectNode)
    const isKind = found.length > 0 && found.every((node) => node.providerId.startsWith('kind://'))
    if (!isKind) return undefined
    if (!(await ask(`The current kubeconfig is the Kind cluster ${access.context}. Try it there? [y/N] `)))
      return undefined
    return {
      description: `Kind cluster ${access.context}`,
      kubeconfigPath,
      kubectl: 'kubectl',
      isYours: true,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  } catch {
    // No kubeconfig, or one that leads nowhere: then there is no cluster to offer, and nothing is wrong with that.
    return undefined
  }
}

/** A control plane of its own, on this machine and for this trial. */
export async function ownCluster(version: KubernetesVersion, log: (line: string) => void): Promise<TrialCluster> {
  const components = { controllerManager: true, kwok: true }
  const controlPlane = await startControlPlane({ version, components, log })
  try {
    const access = await kubeconfigAccess(controlPlane.kubeconfigPath)
    const client = createClient(access, { fieldManager: 'cto-trial', userAgent: 'cto-trial' })
    const signal = AbortSignal.timeout(20_000)
    await client.create(configMaps, kubeadmConfigMap('kind', version), signal)
    const kind = kindLikeNodes({ cluster: 'kind', workers: 1, version })
    for (const node of kind) await client.create(nodes, node, signal)
    access.agent.destroy()
    // There is no scheduler: pods are put on the worker, so that they run.
    const runs = await placePods(apiRequester(controlPlane), 'kind-worker')
    if (!runs) log(`pods stay Pending: Kubernetes ${version} cannot put them on a node without a scheduler`)
  } catch (error) {
    await controlPlane.stop()
    throw error
  }
  return {
    description: `a control plane on this machine (kube-apiserver, etcd, kube-controller-manager; Kubernetes ${version}) with two nodes like those of Kind`,
    kubeconfigPath: controlPlane.kubeconfigPath,
    kubectl: controlPlane.kubectl,
    isYours: false,
    [Symbol.asyncDispose]: () => controlPlane.stop(),
  }
}

/** Asks on the terminal; without one, nobody agrees. */
export async function askOnTerminal(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
