// The files that `cto init` writes: what is wanted, the chart's values, and for Kind the cluster itself. Pure.

import { stringify } from 'yaml'
import { API_VERSION, DEFAULT_AGENTS_NAMESPACE, GROUP } from '../../api/names.ts'
import { type Catalog, planNamed } from '../../domain/catalog/catalog.ts'
import { UNLIMITED } from '../../domain/limits.ts'
import type { Target } from './targets.ts'

export interface Wishes {
  readonly target: Target
  readonly catalog: Catalog
  /** The name of the PlatformConfig. */
  readonly name: string
  /** The plan that is expected. */
  readonly plan: string
  readonly organization?: string
  readonly licenseKey?: string
  readonly region?: string
  readonly nodes?: number
  /** Absent: what the plan admits. */
  readonly agents?: readonly string[]
}

export interface SetupFile {
  readonly name: string
  readonly content: string
  /** Whether it holds something that is nobody else's to read. */
  readonly isPrivate: boolean
}

export const CONFIG_FILE = 'platformconfig.yaml'
export const VALUES_FILE = 'values.yaml'
const KIND_FILE = 'kind.yaml'

export function setupFiles(wishes: Wishes): SetupFile[] {
  const { target, licenseKey } = wishes
  return [
    { name: CONFIG_FILE, content: platformConfig(wishes), isPrivate: licenseKey !== undefined },
    { name: VALUES_FILE, content: helmValues(wishes), isPrivate: false },
    ...(target.name === 'kind' ? [{ name: KIND_FILE, content: kindConfig(nodesOf(wishes)), isPrivate: false }] : []),
  ]
}

function platformConfig(wishes: Wishes): string {
  const { target, catalog, name, plan, organization, licenseKey, region } = wishes
  const config = {
    apiVersion: API_VERSION,
    kind: 'PlatformConfig',
    metadata: { name, ...(region === undefined ? {} : { annotations: { [`${GROUP}/region`]: region } }) },
    spec: {
      license: {
        ...(licenseKey === undefined ? {} : { key: licenseKey }),
        tier: plan,
        ...(organization === undefined ? {} : { organization }),
      },
      deployment: { ...target.deployment, nodes: nodesOf(wishes) },
      agents: { enabled: (wishes.agents ?? agentsOf(catalog, plan)).map((agent) => ({ name: agent, cli: 'claude' })) },
    },
  }
  const title = `# What is wanted of the ${catalog.title} here. It grants nothing: the license does.\n`
  return `${title}# All fields: kubectl explain platformconfig.spec --recursive\n${stringify(config)}`
}

function nodesOf({ nodes, target }: Wishes): number {
  return nodes ?? target.nodes
}

/** The plan's agents in the catalog's order, as many as it allows; the guardian is asked for by its own section. */
function agentsOf(catalog: Catalog, plan: string): string[] {
  const { agents = [], limits = {} } = planNamed(catalog, plan) ?? {}
  const limit = limits[catalog.governed.axis] ?? UNLIMITED
  const names = agents.filter((name) => name !== 'guardian')
  return limit === UNLIMITED ? names : names.slice(0, limit)
}

function helmValues(wishes: Wishes): string {
  const values = {
    catalog: wishes.catalog.product,
    agents: { namespace: { name: DEFAULT_AGENTS_NAMESPACE } },
    // Two replicas where there is a second node to put one on, and the cluster is more than a trial.
    ha: { enabled: !wishes.target.isFree && nodesOf(wishes) > 1 },
  }
  return `# Values of the Helm chart cto-operator. All of them: helm show values <chart>\n${stringify(values)}`
}

function kindConfig(nodes: number): string {
  const config = {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: 'cto',
    nodes: [{ role: 'control-plane' }, ...Array.from({ length: nodes - 1 }, () => ({ role: 'worker' }))],
  }
  return `# kind create cluster --config ${KIND_FILE}\n${stringify(config)}`
}
