// A term of office: everything that decides and writes. It is made anew each time this replica comes to lead, so that nothing
// is believed that was known before another one led.

import { hostname } from 'node:os'
import { API_VERSION, GROUP, REVOCATIONS_KEY } from './api/names.ts'
import { activeConfig } from './cluster/active-config.ts'
import { createEvidenceVault, vaultName } from './cluster/evidence-vault.ts'
import { type ClusterIdentity, whoAmI } from './cluster/identity.ts'
import { LicenseEvidence } from './cluster/license-evidence.ts'
import { RevocationEvidence } from './cluster/revocation-evidence.ts'
import { allWatched, policyStores, type Stores } from './cluster/stores.ts'
import { createTrustedClock } from './cluster/trusted-clock.ts'
import { isHeldOrResumed, type Workload } from './cluster/workloads.ts'
import { AGENTS_KEY, agentsController } from './controllers/agents/controller.ts'
import { createDecisionBoard, type DecisionBoard } from './controllers/decision-board.ts'
import {
  ENTITLEMENT_KEY,
  type EntitlementController,
  entitlementController,
} from './controllers/entitlement/controller.ts'
import { holdController, keysToHoldOrResume } from './controllers/hold/controller.ts'
import { policyController, policyKeys } from './controllers/policy/controller.ts'
import { createHealthBoard, type Finding } from './controllers/health-board.ts'
import { reportHealth } from './controllers/health-events.ts'
import { createTamperingReporter } from './controllers/tampering.ts'
import { HOUR } from './domain/instant.ts'
import { readLicense } from './domain/license/read-license.ts'
import { readRevocationList } from './domain/license/revocation-list.ts'
import type { Journal } from './http/status-page/journal.ts'
import type { Client } from './kube/client.ts'
import { createEventRecorder, type EventRecorder } from './kube/events.ts'
import type { Listener } from './kube/store.ts'
import type { Clock } from './runtime/clock.ts'
import { type Controller, startController } from './runtime/controller.ts'
import { repeat } from './runtime/repeat.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'
import type { createMetrics } from './telemetry/metrics.ts'

// Nothing follows from an agent that we held or resumed but that it is said: of a thousand it is said a few times.
const PROGRESS_MS = 1_000

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

export function startTerm(deps: TermDeps): Term {
  const { client, stores, settings, clock, log, metrics, journal, identity } = deps
  const { catalog, agentsNamespace } = settings
  const { product } = catalog
  const board = createDecisionBoard()
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
  const plans = catalog.plans.map((plan) => plan.name)
  const evidence = new LicenseEvidence(
    (text, now) => readLicense(text, { keys, product, plans, jwt: catalog.license.jwt, now }),
    catalog.notice.lastKnownGoodHours * HOUR,
  )
  const revocations = new RevocationEvidence((text, now) => readRevocationList(text, { keys, product, now }))
  const time = createTrustedClock(clock, client)
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
  const deciding = entitlementController({
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
    identity,
    policies: () => (identity()?.policies === true ? 'enforced' : 'unsupported'),
    namesTaken: () => namesTaken,
    ...(settings.machine === undefined ? {} : { machine: settings.machine }),
    onPublished: (status) => metrics.show(status),
    onPublicationFailed: () => metrics.publicationErrors.inc(),
    health,
    trustedKeys: [...keys.values()].map(({ keyId, use, thumbprint }) => ({ kid: keyId, use, thumbprint })),
    owners: NO_OWNERS,
    whoAmI: (signal) => whoAmI(client, signal),
    onTransition: (kind, name, { reason, note }) => log.info({ kind, name, reason }, note),
    reportTampering,
  })
  const entitlement = startController(deciding, clock, hooks)
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
  const decideOnWorkload: Listener<Workload> = (_key, before, after) => {
    if (isHeldOrResumed(before, after)) entitlement.enqueueAfter(ENTITLEMENT_KEY, PROGRESS_MS)
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
  ]
  board.onPublish(() => {
    agents.enqueue(AGENTS_KEY)
    for (const key of keysToHoldOrResume(board, stores)) hold.enqueue(key)
  })
  const stopSaying = reportHealth(health, events, () => ({
    apiVersion: API_VERSION,
    kind: 'Entitlement',
    name: product,
    uid: stores.entitlement.store.get(product)?.uid ?? '',
  }))
  const stopListening = health.onChange(decideAgain)
  const stopLooking = repeat(clock, () => time.lookAgainMs, decideAgain)
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
      stopLooking()
      stopListening()
      stopSaying()
      for (const stop of deafen) stop()
      await Promise.all(controllers.map((controller) => controller.stop()))
      await leaveInOrder(deciding, log)
      await events.flush()
    },
  }
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

/** Logs the first of a row of errors. */
export function onceFor(log: Logger, message: string): (error: unknown) => void {
  let said = false
  return (error) => {
    if (!said) log.warn({ err: error }, message)
    said = true
  }
}

const NO_OWNERS = { lookUp: () => 'unknown' as const, onChange: () => () => undefined }

function otherKeysFinding(message: string): Finding {
  const told = `${message}: their fingerprints are in the Entitlement (status.trustedKeys); compare them with the vendor's`
  return { type: 'TrustedKeysOfImage', healthy: false, reason: 'OtherTrustedKeys', message: told }
}
