// The composition root: what exists, who is given what, and in which order it starts and stops. What decides and writes
// lives in a term (`term.ts`), and only while this replica leads; what reads and is read goes on all along.

import { NO_POLICIES } from '../api/conditions.ts'
import type { EntitlementStatus } from '../api/entitlement.ts'
import { FIELD_MANAGER, leaseName } from '../api/names.ts'
import { type ClusterIdentity, identifyCluster } from './observed/identity.ts'
import { catalogInForce } from './observed/newest-catalog.ts'
import { staleWatches } from './observed/freshness.ts'
import { allWatched, declareStores, policyStores, runStores, type Watched } from './observed/stores.ts'
import { reportWatchProblems } from './observed/watch-problems.ts'
import { waitingFor } from './controllers/entitlement/gather.ts'
import type { DecisionBoard } from './controllers/current-decision.ts'
import type { Decision } from '../domain/entitlement/decision.ts'
import type { Finding } from '../domain/health/finding.ts'
import { type Health, healthOfDecision } from '../domain/health/health.ts'
import { problem } from '../domain/health/problem.ts'
import { stepsBefore, type TimelineEntry, timelineFrom } from '../domain/entitlement/timeline.ts'
import { startHttpServer } from '../http/server.ts'
import { createJournal } from './status-page/journal.ts'
import { createStatusPage } from './status-page/status-page.ts'
import { statusView } from './status-page/view.ts'
import type { Access } from '../kube/access.ts'
import { CLOSED, createClient, type Fence } from '../kube/client.ts'
import { attemptMs, LEASE_TIMING } from '../kube/lease.ts'
import { leases } from '../kube/resource.ts'
import { createLeadership, type Leadership } from './leadership.ts'
import type { Clock } from '../runtime/clock.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { onceFor, startTerm, type Term } from './controllers.ts'
import { VERSION } from '../version.ts'

export type { OperatorSettings } from './settings.ts'

export interface Operator {
  /** Where probes and metrics are served. */
  readonly address: string
  /** Where this replica's decisions stand; undefined while another one decides. */
  readonly board: DecisionBoard | undefined
  /** Resolves once this replica has published a decision and the API server enforces it. */
  readonly ready: Promise<void>
  /** Resolves, with a sentence, once this replica may not go on with its catalog: a newer one is in force. */
  readonly overtaken: Promise<string>
  /** Whether this replica leads. */
  readonly leads: boolean
  /** Resolves once nothing is left to do. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function startOperator(
  access: Access,
  given: OperatorSettings,
  clock: Clock,
  log: Logger,
): Promise<Operator> {
  const settings = { ...given, ...(await catalogInForce(lookingAround(access), given, clock.now())) }
  if (settings.outdatedCatalog !== undefined) log.warn(settings.outdatedCatalog)
  const { catalog, agentsNamespace, namespace, election } = settings
  const { product } = catalog
  const lease = leaseName(product)
  const stopping = new AbortController()
  const { signal } = stopping
  let identity: ClusterIdentity | undefined
  let term: Term | undefined
  let leaving = false
  const ended: Promise<void>[] = []

  const stores = declareStores(
    { product, label: catalog.governed.label, namespace: settings.namespace, agentsNamespace },
    (error) => log.error({ err: error }, 'listener failed'),
  )
  const metrics = createMetrics({
    controllers: () => term?.controllers ?? [],
    watches: () =>
      allWatched(stores)
        .filter(({ store }) => store.lastContact > 0)
        .map(measuredWatch),
  })
  const newClient = (more: { readonly fence?: Fence; readonly timeoutMs?: number }) =>
    createClient(access, {
      fieldManager: FIELD_MANAGER,
      userAgent: `cto-operator/${VERSION}`,
      onRequest: (method, code) => metrics.requests.inc({ host: access.server.host, method, code }),
      ...more,
    })
  const reader = newClient({ fence: CLOSED })

  const journal = createJournal()
  // The page goes by the time that decisions go by, and not by a clock that nobody believes.
  let ahead = 0
  const decided = Promise.withResolvers<void>()
  const overtaken = Promise.withResolvers<string>()
  const beReady = () => {
    if (term?.board.current !== undefined && term.gateClosed) decided.resolve()
  }
  const beginTerm = (fence: Fence) => {
    // The last term is being brought to its end, and the lease was lost and won meanwhile: it is about to be let go.
    if (leaving) return
    const client = newClient({ fence })
    const giveWay: Leadership['giveWay'] = (writer, signal) => leadership.giveWay(writer, signal)
    term = startTerm({
      client,
      stores,
      settings,
      clock,
      log,
      metrics,
      journal,
      giveWay,
      identity: () => identity,
      onGateClosed: beReady,
      onNewerCatalog: overtaken.resolve,
    })
    const { board } = term
    board.onPublish(() => {
      ahead = clock.now() - (board.facts?.now ?? clock.now())
      beReady()
      page.changed()
    })
    metrics.leads.set({ name: lease }, 1)
    const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: leases.kind, name: lease, namespace }
    const note = `${election.identity} became leader`
    term.events.record({ regarding, type: 'Normal', reason: 'LeaderElection', action: 'Elect', note })
  }
  const endTerm = () => {
    if (term !== undefined) ended.push(term.stop())
    term = undefined
    metrics.leads.set({ name: lease }, 0)
  }
  metrics.leads.set({ name: lease }, 0)
  // Of a replica that does not lead, the figures are those of the one that does.
  stores.entitlement.store.onChange((_name, _before, after) => {
    if (term !== undefined || after?.status === undefined) return
    const status = after.status as EntitlementStatus
    metrics.show(status)
    if (status.health !== undefined) metrics.showHealth(status.health)
  })

  const leadership = createLeadership({
    client: newClient({ timeoutMs: attemptMs(election.timing ?? LEASE_TIMING) }),
    settings,
    entitlement: stores.entitlement.store,
    log,
    onTurn: beginTerm,
    onEnd: endTerm,
  })
  // Never the state of the license, and of a replica that does not lead no decision: it has to be ready to take over.
  const missing = () => {
    if (identity === undefined) return ['the API server']
    const { problem } = leadership
    return [
      ...waitingFor(stores),
      ...staleWatches(stores),
      ...(problem === undefined ? [] : [problem]),
      ...(term === undefined || term.board.current !== undefined ? [] : ['the first decision']),
      ...(term === undefined || term.gateClosed ? [] : [GATE_OPEN]),
    ]
  }
  // Of what is decided already: it may be out of date.
  const blindness = () => [...staleWatches(stores), ...(leadership.problem === undefined ? [] : [leadership.problem])]
  const standsBy = () => (leadership.other === undefined ? [] : [`its turn: ${leadership.other}`])
  const timeline = timelineOf(() => term?.board)
  const page = createStatusPage(() => {
    const decision = term?.board.current
    return statusView({
      catalog,
      version: VERSION,
      now: clock.now() - ahead,
      ...(decision === undefined ? {} : { decision, health: healthNow(decision, term?.findings ?? [], blindness()) }),
      timeline: timeline(),
      events: journal.entries(),
      waitingFor: decision === undefined ? [...missing(), ...standsBy()] : [],
    })
  })
  const http = await startHttpServer(settings.listen, {
    readiness: missing,
    standsBy: () => leadership.other,
    metrics: () => metrics.registry.metrics(),
    page,
    hostNames: settings.hostNames ?? [],
  })
  log.info({ address: http.address, product, server: access.server.host }, 'operator started')

  const running = leadership.run(signal)
  const reading = identifyCluster(
    reader,
    signal,
    onceFor(log, 'the API server does not answer as it should; asking again'),
  ).then(async (found) => {
    if (found === undefined) return
    identity = found
    if (!found.policies) log.warn(NO_POLICIES)
    await runStores(reader, stores, found.policies ? new Set() : policyStores(stores), signal)
  })
  const stopReporting = reportWatchProblems(stores, {
    failing: (kind, problem, hint) =>
      log.warn({ kind, problem: problem.message, ...(hint === undefined ? {} : { hint }) }, 'cannot be read'),
    mended: (kind) => log.info({ kind }, 'can be read again'),
  })

  return {
    address: http.address,
    get board() {
      return term?.board
    },
    ready: decided.promise,
    overtaken: overtaken.promise,
    get leads() {
      return term !== undefined
    },
    idle: async () => term?.idle(),
    async stop() {
      leaving = true
      stopReporting()
      endTerm()
      // The lease is let go when nothing is left that would write, and then nothing is read any more.
      await Promise.all(ended)
      stopping.abort()
      await Promise.all([reading, running, http.stop()])
      access.agent.destroy()
      log.info('operator stopped')
    },
  }
}

/** What looks around before anything is counted or watched. */
function lookingAround(access: Access) {
  return createClient(access, { fieldManager: FIELD_MANAGER, userAgent: `cto-operator/${VERSION}`, fence: CLOSED })
}

function measuredWatch({ target, store }: Watched<unknown>) {
  const { lastContact, size, lists, failures } = store
  return {
    resource: target.resource.plural,
    silenceSeconds: (performance.now() - lastContact) / 1_000,
    objects: size,
    lists,
    failures,
  }
}

/** What came by itself and what will: worked out when somebody asks, and once for each decision. */
function timelineOf(board: () => DecisionBoard | undefined): () => readonly TimelineEntry[] {
  let of: unknown
  let timeline: readonly TimelineEntry[] = []
  return () => {
    const { facts, current } = board() ?? {}
    if (facts !== undefined && of !== current) {
      timeline = [...stepsBefore(facts), ...timelineFrom(facts)]
      of = current
    }
    return timeline
  }
}

/** What is published, and what could not be because the API server does not answer. */
function healthNow(decision: Decision, findings: readonly Finding[], blindness: readonly string[]): Health {
  const unseen = blindness.map((what) => problem('operation', 'NotReadable', `the operator waits for ${what}`))
  return healthOfDecision(decision, findings, unseen)
}

const GATE_OPEN = 'the admission policies (the API server does not enforce them yet)'
