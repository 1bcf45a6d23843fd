// Answers: is what the PlatformConfig asks for there, as far as it is admitted? Reads the decision and the PlatformConfig;
// writes the agents' namespace, their Deployments and the guardian's rights.

import { isDeepStrictEqual } from 'node:util'
import { GUARDIAN, MANAGED_BY, MANAGED_BY_LABEL, MANAGED_LABEL } from '../../../api/names.ts'
import { platformConfigs } from '../../../api/resources.ts'
import type { ActiveConfig } from '../../observed/active-config.ts'
import type { Stores } from '../../observed/stores.ts'
import type { Workload } from '../../observed/workloads.ts'
import { workloadKey } from '../../../domain/entitlement/facts.ts'
import type { Client } from '../../../kube/client.ts'
import { firstDifference } from '../../../kube/drift.ts'
import { isConflict, isInvalid, isNotFound, type KubeError } from '../../../kube/errors.ts'
import type { EventReason } from '../../../domain/entitlement/reasons.ts'
import type { EventRecorder } from '../../../kube/events.ts'
import { deployments, namespaces, type Resource, roleBindings, roles, serviceAccounts } from '../../../kube/resource.ts'
import { type Action, awaitChange, lookAgainAt } from '../../../runtime/action.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import type { DecisionBoard } from '../current-decision.ts'
import type { HealthBoard } from '../health-board.ts'
import type { TamperingReporter } from '../tampering.ts'
import {
  type AgentSpec,
  desiredDeployment,
  desiredGuardianBinding,
  desiredGuardian,
  desiredNamespace,
  type Owner,
} from './desired.ts'
import { type Kept, Keeper, keyOf, nameOf, type Restored } from './keeper.ts'

export interface AgentsDeps {
  readonly client: Client
  readonly stores: Stores
  readonly board: DecisionBoard
  readonly health: HealthBoard
  readonly events: EventRecorder<EventReason>
  readonly clock: Clock
  /** The label that names an agent. */
  readonly label: string
  readonly agentsNamespace: string
  readonly agentImage: string
  /** Whether the product has a guardian: what is bound for another product's is left alone. */
  readonly hasGuardian: boolean
  readonly activeConfig: () => ActiveConfig | undefined
  /** Told which agents cannot be created because their name belongs to somebody else's Deployment. */
  readonly onNamesTaken: (names: ReadonlySet<string>) => void
  readonly reportTampering: TamperingReporter
  /** Has everything looked at again in so many ms. */
  readonly lookAgainIn: (ms: number) => void
}

/** The one key: everything is brought about in one pass, agent by agent. */
export const AGENTS_KEY = 'agents'
const AT_ONCE = 12
// Somebody else's Deployment carries no label of ours, so that no watch tells when it is gone.
const TAKEN_AGAIN_MS = 5_000
// What is awaited this long belongs to the work that is being done; what takes longer is looked at when it is due.
const SOON_MS = 2_000

export function agentsController(deps: AgentsDeps): ControllerSpec {
  const { client, stores, board, clock, agentsNamespace } = deps
  const owned = stores.workloads.find((one) => one.target.resource.plural === 'deployments')
  const keeper = new Keeper({ client, clock, health: deps.health, onRestored: sayRestored })

  return {
    name: 'agents',
    workers: 1,
    async reconcile(_key, signal): Promise<Action> {
      if (board.current === undefined || owned === undefined) return awaitChange
      const config = deps.activeConfig()
      const pass = new Pass(keeper, signal)
      const taken = new Set<string>()
      await pass.attempt(() => keepNamespace(pass))
      if (config !== undefined) {
        const owner: Owner = { name: config.name, uid: config.uid }
        const { mayChangeThings } = board.current.guardian
        // Before its pod, which does not start without it.
        if (mayChangeThings || config.agents.some(({ name }) => name === GUARDIAN)) await keepGuardian(owner, pass)
        await keepAgents(config, owner, taken, pass)
        await pass.attempt(() => removeOthers(config, pass))
        if (deps.hasGuardian) await pass.attempt(() => keepGuardianBinding(owner, mayChangeThings, pass))
        deps.onNamesTaken(taken)
      }
      pass.end()
      return lookAgain(taken.size > 0)
    },
  }

  function lookAgain(namesAreTaken: boolean): Action {
    const next = Math.min(keeper.nextLook() ?? Number.POSITIVE_INFINITY, namesAreTaken ? TAKEN_AGAIN_MS : Infinity)
    if (next <= SOON_MS) deps.lookAgainIn(next)
    return lookAgainAt(next > SOON_MS && Number.isFinite(next) ? clock.now() + next : undefined)
  }

  async function keepNamespace(pass: Pass): Promise<void> {
    const desired = desiredNamespace(agentsNamespace)
    const wanted = { metadata: { labels: { [MANAGED_LABEL]: 'true' } } }
    const { store } = stores.managedNamespaces
    await pass.keep({
      resource: namespaces,
      desired,
      version: '',
      wanted,
      // Only those that have the label are seen.
      ...(store.get(agentsNamespace) === undefined ? {} : { live: wanted }),
      force: true,
      mustBeAsWanted: true,
      written(answer) {
        if (firstDifference(answer, wanted) === undefined) stores.managedNamespaces.written(answer)
      },
    })
  }

  async function keepAgents(config: ActiveConfig, owner: Owner, taken: Set<string>, pass: Pass): Promise<void> {
    const decision = board.current
    if (decision === undefined || owned === undefined) return
    const { admitted, refused } = decision.agents
    const mayRun = new Set(admitted.map((agent) => agent.key))
    const wasTaken = new Set(refused.filter(isTaken).map((agent) => agent.key))
    await inParallel(config.agents, async (agent) => {
      const key = agentKey(agent.name)
      const there = owned.store.get(`${agentsNamespace}/${agent.name}`)
      // Somebody's own workload that runs this agent: admitted like any other, and theirs.
      if (there !== undefined && there.own === undefined) return
      await pass.attempt(async () => {
        if (wasTaken.has(key)) {
          // A name that is free again has to be admitted first: the API server would refuse it.
          if (await isSomebodyElses(agent.name, pass.signal)) taken.add(agent.name)
        } else if (mayRun.has(key)) {
          // Read-only: what is there stays as it is.
          if (there !== undefined && decision.degradation.readOnly) return
          if ((await keepAgent(agent, owner, there?.own, pass)) === 'theirs') taken.add(agent.name)
        }
      })
    })
  }

  function agentKey(name: string): string {
    return workloadKey({ resource: 'deployments', namespace: agentsNamespace, name })
  }

  function keepAgent(agent: AgentSpec, owner: Owner, own: Workload['own'], pass: Pass): Promise<'kept' | 'theirs'> {
    const place = { label: deps.label, namespace: agentsNamespace, image: deps.agentImage }
    const desired = desiredDeployment(agent, place, owner)
    const { labels, ownerReferences } = desired.metadata
    const live = own === undefined ? undefined : liveOf(own)
    return pass.keep({
      resource: deployments,
      desired,
      version: JSON.stringify([agent, owner]),
      wanted: { metadata: { labels, ownerReferences }, spec: desired['spec'] },
      ...(live === undefined ? {} : { live }),
      // The first time without force: fields that somebody else has set are a conflict, and the Deployment is theirs.
      force: live !== undefined,
      isTheirs: async (error: KubeError) =>
        live === undefined &&
        (isConflict(error) || isInvalid(error)) &&
        (await isSomebodyElses(agent.name, pass.signal)),
      written: (answer) => owned?.written(answer),
    })
  }

  async function isSomebodyElses(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { metadata } = await client.get(deployments, { namespace: agentsNamespace, name }, signal)
      const labels = (metadata['labels'] ?? {}) as Record<string, string>
      // The operator of another product calls itself the same, and has another label for its agents.
      return labels[MANAGED_BY_LABEL] !== MANAGED_BY || labels[deps.label] === undefined
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  // Only by name, and only what is ours: an agent that left the list. A PlatformConfig that is gone takes its agents with
  // it through Kubernetes' own garbage collection.
  async function removeOthers(config: ActiveConfig, { signal }: Pass): Promise<void> {
    const names = new Set(config.agents.map((agent) => agent.name))
    const leftovers = (owned?.store.values() ?? []).filter(
      (workload) => workload.own !== undefined && workload.namespace === agentsNamespace && !names.has(workload.name),
    )
    if (leftovers.length === 0 || !(await isCurrent(config, signal))) return
    const failures: unknown[] = []
    await inParallel(leftovers, async ({ namespace, name, uid }) => {
      await unlessGone(client.delete(deployments, { namespace, name }, uid, signal)).catch((error: unknown) =>
        failures.push(error),
      )
    })
    if (failures.length > 0) throw failures[0]
  }

  // A watch can be behind, and what is deleted is gone: the API server itself is asked. Once the watch has caught up, its
  // news lead here again.
  async function isCurrent({ name, uid }: ActiveConfig, signal: AbortSignal): Promise<boolean> {
    try {
      const { metadata } = await client.get(platformConfigs, { name }, signal)
      return metadata.uid === uid && metadata.generation === stores.configs.store.get(name)?.generation
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  // Who the guardian is, and a role that grants nothing as long as it is not bound.
  async function keepGuardian(owner: Owner, pass: Pass): Promise<void> {
    for (const desired of desiredGuardian(agentsNamespace, owner)) {
      const resource: Resource = desired.kind === 'Role' ? roles : serviceAccounts
      const once = { version: owner.uid, isUnwatched: true, wanted: {}, force: true, written: () => undefined }
      await pass.attempt(() => pass.keep({ resource, desired, ...once }))
    }
  }

  async function keepGuardianBinding(owner: Owner, mayChangeThings: boolean, pass: Pass): Promise<void> {
    const desired = desiredGuardianBinding(agentsNamespace, owner)
    const { roleRef, subjects } = desired
    const live = stores.guardianBinding.store.get(`${agentsNamespace}/${GUARDIAN}`)
    if (mayChangeThings) {
      await pass.keep({
        resource: roleBindings,
        desired,
        version: owner.uid,
        wanted: { roleRef, subjects },
        ...(live === undefined ? {} : { live: live.body }),
        force: true,
        mustBeAsWanted: true,
        written: (answer) => stores.guardianBinding.written(answer),
      })
      return
    }
    if (live === undefined || !isDeepStrictEqual(live.body['roleRef'], roleRef)) return
    const place = { namespace: agentsNamespace, name: GUARDIAN }
    await unlessGone(client.delete(roleBindings, place, live.uid, pass.signal))
  }

  function sayRestored({ object, uid, what, field, manager }: Restored): void {
    const { apiVersion, kind, metadata } = object
    const { name, namespace } = metadata
    const regarding = {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    }
    if (kind !== 'Deployment') {
      deps.reportTampering(regarding, what)
      return
    }
    const deed =
      what === 'deleted' ? 'was deleted and has been made again' : `was put right: ${manager} had set ${field}`
    const cure = "what an agent runs is set in the PlatformConfig and by the operator's --agent-image"
    const note = `${nameOf({ desired: object })} ${deed}; ${cure}`
    deps.events.record({ regarding, type: 'Warning', reason: 'AgentRestored', action: 'Restore', note })
  }
}

/** One pass over everything. What fails does not keep the rest from its turn; the first failure is thrown in the end. */
class Pass {
  readonly signal: AbortSignal
  readonly #keeper: Keeper
  readonly #kept = new Set<string>()
  readonly #failures: unknown[] = []

  constructor(keeper: Keeper, signal: AbortSignal) {
    this.#keeper = keeper
    this.signal = signal
  }

  keep(kept: Kept): Promise<'kept' | 'theirs'> {
    this.#kept.add(keyOf(kept))
    return this.#keeper.keep(kept, this.signal)
  }

  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failures.push(error)
    }
  }

  end(): void {
    this.#keeper.keepOnly(this.#kept)
    if (this.#failures.length > 0) throw this.#failures[0]
  }
}

function isTaken({ reason }: { readonly reason: string }): boolean {
  return reason === 'NameTaken'
}

function liveOf({ labels, owners, spec }: NonNullable<Workload['own']>): object {
  return { metadata: { labels, ownerReferences: owners }, spec }
}

async function unlessGone(deleting: Promise<void>): Promise<void> {
  try {
    await deleting
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
