// A term of office: everything that decides and writes. It is made anew each time this replica comes to lead, so that nothing
// is believed that was known before another one led.

import { hostname } from 'node:os'
import { GROUP } from './api/names.ts'
import { activeConfig } from './cluster/active-config.ts'
import type { ClusterIdentity } from './cluster/identity.ts'
import { LicenseCache } from './cluster/license-cache.ts'
import { LicenseEvidence } from './cluster/license-evidence.ts'
import { allWatched, policyStores, type Stores } from './cluster/stores.ts'
import { AGENTS_KEY, agentsController } from './controllers/agents/controller.ts'
import { createDecisionBoard, type DecisionBoard } from './controllers/decision-board.ts'
import { ENTITLEMENT_KEY, entitlementController } from './controllers/entitlement/controller.ts'
import { holdController, keysToHoldOrResume } from './controllers/hold/controller.ts'
import { policyController, policyKeys } from './controllers/policy/controller.ts'
import { createTamperingReporter } from './controllers/tampering.ts'
import { HOUR } from './domain/instant.ts'
import { readLicense } from './domain/license/read-license.ts'
import type { Client } from './kube/client.ts'
import { createEventRecorder, type EventRecorder } from './kube/events.ts'
import type { Clock } from './runtime/clock.ts'
import { type Controller, startController } from './runtime/controller.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'
import type { createMetrics } from './telemetry/metrics.ts'

export interface TermDeps {
  /** Behind the fence of this term, if there is one. */
  readonly client: Client
  readonly stores: Stores
  readonly settings: OperatorSettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: ReturnType<typeof createMetrics>
  readonly identity: () => ClusterIdentity | undefined
}

export interface Term {
  readonly board: DecisionBoard
  readonly events: EventRecorder
  readonly controllers: readonly Controller[]
  /** Resolves once nothing is left to do. */
  idle(): Promise<void>
  /** Lets what runs finish. */
  stop(): Promise<void>
}

export function startTerm({ client, stores, settings, clock, log, metrics, identity }: TermDeps): Term {
  const { catalog, agentsNamespace } = settings
  const { product } = catalog
  const board = createDecisionBoard()
  const events = createEventRecorder(client, `${GROUP}/operator`, hostname(), (error) =>
    log.warn({ err: error }, 'event not written'),
  )
  const evidence = new LicenseEvidence(
    (text, now) =>
      readLicense(text, { keys: settings.trustedKeys, product, plans: catalog.plans.map((plan) => plan.name), now }),
    catalog.notice.lastKnownGoodHours * HOUR,
  )
  let namesTaken: ReadonlySet<string> = new Set()
  const reportTampering = createTamperingReporter(events, (kind, name) => {
    metrics.tampering.inc({ kind, name })
    log.warn({ kind, name }, 'tampering restored')
  })

  const hooks = {
    finished: (controller: string, result: string, seconds: number) => {
      metrics.reconciles.inc({ controller, result })
      metrics.reconcileSeconds.observe({ controller }, seconds)
      metrics.workSeconds.observe({ name: controller }, seconds)
    },
    failed: (controller: string, key: string, error: unknown) => {
      metrics.reconcileErrors.inc({ controller })
      log.warn({ controller, object: key, err: error }, 'reconciliation failed, will be retried')
    },
    added: (name: string) => metrics.queueAdds.inc({ name }),
    retried: (name: string) => metrics.queueRetries.inc({ name }),
    taken: (name: string, seconds: number) => metrics.queueSeconds.observe({ name }, seconds),
  }
  const entitlement = startController(
    entitlementController({
      client,
      stores,
      board,
      events,
      clock,
      evidence,
      cache: new LicenseCache(client, settings.namespace, product),
      onCacheProblem: onceFor(log, 'the last good licenses cannot be kept for a restart'),
      catalog,
      agentsNamespace,
      offlineSecret: { namespace: settings.namespace, ...catalog.license.offlineSecret },
      holdNotice: Math.min(settings.holdNotice ?? Number.POSITIVE_INFINITY, catalog.notice.holdHours * HOUR),
      identity,
      policies: () => (identity()?.policies === true ? 'enforced' : 'unsupported'),
      namesTaken: () => namesTaken,
      onPublished: (status) => metrics.show(status),
      onTransition: (kind, name, { reason, note }) => log.info({ kind, name, reason }, note),
      reportTampering,
    }),
    clock,
    hooks,
  )
  const policy = startController(policyController({ client, stores, product, reportTampering }), clock, hooks)
  const hold = startController(holdController({ client, stores, board, events }), clock, hooks)
  const agents = startController(
    agentsController({
      client,
      stores,
      board,
      clock,
      agentsNamespace,
      agentImage: settings.agentImage,
      activeConfig: () => activeConfig(stores.configs.store.values()),
      onNamesTaken: (names) => {
        if (names.symmetricDifference(namesTaken).size === 0) return
        namesTaken = names
        entitlement.enqueue(ENTITLEMENT_KEY)
      },
    }),
    clock,
    hooks,
  )
  const controllers = [entitlement, policy, hold, agents]
  board.onPublish(({ verdict, grant }) => {
    metrics.decisions.inc()
    log.debug({ verdict, plan: grant.plan.name }, 'decided')
  })

  // Who looks when what changes: what anybody does to the cluster leads to a decision, and a decision to deeds.
  const decideAgain = () => entitlement.enqueue(ENTITLEMENT_KEY)
  const keepPolicies = () => {
    if (!stores.policies.store.synced || !stores.policyBindings.store.synced) return
    for (const key of policyKeys(product)) policy.enqueue(key)
  }
  const ofPolicies = policyStores(stores)
  const deafen = [
    ...allWatched(stores).map((watched) =>
      watched.store.onChange(ofPolicies.has(watched) ? keepPolicies : decideAgain),
    ),
    stores.secrets.onChange(decideAgain),
  ]
  board.onPublish(() => {
    agents.enqueue(AGENTS_KEY)
    for (const key of keysToHoldOrResume(board, stores)) hold.enqueue(key)
  })
  // What was there before this term tells of itself no more.
  keepPolicies()
  decideAgain()

  return {
    board,
    events,
    controllers,
    async idle() {
      // Twice: the last one may have given the first one something to do.
      for (const controller of [...controllers, ...controllers]) await controller.idle()
    },
    async stop() {
      for (const stopListening of deafen) stopListening()
      await Promise.all(controllers.map((controller) => controller.stop()))
      await events.flush()
    },
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
