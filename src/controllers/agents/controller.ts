// Answers: is what the PlatformConfig asks for there, as far as it is admitted? Reads the decision and the PlatformConfig;
// writes the agents' namespace, their Deployments and the guardian's rights.

import { isDeepStrictEqual } from 'node:util'
import { GUARDIAN, MANAGED_BY, MANAGED_BY_LABEL } from '../../api/names.ts'
import { platformConfigs } from '../../api/resources.ts'
import type { ActiveConfig } from '../../cluster/active-config.ts'
import type { KubeObject } from '../../cluster/objects.ts'
import type { Stores } from '../../cluster/stores.ts'
import type { Workload } from '../../cluster/workloads.ts'
import { workloadKey } from '../../domain/facts.ts'
import type { Client } from '../../kube/client.ts'
import { covers } from '../../kube/covers.ts'
import { isConflict, isInvalid, isNotFound } from '../../kube/errors.ts'
import { deployments, namespaces, type Resource, roleBindings, roles, serviceAccounts } from '../../kube/resource.ts'
import { type Action, awaitChange, lookAgainAt } from '../../runtime/action.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ControllerSpec } from '../../runtime/controller.ts'
import type { DecisionBoard } from '../decision-board.ts'
import {
  type AgentSpec,
  desiredDeployment,
  desiredGuardianBinding,
  desiredGuardian,
  desiredNamespace,
  type Owner,
} from './desired.ts'

export interface AgentsDeps {
  readonly client: Client
  readonly stores: Stores
  readonly board: DecisionBoard
  readonly clock: Clock
  /** The label that names an agent. */
  readonly label: string
  readonly agentsNamespace: string
  readonly agentImage: string
  readonly activeConfig: () => ActiveConfig | undefined
  /** Told which agents cannot be created because their name belongs to somebody else's Deployment. */
  readonly onNamesTaken: (names: ReadonlySet<string>) => void
}

/** The one key: everything is brought about in one pass, agent by agent. */
export const AGENTS_KEY = 'agents'
const AT_ONCE = 12
// Somebody else's Deployment carries no label of ours, so that no watch tells when it is gone.
const TAKEN_AGAIN_MS = 5_000

export function agentsController(deps: AgentsDeps): ControllerSpec {
  const { client, stores, board, clock, agentsNamespace } = deps
  const owned = stores.workloads.find((one) => one.target.resource.plural === 'deployments')
  let guardianOf: string | undefined

  return {
    name: 'agents',
    workers: 1,
    async reconcile(_key, signal): Promise<Action> {
      const decision = board.current
      if (decision === undefined || owned === undefined) return awaitChange
      await keepNamespace(signal)
      const config = deps.activeConfig()
      if (config === undefined) return awaitChange

      const owner: Owner = { name: config.name, uid: config.uid }
      const admitted = new Set(decision.agents.admitted.map((agent) => agent.key))
      const wasTaken = new Set(decision.agents.refused.filter(isTaken).map((agent) => agent.key))
      const taken = new Set<string>()
      // Before its pod, which does not start without it.
      const { mayChangeThings } = decision.guardian
      if (mayChangeThings || config.agents.some(({ name }) => name === GUARDIAN)) await keepGuardian(owner, signal)
      await inParallel(config.agents, async (agent) => {
        const key = keyOf(agent.name)
        const there = owned.store.get(`${agentsNamespace}/${agent.name}`)
        // Somebody's own workload that runs this agent: admitted like any other, and theirs.
        if (there !== undefined && there.own === undefined) return
        if (wasTaken.has(key)) {
          // A name that is free again has to be admitted first: the API server would refuse it.
          if (await isSomebodyElses(agent.name, signal)) taken.add(agent.name)
        } else if (admitted.has(key)) {
          // Read-only: what is there stays as it is.
          if (there !== undefined && decision.degradation.readOnly) return
          if ((await keepAgent(agent, owner, signal)) === 'taken') taken.add(agent.name)
        }
      })
      await removeOthers(config, signal)
      await keepGuardianBinding(owner, mayChangeThings, signal)
      deps.onNamesTaken(taken)
      return lookAgainAt(taken.size === 0 ? undefined : clock.now() + TAKEN_AGAIN_MS)
    },
  }

  function keyOf(name: string): string {
    return workloadKey({ resource: 'deployments', namespace: agentsNamespace, name })
  }

  async function keepNamespace(signal: AbortSignal): Promise<void> {
    if (stores.managedNamespaces.store.get(agentsNamespace) !== undefined) return
    stores.managedNamespaces.written(await apply(namespaces, desiredNamespace(agentsNamespace), signal))
  }

  async function keepAgent(agent: AgentSpec, owner: Owner, signal: AbortSignal): Promise<'kept' | 'taken'> {
    if (owned === undefined) return 'kept'
    const desired = desiredDeployment(
      agent,
      { label: deps.label, namespace: agentsNamespace, image: deps.agentImage },
      owner,
    )
    const live = owned.store.get(`${agentsNamespace}/${agent.name}`)?.own
    if (live !== undefined && isAsDesired(live, desired)) return 'kept'
    try {
      // The first time without force: fields that somebody else has set are a conflict, and the Deployment is theirs.
      owned.written(await apply(deployments, desired, signal, live !== undefined))
      return 'kept'
    } catch (error) {
      const mayBeTaken = live === undefined && (isConflict(error) || isInvalid(error))
      if (mayBeTaken && (await isSomebodyElses(agent.name, signal))) return 'taken'
      throw error
    }
  }

  async function isSomebodyElses(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { metadata } = await client.get(deployments, { namespace: agentsNamespace, name }, signal)
      return (metadata['labels'] as Record<string, string> | undefined)?.[MANAGED_BY_LABEL] !== MANAGED_BY
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  // Only by name, and only what is ours: an agent that left the list. A PlatformConfig that is gone takes its agents with
  // it through Kubernetes' own garbage collection.
  async function removeOthers(config: ActiveConfig, signal: AbortSignal): Promise<void> {
    const names = new Set(config.agents.map((agent) => agent.name))
    const leftovers = (owned?.store.values() ?? []).filter(
      (workload) => workload.own !== undefined && workload.namespace === agentsNamespace && !names.has(workload.name),
    )
    if (leftovers.length === 0 || !(await isCurrent(config, signal))) return
    await inParallel(leftovers, async ({ namespace, name, uid }) => {
      await unlessGone(client.delete(deployments, { namespace, name }, uid, signal))
    })
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
  async function keepGuardian(owner: Owner, signal: AbortSignal): Promise<void> {
    if (guardianOf === owner.uid) return
    for (const object of desiredGuardian(agentsNamespace, owner)) {
      await apply(object.kind === 'Role' ? roles : serviceAccounts, object, signal)
    }
    guardianOf = owner.uid
  }

  async function keepGuardianBinding(owner: Owner, mayChangeThings: boolean, signal: AbortSignal): Promise<void> {
    const desired = desiredGuardianBinding(agentsNamespace, owner)
    const live = stores.guardianBinding.store.get(`${agentsNamespace}/${GUARDIAN}`)
    const grantsOurs = live !== undefined && isDeepStrictEqual(live.body['roleRef'], desired['roleRef'])
    if (!mayChangeThings) {
      if (!grantsOurs) return
      await unlessGone(client.delete(roleBindings, { namespace: agentsNamespace, name: GUARDIAN }, live.uid, signal))
      return
    }
    if (grantsOurs && covers(live.body['subjects'], desired['subjects'])) return
    stores.guardianBinding.written(await apply(roleBindings, desired, signal))
  }

  function apply(resource: Resource, object: KubeObject, signal: AbortSignal, force = true) {
    return client.apply(resource, { ...object, metadata: { ...object.metadata } }, { force }, signal)
  }
}

function isTaken({ reason }: { readonly reason: string }): boolean {
  return reason === 'NameTaken'
}

function isAsDesired(live: NonNullable<Workload['own']>, { metadata, ...desired }: KubeObject): boolean {
  const { labels, ownerReferences } = metadata
  return covers(live.labels, labels) && covers(live.spec, desired['spec']) && covers(live.owners, ownerReferences)
}

async function unlessGone(deleting: Promise<void>): Promise<void> {
  try {
    await deleting
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

// One that fails does not keep the others from their turn; the first failure is reported in the end.
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = []
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (failures.length > 0) throw failures[0]
}
