// The composition root: what exists, who is given what, and in which order it starts and stops. What decides and writes
// lives in a term (`term.ts`), and only while this replica leads; what reads and is read goes on all along.

import type { EntitlementStatus } from './api/entitlement.ts'
import { FIELD_MANAGER, LEASE_NAME } from './api/names.ts'
import { type ClusterIdentity, identifyCluster } from './cluster/identity.ts'
import { staleWatches } from './cluster/freshness.ts'
import { allWatched, declareStores, policyStores, runStores, type Watched } from './cluster/stores.ts'
import { reportWatchProblems } from './cluster/watch-problems.ts'
import { waitingFor } from './controllers/entitlement/gather.ts'
import type { DecisionBoard } from './controllers/decision-board.ts'
import { stepsBefore, type TimelineEntry, timelineFrom } from './domain/timeline.ts'
import { startHttpServer } from './http/server.ts'
import { createJournal } from './http/status-page/journal.ts'
import { createStatusPage } from './http/status-page/status-page.ts'
import { statusView } from './http/status-page/view.ts'
import type { Access } from './kube/access.ts'
import { CLOSED, createClient, type Fence } from './kube/client.ts'
import { createElection, type Election } from './kube/leader-election.ts'
import { attemptMs, LEASE_TIMING } from './kube/lease.ts'
import { leases } from './kube/resource.ts'
import type { Clock } from './runtime/clock.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { onceFor, startTerm, type Term } from './term.ts'
import { VERSION } from './version.ts'

export type { OperatorSettings } from './settings.ts'

export interface Operator {
  /** Where probes and metrics are served. */
  readonly address: string
  /** Where this replica's decisions stand; undefined while another one decides. */
  readonly board: DecisionBoard | undefined
  /** Resolves once this replica has published a decision and the API server enforces it. */
  readonly ready: Promise<void>
  /** Whether this replica leads. */
  readonly leads: boolean
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
  const beReady = () => {
    if (term?.board.current !== undefined && term.gateClosed) decided.resolve()
  }
  const beginTerm = (fence?: Fence) => {
    const client = newClient(fence === undefined ? {} : { fence })
    const known = { stores, settings, clock, log, metrics, journal, identity: () => identity }
    term = startTerm({ ...known, client, onGateClosed: beReady })
    const { board } = term
    board.onPublish(() => {
      ahead = clock.now() - (board.facts?.now ?? clock.now())
      beReady()
      page.changed()
    })
    metrics.leads.set({ name: LEASE_NAME }, 1)
  }
  const endTerm = () => {
    if (term !== undefined) ended.push(term.stop())
    term = undefined
    metrics.leads.set({ name: LEASE_NAME }, 0)
  }
  metrics.leads.set({ name: LEASE_NAME }, 0)
  // Of a replica that does not lead, the figures are those of the one that does.
  stores.entitlement.store.onChange((_name, _before, after) => {
    if (term === undefined && after?.status !== undefined) metrics.show(after.status as EntitlementStatus)
  })

  let election: Election | undefined
  // Never the state of the license, and of a replica that does not lead no decision: it has to be ready to take over.
  const missing = () => {
    if (identity === undefined) return ['the API server']
    const { problem } = election ?? {}
    return [
      ...waitingFor(stores),
      ...staleWatches(stores),
      ...(problem === undefined ? [] : [`leases (${problem})`]),
      ...(term === undefined || term.board.current !== undefined ? [] : ['the first decision']),
      ...(term === undefined || term.gateClosed ? [] : [GATE_OPEN]),
    ]
  }
  const timeline = timelineOf(() => term?.board)
  const page = createStatusPage(() => {
    const decision = term?.board.current
    return statusView({
      catalog,
      version: VERSION,
      now: clock.now() - ahead,
      ...(decision === undefined ? {} : { decision }),
      timeline: timeline(),
      events: journal.entries(),
      waitingFor: decision === undefined ? [...missing(), ...(term === undefined ? [STANDS_BY] : [])] : [],
    })
  })
  const http = await startHttpServer(settings.listen, {
    readiness: missing,
    metrics: () => metrics.registry.metrics(),
    page,
  })
  log.info({ address: http.address, product, server: access.server.host }, 'operator started')

  let running: Promise<void> | undefined
  if (settings.election === undefined) beginTerm()
  else {
    const { identity: name, timing = LEASE_TIMING } = settings.election
    const { namespace } = settings
    election = createElection(
      newClient({ timeoutMs: attemptMs(timing) }),
      { namespace, name: LEASE_NAME, identity: name, timing },
      {
        onElected(fence) {
          // The last term is being brought to its end, and the lease was lost and won meanwhile: it is about to be let go.
          if (leaving) return
          log.info({ replica: name }, 'this replica leads')
          beginTerm(fence)
          const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: leases.kind, name: LEASE_NAME, namespace }
          const note = `${name} became leader`
          term?.events.record({ regarding, type: 'Normal', reason: 'LeaderElection', action: 'Elect', note })
        },
        onLost() {
          if (leaving) return
          log.warn({ replica: name }, 'this replica leads no more')
          endTerm()
        },
        onProblem: (error) => log.warn({ err: error }, 'the lease cannot be had now; trying again'),
      },
    )
    running = election.run(signal)
  }
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
      log.warn({ kind, problem, ...(hint === undefined ? {} : { hint }) }, 'cannot be read'),
    mended: (kind) => log.info({ kind }, 'can be read again'),
  })

  return {
    address: http.address,
    get board() {
      return term?.board
    },
    ready: decided.promise,
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

const STANDS_BY = 'its turn: another replica leads, and its page shows what it decided'
const GATE_OPEN = 'the admission policies (the API server does not enforce them yet)'
const NO_POLICIES =
  'the API server has no ValidatingAdmissionPolicy (Kubernetes 1.30 or later): growth is undone, not refused'
