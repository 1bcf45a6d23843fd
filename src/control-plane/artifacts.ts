// What the control plane is made of, and how each of it is made from the pinned Go modules.

import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, type GoModule, goSources, moduleFolder, MODULES, type Workshop } from './go-build.ts'

/** In the order in which they are built: what is quick comes first. */
export const ARTIFACTS = [
  'etcd',
  'kwok',
  'kwok-stages.yaml',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
] as const

export type Artifact = (typeof ARTIFACTS)[number]

export interface Recipe {
  /** How long it takes on two cores with nothing built before. */
  readonly takes: string
  readonly make: (shop: Workshop, output: string) => Promise<void>
}

export const RECIPES: Readonly<Record<Artifact, Recipe>> = {
  etcd: binary('etcd', 'go.etcd.io/etcd/server/v3', '20 s'),
  kwok: binary('kwok', 'sigs.k8s.io/kwok/cmd/kwok', '1 min'),
  'kwok-stages.yaml': { takes: '1 s', make: kwokStages },
  kubectl: kubernetes('kubectl', '1 min'),
  'kube-apiserver': kubernetes('kube-apiserver', '2 min'),
  'kube-controller-manager': kubernetes('kube-controller-manager', '1 min'),
}

/** Changes whenever something else would be built. */
export function pinnedVersions(): string {
  const files = MODULES.flatMap((module) =>
    ['go.mod', 'go.sum'].map((file) => readFileSync(join(moduleFolder(module), file), 'utf8')),
  )
  return [process.platform, process.arch, ...files].join('\n')
}

/** The oldest Go that can build them, as `1.26.0`. */
export function oldestGo(): string {
  const versions = MODULES.map((module) => pinned(module, /^go (\S+)$/m))
  return versions.reduce((one, other) => (isOlder(one, other) ? other : one))
}

/** Whether Go version `one` is older than `other`; both as `1.26.0`. */
export function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0
}

export function kubernetesVersion(): string {
  return pinned('kubernetes', /^\s*k8s\.io\/kubernetes (v\S+)/m)
}

function binary(module: GoModule, target: string, takes: string): Recipe {
  return { takes, make: (shop, output) => goBuild(shop, module, { target, output }) }
}

function kubernetes(name: Artifact, takes: string): Recipe {
  return {
    takes,
    // Without it, the API server says that it is v0.0.0 and kubectl warns of a skew.
    make: (shop, output) =>
      goBuild(shop, 'kubernetes', {
        target: `k8s.io/kubernetes/cmd/${name}`,
        output,
        ldflags: ['-X', `k8s.io/component-base/version.gitVersion=${kubernetesVersion()}`],
      }),
  }
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
