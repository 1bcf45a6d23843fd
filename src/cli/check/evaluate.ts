// What was seen, judged: each finding with what mends it. Pure.

import { NO_POLICIES } from '../../api/conditions.ts'
import type { EntitlementStatus } from '../../api/entitlement.ts'
import type { Decision } from '../../domain/entitlement/decision.ts'
import type { ClusterType } from '../../domain/cluster/cluster-type.ts'
import { detectCluster } from '../../domain/cluster/detect.ts'
import { tallyOf } from '../../domain/cluster/node-inventory.ts'
import { type Instant, MINUTE, parseInstant, SECOND } from '../../domain/time.ts'
import { cureOf, NOTHING_TO_DO, type Severity } from '../../domain/entitlement/reasons.ts'
import { amount, list } from '../../domain/text.ts'
import { rightsInWords } from '../../operator/required-rights.ts'
import { EXPECTED_CRDS, type Seen, type Sight } from './inspect.ts'

export type Result = 'ok' | 'warning' | 'failed' | 'skipped'

export interface Finding {
  readonly category: 'cluster' | 'permissions' | 'installation' | 'license' | 'agents'
  /** Stable, for machines: `kubernetes-version`. */
  readonly check: string
  readonly result: Result
  /** One sentence without a full stop. */
  readonly message: string
  /** What mends it. */
  readonly hint?: string
  /** Whether it may mend itself: somebody who installs right now can wait for it. */
  readonly pending?: boolean
}

/** What the operator would decide, as far as that can be known. */
export type Prediction =
  { readonly kind: 'decided'; readonly decision: Decision } | { readonly kind: 'unknown'; readonly why: string }

const FARTHEST = 30 * SECOND
const OLDEST_WITH_POLICIES = 30

export interface Scope {
  /** Whether it is to be looked at what an installation brings. */
  readonly installation: boolean
  /** Whether the question is what would be decided, and not what is. */
  readonly foresee: boolean
  /** Where the license is looked for, if it is to be said where else one lies. */
  readonly secret?: { readonly namespace: string; readonly name: string }
}

/** @param prediction what to say of license and agents when it is asked for, or the operator has not decided itself */
export function judge(seen: Seen, scope: Scope, prediction: Prediction, now: Instant): Finding[] {
  if (seen.version.kind === 'hidden') {
    const hint = 'name the cluster with --kubeconfig or --context'
    return [
      { category: 'cluster', check: 'api-server', result: 'failed', message: seen.version.why, hint, pending: true },
    ]
  }
  const decided = scope.foresee ? undefined : valueOf(seen.entitlement)
  return [
    ...cluster(seen, seen.version.value),
    ...permissions(seen),
    ...(scope.installation ? installation(seen, now) : []),
    ...strays(seen, scope.secret),
    ...(decided === undefined ? predicted(prediction) : published(decided, seen)),
  ]
}

export function clusterTypeOf({ survey }: Seen): ClusterType | undefined {
  if (survey.kind === 'hidden') return undefined
  return detectCluster({ ...survey.value.cluster, nodes: tallyOf(survey.value.nodes) })
}

function cluster(seen: Seen, version: string): Finding[] {
  const finding = of('cluster')
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN)
  return [
    finding('kubernetes-version', 'ok', `Kubernetes ${version} at ${seen.server}`),
    seen.policies.kind === 'hidden'
      ? finding('admission-policies', 'skipped', seen.policies.why)
      : seen.policies.value
        ? finding('admission-policies', 'ok', 'the API server can refuse growth itself')
        : finding(
            'admission-policies',
            'warning',
            NO_POLICIES,
            minor < OLDEST_WITH_POLICIES
              ? `upgrade Kubernetes to 1.${OLDEST_WITH_POLICIES} or later`
              : 'serve admissionregistration.k8s.io/v1',
          ),
    clock(seen),
    clusterType(seen),
  ]
}

function clusterType(seen: Seen): Finding {
  const finding = of('cluster')
  const { survey } = seen
  const found = clusterTypeOf(seen)
  if (survey.kind === 'hidden' || found === undefined)
    return finding('cluster-type', 'skipped', survey.kind === 'hidden' ? survey.why : 'the nodes are hidden')
  const { type, platform, proven, evidence } = found
  const nodes = amount(survey.value.nodes.length, 'node')
  const why = evidence.length === 0 ? '' : `: ${evidence.slice(0, 2).join('; ')}`
  return finding('cluster-type', 'ok', `${type} on ${platform}${proven ? '' : ', not proven'}, ${nodes}${why}`)
}

function clock({ clockAhead }: Seen): Finding {
  const finding = of('cluster')
  if (clockAhead === undefined) return finding('clock', 'skipped', 'the API server does not say what time it is')
  const seconds = Math.round(Math.abs(clockAhead) / SECOND)
  if (Math.abs(clockAhead) <= FARTHEST)
    return finding('clock', 'ok', "the API server's clock agrees with this machine's")
  const direction = clockAhead > 0 ? 'behind' : 'ahead of'
  return finding(
    'clock',
    'warning',
    `this machine's clock is ${amount(seconds, 'second')} ${direction} the API server's`,
    'set the clock that is wrong; NTP does it by itself',
  )
}

function permissions({ rights }: Seen): Finding[] {
  const finding = of('permissions')
  if (rights.kind === 'hidden') return [finding('rights', 'skipped', rights.why)]
  const { subject, count, missing } = rights.value
  if (missing.length === 0) {
    const who = subject === 'you' ? 'you have' : `${subject} has`
    return [finding('rights', 'ok', `${who} the ${count} rights that the operator needs`)]
  }
  const hint =
    subject === 'you'
      ? 'install with an account that may do this: nobody can give rights that he does not have'
      : "give its ServiceAccount the rights that the chart's templates/rbac.yaml lists"
  return [...new Set(missing.map(({ duty }) => duty))].map((duty, index) => {
    const rights = missing.filter((one) => one.duty === duty).map(({ right }) => right)
    const message = `${subject} cannot ${duty}: ${list(rightsInWords(rights), 4)}`
    return finding('rights', 'failed', message, index === 0 ? hint : undefined)
  })
}

function installation(seen: Seen, now: Instant): Finding[] {
  return [crds(seen), operator(seen), decision(seen, now)]
}

function crds({ crds, outdatedCrds }: Seen): Finding {
  const finding = of('installation')
  if (crds.kind === 'hidden') return finding('crds', 'skipped', crds.why)
  const missing = EXPECTED_CRDS.filter((name) => !crds.value.has(name))
  const outdated = outdatedFinding(valueOf(outdatedCrds))
  const asleep = EXPECTED_CRDS.filter((name) => crds.value.get(name) === false)
  if (missing.length > 0) {
    return {
      ...finding('crds', 'failed', `not installed: ${list(missing)}`, 'kubectl apply -f crds/, or install the chart'),
      pending: true,
    }
  }
  if (asleep.length > 0)
    return { ...finding('crds', 'failed', `not served yet: ${list(asleep)}`, 'try again in a moment'), pending: true }
  return outdated ?? finding('crds', 'ok', 'PlatformConfig, License and Entitlement are installed')
}

function outdatedFinding(outdated: ReadonlyMap<string, readonly string[]> | undefined): Finding | undefined {
  const [first] = outdated ?? []
  if (first === undefined) return undefined
  const [crd, fields] = first
  const message = `the CRDs are older than this version: ${crd} does not know ${list(fields, 3)}, and the API server drops it`
  return of('installation')('crds', 'warning', message, 'kubectl apply --server-side -f crds/, or upgrade the chart')
}

function strays({ strayLicenses }: Seen, secret: Scope['secret']): Finding[] {
  if (secret === undefined) return []
  const { namespace, name } = secret
  return (valueOf(strayLicenses) ?? []).map((where) =>
    of('license')(
      'other-namespace',
      'warning',
      `the Secret ${where}/${name} is not read: the operator looks for ${namespace}/${name}`,
      `put the license there with cto license install, or name ${where}/${name} in a License`,
    ),
  )
}

function operator({ operator, entitlement }: Seen): Finding {
  const finding = of('installation')
  if (operator.kind === 'hidden') return finding('operator', 'skipped', operator.why)
  if (operator.value === undefined) {
    // It may run outside the cluster: then its decision is what tells of it.
    const decides = entitlement.kind === 'seen' && entitlement.value !== undefined
    return decides
      ? finding('operator', 'ok', 'the operator runs outside this namespace')
      : {
          ...finding('operator', 'failed', 'the operator is not installed', 'cto deploy, or helm install'),
          pending: true,
        }
  }
  const { deployment, ready, image } = operator.value
  return ready > 0
    ? finding('operator', 'ok', `Deployment ${deployment} is ready (${image})`)
    : {
        ...finding(
          'operator',
          'failed',
          `Deployment ${deployment} has no pod that is ready`,
          `kubectl -n ${deployment.split('/')[0]} get pods,events`,
        ),
        pending: true,
      }
}

function decision({ entitlement, attendance }: Seen, now: Instant): Finding {
  const finding = of('installation')
  if (entitlement.kind === 'hidden') return finding('decision', 'skipped', entitlement.why)
  if (entitlement.value === undefined) {
    const hint = "the operator's log says what it waits for"
    return { ...finding('decision', 'failed', 'the operator has not published a decision', hint), pending: true }
  }
  const due = parseInstant(entitlement.value.nextChangeAt)
  if (due !== undefined && due + MINUTE < now) {
    const message = `a new decision has been due since ${entitlement.value.nextChangeAt}`
    return { ...finding('decision', 'failed', message, 'the operator does not run, or cannot write'), pending: true }
  }
  if (attendance !== undefined && attendance.severity !== 'info') {
    return { ...finding('decision', 'failed', attendance.message, cure(attendance.reason)), pending: true }
  }
  return finding('decision', 'ok', 'the operator has decided, and no decision is overdue')
}

function published(status: EntitlementStatus, { licenses }: Seen): Finding[] {
  const finding = of('license')
  const expiring = status.conditions.some(({ type, status }) => type === 'Expiring' && status === 'True')
  const restricted = status.gate.growth !== 'Open'
  const result = restricted ? 'failed' : status.verdict !== 'Valid' || expiring ? 'warning' : 'ok'
  const unread = licenses.kind === 'seen' ? licenses.value.filter((license) => license.status === undefined) : []
  return [
    finding('verdict', result, `${status.verdict}: ${status.message}`, cure(status.reason)),
    ...unread.map(({ name }) => ({
      ...finding('licenses', 'failed', `License ${name} has not been read yet`, 'see whether the operator runs'),
      pending: true,
    })),
    ...toKnow(status),
    ...agents(
      [...status.agents.refused, ...status.agents.held].map(({ message = '', reason = '' }) => ({ message, reason })),
      status.agents.admitted.map(({ name }) => name),
      'admitted',
    ),
  ]
}

const RESULTS: Readonly<Record<Severity, Result>> = { critical: 'failed', warning: 'warning', info: 'ok' }

/** Every problem but the verdict and the agents, which have lines of their own. */
function toKnow({ health, messages, violations, agents }: EntitlementStatus): Finding[] {
  const finding = of('license')
  if (health === undefined) return messages.map((message) => finding('to-know', 'warning', message))
  const said = new Set([...violations.slice(0, 1), ...agents.refused, ...agents.held].map(({ reason }) => reason))
  return health.problems
    .filter(({ reason }) => !said.has(reason))
    .map(({ reason, severity, source, message, pending }) => ({
      ...finding(source === 'operation' ? 'carried-out' : 'to-know', RESULTS[severity], message, cure(reason)),
      ...(pending === true ? { result: 'warning' as const, pending } : {}),
    }))
}

function predicted(prediction: Prediction): Finding[] {
  const finding = of('license')
  if (prediction.kind === 'unknown') return [finding('verdict', 'skipped', prediction.why)]
  const { decision } = prediction
  const restricted = decision.gate.growth !== 'Open'
  const result = restricted ? 'failed' : decision.verdict === 'Valid' && !decision.expiring ? 'ok' : 'warning'
  return [
    finding('verdict', result, `${decision.verdict}: ${decision.message}`, cure(decision.reason)),
    ...decision.notes.map(({ message }) => finding('to-know', 'warning', message)),
    ...agents(
      decision.agents.refused.map(({ message, reason }) => ({ message, reason })),
      decision.agents.admitted.map(({ agent }) => agent),
      'would be admitted',
    ),
  ]
}

function agents(
  refused: readonly { readonly message: string; readonly reason: string }[],
  admitted: readonly string[],
  how: string,
): Finding[] {
  const finding = of('agents')
  return [
    ...(admitted.length === 0 ? [] : [finding('admitted', 'ok', `${list(admitted)} ${how}`)]),
    ...refused.map(({ message, reason }) => finding('refused', 'warning', message, cure(reason))),
  ]
}

function cure(reason: string): string | undefined {
  const cure = cureOf(reason)
  return cure === NOTHING_TO_DO ? undefined : cure
}

function of(category: Finding['category']) {
  return (check: string, result: Result, message: string, hint?: string): Finding => ({
    category,
    check,
    result,
    message,
    ...(hint === undefined || result === 'ok' ? {} : { hint: hint.replace(/\.$/, '') }),
  })
}

/** The value, where it could be looked at. */
export function valueOf<T>(sight: Sight<T>): T | undefined {
  return sight.kind === 'seen' ? sight.value : undefined
}
