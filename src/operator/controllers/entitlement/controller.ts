// Answers: what may this cluster do now? Reads everything that is gathered; writes the Entitlement and what the Licenses
// and PlatformConfigs say of it. The decision is published before anybody carries it out.

import { isDeepStrictEqual } from 'node:util'
import { API_VERSION } from '../../../api/names.ts'
import { conditionsAfter } from '../../../api/conditions.ts'
import type { EntitlementStatus, PublishedKey } from '../../../api/entitlement.ts'
import type { LicenseStatus } from '../../../api/license.ts'
import type { PlatformConfig } from '../../../api/platform-config.ts'
import { entitlements, licenses, platformConfigs } from '../../../api/resources.ts'
import { type ActiveConfig, activeConfig } from '../../observed/active-config.ts'
import { ownConfigs, productOfConfig, productsHere, unnamed } from '../../observed/belonging.ts'
import { type EvidenceVault, plausible } from '../../observed/evidence-vault.ts'
import { type Own, type OwnResource, projectOwn, type Watched } from '../../observed/stores.ts'
import { decide, type Decision } from '../../../domain/entitlement/decision.ts'
import { type Memory, NO_MEMORY, workloadKey } from '../../../domain/entitlement/facts.ts'
import { formatInstant, type Instant } from '../../../domain/time.ts'
import type { SignedCatalog } from '../../../domain/catalog/signed-catalog.ts'
import { amount, list } from '../../../domain/text.ts'
import type { RawObject } from '../../../kube/object.ts'
import type { Client } from '../../../kube/client.ts'
import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  isNotInSchema,
  isUnreachable,
  KubeError,
} from '../../../kube/errors.ts'
import type { EventReason } from '../../../domain/entitlement/reasons.ts'
import type { EventRecorder } from '../../../kube/events.ts'
import { type Resource } from '../../../kube/resource.ts'
import { awaitChange, lookAgainAt } from '../../../runtime/action.ts'
import type { ControllerSpec } from '../../../runtime/controller.ts'
import { pause } from '../../../runtime/pause.ts'
import type { DecisionBoard } from '../current-decision.ts'
import type { Finding } from '../../../domain/health/finding.ts'
import type { HealthBoard } from '../health-board.ts'
import { wordsOf } from '../outcomes.ts'
import type { TamperingReporter } from '../tampering.ts'
import { gather, type GatherDeps, waitingFor } from './gather.ts'
import { doubtfulMemory, memoryFrom } from './memory.ts'
import { isSealed, sealed } from './seal.ts'
import { entitlementStatus, licenseStatus, platformConfigStatus, type Previous, productConditions } from './status.ts'
import { healthOfDecision } from '../../../domain/health/health.ts'
import { publishedHealth } from './published-health.ts'
import { publishedGate } from './published-gate.ts'
import {
  isRemembered,
  isToWrite,
  lacksEmpty,
  outdatedCrds,
  sentAgainAt,
  withoutFields,
  type Written,
  writtenAs,
} from './written.ts'
import { entitlementTransitions, licenseTransitions, type Transition } from './transitions.ts'

export interface EntitlementDeps extends GatherDeps {
  readonly client: Client
  /** Where this operator lives. */
  readonly namespace: string
  /** Whether an operator of that namespace, which wrote the Entitlement, may still live: then it is its turn. */
  readonly giveWay: (namespace: string, signal: AbortSignal) => Promise<boolean>
  readonly vault: EvidenceVault
  /** The file that the catalog comes from; absent when it is built in. */
  readonly signedCatalog?: SignedCatalog
  /** Whether the signed catalog that was in force last is a newer one: then this operator may not decide. */
  readonly isOvertaken: (kept: string | undefined) => Promise<boolean>
  /** Without its vault the operator works on; only a restart would lose something. */
  readonly onVaultProblem: (error: unknown) => void
  readonly board: DecisionBoard
  readonly events: EventRecorder<EventReason>
  /** Who the operator is to the API server; empty where it does not say. */
  readonly whoAmI: (signal: AbortSignal) => Promise<string>
  readonly health: HealthBoard
  /** Whose signature counts, to be published. */
  readonly trustedKeys: readonly PublishedKey[]
  readonly onPublished: (status: EntitlementStatus) => void
  /** Told each time the Entitlement could not be written. */
  readonly onPublicationFailed: () => void
  /** Told what is said of an object by an Event. */
  readonly onTransition: (kind: string, name: string, transition: Transition) => void
  readonly reportTampering: TamperingReporter
}

export const ENTITLEMENT_KEY = 'entitlement'
const MOST_NAMED = 4
/** Between the last attempts to keep the evidence, before the operator ends. */
const LAST_TRIES_MS = 200

function noRoom(leftOut: number, secret: string): Finding | undefined {
  if (leftOut === 0) return undefined
  const message = `Secret ${secret} has no room for the license files of ${amount(leftOut, 'License')}; after a restart they count only while their Secrets can be read; delete Licenses that are not needed`
  return { type: 'EvidenceKept', healthy: false, reason: 'NoRoom', message }
}

/** Whether the API server has a newer version than the one that was known, perhaps of an operator in another namespace. */
function isOvertaken(error: unknown): boolean {
  return isConflict(error) || isAlreadyExists(error)
}

interface Failure {
  readonly error: unknown
}

/** A status that could not be written: `License acme`. */
interface Unwritten extends Failure {
  readonly what: string
}

async function failureOf(work: Promise<void>): Promise<Failure | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return { error }
  }
}

export interface EntitlementController extends ControllerSpec {
  /** Publishes that nobody counts what starts from now on. Whoever comes next counts again. */
  leave(signal: AbortSignal): Promise<void>
}

export function entitlementController(deps: EntitlementDeps): EntitlementController {
  const { client, stores, board, events, health, vault, evidence, revocations, time, marks } = deps
  const name = deps.catalog.product
  let memory: Memory | undefined
  /** What was written last. A status that differs from what came back was written by somebody else. */
  let published: Written<EntitlementStatus> | undefined
  /** The same of Licenses and PlatformConfigs, by kind and then by UID. */
  const statuses = { License: new Map<string, Written>(), PlatformConfig: new Map<string, Written>() }
  /** What is to be said of a memory that was not believed, once it is known whether the API server keeps its signature. */
  let doubt: { readonly resource: OwnResource; readonly transition: Transition } | undefined
  let operator: string | undefined
  let doubtedAt: Instant | undefined
  let isUnkept = false
  /** What was being written when no answer came: it may have arrived. */
  let attempted: EntitlementStatus | undefined

  return {
    name: 'entitlement',
    // One decision at a time: each builds on the memory of the one before.
    workers: 1,
    rests: true,
    async reconcile(_key, signal) {
      if (!stores.entitlement.store.synced) return awaitChange
      operator ??= await deps.whoAmI(signal)
      memory ??= await recollect(signal)
      if (memory === undefined || waitingFor(stores).length > 0) return awaitChange
      const [, facts] = await Promise.all([openMarks(signal), gather(deps, memory, signal)])
      if (facts === undefined || (await isAnothersTurn(signal))) return awaitChange
      const decision = decide(facts)
      const failure = await failureOf(publishEntitlement(decision, facts.now, signal))
      signal.throwIfAborted()
      reportPublication(failure)
      // Another wrote what we have not seen: what was decided on an old view holds nobody. It is decided again on the new one.
      if (failure !== undefined && isOvertaken(failure.error)) throw failure.error
      // Refused for another reason, it is carried out all the same: whoever keeps us from writing must not keep things as they are.
      memory = decision.memory
      board.publish(decision, facts)
      evidence.settle(decision.licenses, decision.begun, facts.now)
      const unkept = await failureOf(keepEvidence(signal))
      isUnkept = unkept !== undefined
      reportKeeping(unkept)
      const unwritten = [
        ...(await publishLicenses(decision, facts.now, signal)),
        ...(await publishConfigs(decision, facts.now, signal)),
      ]
      reportStatuses(unwritten)
      forgetGone()
      health.report('crds', outdatedCrds(droppedByKind()))
      const failed = failure ?? unkept ?? unwritten[0]
      // The queue tries again, and less often each time, also where nothing else happens.
      if (failed !== undefined) throw failed.error
      // While the clock is in dispute it wakes nobody at the right time; then the time is looked at again and again.
      return facts.concerns.some(({ about }) => about === 'clock') ? awaitChange : lookAgainAt(nextLook(decision))
    },
    leave,
  }

  async function leave(signal: AbortSignal): Promise<void> {
    const resource = stores.entitlement.store.get(name)
    if (board.current === undefined || published === undefined || resource === undefined) return
    const gate = publishedGate(board.current, { operator: operator ?? '', attends: false })
    const status = signed({ ...published.sent, gate }, published.dropped)
    if (!isDeepStrictEqual(resource.status, status)) await replaceStatus(resource, status, signal)
    // What could not be kept so far may be in a moment, and is forgotten otherwise.
    while (isUnkept && !signal.aborted) {
      isUnkept = (await failureOf(keepEvidence(signal))) !== undefined
      if (isUnkept) await pause(LAST_TRIES_MS, signal)
    }
  }

  /** Another writer was faster, or nobody answered: that is over in a moment, and no news. */
  function reportPublication(failure: Failure | undefined): void {
    if (failure === undefined) {
      health.report('publication', undefined)
      return
    }
    deps.onPublicationFailed()
    const { error } = failure
    if (isConflict(error) || isUnreachable(error)) return
    health.report('publication', {
      type: 'Published',
      healthy: false,
      reason: 'NotPublished',
      message: `the decision is carried out but could not be published in Entitlement ${name}: ${wordsOf(error)}; until it can, the admission policies go by the one before`,
    })
  }

  /** Without its vault the operator works on; only a restart would lose something. */
  function reportKeeping(failure: Failure | undefined): void {
    const { namespace, name: secret } = vault.regarding
    if (failure === undefined) {
      health.report('evidence', noRoom(vault.leftOut, `${namespace}/${secret}`))
      return
    }
    const { error } = failure
    deps.onVaultProblem(error)
    if (isConflict(error) || isUnreachable(error)) return
    health.report('evidence', {
      type: 'EvidenceKept',
      healthy: false,
      reason: 'EvidenceNotKept',
      message: `the evidence could not be kept in Secret ${namespace}/${secret}: ${wordsOf(error)}; it is tried again until it is, and a restart before that forgets what licenses replaced and revoked`,
    })
  }

  function reportStatuses(unwritten: readonly Unwritten[]): void {
    const refused = unwritten.filter(({ error }) => !isConflict(error) && !isUnreachable(error))
    const [first] = refused
    if (first === undefined) {
      // What could not be tried says nothing.
      if (unwritten.length === 0) health.report('statuses', undefined)
      return
    }
    const subject = list(
      refused.map(({ what }) => what),
      MOST_NAMED,
    )
    const message = `the status of ${subject} could not be written and says what was decided earlier: ${wordsOf(first.error)}; it is tried again until it can`
    health.report('statuses', { type: 'StatusWritten', healthy: false, reason: 'StatusNotWritten', message })
  }

  /** Whether an operator of another namespace has written the Entitlement, and may go on doing so. */
  async function isAnothersTurn(signal: AbortSignal): Promise<boolean> {
    const { operator } = (stores.entitlement.store.get(name)?.status ?? {}) as Partial<EntitlementStatus>
    if (operator === undefined || operator.namespace === deps.namespace) return false
    return deps.giveWay(operator.namespace, signal)
  }

  /** What was known before a restart: the memory of the last decision, and the evidence that was believed. */
  async function recollect(signal: AbortSignal): Promise<Memory | undefined> {
    const kept = vault.read()
    if (kept === undefined) return undefined
    // An operator has always kept a key: without one this is the first, or looks at the past. Then the watch has more to tell.
    if (kept.marks === undefined && !(await vault.isCurrent(signal))) return undefined
    if (await deps.isOvertaken(kept.catalog)) return undefined
    const { evidence: believed, refused } = plausible(kept, (await time.read(signal)).now)
    if (refused.length > 0) reportRefused(refused)
    time.restore(believed)
    const { now } = await time.read(signal)
    await evidence.restore(believed, now)
    if (believed.revocations !== undefined) await revocations.restore(believed.revocations, now)
    doubtedAt = believed.doubted
    return recall(believed.marks, now)
  }

  function reportRefused(refused: readonly Instant[]): void {
    const { regarding } = vault
    const note = `Secret ${regarding.namespace}/${regarding.name} says that ${list(refused.map(formatInstant))} has passed; that lies ahead of every clock that can be asked and is not signed, so it is not believed and is taken out`
    deps.onTransition('Secret', regarding.name, { type: 'Warning', reason: 'EvidenceNotBelieved', note })
    events.record({ regarding, type: 'Warning', reason: 'EvidenceNotBelieved', action: 'Restore', note })
  }

  /** The memory of the last decision, if it is as it was written. @param key that it was signed with, if there was one */
  function recall(key: string | undefined, now: number): Memory {
    const resource = stores.entitlement.store.get(name)
    const status = resource?.status as Partial<EntitlementStatus> | undefined
    if (resource === undefined || status === undefined) return NO_MEMORY
    if (key !== undefined && isSealed(status, name, key)) return memoryFrom(resource)
    const doubtful = doubtfulMemory(now, deps.holdNotice, doubtedAt)
    doubtedAt = doubtful.doubtedAt
    // An operator that did not sign yet has written it: nobody has changed anything.
    if (key !== undefined || status.seal !== undefined) {
      const note = `what Entitlement ${name} says of earlier decisions does not fit its signature and is not believed; what runs goes on until ${formatInstant(doubtedAt + deps.holdNotice)} at least, whether it is admitted or not`
      doubt = { resource, transition: { type: 'Warning', reason: 'MemoryNotBelieved', note } }
    }
    return doubtful.memory
  }

  /** Before the first workload is held the key is kept: what is signed with one that gets lost is not believed any more. */
  async function openMarks(signal: AbortSignal): Promise<void> {
    if (marks.key !== '') return
    const kept = vault.read()?.marks
    marks.open(
      kept,
      stores.workloads.flatMap(({ store }) => store.values()),
    )
    if (kept !== marks.key) await keepEvidence(signal).catch(deps.onVaultProblem)
  }

  async function keepEvidence(signal: AbortSignal): Promise<void> {
    const outcome = await vault.write(
      {
        licenses: evidence.files(board.current?.grant.license?.facts.name),
        unreadable: evidence.unreadable(),
        replacers: evidence.replacers().map(({ text }) => text),
        revocations: revocations.newest?.text,
        catalog: deps.signedCatalog?.text,
        ...time.kept,
        marks: marks.key,
        doubted: doubtedAt,
      },
      signal,
    )
    if (outcome === 'changed' || outcome === 'deleted') deps.reportTampering(vault.regarding, outcome)
  }

  async function publishEntitlement(decision: Decision, now: number, signal: AbortSignal): Promise<void> {
    const live = stores.entitlement.store.get(name)
    const before = live?.status as EntitlementStatus | undefined
    const resource = live ?? (await create(signal))
    const previous = published?.sent ?? before
    const circumstances = {
      operator: operator ?? '',
      findings: health.findings,
      attends: true,
      trustedKeys: deps.trustedKeys,
    }
    const said = entitlementStatus(decision, previous, resource.generation, now, circumstances)
    const status = signed({ ...said, operator: { namespace: deps.namespace } }, published?.dropped ?? [])
    const [last, tried] = [published, attempted]
    if (isToWrite(status, before, last, now)) {
      await writeSigned(resource, status, now, signal)
      const config = activeConfig(ownConfigs(stores, name))
      for (const transition of entitlementTransitions(previous, status)) {
        say('Entitlement', resource, transition)
        if (config !== undefined) say('PlatformConfig', config, transition)
      }
    } else if (last === undefined || !isDeepStrictEqual(before, last.answer)) {
      // It is there already, perhaps by a write to which no answer came.
      published = writtenAs(before ?? status, before, now)
    }
    const isOurs = isWrittenByUs(before, last, tried, published?.dropped ?? [])
    attempted = undefined
    settleDoubt()
    deps.onPublished(status)
    if (!isOurs) {
      const regarding = { apiVersion: API_VERSION, kind: 'Entitlement', name }
      deps.reportTampering(regarding, live === undefined ? 'deleted' : 'changed')
    }
  }

  /** @param dropped what the API server does not keep, also of what was written before it was known */
  function isWrittenByUs(
    before: unknown,
    last: Written | undefined,
    tried: EntitlementStatus | undefined,
    dropped: readonly string[],
  ): boolean {
    if (last === undefined || isDeepStrictEqual(before, last.answer)) return true
    return [last.sent, tried].some((one) => one !== undefined && isDeepStrictEqual(before, withoutFields(one, dropped)))
  }

  /** Signs what the API server keeps of it: over what it drops, no signature fits after a restart. */
  function signed(status: EntitlementStatus, dropped: readonly string[]): EntitlementStatus {
    return sealed(status, name, marks.key, withoutFields(status, dropped))
  }

  async function writeSigned(
    resource: OwnResource,
    status: EntitlementStatus,
    now: Instant,
    signal: AbortSignal,
  ): Promise<void> {
    published = await write(status)
    const { dropped } = published
    const again = signed(status, dropped)
    if (again.seal !== status.seal && !dropped.includes('seal')) published = await write(again)

    async function write(version: EntitlementStatus): Promise<Written<EntitlementStatus>> {
      attempted = version
      const answer = await replaceStatus(resource, version, signal)
      const kept = stores.entitlement.store.get(name)?.status
      // The same object, where the API server has kept just this: then it is compared with itself next time.
      if (isDeepStrictEqual(kept, version)) return writtenAs(kept as EntitlementStatus, kept, now)
      return writtenAs(version, isDeepStrictEqual(kept, answer) ? kept : answer, now)
    }
  }

  /** CRDs that drop what is signed, or the signature, look like somebody who changed it. */
  function settleDoubt(): void {
    if (doubt !== undefined && published?.dropped.some(isRemembered) !== true) {
      say('Entitlement', doubt.resource, doubt.transition)
    }
    doubt = undefined
  }

  function forgetGone(): void {
    const there = new Set([...stores.licenses.store.values(), ...stores.configs.store.values()].map(({ uid }) => uid))
    for (const written of Object.values(statuses)) {
      for (const uid of written.keys()) if (!there.has(uid)) written.delete(uid)
    }
  }

  function droppedByKind(): Map<string, Set<string>> {
    const ofOthers = Object.entries(statuses).map(([kind, written]) => [kind, [...written.values()]] as const)
    return new Map(
      [['Entitlement', published === undefined ? [] : [published]] as const, ...ofOthers].map(([kind, written]) => [
        kind,
        new Set(written.flatMap(({ dropped }) => dropped)),
      ]),
    )
  }

  /** When something changes by itself, or CRDs that drop something are tried again. */
  function nextLook({ nextChangeAt = Infinity }: Decision): Instant | undefined {
    const written = [...Object.values(statuses).flatMap((of) => [...of.values()]), ...(published ? [published] : [])]
    const next = written.reduce((soonest, one) => Math.min(soonest, sentAgainAt(one)), nextChangeAt)
    return next === Infinity ? undefined : next
  }

  async function create(signal: AbortSignal): Promise<OwnResource> {
    const object = { apiVersion: API_VERSION, kind: 'Entitlement', metadata: { name }, spec: { product: name } }
    // Applied, which names it: so the right to create is one for this name.
    const applied = await client.apply(entitlements, object, { force: true }, signal)
    if (applied['status'] !== undefined) {
      // There is one, with the memory of earlier decisions, and the watch does not know.
      stores.entitlement.store.doubted()
      throw new KubeError(`create Entitlement ${name}: there is one`, 409, 'AlreadyExists')
    }
    stores.entitlement.written(applied)
    const created = stores.entitlement.store.get(name)
    if (created === undefined) throw new Error(`create Entitlement ${name}: it is gone again`)
    return created
  }

  // Replaced and not applied: whatever somebody added to the status has to go.
  async function replaceStatus(
    resource: OwnResource,
    status: EntitlementStatus,
    signal: AbortSignal,
  ): Promise<unknown> {
    const resourceVersion = stores.entitlement.store.identity(name)?.resourceVersion ?? ''
    const object = {
      apiVersion: API_VERSION,
      kind: 'Entitlement',
      metadata: { name, uid: resource.uid, resourceVersion },
      spec: resource.spec,
      status,
    }
    const answer = await client.replace(entitlements, object, signal, 'status')
    stores.entitlement.published(answer)
    return projectOwn(answer).status
  }

  async function publishLicenses(decision: Decision, now: number, signal: AbortSignal): Promise<Unwritten[]> {
    const unwritten: Unwritten[] = []
    for (const license of decision.licenses) {
      const resource = stores.licenses.store.get(license.name)
      if (resource === undefined) continue
      const before = previousOf('License', resource) as LicenseStatus | undefined
      const status = licenseStatus(license, decision, before, resource.generation, now)
      const failure = await failureOf(
        applyStatus(licenses, 'License', stores.licenses, resource, status, now, signal).then((isNew) => {
          const transitions = isNew ? licenseTransitions(before, status) : []
          for (const transition of transitions) say('License', resource, transition)
        }),
      )
      if (failure !== undefined) unwritten.push({ what: `License ${resource.name}`, ...failure })
    }
    return unwritten
  }

  async function publishConfigs(decision: Decision, now: number, signal: AbortSignal): Promise<Unwritten[]> {
    const unwritten: Unwritten[] = []
    const health = publishedHealth(healthOfDecision(decision, deps.health.findings), published?.sent.health, now)
    const products = productsHere(stores, name)
    const configs = ownConfigs(stores, name)
    const active = activeConfig(configs)
    for (const resource of stores.configs.store.values()) {
      if (!configs.includes(resource)) {
        deps.onLeft('PlatformConfig', resource.name, productOfConfig(resource, products))
        continue
      }
      const previous = previousOf('PlatformConfig', resource) as Previous | undefined
      const names = active?.uid === resource.uid ? active.wanted.agents : []
      const wanted = names.map((agent) =>
        workloadKey({ resource: 'deployments', namespace: deps.agentsNamespace, name: agent }),
      )
      const { generation } = resource
      const circumstances = { health, wanted, stalled: stalled(resource, active), previous, generation, now }
      const status = platformConfigStatus(decision, circumstances)
      const more = productConditions(unnamed(resource, products))
      const conditions = conditionsAfter(previous?.conditions, more, resource.generation, formatInstant(now))
      const full = { ...status, conditions: [...status.conditions, ...conditions] }
      const failure = await failureOf(
        applyStatus(platformConfigs, 'PlatformConfig', stores.configs, resource, full, now, signal).then(
          () => undefined,
        ),
      )
      if (failure !== undefined) unwritten.push({ what: `PlatformConfig ${resource.name}`, ...failure })
    }
    return unwritten
  }

  /** The status that was sent last, if it is there; else what is there. */
  function previousOf(kind: keyof typeof statuses, { uid, status }: OwnResource): unknown {
    const last = statuses[kind].get(uid)
    return last !== undefined && isDeepStrictEqual(last.answer, status) ? last.sent : status
  }

  /** What a person has to mend about a PlatformConfig before it counts. */
  function stalled(resource: Own<PlatformConfig>, active: ActiveConfig | undefined): string | undefined {
    if (resource.reading.kind === 'invalid') {
      return resource.reading.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
    }
    if (active === undefined || active.uid === resource.uid) return undefined
    return `PlatformConfig ${active.name} is older and is used instead; delete one of the two`
  }

  /** Whether there was something to write. */
  async function applyStatus<T extends OwnResource>(
    kind: Resource,
    kindName: keyof typeof statuses,
    watched: Watched<T>,
    resource: T,
    status: object,
    now: Instant,
    signal: AbortSignal,
  ): Promise<boolean> {
    const written = statuses[kindName]
    if (!isToWrite(status, resource.status, written.get(resource.uid), now)) return false
    try {
      const first = await applied(kind, resource, status, signal)
      // An empty list in the place of a full one is there only after the second time.
      const answer = lacksEmpty(status, projectOwn(first).status)
        ? await applied(kind, resource, status, signal)
        : first
      watched.written(answer)
      written.set(resource.uid, writtenAs(status, projectOwn(answer).status, now))
      return true
    } catch (error) {
      // Deleted in the meantime: the watch is about to say so.
      if (isNotFound(error)) return false
      throw error
    }
  }

  async function applied(
    kind: Resource,
    { name, uid }: OwnResource,
    status: object,
    signal: AbortSignal,
  ): Promise<RawObject> {
    try {
      const object = { apiVersion: API_VERSION, kind: kind.kind, metadata: { name, uid }, status }
      return await client.apply(kind, object, { force: true, subresource: 'status' }, signal)
    } catch (error) {
      if (!isNotInSchema(error)) throw error
      // Of CRDs that are older than the operator, no fields can be applied that they do not know; written otherwise, they are
      // dropped and the rest is kept.
      const patch = [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'add', path: '/status', value: status },
      ]
      return client.jsonPatch(kind, { name, subresource: 'status' }, patch, signal)
    }
  }

  function say(kind: string, { name, uid }: { name: string; uid: string }, transition: Transition): void {
    const { type, reason, note } = transition
    deps.onTransition(kind, name, transition)
    events.record({ regarding: { apiVersion: API_VERSION, kind, name, uid }, type, reason, action: 'Decide', note })
  }
}
