// What clusters on this machine are made of, and how each of it is made from the pinned Go modules.

import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, type GoModule, goSources, moduleFolder, type Workshop } from './go-build.ts'
import {
  type KubernetesVersion,
  NEWEST_KUBERNETES,
  OLDER_KUBERNETES,
  type OlderKubernetes,
} from './kubernetes-versions.ts'

/** A control plane, in the order in which it is built: what is quick comes first. */
export const CONTROL_PLANE = [
  'etcd',
  'kwok',
  'kwok-stages.yaml',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
] as const

/** What an older Kubernetes has of its own. All else of a control plane speaks to any of them. */
const SERVERS = ['kube-apiserver', 'kube-controller-manager'] as const

/** What a node needs besides, on which pods really run. */
export const NODE = [
  'pause',
  'bridge',
  'host-local',
  'loopback',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
] as const

/** What charts are installed with. */
export const HELM = ['helm'] as const

export type ControlPlaneArtifact = (typeof CONTROL_PLANE)[number]
type OlderServer = `${(typeof SERVERS)[number]}-${OlderKubernetes}`
export type Artifact = ControlPlaneArtifact | (typeof NODE)[number] | (typeof HELM)[number] | OlderServer

export interface Recipe {
  readonly module: GoModule
  /** How long it takes on two cores with nothing built before. */
  readonly takes: string
  readonly make: (shop: Workshop, output: string) => Promise<void>
}

export const RECIPES: Readonly<Record<Artifact, Recipe>> = {
  etcd: binary('etcd', 'go.etcd.io/etcd/server/v3', '20 s'),
  kwok: binary('kwok', 'sigs.k8s.io/kwok/cmd/kwok', '1 min'),
  'kwok-stages.yaml': { module: 'kwok', takes: '1 s', make: kwokStages },
  kubectl: kubernetes('kubectl', '1 min'),
  'kube-apiserver': kubernetes('kube-apiserver', '2 min'),
  'kube-controller-manager': kubernetes('kube-controller-manager', '1 min'),
  'kube-scheduler': kubernetes('kube-scheduler', '20 s'),
  'kube-proxy': kubernetes('kube-proxy', '10 s'),
  kubelet: kubernetes('kubelet', '20 s'),
  containerd: binary('containerd', 'github.com/containerd/containerd/v2/cmd/containerd', '40 s'),
  'containerd-shim-runc-v2': binary(
    'containerd',
    'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    '5 s',
  ),
  ctr: binary('containerd', 'github.com/containerd/containerd/v2/cmd/ctr', '10 s'),
  bridge: binary('cni', 'github.com/containernetworking/plugins/plugins/main/bridge', '10 s'),
  'host-local': binary('cni', 'github.com/containernetworking/plugins/plugins/ipam/host-local', '2 s'),
  loopback: binary('cni', 'github.com/containernetworking/plugins/plugins/main/loopback', '2 s'),
  pause: binary('pause', '.', '2 s'),
  helm: binary('helm', 'helm.sh/helm/v4/cmd/helm', '2 min'),
  ...olderServers(),
}

/** What plays that part in a control plane of that version. */
export function artifactOf(part: ControlPlaneArtifact, version: KubernetesVersion): Artifact {
  const server = SERVERS.find((name) => name === part)
  return version === NEWEST_KUBERNETES || server === undefined ? part : `${server}-${version}`
}

/** Changes whenever something else would be built from the module. */
export function pinnedVersions(module: GoModule): string {
  const folder = moduleFolder(module)
  const files = readdirSync(folder).toSorted()
  return [process.platform, process.arch, ...files.map((file) => readFileSync(join(folder, file), 'utf8'))].join('\n')
}

/** The oldest Go that can build all of them, as `1.26.0`. */
export function oldestGo(artifacts: readonly Artifact[]): string {
  const versions = artifacts.map((artifact) => pinned(RECIPES[artifact].module, /^go (\S+)$/m))
  return versions.reduce((one, other) => (isOlder(one, other) ? other : one))
}

/** Whether Go version `one` is older than `other`; both as `1.26.0`. */
export function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0
}

/** In full, as `v1.36.3`. */
export function kubernetesVersion(version: KubernetesVersion = NEWEST_KUBERNETES): string {
  return pinned(kubernetesModule(version), /^\s*k8s\.io\/kubernetes (v\S+)/m)
}

function kubernetesModule(version: KubernetesVersion): GoModule {
  return version === NEWEST_KUBERNETES ? 'kubernetes' : `kubernetes-${version}`
}

function binary(module: GoModule, target: string, takes: string): Recipe {
  return { module, takes, make: (shop, output) => goBuild(shop, module, { target, output }) }
}

function kubernetes(name: string, takes: string, version: KubernetesVersion = NEWEST_KUBERNETES): Recipe {
  const module = kubernetesModule(version)
  return {
    module,
    takes,
    // Without it, the API server says that it is v0.0.0 and kubectl warns of a skew.
    make: (shop, output) =>
      goBuild(shop, module, {
        target: `k8s.io/kubernetes/cmd/${name}`,
        output,
        ldflags: ['-X', `k8s.io/component-base/version.gitVersion=${kubernetesVersion(version)}`],
      }),
  }
}

function olderServers(): Record<OlderServer, Recipe> {
  const recipes = OLDER_KUBERNETES.flatMap((version) =>
    SERVERS.map(
      (name) =>
        [`${name}-${version}`, kubernetes(name, name === 'kube-apiserver' ? '3 min' : '1 min', version)] as const,
    ),
  )
  return Object.fromEntries(recipes) as Record<OlderServer, Recipe>
}

// KWOK knows what a node and a pod do only from its Stage files; they are part of its module.
async function kwokStages(shop: Workshop, output: string): Promise<void> {
  const sources = await goSources(shop, 'kwok', 'sigs.k8s.io/kwok')
  const stages: string[] = []
  for (const kind of ['node', 'pod']) {
    const folder = join(sources, 'kustomize', 'stage', kind, 'fast')
    for (const name of (await readdir(folder)).toSorted()) {
      if (name.endsWith('.yaml') && name !== 'kustomization.yaml')
        stages.push(await readFile(join(folder, name), 'utf8'))
    }
  }
  await writeFile(output, stages.join('---\n'))
}

function pinned(module: GoModule, pattern: RegExp): string {
  const [, version] = pattern.exec(readFileSync(join(moduleFolder(module), 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error(`${moduleFolder(module)}/go.mod does not match ${pattern.source}`)
  return version
}
