// What is to come, worked out from what the operator has published: the same pure decision, asked about other times. It takes
// a product's built-in catalog, and knows nothing of a product without one.

import type { AgentEntry, EntitlementStatus } from '../../api/entitlement.ts'
import { WORKLOAD_KINDS } from '../../operator/observed/workloads.ts'
import { memoryFrom } from '../../operator/controllers/entitlement/memory.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { Facts, WorkloadFacts } from '../../domain/entitlement/facts.ts'
import { HOUR, type Instant } from '../../domain/time.ts'
import { type TimelineEntry, timelineFrom } from '../../domain/entitlement/timeline.ts'
import { publishedLicense } from './published-license.ts'
import { builtInOf } from '../catalogs.ts'

/** What the product calls what it governs: `agent`. */
export function nounOf(product: string): string {
  return builtInOf(product)?.governed.noun ?? 'agent'
}

export function timelineOfStatus(product: string, status: EntitlementStatus, now: Instant): TimelineEntry[] {
  const catalog = builtInOf(product)
  // Time does not bring back what was withdrawn.
  return catalog === undefined || status.verdict === 'Revoked' ? [] : timelineFrom(factsFrom(status, catalog, now))
}

function factsFrom(status: EntitlementStatus, catalog: Catalog, now: Instant): Facts {
  const { cluster, nodes, agents } = status
  const license = publishedLicense(status, catalog)
  return {
    now,
    catalog,
    cluster: {
      type: cluster.type,
      platform: cluster.platform,
      proven: cluster.proven,
      confidence: 'high',
      evidence: cluster.evidence,
      contradictions: [],
    },
    clusterUid: cluster.uid,
    nodes: { counted: nodes.counted, total: nodes.total, excluded: [] },
    licenses: license === undefined ? [] : [license],
    formerLicenses: [],
    concerns: [],
    configs: [],
    wanted: { activationKey: false, agents: [], addons: [], guardian: status.guardian.mode },
    agentsNamespace: '',
    workloads: [
      ...agents.admitted.map((agent) => workloadFrom(agent, false)),
      // One that is refused and not to be held does not run: time changes nothing for it.
      ...agents.refused.filter(({ holdAt }) => holdAt !== undefined).map((agent) => workloadFrom(agent, false)),
      ...agents.held.map((agent) => workloadFrom(agent, true)),
    ],
    namesTaken: new Set(),
    memory: memoryFrom({ status }),
    holdNotice: catalog.notice.holdHours * HOUR,
  }
}

function workloadFrom({ name, namespace, kind, workload, replicas }: AgentEntry, held: boolean): WorkloadFacts {
  return {
    resource: WORKLOAD_KINDS.find((one) => one.kind === kind)?.plural ?? '',
    kind,
    namespace,
    name: workload,
    agent: name,
    wants: replicas ?? 1,
    held,
    uid: '',
    holdable: true,
    createdAt: 0,
    governedSince: 0,
    images: '',
  }
}
