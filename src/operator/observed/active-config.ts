// The PlatformConfig that counts, as the operator needs it. With several, the oldest: it was there first.

import type { PlatformConfig, PlatformConfigSpec } from '../../api/platform-config.ts'
import type { WantedFacts } from '../../domain/entitlement/facts.ts'
import type { Own, OwnResource } from './stores.ts'

export interface ActiveConfig {
  readonly name: string
  readonly uid: string
  readonly agents: NonNullable<NonNullable<PlatformConfigSpec['agents']>['enabled']>
  readonly wanted: WantedFacts
}

/** The oldest comes first; names decide between those of the same second. */
export function byAge(a: OwnResource, b: OwnResource): number {
  return a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name)
}

/** @param configs those of our product */
export function activeConfig(configs: readonly Own<PlatformConfig>[]): ActiveConfig | undefined {
  const [oldest] = configs.toSorted(byAge)
  // One that cannot be read changes nothing; its status says what is wrong with it.
  if (oldest?.reading.kind !== 'ok') return undefined
  const { value } = oldest.reading
  return {
    name: oldest.name,
    uid: oldest.uid,
    agents: value.spec.agents?.enabled ?? [],
    wanted: wantedOf(value),
  }
}

/** What a PlatformConfig asks for, as far as a decision needs it. */
export function wantedOf({ spec }: PlatformConfig): WantedFacts {
  const { license, agents, addons, guardian } = spec
  return {
    ...(license?.tier === undefined ? {} : { plan: license.tier }),
    ...(license?.organization === undefined ? {} : { organization: license.organization }),
    activationKey: license?.key !== undefined,
    agents: (agents?.enabled ?? []).map((agent) => agent.name),
    addons: Object.entries({ ...addons, localModels: agents?.localModels })
      .filter(([, addon]) => addon?.enabled)
      .map(([name]) => name),
    guardian: guardian?.enabled === true ? guardian.mode : 'off',
  }
}
