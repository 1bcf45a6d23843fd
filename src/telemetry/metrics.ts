// Every metric in one place. Names that controller-runtime made common are kept, so that dashboards fit.

import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { EntitlementStatus } from '../api/entitlement.ts'

export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
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
  return {
    registry,
    tampering: new Counter({
      name: 'cto_tampering_restored_total',
      help: 'Objects of the operator that somebody else changed or deleted, and that were put right.',
      labelNames: ['kind', 'name'],
      registers,
    }),
    decisions: new Counter({ name: 'cto_decisions_total', help: 'Decisions taken.', registers }),
    reconciles: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations by controller and result.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long reconciliations took.',
      labelNames: ['controller'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    requests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by method and status code.',
      labelNames: ['method', 'code'],
      registers,
    }),
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
      if (end === undefined) expiry.reset()
      else expiry.set(Date.parse(end) / 1000)
      nodes.set({ kind: 'counted' }, status.nodes.counted)
      nodes.set({ kind: 'limit' }, status.nodes.limit)
      agents.set({ state: 'admitted' }, status.agents.admitted.length)
      agents.set({ state: 'refused' }, status.agents.refused.length)
      agents.set({ state: 'held' }, status.agents.held.length)
      agents.set({ state: 'limit' }, status.agents.limit)
    },
  }
}
