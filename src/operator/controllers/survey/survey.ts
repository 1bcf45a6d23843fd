// Answers: which workloads run an agent's image without the label that makes them governed? Looks through the whole cluster
// once an hour, page by page and without hurry: nothing is kept of it but totals and a few names.

import { WORKLOAD_KINDS, workloadResource } from '../../observed/workloads.ts'
import { imagePattern } from '../../../domain/catalog/governed-images.ts'
import type { RawObject } from '../../../kube/object.ts'
import type { Client } from '../../../kube/client.ts'
import { isGone, isNotFound } from '../../../kube/errors.ts'
import type { Resource } from '../../../kube/resource.ts'
import { pause } from '../../../runtime/pause.ts'
import type { Finding } from '../../../domain/health/finding.ts'
import type { HealthBoard } from '../health-board.ts'
import { findingOf, NOTHING, type Sightings, unlabelledImage, withSighting } from './sighting.ts'

export interface SurveyTiming {
  /** When the first pass begins after the start, in ms. */
  readonly firstAfterMs: number
  /** How long a whole pass over all kinds takes, in ms. */
  readonly passMs: number
}

export interface SurveyDeps {
  readonly client: Pick<Client, 'page'>
  readonly health: HealthBoard
  /** The label that names an agent. */
  readonly label: string
  /** What an agent is called. */
  readonly noun: string
  /** Globs of the images that agents run. */
  readonly images: readonly string[] | undefined
  readonly timing?: SurveyTiming
}

export interface RunningSurvey {
  stop(): Promise<void>
}

export const SURVEY_TIMING: SurveyTiming = { firstAfterMs: 60_000, passMs: 3_600_000 }
const PAGE = 100
// The API server forgets a list that was begun after some five minutes.
const LIST_LIVES_MS = 200_000
const MOST_BEGINNINGS = 6

interface ListMetadata {
  readonly continue?: string
  readonly remainingItemCount?: number
}

export function startSurvey(deps: SurveyDeps): RunningSurvey {
  const pattern = imagePattern(deps.images)
  if (pattern === undefined) return { stop: () => Promise.resolve() }
  const stopping = new AbortController()
  const running = survey(deps, new RegExp(pattern), stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function survey(deps: SurveyDeps, pattern: RegExp, signal: AbortSignal): Promise<void> {
  const { health, timing = SURVEY_TIMING } = deps
  const seen = new Map<string, Sightings>()
  const turnMs = timing.passMs / WORKLOAD_KINDS.length
  await pause(timing.firstAfterMs, signal)
  while (!signal.aborted) {
    for (const kind of WORKLOAD_KINDS) {
      const began = performance.now()
      const found = await lookThrough(deps, workloadResource(kind), pattern, turnMs, signal)
      if (signal.aborted) return
      if (found !== undefined) seen.set(kind.plural, found)
      health.report('survey', findingOf([...seen.values()], deps))
      await pause(Math.max(1, turnMs - (performance.now() - began)), signal)
      if (signal.aborted) return
    }
  }
}

/** What there is of one kind; undefined when it cannot be read now. */
async function lookThrough(
  deps: SurveyDeps,
  resource: Resource,
  pattern: RegExp,
  turnMs: number,
  signal: AbortSignal,
): Promise<Sightings | undefined> {
  const key = `survey/${resource.plural}`
  const patienceMs = Math.min(0.9 * turnMs, LIST_LIVES_MS)
  for (let beginnings = 1; ; beginnings++) {
    try {
      // One that was forgotten on the way is begun anew, and read faster.
      const found = await readAll(deps, resource, pattern, patienceMs / 2 ** (beginnings - 1), signal)
      deps.health.report(key, undefined)
      return found
    } catch (error) {
      if (signal.aborted) return undefined
      if (isGone(error) && beginnings < MOST_BEGINNINGS) continue
      if (isNotFound(error)) return NOTHING
      deps.health.report(key, failed(resource, error))
      return undefined
    }
  }
}

async function readAll(
  { client, label }: SurveyDeps,
  resource: Resource,
  pattern: RegExp,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Sightings> {
  const endsAt = performance.now() + patienceMs
  let found = NOTHING
  const take = (raw: RawObject) => {
    const image = unlabelledImage(raw, label, (one) => pattern.test(one))
    if (image !== undefined) found = withSighting(found, resource.kind, raw, image)
  }
  let rest: string | undefined
  do {
    const query = { limit: String(PAGE), ...(rest === undefined ? {} : { continue: rest }) }
    const end = await readPage(client, resource, query, take, signal)
    rest = end.continue === '' ? undefined : end.continue
    if (rest === undefined) return found
    const pages = Math.max(1, Math.ceil((end.remainingItemCount ?? 0) / PAGE))
    await pause(Math.max(1, (endsAt - performance.now()) / pages), signal)
  } while (!signal.aborted)
  return found
}

/** One page, object by object: not even a whole page is kept. */
async function readPage(
  client: SurveyDeps['client'],
  resource: Resource,
  query: Readonly<Record<string, string>>,
  take: (raw: RawObject) => void,
  signal: AbortSignal,
): Promise<ListMetadata> {
  const objects = client.page(resource, {}, query, signal)
  for (;;) {
    const next = await objects.next()
    if (next.done === true) return next.value.metadata ?? {}
    take(next.value)
  }
}

function failed({ plural }: Resource, error: unknown): Finding {
  const words = error instanceof Error ? error.message : String(error)
  const message = `whether ${plural} run an agent's image without the label cannot be seen: ${words}; it is tried again within an hour`
  return { type: 'AgentsLabelled', healthy: false, reason: 'SurveyFailed', message }
}
