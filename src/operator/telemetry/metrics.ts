// Every metric in one place. Names that controller-runtime and Prometheus made common are kept, so that dashboards fit.

import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { agentTotals, type EntitlementStatus } from '../../api/entitlement.ts'

/** A controller, as far as it is measured. */
export interface MeasuredController {
  readonly name: string
  readonly workers: number
  readonly depth: number
  runningSeconds(): readonly number[]
}

/** A watch, as far as it is measured. */
export interface MeasuredWatch {
  readonly resource: string
  /** How long nothing has been heard of the server, in seconds. */
  readonly silenceSeconds: number
  readonly objects: number
  readonly lists: number
  readonly failures: number
}

export interface Measured {
  readonly controllers: () => readonly MeasuredController[]
  readonly watches: () => readonly MeasuredWatch[]
}

/** How it stands, as far as it is measured. */
export interface MeasuredHealth {
  readonly level: string
  readonly problems: readonly {
    readonly reason: string
    readonly severity: string
    readonly source: string
    readonly pending?: true
  }[]
}

const LEVELS = ['Healthy', 'Attention', 'Restricted']
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]

export function createMetrics(measured: Measured) {
  const registry = new Registry()
  const registers = [registry]
  measureControllers(registry, measured.controllers)
  measureWatches(registry, measured.watches)
  measureProcess(registry)
  const licenseInfo = new Gauge({
    name: 'cto_license_info',
    help: 'The decision in force; always 1.',
    labelNames: ['verdict', 'plan', 'degradation', 'cluster_type'],
    registers,
  })
  const expiry = new Gauge({
    name: 'cto_license_expiry_timestamp_seconds',
    help: 'When the license in use, or the last of those that follow it without a gap, ends, in seconds since the Unix epoch; absent on the free plan.',
    registers,
  })
  // One without labels begins with 0, and 0 would be an end long ago.
  expiry.remove()
  const nodes = new Gauge({
    name: 'cto_nodes',
    help: 'Nodes that count, and how many are licensed (-1: any number).',
    labelNames: ['kind'],
    registers,
  })
  const agents = new Gauge({
    name: 'cto_agents',
    help: 'Agents by state, and how many are licensed (-1: any number).',
    labelNames: ['state'],
    registers,
  })
  const level = new Gauge({
    name: 'cto_health',
    help: 'How it stands: 1 for the level that applies (Healthy, Attention or Restricted), 0 for the others.',
    labelNames: ['level'],
    registers,
  })
  const problems = new Gauge({
    name: 'cto_problems',
    help: 'What a person should look into, by reason and severity; the source is the decision, or the operation that carries it out.',
    labelNames: ['reason', 'severity', 'source'],
    registers,
  })
  return {
    registry,
    publicationErrors: new Counter({
      name: 'cto_publication_errors_total',
      help: 'How often the Entitlement could not be written. The decision is carried out all the same.',
      registers,
    }),
    tampering: new Counter({
      name: 'cto_tampering_restored_total',
      help: 'Objects of the operator that somebody else changed or deleted, and that were put right.',
      labelNames: ['kind', 'name'],
      registers,
    }),
    decisions: new Counter({ name: 'cto_decisions_total', help: 'Decisions taken.', registers }),
    leads: new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this replica leads.',
      labelNames: ['name'],
      registers,
    }),
    reconciles: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations by controller and result.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    reconcileErrors: new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciliations that failed.',
      labelNames: ['controller'],
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long reconciliations took.',
      labelNames: ['controller'],
      buckets: SECONDS,
      registers,
    }),
    queueAdds: new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys that became due.',
      labelNames: ['name'],
      registers,
    }),
    queueRetries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys that will be tried again because they failed.',
      labelNames: ['name'],
      registers,
    }),
    queueSeconds: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys that were due waited for a worker.',
      labelNames: ['name'],
      buckets: SECONDS,
      registers,
    }),
    workSeconds: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long the work on a key took.',
      labelNames: ['name'],
      buckets: SECONDS,
      registers,
    }),
    requests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by host, method and status code.',
      labelNames: ['host', 'method', 'code'],
      registers,
    }),
    /** Shows how it stands. What is over in a moment is left out. */
    showHealth(health: MeasuredHealth): void {
      for (const one of LEVELS) level.set({ level: one }, Number(one === health.level))
      problems.reset()
      for (const { reason, severity, source, pending } of health.problems) {
        if (pending !== true) problems.inc({ reason, severity, source })
      }
    },
    /** Shows a published decision. */
    show(status: EntitlementStatus): void {
      licenseInfo.reset()
      licenseInfo.set(
        {
          verdict: status.verdict,
          plan: status.plan,
          degradation: status.degradation,
          cluster_type: status.cluster.type,
        },
        1,
      )
      const end = status.coveredUntil ?? status.expiresAt
      if (end === undefined) expiry.remove()
      else expiry.set(Date.parse(end) / 1000)
      nodes.set({ kind: 'counted' }, status.nodes.counted)
      nodes.set({ kind: 'limit' }, status.nodes.limit)
      for (const [state, count] of Object.entries(agentTotals(status))) agents.set({ state }, count)
      agents.set({ state: 'limit' }, status.agents.limit)
    },
  }
}

type Collected = readonly (readonly [labels: Record<string, string>, value: number])[]

/** A figure that is looked up when it is asked for. */
function lookedUp(
  type: typeof Gauge | typeof Counter,
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  collect: () => Collected,
): void {
  const metric: Gauge | Counter = new type({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      metric.reset()
      for (const [labels, value] of collect()) metric.inc(labels, value)
    },
  })
}

function measureControllers(registry: Registry, controllers: Measured['controllers']): void {
  const gauge = (name: string, help: string, label: string, value: (controller: MeasuredController) => number) =>
    lookedUp(Gauge, registry, name, help, [label], () =>
      controllers().map((one) => [{ [label]: one.name }, value(one)] as const),
    )
  gauge(
    'controller_runtime_max_concurrent_reconciles',
    'How many reconciliations may run at once.',
    'controller',
    (one) => one.workers,
  )
  gauge(
    'controller_runtime_active_workers',
    'How many reconciliations run.',
    'controller',
    (one) => one.runningSeconds().length,
  )
  gauge('workqueue_depth', 'Keys that are due and wait for a worker.', 'name', (one) => one.depth)
  gauge('workqueue_unfinished_work_seconds', 'How long what runs has been running, all together.', 'name', (one) =>
    one.runningSeconds().reduce((sum, seconds) => sum + seconds, 0),
  )
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the work that has been running longest has been running.',
    'name',
    (one) => Math.max(0, ...one.runningSeconds()),
  )
}

function measureWatches(registry: Registry, watches: Measured['watches']): void {
  const of = (type: typeof Gauge | typeof Counter, name: string, help: string, value: (one: MeasuredWatch) => number) =>
    lookedUp(type, registry, name, help, ['resource'], () =>
      watches().map((one) => [{ resource: one.resource }, value(one)] as const),
    )
  of(Gauge, 'cto_watch_silence_seconds', 'How long a watch has heard nothing.', (one) => one.silenceSeconds)
  of(Gauge, 'cto_watch_objects', 'Objects that a watch knows.', (one) => one.objects)
  of(Counter, 'cto_watch_lists_total', 'Whole lists that were begun.', (one) => one.lists)
  of(Counter, 'cto_watch_failures_total', 'Lists and watches that failed.', (one) => one.failures)
}

function measureProcess(registry: Registry): void {
  const one = (type: typeof Gauge | typeof Counter, name: string, help: string, value: () => number) =>
    lookedUp(type, registry, name, help, [], () => [[{}, value()]])
  const startedAt = Date.now() / 1_000 - process.uptime()
  one(Gauge, 'process_start_time_seconds', 'When it started, in seconds since the Unix epoch.', () => startedAt)
  one(Gauge, 'process_resident_memory_bytes', 'Memory that is resident.', () => process.memoryUsage.rss())
  one(Counter, 'process_cpu_seconds_total', 'CPU time of user and system.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
}
