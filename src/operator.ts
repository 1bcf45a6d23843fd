// The composition root: what exists, who is given what, and in which order it starts and stops.

import { hostname } from 'node:os'
import { FIELD_MANAGER, GROUP } from './api/names.ts'
import { activeConfig } from './cluster/active-config.ts'
import { LicenseEvidence } from './cluster/license-evidence.ts'
import { allWatched, declareStores, runStores } from './cluster/stores.ts'
import { AGENTS_KEY, agentsController } from './controllers/agents/controller.ts'
import { createDecisionBoard, type DecisionBoard } from './controllers/decision-board.ts'
import { ENTITLEMENT_KEY, entitlementController } from './controllers/entitlement/controller.ts'
import { type ClusterIdentity, waitingFor } from './controllers/entitlement/gather.ts'
import { holdController, keysToHoldOrResume } from './controllers/hold/controller.ts'
import { policyController, policyKeys } from './controllers/policy/controller.ts'
import type { Catalog } from './domain/catalog.ts'
import { HOUR } from './domain/instant.ts'
import { readLicense } from './domain/license/read-license.ts'
import type { TrustedKeys } from './domain/license/trusted-keys.ts'
import { startHttpServer } from './http/server.ts'
import type { Access } from './kube/access.ts'
import { type Client, createClient } from './kube/client.ts'
import { createEventRecorder } from './kube/events.ts'
import { namespaces } from './kube/resource.ts'
import type { Clock } from './runtime/clock.ts'
import { startController } from './runtime/controller.ts'
import type { Logger } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

export interface OperatorSettings {
  readonly catalog: Catalog
  readonly trustedKeys: TrustedKeys
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
  const events = createEventRecorder(client, `${GROUP}/operator`, hostname(), (error) =>
    log.warn({ err: error }, 'event not written'),
  )
  const stores = declareStores({ product, agentsNamespace }, (error) => log.error({ err: error }, 'listener failed'))
  const board = createDecisionBoard()
  const evidence = new LicenseEvidence(
    (text, now) =>
      readLicense(text, { keys: settings.trustedKeys, product, plans: catalog.plans.map((plan) => plan.name), now }),
    catalog.notice.lastKnownGoodHours * HOUR,
  )
  let identity: (ClusterIdentity & { readonly policies: boolean }) | undefined
  let namesTaken: ReadonlySet<string> = new Set()
  const onTampering = (kind: string, name: string) => {
    metrics.tampering.inc({ kind, name })
    log.warn({ kind, name }, 'tampering restored')
  }
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
      clock,
      evidence,
      catalog,
      agentsNamespace,
      holdNotice: Math.min(settings.holdNotice ?? Number.POSITIVE_INFINITY, catalog.notice.holdHours * HOUR),
      identity: () => identity,
      policies: () => (identity?.policies === true ? 'enforced' : 'unsupported'),
      namesTaken: () => namesTaken,
      onPublished: (status) => metrics.show(status),
      onTampering,
    }),
    clock,
    hooks,
  )
  const policy = startController(policyController({ client, stores, product, events, onTampering }), clock, hooks)
  const hold = startController(holdController({ client, stores, board, events }), clock, hooks)
  const agents = startController(
    agentsController({
      client,
      stores,
      board,
      events,
      clock,
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
  const controllers = [entitlement, policy, hold, agents]

  // Who has to look when what changes. A decision leads to deeds; what anybody does to the cluster leads to a decision.
  const policyStores = new Set<unknown>([stores.policies, stores.policyBindings])
  for (const watched of allWatched(stores)) {
    if (policyStores.has(watched)) continue
    watched.store.onChange(() => entitlement.enqueue(ENTITLEMENT_KEY))
  }
  stores.secrets.onChange(() => entitlement.enqueue(ENTITLEMENT_KEY))
  const keepPolicies = () => {
    if (stores.policies.store.synced && stores.policyBindings.store.synced)
      for (const key of policyKeys(product)) policy.enqueue(key)
  }
  stores.policies.store.onChange(keepPolicies)
  stores.policyBindings.store.onChange(keepPolicies)
  let announceReady: () => void
  const ready = new Promise<void>((resolve) => (announceReady = resolve))
  board.onPublish((decision) => {
    metrics.decisions.inc()
    log.debug({ verdict: decision.verdict, plan: decision.grant.plan.name }, 'decided')
    agents.enqueue(AGENTS_KEY)
    for (const key of keysToHoldOrResume(board, stores)) hold.enqueue(key)
    announceReady()
  })

  const http = await startHttpServer(settings.listen, {
    readiness: () => ({
      ready: board.current !== undefined,
      waitingFor: identity === undefined ? ['the API server'] : waitingFor(stores),
    }),
    metrics: () => metrics.registry.metrics(),
  })
  log.info({ address: http.address, product, server: access.server.host }, 'operator started')
  const reading = identify(client, signal, log).then(async (found) => {
    if (found === undefined) return
    identity = found
    if (!found.policies)
      log.warn(
        'the API server has no ValidatingAdmissionPolicy (Kubernetes 1.30 or later): growth is undone, not refused',
      )
    const missing = found.policies ? new Set<unknown>() : policyStores
    await runStores(client, stores, missing, signal)
  })
  const reporting = reportMissing(stores, log, clock)

  return {
    address: http.address,
    board,
    ready,
    async idle() {
      for (const controller of [...controllers, ...controllers]) await controller.idle()
    },
    async stop() {
      reporting()
      await Promise.all(controllers.map((controller) => controller.stop()))
      await events.flush()
      stopping.abort()
      await Promise.all([reading, http.stop()])
      access.agent.destroy()
      log.info('operator stopped')
    },
  }
}

const ASK_AGAIN_MS = 1_000

/** Who the cluster is and what it can do. Asks until it is told, and says once what is wrong. */
async function identify(
  client: Client,
  signal: AbortSignal,
  log: Logger,
): Promise<(ClusterIdentity & { policies: boolean }) | undefined> {
  for (let asked = 0; !signal.aborted; asked++) {
    try {
      const { metadata } = await client.get(namespaces, { name: 'kube-system' }, signal)
      const groups = (await client.raw('/apis', signal)) as { groups: readonly { name: string }[] }
      const admission = (await client.raw('/apis/admissionregistration.k8s.io/v1', signal)) as {
        resources: readonly { name: string }[]
      }
      return {
        uid: metadata.uid ?? '',
        apiGroups: groups.groups.map((group) => group.name),
        policies: admission.resources.some((resource) => resource.name === 'validatingadmissionpolicies'),
      }
    } catch (error) {
      if (signal.aborted) return undefined
      if (asked === 0) log.warn({ err: error }, 'the API server does not answer as it should; asking again')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ASK_AGAIN_MS)
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
      })
    }
  }
  return undefined
}

/** Says once what cannot be read, and once that it can be again. Returns how to stop. */
function reportMissing(stores: ReturnType<typeof declareStores>, log: Logger, clock: Clock): () => void {
  const said = new Set<unknown>()
  let cancel: () => void
  const look = () => {
    for (const watched of allWatched(stores)) {
      const { problem } = watched.store
      const kind = watched.target.resource.plural
      if (problem === undefined) {
        if (said.delete(watched)) log.info({ kind }, 'can be read again')
      } else if (!said.has(watched)) {
        said.add(watched)
        const isOurs = watched.target.resource.group === GROUP
        const hint =
          problem.status === 404 && isOurs
            ? 'the CRDs are not installed; install them with: kubectl apply -f crds/'
            : undefined
        log.warn({ kind, problem: problem.message, ...(hint === undefined ? {} : { hint }) }, 'cannot be read')
      }
    }
    cancel = clock.after(1_000, look)
  }
  cancel = clock.after(1_000, look)
  return () => cancel()
}
