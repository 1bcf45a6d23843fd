import type { Decision } from '../../src/domain/entitlement/decision.ts'
// Facts for tests: a small Kind cluster, the CTO catalog, and whatever the test is about.

import ctoCatalog from '../../src/catalogs/cto.json' with { type: 'json' }
import type { Circumstances } from '../../src/operator/controllers/entitlement/circumstances.ts'
import { parseCatalog } from '../../src/domain/catalog/catalog.ts'
import type { ClusterType } from '../../src/domain/cluster/cluster-type.ts'
import {
  type Facts,
  type LicenseFacts,
  NO_MEMORY,
  type WantedFacts,
  type WorkloadFacts,
} from '../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import type { LicenseClaims } from '../../src/domain/license/claims.ts'
import type { RevocationList } from '../../src/domain/license/revocation-list.ts'

export const catalog = parseCatalog(ctoCatalog)
/** 2026-11-21T08:00:00Z: the instant that tests call now. */
export const NOW = Date.UTC(2026, 10, 21, 8)
export const CLUSTER_UID = '11111111-2222-4333-8444-555555555555'

export const kind: ClusterType = {
  type: 'Kind',
  platform: 'local',
  proven: true,
  confidence: 'high',
  evidence: ['Kind provider ID on 1 node'],
  contradictions: [],
}
export const eks: ClusterType = { ...kind, type: 'EKS', platform: 'aws', evidence: ['EKS label on 1 node'] }

/** What a status says beside the decision, where all is well. */
export const circumstances: Circumstances = { operator: '', findings: [], attends: true }

/** What a person should know beside the verdict, as sentences. */
export function messagesOf({ notes }: Decision): string[] {
  return notes.map(({ message }) => message)
}

export function claims(overrides: Partial<LicenseClaims> = {}): LicenseClaims {
  return {
    form: 'jws',
    licenseId: 'lic-1',
    organization: 'Acme Corp',
    product: 'cto',
    plan: 'team',
    issuedAt: NOW - 10 * DAY,
    expiresAt: NOW + 300 * DAY,
    limits: {},
    features: [],
    addons: [],
    ...overrides,
  }
}

export function license(overrides: Partial<LicenseClaims> = {}, facts: Partial<LicenseFacts> = {}): LicenseFacts {
  return { name: 'acme', claims: claims(overrides), ...facts }
}

/** A revocation list that withdraws the license. */
export function revoked(at: number, licenseId = 'lic-1'): RevocationList {
  return { product: 'cto', version: 1, issuedAt: at, revoked: new Map([[licenseId, at]]) }
}

export function wanted(agents: readonly string[], overrides: Partial<WantedFacts> = {}): WantedFacts {
  return { activationKey: false, agents, addons: [], guardian: 'off', ...overrides }
}

export function workload(agent: string, overrides: Partial<WorkloadFacts> = {}): WorkloadFacts {
  return {
    resource: 'deployments',
    kind: 'Deployment',
    namespace: 'cto-agents',
    name: agent,
    agent,
    wants: 1,
    uid: `uid-of-${overrides.name ?? agent}`,
    held: false,
    holdable: true,
    createdAt: NOW - DAY,
    // Governed before it was made: whoever gets in past the gate has no notice.
    governedSince: NOW - 30 * DAY,
    images: '',
    ...overrides,
  }
}

export function facts(overrides: Partial<Facts> = {}): Facts {
  return {
    now: NOW,
    catalog,
    cluster: kind,
    clusterUid: CLUSTER_UID,
    nodes: { counted: 1, total: 1, excluded: [] },
    licenses: [],
    formerLicenses: [],
    concerns: [],
    configs: [],
    agentsNamespace: 'cto-agents',
    workloads: [],
    namesTaken: new Set(),
    memory: NO_MEMORY,
    holdNotice: 24 * HOUR,
    ...overrides,
  }
}
