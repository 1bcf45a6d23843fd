// A PlatformConfig: what the customer wants. It grants nothing.
// The shape is `crds/cto.5dlabs.io_platformconfigs.yaml`; what the API server accepts is read here, and nothing else.

import * as z from 'zod'
import type { Verdict } from '../domain/entitlement/reasons.ts'
import type { Condition } from './conditions.ts'
import type { AgentEntry } from './entitlement.ts'
import { activationKey, productName } from './license.ts'
import { read, type DeepReadonly, type Reading } from './resources.ts'

const printable = z.string().regex(/^[ -~]+$/, 'must be printable ASCII, and not empty')
const label = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'must be of lower-case letters, digits and hyphens, without a hyphen at the ends',
  )
const word = label.max(63)
const bytes = z
  .string()
  .max(32)
  .regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$/, 'must be an amount of bytes, such as 50Gi')
const retention = z
  .string()
  .max(32)
  .regex(/^([0-9]+(ms|s|m|h|d|w|y))+$/, 'must be a length of time, such as 15d')
const words = z
  .array(word)
  .max(64)
  .superRefine(refuseDuplicates((item) => item))

const optional = z.exactOptional
const enabled = z.boolean().default(false)
const toggle = optional(z.object({ enabled }))

const license = z.object({
  key: optional(activationKey),
  tier: optional(
    z
      .string()
      .max(63)
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a plan, such as starter'),
  ),
  organization: optional(z.string().regex(/^.{1,256}$/su, 'must have 1 to 256 characters')),
})

const deployment = z
  .object({
    type: z.enum(['bare-metal', 'cloud', 'on-prem', 'kind']),
    provider: optional(z.enum(['aws', 'gcp', 'azure'])),
    nodes: optional(z.int().min(1).max(100_000)),
  })
  .refine(({ type, provider }) => type !== 'cloud' || provider !== undefined, {
    path: ['provider'],
    message: 'a cloud deployment needs its provider: aws, gcp or azure',
  })

const database = optional(
  z.object({
    enabled,
    operator: optional(word),
    instances: optional(z.int().min(1).max(100)),
    storage: optional(bytes),
  }),
)
const cache = optional(z.object({ enabled, mode: optional(word), memory: optional(bytes) }))
const searchEngine = optional(z.object({ enabled, storage: optional(bytes) }))
const services = z.object({
  databases: optional(z.object({ postgresql: database, mysql: database, mongodb: database, cockroachdb: database })),
  cache: optional(z.object({ redis: cache, dragonfly: cache, keydb: cache })),
  messaging: optional(
    z.object({
      nats: optional(z.object({ enabled, jetstream: optional(z.boolean()) })),
      rabbitmq: toggle,
      kafka: toggle,
      redisStreams: toggle,
    }),
  ),
  search: optional(z.object({ meilisearch: searchEngine, opensearch: searchEngine, clickhouse: searchEngine })),
})

const agent = z.object({
  name: label.max(40),
  cli: optional(printable.max(64)),
  model: optional(printable.max(256)),
})
const agents = z.object({
  enabled: optional(
    z
      .array(agent)
      .max(256)
      .superRefine(refuseDuplicates((item) => item.name)),
  ),
  localModels: toggle,
})

const integrations = z.object({
  github: toggle,
  gitlab: toggle,
  bitbucket: toggle,
  linear: toggle,
  jira: toggle,
  asana: toggle,
  slack: toggle,
  discord: toggle,
  teams: toggle,
  datadog: toggle,
  pagerduty: toggle,
})

const addons = z.object({
  designSystem: optional(
    z.object({
      enabled,
      theme: optional(z.enum(['dark', 'light', 'system'])),
      components: optional(words),
      templates: optional(words),
    }),
  ),
  agentBuilder: toggle,
  analytics: toggle,
  projectManagement: toggle,
  proBundle: toggle,
})

const guardian = z.object({
  enabled,
  // What nobody asked for in words changes nothing in the cluster.
  mode: z.enum(['basic', 'full', 'monitor-only']).default('monitor-only'),
  autoRemediation: optional(
    z.object({
      enabled,
      scope: optional(words),
      rateLimit: optional(z.object({ maxActionsPerHour: optional(z.int().min(1).max(1000)) })),
    }),
  ),
})

const observability = z.object({
  prometheus: optional(z.object({ enabled, retention: optional(retention) })),
  grafana: toggle,
  loki: optional(z.object({ enabled, retention: optional(retention) })),
})

const spec = z.object({
  product: optional(productName),
  license: optional(license),
  deployment: optional(deployment),
  services: optional(services),
  agents: optional(agents),
  integrations: optional(integrations),
  secrets: optional(z.object({ provider: optional(word), byok: optional(z.boolean()) })),
  addons: optional(addons),
  guardian: optional(guardian),
  observability: optional(observability),
})
const schema = z.object({ spec: spec.prefault({}) })

export type PlatformConfig = DeepReadonly<z.output<typeof schema>>
export type PlatformConfigSpec = PlatformConfig['spec']

export interface PlatformConfigStatus {
  readonly observedGeneration: number
  readonly verdict: Verdict
  /** The plan that applies, whatever `spec.license.tier` expects. */
  readonly plan: string
  readonly message: string
  /** The type of the cluster, such as `Kind`. */
  readonly cluster: string
  readonly agents: {
    /** Admitted agents that are there, of those that are wanted, such as `2/3`. */
    readonly summary: string
    readonly admitted: readonly AgentEntry[]
    readonly refused: readonly AgentEntry[]
    readonly held: readonly AgentEntry[]
  }
  readonly conditions: readonly Condition[]
}

/** Reads a PlatformConfig, or whatever has its `spec`. */
export function readPlatformConfig(object: unknown): Reading<PlatformConfig> {
  return read(schema, object)
}

function refuseDuplicates<T>(keyOf: (item: T) => string) {
  return (items: readonly T[], context: z.core.$RefinementCtx<readonly T[]>): void => {
    const seen = new Set<string>()
    for (const [index, item] of items.entries()) {
      const key = keyOf(item)
      if (seen.has(key)) context.addIssue({ code: 'custom', path: [index], message: 'is there twice' })
      seen.add(key)
    }
  }
}
