// Plays a license before it is signed: the operator's own decision about it, in the smallest cluster that it is for. What
// comes out has to be what was asked for.

import { permittedAgents } from '../../domain/entitlement/agent-admission.ts'
import { decide, type Decision } from '../../domain/entitlement/decision.ts'
import { type Facts, NO_MEMORY } from '../../domain/entitlement/facts.ts'
import { addonKey } from '../../domain/entitlement/grant.ts'
import { HOUR } from '../../domain/time.ts'
import { UNLIMITED } from '../../domain/limits.ts'
import { amount } from '../../domain/text.ts'
import type { Draft, Findings } from './draft.ts'

const NAMESPACE = 'agents'

export function rehearse(draft: Draft): Findings {
  const decision = decide(smallestCluster(draft))
  return { problems: problemsOf(decision, draft), warnings: surprisesOf(decision, draft) }
}

function problemsOf(decision: Decision, { catalog, plan, asked }: Draft): string[] {
  const { verdict, message, grant, agents, nodes } = decision
  if (verdict !== 'Valid' || grant.license === undefined) return [`the license would not be in force: ${message}`]
  const { noun, axis } = catalog.governed
  const problems: string[] = []
  if (nodes.overage !== undefined) {
    problems.push(
      `the license allows ${amount(nodes.limit, 'node')}, so every cluster would be over it; allow at least 1`,
    )
  }
  if (agents.admitted.length === 0 && plan.limits[axis] !== 0) {
    const why = agents.refused[0]?.message ?? `${noun}s are not admitted`
    problems.push(`the license would admit not a single ${noun}: ${why}`)
  }
  const missing = [
    ...asked.features.filter((feature) => !grant.features.has(feature)).map((name) => `the feature ${name}`),
    ...asked.addons
      .filter((addon) => !grant.addons.some((granted) => addonKey(granted) === addonKey(addon)))
      .map((name) => `the add-on ${name}`),
  ]
  return [...problems, ...missing.map((what) => `${what} would not be granted`)]
}

/** An add-on raises the limit that the license names, not the plan's alone. */
function surprisesOf({ grant }: Decision, { asked, catalog }: Draft): string[] {
  return Object.entries(asked.limits).flatMap(([axis, limit]) => {
    const granted = grant.limits[axis] ?? UNLIMITED
    if (granted === limit) return []
    const [named, whole] = [limit, granted].map((count) => amount(count, catalog.meters[axis]?.unit ?? axis))
    return [`the add-ons come on top of the ${named} that the license names: ${whole} in all`]
  })
}

/** One node, of a type that the license is for, and one governed workload that the plan knows, when the license begins. */
function smallestCluster({ claims, catalog, plan, issued }: Draft): Facts {
  const type = claims.cluster?.types?.[0] ?? plan.clusterTypes?.[0] ?? 'EKS'
  const facts: Facts = {
    now: Math.max(claims.notBefore ?? claims.issuedAt, claims.issuedAt),
    catalog,
    cluster: { type, platform: 'unknown', proven: true, confidence: 'high', evidence: [], contradictions: [] },
    clusterUid: claims.cluster?.uid ?? 'any',
    nodes: { counted: 1, total: 1, excluded: [] },
    licenses: [{ name: 'license', claims }],
    formerLicenses: issued,
    concerns: [],
    configs: [],
    agentsNamespace: NAMESPACE,
    workloads: [],
    namesTaken: new Set(),
    memory: NO_MEMORY,
    holdNotice: catalog.notice.holdHours * HOUR,
  }
  const [name = 'any'] = permittedAgents(decide(facts).grant, catalog).names
  return { ...facts, wanted: { activationKey: false, agents: [name], addons: [], guardian: 'off' } }
}
