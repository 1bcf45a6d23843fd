// What is good to know beside the decision: what somebody has put into the cluster and nobody reads.

import { type AgentEntry, type EntitlementStatus } from '../api/entitlement.ts'
import { entitlements, platformConfigs } from '../api/resources.ts'
import { byAge } from '../cluster/active-config.ts'
import { productOfConfig } from '../cluster/belonging.ts'
import { type OwnResource, projectOwn } from '../cluster/stores.ts'
import { closestName } from '../domain/closest-name.ts'
import { list } from '../domain/words.ts'
import type { Client } from '../kube/client.ts'
import { builtInOf } from './catalogs.ts'

/** Of several PlatformConfigs the oldest is used; of the others this says that they are not. */
export async function unusedConfigs(client: Client, product: string, signal: AbortSignal): Promise<string[]> {
  const read = async (kind: typeof platformConfigs): Promise<OwnResource[]> => {
    const { items } = await client.list(kind, {}, {}, signal)
    return (items ?? []).map(projectOwn).toSorted(byAge)
  }
  const here = (await read(entitlements)).map(({ name }) => name)
  const configs = (await read(platformConfigs)).filter(
    (config) => productOfConfig(config, { own: product, here }) === product,
  )
  const [used, ...unused] = configs.map(({ name }) => name)
  if (used === undefined || unused.length === 0) return []
  const [subject, verb] = unused.length === 1 ? ['PlatformConfig', 'is'] : ['PlatformConfigs', 'are']
  return [`${subject} ${list(unused)} ${verb} not used: ${used} is older, and one alone counts`]
}

/** Agents that are left out and that the product does not know: perhaps their label is misspelt. */
export function misspeltAgents(product: string, { agents }: EntitlementStatus): string[] {
  const known = builtInOf(product)?.agents.map(({ name }) => name) ?? []
  const isStrange = ({ name }: AgentEntry) => known.length > 0 && !known.includes(name)
  return [...agents.refused, ...agents.held].filter(isStrange).flatMap(({ name, kind, namespace, workload }) => {
    const meant = closestName(name, known)
    const what = `${kind} ${namespace}/${workload} is labelled ${name}, and there is no such agent`
    return meant === undefined ? [] : [`${what} (did you mean ${meant}?)`]
  })
}
