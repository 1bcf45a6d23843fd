// A term of office: everything that decides and writes. It is made anew each time this replica comes to lead, so that nothing
// is believed that was known before another one led.

import { hostname } from 'node:os'
import type { EntitlementStatus } from '../api/entitlement.ts'
import { NO_POLICIES } from '../api/conditions.ts'
import { API_VERSION, GROUP, REVOCATIONS_KEY } from '../api/names.ts'
import { OwnerRegistry } from './observed/agent-owners.ts'
import { activeConfig } from './observed/active-config.ts'
import { ownConfigs } from './observed/belonging.ts'
import { vaultName } from '../api/names.ts'
import { createEvidenceVault } from './observed/evidence-vault.ts'
import { type ClusterIdentity, whoAmI } from './observed/identity.ts'
import { LicenseEvidence } from './observed/license-evidence.ts'
import { newerCatalog } from './observed/newest-catalog.ts'
import { RevocationEvidence } from './observed/revocation-evidence.ts'
import { allWatched, policyStores, type Stores } from './observed/stores.ts'
import { createTrustedClock } from './observed/trusted-clock.ts'
import { reportWatchProblems } from './observed/watch-problems.ts'
import { createMarks } from './observed/hold-record.ts'
import { differsInOwnersOnly, isHeldOrResumed, type Workload } from './observed/workloads.ts'
import { AGENTS_KEY, agentsController } from './controllers/agents/controller.ts'
import { exampleDeployment } from './controllers/agents/desired.ts'
import { createDecisionBoard, type DecisionBoard } from './controllers/current-decision.ts'
import {
  ENTITLEMENT_KEY,
  type EntitlementController,
  entitlementController,
} from './controllers/entitlement/controller.ts'
import { formerFinding, gateCheck, GATE_KEY } from './controllers/policy/gate-check.ts'
import { holdController, keysToHoldOrResume } from './controllers/hold/controller.ts'
import { keyToHandBack, ownershipController, type Returns } from './controllers/hold/ownership.ts'
import { policyController, policyKeys } from './controllers/policy/controller.ts'
import { createHealthBoard } from './controllers/health-board.ts'
import type { Finding } from '../domain/health/finding.ts'
import { healthOfDecision } from '../domain/health/health.ts'
import { createOutcomes, type Task } from './controllers/outcomes.ts'
import { reportHealth } from './controllers/health-events.ts'
import { startSurvey } from './controllers/survey/survey.ts'
import { createTamperingReporter } from './controllers/tampering.ts'
import { HOUR } from '../domain/time.ts'
import { readLicense } from '../domain/license/read-license.ts'
import { readRevocationList } from '../domain/license/revocation-list.ts'
import type { Journal } from './status-page/journal.ts'
import type { Client } from '../kube/client.ts'
import type { KubeError } from '../kube/errors.ts'
import type { EventReason } from '../domain/entitlement/reasons.ts'
import { createEventRecorder, type EventRecorder } from '../kube/events.ts'
import type { Listener } from '../kube/store.ts'
import type { Leadership } from './leadership.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Controller, startController } from '../runtime/controller.ts'
import { repeat } from '../runtime/repeat.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'
import type { createMetrics } from './telemetry/metrics.ts'

// Nothing follows from an agent that we held or resumed but that it is said: of a thousand it is said a few times.
const PROGRESS_MS = 1_000
/** A watch begins anew all the time, and a right may come a moment later: for so long it is no news. */
const UNREADABLE_FOR_MS = 30_000
/** The API server has forgotten so old a version: it is listed anew. */
const GONE = 410
const NOT_SERVED = 404
const TRY_GATE_MS = 5 * 60_000

export interface TermDeps {
  /** Behind the fence of this term, if there is one. */
  readonly client: Client
  readonly stores: Stores
  readonly settings: OperatorSettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: ReturnType<typeof createMetrics>
  /** What is said in the cluster is remembered for the status page. */
  readonly journal: Journal
  readonly identity: () => ClusterIdentity | undefined
  readonly giveWay: Leadership['giveWay']
  /** Called once the API server has been seen to enforce the policies. */
  readonly onGateClosed: () => void
  /** Called, with a sentence, when a newer catalog turns out to be in force. */
  readonly onNewerCatalog: (message: string) => void
}

export interface Term {
  readonly board: DecisionBoard
  readonly events: EventRecorder<EventReason>
  readonly controllers: readonly Controller[]
  /** Whether the API server has been seen to enforce the policies, if it has any. */
  readonly gateClosed: boolean
  /** What became of carrying decisions out. */
  readonly findings: readonly Finding[]
  /** Resolves once nothing is left to do. */
  idle(): Promise<void>
  /** Lets what runs finish. */
  stop(): Promise<void>
}

export function startTerm(deps: TermDeps): Term {
  const { client, stores, settings, clock, log, metrics, journal, identity, giveWay } = deps
  const { catalog, agentsNamespace } = settings
  const { product } = catalog
  const board = createDecisionBoard()
  const owners = new OwnerRegistry({ client, clock, label: catalog.governed.label })
  const health = createHealthBoard()
  const events = keepingJournal(
    createEventRecorder(client, `${GROUP}/operator`, hostname(), (error) =>
      log.warn({ err: error }, 'event not written'),
    ),
    journal,
    clock,
  )
  const keys = settings.trustedKeys
  if (settings.otherKeys !== undefined) health.report('trustedKeys', otherKeysFinding(settings.otherKeys))
  if (settings.outdatedCatalog !== undefined) health.report('catalog', outdatedFinding(settings.outdatedCatalog))
  const plans = catalog.plans.map((plan) => plan.name)
  const evidence = new LicenseEvidence(
    (text, now) => readLicense(text, { keys, product, plans, jwt: catalog.license.jwt, now }),
    catalog.notice.lastKnownGoodHours * HOUR,
  )
  const revocations = new RevocationEvidence((text, now) => readRevocationList(text, { keys, product, now }))
  const time = createTrustedClock(clock, client)
  const marks = createMarks(product)
  const returns: Returns = new Map()
  let namesTaken: ReadonlySet<string> = new Set()
  const reportTampering = createTamperingReporter(events, (kind, name) => {
    metrics.tampering.inc({ kind, name })
    log.warn({ kind, name }, 'tampering restored')
  })

  const outcomes = createOutcomes({ health, clock, tasks: TASKS })
  const hooks = {
    finished: (controller: string, result: string, seconds: number) => {
      metrics.reconciles.inc({ controller, result })
      metrics.reconcileSeconds.observe({ controller }, seconds)
      metrics.workSeconds.observe({ name: controller }, seconds)
    },
    succeeded: (controller: string, key: string) => outcomes.succeeded(controller, key),
    failed: (controller: string, key: string, error: unknown) => {
      outcomes.failed(controller, key, error)
      metrics.reconcileErrors.inc({ controller })
      log.warn({ controller, object: key, err: error }, 'reconciliation failed, will be retried')
    },
    added: (name: string) => metrics.queueAdds.inc({ name }),
    retried: (name: string) => metrics.queueRetries.inc({ name }),
    taken: (name: string, seconds: number) => metrics.queueSeconds.observe({ name }, seconds),
  }
  const deciding = entitlementController({
    client,
    stores,
    board,
    events,
    evidence,
    revocations,
    time,
    marks,
    vault: createEvidenceVault(client, stores.evidence, { namespace: settings.namespace, name: vaultName(product) }),
    onVaultProblem: onceFor(log, 'the last good evidence cannot be kept for a restart'),
    catalog,
    ...(settings.signedCatalog === undefined ? {} : { signedCatalog: settings.signedCatalog }),
    async isOvertaken(kept) {
      const newer = await newerCatalog(kept, settings, clock.now())
      if (newer !== undefined) deps.onNewerCatalog(newer.outdatedCatalog)
      return newer !== undefined
    },
    namespace: settings.namespace,
    giveWay,
    agentsNamespace,
    offlineSecret: { namespace: settings.namespace, ...catalog.license.offlineSecret },
    revocationSecret: { namespace: settings.namespace, name: `${product}-revocations`, key: REVOCATIONS_KEY },
    holdNotice: Math.min(settings.holdNotice ?? Number.POSITIVE_INFINITY, catalog.notice.holdHours * HOUR),
    identity,
    namesTaken: () => namesTaken,
    onLeft: oncePerAnswer((kind, name, owner) =>
      log.info({ kind, name, product: owner }, 'belongs to another product; left alone'),
    ),
    onPublished: (status) => metrics.show(status),
    onPublicationFailed: () => metrics.publicationErrors.inc(),
    health,
    owners,
    ...(settings.machine === undefined ? {} : { machine: settings.machine }),
    trustedKeys: [...keys.values()].map(({ keyId, use, thumbprint }) => ({ kid: keyId, use, thumbprint })),
    whoAmI: (signal) => whoAmI(client, signal),
    onTransition: (kind, name, { reason, note }) => log.info({ kind, name, reason }, note),
    reportTampering,
  })
  const entitlement = startController(deciding, clock, hooks)
  const tryGate = () => gate.enqueue(GATE_KEY)
  const keeping = policyController({ client, stores, catalog, events, reportTampering, onKept: tryGate })
  const policy = startController(keeping, clock, hooks)
  const publishedStatus = () => stores.entitlement.store.get(product)?.status as EntitlementStatus | undefined
  const check = gateCheck({
    client,
    clock,
    health,
    place: {
      product,
      namespace: agentsNamespace,
      deployment: (agent, replicas) =>
        exampleDeployment(agent, replicas, {
          label: catalog.governed.label,
          namespace: agentsNamespace,
          image: settings.agentImage,
        }),
    },
    supported: () => identity()?.policies,
    serial: () => (board.current !== undefined && keeping.kept ? publishedStatus()?.gate?.serial : undefined),
    askAgain: (ms) => gate.enqueueAfter(GATE_KEY, ms),
    onClosed: deps.onGateClosed,
  })
  const gate = startController(check, clock, hooks)
  const hold = startController(
    holdController({ client, stores, board, events, marks, returns, reportTampering }),
    clock,
    hooks,
  )
  const ownership = startController(
    ownershipController({ client, stores, marks, clock, returns, isBusy: () => hold.depth > 0 }),
    clock,
    hooks,
  )
  const agents: Controller = startController(
    agentsController({
      client,
      stores,
      board,
      health,
      events,
      clock,
      label: catalog.governed.label,
      agentsNamespace,
      agentImage: settings.agentImage,
      hasGuardian: catalog.guardian !== undefined,
      activeConfig: () => activeConfig(ownConfigs(stores, product)),
      onNamesTaken: (names) => {
        if (names.symmetricDifference(namesTaken).size === 0) return
        namesTaken = names
        entitlement.enqueue(ENTITLEMENT_KEY)
      },
      reportTampering,
      lookAgainIn: (ms) => agents.enqueueAfter(AGENTS_KEY, ms),
    }),
    clock,
    hooks,
  )
  const controllers = [entitlement, policy, gate, hold, ownership, agents]
  board.onPublish((decision) => {
    const { verdict, grant } = decision
    metrics.decisions.inc()
    metrics.showHealth(healthOfDecision(decision, health.findings))
    log.debug({ verdict, plan: grant.plan.name }, 'decided')
  })

  // The first decision of this term says what the last one said of the gate, until that has been tried.
  const recall = () => {
    const { policies } = identity() ?? {}
    if (policies === undefined || board.current !== undefined) return
    health.report('policies', policiesFinding(policies))
    if (policies) health.report(GATE_KEY, formerFinding(publishedStatus()))
  }
  // Who looks when what changes: what anybody does to the cluster leads to a decision, and a decision to deeds.
  const decideAgain = () => {
    recall()
    entitlement.enqueue(ENTITLEMENT_KEY)
  }
  const handBack = (workload: Workload | undefined) => {
    const key = keyToHandBack(workload)
    if (key !== undefined) ownership.enqueue(key)
  }
  const decideOnWorkload: Listener<Workload> = (_key, before, after) => {
    marks.observe(before, after)
    handBack(after)
    if (differsInOwnersOnly(before, after)) return
    if (isHeldOrResumed(before, after, marks)) entitlement.enqueueAfter(ENTITLEMENT_KEY, PROGRESS_MS)
    else decideAgain()
  }
  const keepPolicies = () => {
    if (!stores.policies.store.synced || !stores.policyBindings.store.synced) return
    for (const key of policyKeys(catalog)) policy.enqueue(key)
  }
  const ofPolicies = policyStores(stores)
  const ofWorkloads: ReadonlySet<object> = new Set(stores.workloads.map(({ store }) => store))
  const deafen = [
    ...allWatched(stores)
      .filter(({ store }) => !ofWorkloads.has(store))
      .map((watched) => watched.store.onChange(ofPolicies.has(watched) ? keepPolicies : decideAgain)),
    ...stores.workloads.map(({ store }) => store.onChange(decideOnWorkload)),
    stores.secrets.onChange(decideAgain),
    owners.onChange(decideAgain),
  ]
  board.onPublish(() => {
    if (check.isTroubled) tryGate()
    agents.enqueue(AGENTS_KEY)
    for (const key of keysToHoldOrResume(board, stores, marks)) hold.enqueue(key)
  })
  const stopSaying = reportHealth(health, events, () => ({
    apiVersion: API_VERSION,
    kind: 'Entitlement',
    name: product,
    uid: stores.entitlement.store.get(product)?.uid ?? '',
  }))
  const stopListening = health.onChange(decideAgain)
  const stopWatching = reportWatchProblems(
    stores,
    {
      failing: (kind, problem, hint) => health.report(`watch/${kind}`, unreadable(kind, problem, hint)),
      mended: (kind) => health.report(`watch/${kind}`, undefined),
    },
    UNREADABLE_FOR_MS,
  )
  const survey = startSurvey({
    client,
    health,
    ...catalog.governed,
    images: catalog.governed.images,
    ...(settings.survey === undefined ? {} : { timing: settings.survey }),
  })
  const stopLooking = repeat(clock, () => time.lookAgainMs, decideAgain)
  const stopTrying = repeat(clock, () => TRY_GATE_MS * (0.9 + 0.2 * Math.random()), tryGate)
  // What was there before this term tells of itself no more.
  keepPolicies()
  for (const { store } of stores.workloads) store.values().forEach(handBack)
  decideAgain()

  return {
    board,
    events,
    controllers,
    get gateClosed() {
      return check.closed || identity()?.policies !== true
    },
    get findings() {
      return health.findings
    },
    async idle() {
      // Twice: the last one may have given the first one something to do.
      for (const controller of [...controllers, ...controllers]) await controller.idle()
    },
    async stop() {
      stopLooking()
      stopTrying()
      stopListening()
      stopWatching()
      stopSaying()
      for (const stop of deafen) stop()
      owners.stop()
      await Promise.all([survey.stop(), ...controllers.map((controller) => controller.stop())])
      await leaveInOrder(deciding, log)
      await events.flush()
    },
  }
}

const TASKS: Readonly<Record<string, Task>> = {
  policy: (key) => `write ${key}`,
  hold: (key) => `hold or resume ${key}`,
  ownership: (key) => `give the fields of ${key} back to whom they belong`,
  agents: () => 'bring about all that the PlatformConfig asks for',
}

/** How long the last word may take, in ms: the pod is about to end. */
const LEAVING_MS = 2_000

// Whoever lost the lease may not write any more, and whoever leads now has said what counts.
async function leaveInOrder(deciding: EntitlementController, log: Logger): Promise<void> {
  try {
    await deciding.leave(AbortSignal.timeout(LEAVING_MS))
  } catch (error) {
    log.debug({ err: error }, 'the gate could not be left in order')
  }
}

function keepingJournal(
  events: EventRecorder<EventReason>,
  journal: Journal,
  clock: Clock,
): EventRecorder<EventReason> {
  return {
    record(event) {
      const { regarding, type, reason, note } = event
      journal.add({ at: clock.now(), type, reason, regarding: `${regarding.kind} ${regarding.name}`, note })
      events.record(event)
    },
    flush: () => events.flush(),
  }
}

/** Tells of each object when it is heard of first, and when the answer is another one. */
function oncePerAnswer(tell: (kind: string, name: string, answer: string) => void) {
  const told = new Map<string, string>()
  return (kind: string, name: string, answer: string) => {
    const key = `${kind}/${name}`
    if (told.get(key) !== answer) tell(kind, name, answer)
    told.set(key, answer)
  }
}

/** Logs the first of a row of errors. */
export function onceFor(log: Logger, message: string): (error: unknown) => void {
  let said = false
  return (error) => {
    if (!said) log.warn({ err: error }, message)
    said = true
  }
}

/** Nobody answers: that is over in a moment, or cannot be published anyway. */
function unreadable(kind: string, problem: KubeError, hint: string | undefined): Finding | undefined {
  if (problem.status < 400 || problem.status >= 500 || problem.status === GONE) return undefined
  // An API server that does not serve a kind has no objects of it. Our own kinds are another matter: they have a hint.
  if (problem.status === NOT_SERVED && hint === undefined) return undefined
  const cure = hint === undefined ? '' : `; ${hint}`
  const message = `the operator cannot read ${kind} and goes by what it read before: ${problem.message}${cure}`
  return { type: 'Readable', healthy: false, reason: 'NotReadable', message }
}

function policiesFinding(supported: boolean): Finding {
  const type = 'PolicyEnforced'
  if (!supported) return { type, healthy: false, reason: 'NotSupported', message: NO_POLICIES }
  return { type, healthy: true, reason: 'PolicyEnforced', message: 'the API server refuses growth itself' }
}

function otherKeysFinding(message: string): Finding {
  const told = `${message}: their fingerprints are in the Entitlement (status.trustedKeys); compare them with the vendor's`
  return { type: 'TrustedKeysOfImage', healthy: false, reason: 'OtherTrustedKeys', message: told }
}

function outdatedFinding(message: string): Finding {
  return { type: 'CatalogCurrent', healthy: false, reason: 'CatalogOutdated', message }
}
