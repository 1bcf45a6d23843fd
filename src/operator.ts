// The composition root: what exists, who is given what, and in which order it starts and stops.

import { hostname } from 'node:os'
import { FIELD_MANAGER, GROUP, REVOCATIONS_KEY } from './api/names.ts'
import { activeConfig } from './cluster/active-config.ts'
import { createEvidenceVault, vaultName } from './cluster/evidence-vault.ts'
import { type ClusterIdentity, identifyCluster } from './cluster/identity.ts'
import { LicenseEvidence } from './cluster/license-evidence.ts'
import { RevocationEvidence } from './cluster/revocation-evidence.ts'
import { allWatched, declareStores, runStores, type Stores } from './cluster/stores.ts'
import { createTrustedClock } from './cluster/trusted-clock.ts'
import { reportWatchProblems } from './cluster/watch-problems.ts'
import { AGENTS_KEY, agentsController } from './controllers/agents/controller.ts'
import { createDecisionBoard, type DecisionBoard } from './controllers/decision-board.ts'
import { ENTITLEMENT_KEY, entitlementController } from './controllers/entitlement/controller.ts'
import { waitingFor } from './controllers/entitlement/gather.ts'
import { holdController, keysToHoldOrResume } from './controllers/hold/controller.ts'
import { policyController, policyKeys } from './controllers/policy/controller.ts'
import { createTamperingReporter } from './controllers/tampering.ts'
import type { Catalog } from './domain/catalog.ts'
import { HOUR } from './domain/instant.ts'
import { readRevocationList } from './domain/license/revocation-list.ts'
import { readLicense } from './domain/license/read-license.ts'
import type { TrustedKeys } from './domain/license/trusted-keys.ts'
import { stepsBefore, type TimelineEntry, timelineFrom } from './domain/timeline.ts'
import { startHttpServer } from './http/server.ts'
import { createJournal, type Journal } from './http/status-page/journal.ts'
import { createStatusPage } from './http/status-page/status-page.ts'
import { statusView } from './http/status-page/view.ts'
import type { Access } from './kube/access.ts'
import { createClient } from './kube/client.ts'
import { createEventRecorder, type EventRecorder } from './kube/events.ts'
import type { Clock } from './runtime/clock.ts'
import { type Controller, startController } from './runtime/controller.ts'
import { repeat } from './runtime/repeat.ts'
import type { Logger } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

export interface OperatorSettings {
  readonly catalog: Catalog
  readonly trustedKeys: TrustedKeys
  /** Where the operator lives, and a license Secret by the catalog's name is found without a License. */
  readonly namespace: string
  readonly agentsNamespace: string
  readonly agentImage: string
  /** `HOST:PORT` of the probes and metrics. */
  readonly listen: string
  /** How long an agent that was admitted goes on before it is held, in ms. The catalog's notice is the longest. */
  readonly holdNotice?: number
}

export interface Operator {
  /** Where probes and metrics are served. */
  readonly address: string
  readonly board: DecisionBoard
  /** Resolves with the first decision that was published. */
  readonly ready: Promise<void>
  /** Resolves once nothing is left to do. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function startOperator(
  access: Access,
  settings: OperatorSettings,
  clock: Clock,
  log: Logger,
): Promise<Operator> {
  const { catalog, agentsNamespace } = settings
  const { product } = catalog
  const stopping = new AbortController()
  const { signal } = stopping
  const metrics = createMetrics()

  const client = createClient(access, {
    fieldManager: FIELD_MANAGER,
    userAgent: `cto-operator/${VERSION}`,
    onRequest: (method, code) => metrics.requests.inc({ method, code }),
  })
  const journal = createJournal()
  const events = keepingJournal(
    createEventRecorder(client, `${GROUP}/operator`, hostname(), (error) =>
      log.warn({ err: error }, 'event not written'),
    ),
    journal,
    clock,
  )
  const stores = declareStores(
    { product, label: catalog.governed.label, namespace: settings.namespace, agentsNamespace },
    (error) => log.error({ err: error }, 'listener failed'),
  )
  const board = createDecisionBoard()
  const keys = settings.trustedKeys
  const plans = catalog.plans.map((plan) => plan.name)
  const evidence = new LicenseEvidence(
    (text, now) => readLicense(text, { keys, product, plans, jwt: catalog.license.jwt, now }),
    catalog.notice.lastKnownGoodHours * HOUR,
  )
  const revocations = new RevocationEvidence((text, now) => readRevocationList(text, { keys, product, now }))
  const time = createTrustedClock(clock, client)
  let identity: ClusterIdentity | undefined
  let namesTaken: ReadonlySet<string> = new Set()
  const reportTampering = createTamperingReporter(events, (kind, name) => {
    metrics.tampering.inc({ kind, name })
    log.warn({ kind, name }, 'tampering restored')
  })
  const config = () => activeConfig(stores.configs.store.values())

  const hooks = {
    finished: (controller: string, result: string, seconds: number) => {
      metrics.reconciles.inc({ controller, result })
      metrics.reconcileSeconds.observe({ controller }, seconds)
    },
    failed: (controller: string, key: string, error: unknown) => {
      log.warn({ controller, object: key, err: error }, 'reconciliation failed, will be retried')
    },
  }
  const entitlement = startController(
    entitlementController({
      client,
      stores,
      board,
      events,
      evidence,
      revocations,
      time,
      vault: createEvidenceVault(client, stores.evidence, { namespace: settings.namespace, name: vaultName(product) }),
      onVaultProblem: onceFor(log, 'the last good evidence cannot be kept for a restart'),
      catalog,
      agentsNamespace,
      offlineSecret: { namespace: settings.namespace, ...catalog.license.offlineSecret },
      revocationSecret: { namespace: settings.namespace, name: `${product}-revocations`, key: REVOCATIONS_KEY },
      holdNotice: Math.min(settings.holdNotice ?? Number.POSITIVE_INFINITY, catalog.notice.holdHours * HOUR),
      identity: () => identity,
      policies: () => (identity?.policies === true ? 'enforced' : 'unsupported'),
      namesTaken: () => namesTaken,
      onPublished: (status) => metrics.show(status),
      onTransition: (kind, name, { reason, note }) => log.info({ kind, name, reason }, note),
      reportTampering,
    }),
    clock,
    hooks,
  )
  const policy = startController(policyController({ client, stores, catalog, reportTampering }), clock, hooks)
  const hold = startController(holdController({ client, stores, board, events }), clock, hooks)
  const agents = startController(
    agentsController({
      client,
      stores,
      board,
      clock,
      label: catalog.governed.label,
      agentsNamespace,
      agentImage: settings.agentImage,
      activeConfig: config,
      onNamesTaken: (names) => {
        if (names.symmetricDifference(namesTaken).size === 0) return
        namesTaken = names
        entitlement.enqueue(ENTITLEMENT_KEY)
      },
    }),
    clock,
    hooks,
  )
  const controllers = { entitlement, policy, hold, agents }
  const ready = new Promise<void>((resolve) => board.onPublish(() => resolve()))
  board.onPublish(({ verdict, grant }) => {
    metrics.decisions.inc()
    log.debug({ verdict, plan: grant.plan.name }, 'decided')
  })
  connect(stores, board, controllers, policyKeys(catalog))

  const stopLooking = repeat(
    clock,
    () => time.lookAgainMs,
    () => entitlement.enqueue(ENTITLEMENT_KEY),
  )
  const missing = () => (identity === undefined ? ['the API server'] : waitingFor(stores))
  const timeline = timelineOf(board)
  // The page goes by the time that decisions go by, and not by a clock that nobody believes.
  let ahead = 0
  board.onPublish(() => {
    ahead = clock.now() - (board.facts?.now ?? clock.now())
  })
  const page = createStatusPage(() =>
    statusView({
      catalog,
      version: VERSION,
      now: clock.now() - ahead,
      ...(board.current === undefined ? {} : { decision: board.current }),
      timeline: timeline(),
      events: journal.entries(),
      waitingFor: board.current === undefined ? missing() : [],
    }),
  )
  board.onPublish(() => page.changed())
  const http = await startHttpServer(settings.listen, {
    readiness: () => ({ ready: board.current !== undefined, waitingFor: missing() }),
    metrics: () => metrics.registry.metrics(),
    page,
  })
  log.info({ address: http.address, product, server: access.server.host }, 'operator started')
  const reading = identifyCluster(
    client,
    signal,
    onceFor(log, 'the API server does not answer as it should; asking again'),
  ).then(async (found) => {
    if (found === undefined) return
    identity = found
    if (!found.policies) log.warn(NO_POLICIES)
    await runStores(client, stores, found.policies ? new Set() : policyStores(stores), signal)
  })
  const stopReporting = reportWatchProblems(stores, {
    failing: (kind, problem, hint) =>
      log.warn({ kind, problem, ...(hint === undefined ? {} : { hint }) }, 'cannot be read'),
    mended: (kind) => log.info({ kind }, 'can be read again'),
  })

  return {
    address: http.address,
    board,
    ready,
    async idle() {
      // Twice: the last one may have given the first one something to do.
      const all = Object.values(controllers)
      for (const controller of [...all, ...all]) await controller.idle()
    },
    async stop() {
      stopLooking()
      stopReporting()
      await Promise.all(Object.values(controllers).map((controller) => controller.stop()))
      await events.flush()
      stopping.abort()
      await Promise.all([reading, http.stop()])
      access.agent.destroy()
      log.info('operator stopped')
    },
  }
}

type Controllers = Readonly<Record<'entitlement' | 'policy' | 'hold' | 'agents', Controller>>

/** Who looks when what changes: what anybody does to the cluster leads to a decision, and a decision to deeds. */
function connect(stores: Stores, board: DecisionBoard, controllers: Controllers, policies: readonly string[]): void {
  const { entitlement, policy, hold, agents } = controllers
  const decideAgain = () => entitlement.enqueue(ENTITLEMENT_KEY)
  const keepPolicies = () => {
    if (!stores.policies.store.synced || !stores.policyBindings.store.synced) return
    for (const key of policies) policy.enqueue(key)
  }
  const ofPolicies = policyStores(stores)
  for (const watched of allWatched(stores)) {
    watched.store.onChange(ofPolicies.has(watched) ? keepPolicies : decideAgain)
  }
  stores.secrets.onChange(decideAgain)
  board.onPublish(() => {
    agents.enqueue(AGENTS_KEY)
    for (const key of keysToHoldOrResume(board, stores)) hold.enqueue(key)
  })
}

/** What is said in the cluster is remembered for the status page. */
function keepingJournal(events: EventRecorder, journal: Journal, clock: Clock): EventRecorder {
  return {
    record(event) {
      const { regarding, type, reason, note } = event
      journal.add({ at: clock.now(), type, reason, regarding: `${regarding.kind} ${regarding.name}`, note })
      events.record(event)
    },
    flush: () => events.flush(),
  }
}

/** What came by itself and what will: worked out when somebody asks, and once for each decision. */
function timelineOf(board: DecisionBoard): () => readonly TimelineEntry[] {
  let of: unknown
  let timeline: readonly TimelineEntry[] = []
  return () => {
    if (board.facts !== undefined && of !== board.current) {
      timeline = [...stepsBefore(board.facts), ...timelineFrom(board.facts)]
      of = board.current
    }
    return timeline
  }
}

function policyStores({ policies, policyBindings }: Stores): ReadonlySet<unknown> {
  return new Set([policies, policyBindings])
}

const NO_POLICIES =
  'the API server has no ValidatingAdmissionPolicy (Kubernetes 1.30 or later): growth is undone, not refused'

/** Logs the first of a row of errors. */
function onceFor(log: Logger, message: string): (error: unknown) => void {
  let said = false
  return (error) => {
    if (!said) log.warn({ err: error }, message)
    said = true
  }
}
