// Whether it is the turn of this process to decide. Of all operators of a product in a cluster one does: those of one
// namespace agree by its Lease. Operators of different namespaces have different Leases; there the Entitlement, of which a
// product has one, says where its writer lives, and whoever lives elsewhere waits while the Lease of that namespace is kept.

import type { EntitlementStatus } from '../api/entitlement.ts'
import { leaseName } from '../api/names.ts'
import type { OwnResource } from './observed/stores.ts'
import type { Client, Fence } from '../kube/client.ts'
import { createElection } from '../kube/leader-election.ts'
import { type LeaseSpec, LEASE_TIMING } from '../kube/lease.ts'
import { createLeasesElsewhere } from '../kube/lease-elsewhere.ts'
import type { Store } from '../kube/store.ts'
import { pause } from '../runtime/pause.ts'
import type { OperatorSettings } from './settings.ts'
import type { Logger } from './telemetry/log.ts'

export interface LeadershipDeps {
  /** Of its own, as patient as `attemptMs`, and not behind a fence: it writes the Lease. */
  readonly client: Client
  readonly settings: OperatorSettings
  readonly entitlement: Store<OwnResource>
  readonly log: Logger
  /** It is our turn. The fence is for the writes of this term, and closes for good with it. */
  readonly onTurn: (fence: Fence) => void
  /** It is our turn no more. */
  readonly onEnd: () => void
}

export interface Leadership {
  /** What keeps this process from leading and from knowing who does; undefined while nothing does. */
  readonly problem: string | undefined
  /** Who leads instead, in words; undefined while nobody else does. */
  readonly other: string | undefined
  /**
   * Another operator writes the Entitlement, from that namespace: if it may still live, our turn is over until it has ended.
   * Returns whether that is so.
   */
  giveWay(namespace: string, signal: AbortSignal): Promise<boolean>
  run(signal: AbortSignal): Promise<void>
}

export function createLeadership(deps: LeadershipDeps): Leadership {
  const { client, settings, entitlement, log } = deps
  const { namespace, catalog, election } = settings
  const { identity, isGone = () => false, timing = LEASE_TIMING } = election
  const { product } = catalog
  const name = leaseName(product)
  const leader = (lease: LeaseSpec, where: string) => leaderInWords(product, lease, `${where}/${name}`)
  const unreadable = new Set<string>()
  const elsewhere = createLeasesElsewhere(client, {
    name,
    timing,
    isGone,
    onForbidden(where, err) {
      if (!unreadable.has(where)) log.warn({ namespace: where, err }, CANNOT_SEE)
      unreadable.add(where)
    },
  })
  /** While this process has the Lease of its namespace. */
  let office: { readonly fence: Fence; readonly ended: AbortController } | undefined
  let hasTurn = false
  let turns = 0
  /** Who leads from another namespace. */
  let rival: string | undefined
  let told: string | undefined

  const ownElection = createElection(
    client,
    { namespace, name, identity, timing, isGone },
    {
      onElected(fence) {
        office = { fence, ended: new AbortController() }
        void awaitTurn(office)
      },
      onLost() {
        office?.ended.abort()
        office = undefined
        rival = undefined
        endTurn()
      },
      onWaiting: (lease) => log.info(`${leader(lease, namespace)}; waiting until it stops`),
      onProblem: (error) => log.warn({ err: error }, 'the lease cannot be had now; trying again'),
    },
  )

  async function awaitTurn({ fence, ended }: NonNullable<typeof office>): Promise<void> {
    const { signal } = ended
    await synced(entitlement, signal)
    while (!signal.aborted) {
      rival = await rivalNow(signal)
      if (signal.aborted) return
      if (rival === undefined) {
        told = undefined
        beginTurn(fence)
        return
      }
      await pause(timing.retryMs, signal)
    }
  }

  async function rivalNow(signal: AbortSignal): Promise<string | undefined> {
    const writer = writerOf(entitlement.get(product))
    if (writer === undefined || writer === namespace) return undefined
    try {
      const lease = await elsewhere.look(writer, signal)
      if (lease === undefined) return undefined
      const holder = `${writer}/${lease.holderIdentity}`
      if (told !== holder) log.info(`${leader(lease, writer)}; waiting until it stops`)
      told = holder
      return leader(lease, writer)
    } catch {
      // Whether somebody leads there is not known, and will be asked again.
      return rival ?? `the Lease ${writer}/${name} cannot be read now`
    }
  }

  function beginTurn(fence: Fence): void {
    log.info({ replica: identity }, 'this replica leads')
    const turn = ++turns
    hasTurn = true
    // A later turn does not open it again: what an earlier one wanted to write is out of date.
    deps.onTurn({ ...fence, isOpen: () => turn === turns && hasTurn && fence.isOpen() })
  }

  function endTurn(): void {
    if (!hasTurn) return
    hasTurn = false
    log.warn({ replica: identity }, 'this replica leads no more')
    deps.onEnd()
  }

  return {
    get problem() {
      if (hasTurn || rival !== undefined || ownElection.leader !== undefined) return undefined
      return ownElection.problem === undefined ? `a leader (${NOBODY})` : `leases (${ownElection.problem})`
    },
    get other() {
      const { leader: lease } = ownElection
      return rival ?? (lease === undefined ? undefined : leader(lease, namespace))
    },
    async giveWay(writer, signal) {
      const current = office
      if (current === undefined || (await elsewhere.look(writer, signal)) === undefined) return false
      if (current === office && hasTurn) {
        endTurn()
        void awaitTurn(current)
      }
      return true
    },
    run(signal) {
      signal.addEventListener('abort', () => office?.ended.abort(), { once: true })
      return ownElection.run(signal)
    },
  }
}

/** The namespace of the operator that wrote the Entitlement. */
function writerOf(entitlement: OwnResource | undefined): string | undefined {
  const { operator } = (entitlement?.status ?? {}) as Partial<EntitlementStatus>
  return operator?.namespace
}

function leaderInWords(product: string, { holderIdentity, renewTime = 'never' }: LeaseSpec, lease: string): string {
  return `another operator leads product ${product}: ${holderIdentity} (Lease ${lease}, renewed at ${renewTime})`
}

async function synced(store: Store<OwnResource>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stopListening = store.onChange(() => store.synced && resolve())
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (!store.synced && !signal.aborted) await promise
  stopListening()
}

const NOBODY = 'nobody leads'
const CANNOT_SEE =
  'an operator of that namespace has written the Entitlement, and whether it still runs cannot be seen; going on'
