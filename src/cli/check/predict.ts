// What the operator would decide about a cluster in which it has not decided yet, or about something that is not applied yet:
// its own decision, on what was seen.

import type { Catalog } from '../../domain/catalog/catalog.ts'
import { decide } from '../../domain/entitlement/decision.ts'
import { type LicenseFacts, NO_MEMORY, type WantedFacts } from '../../domain/entitlement/facts.ts'
import { HOUR, type Instant } from '../../domain/time.ts'
import { readLicense } from '../../domain/license/read-license.ts'
import type { TrustedKeys } from '../../domain/license/trusted-keys.ts'
import { countNodes } from '../../domain/cluster/node-count.ts'
import { tallyOf } from '../../domain/cluster/node-inventory.ts'
import { clusterTypeOf, type Prediction, valueOf } from './evaluate.ts'
import { publishedLicense } from '../status/published-license.ts'
import type { Seen } from './inspect.ts'

export interface Prospect {
  readonly catalog: Catalog
  readonly agentsNamespace: string
  /** A license file that is to be installed. */
  readonly license?: Uint8Array
  /** Without the vendor's keys nothing can be said of a license file. */
  readonly keys?: TrustedKeys
  /** What is to be asked for, instead of what is asked for now. */
  readonly wanted?: WantedFacts
}

export async function predict(seen: Seen, prospect: Prospect, now: Instant): Promise<Prediction> {
  const { catalog, agentsNamespace } = prospect
  const cluster = clusterTypeOf(seen)
  const survey = valueOf(seen.survey)
  if (cluster === undefined || survey === undefined) return unknown('the nodes may not be listed')
  const license = await licenseToJudge(seen, prospect, now)
  if (license === 'unknown') {
    const why = "it cannot be verified here without the vendor's keys (--trusted-keys)"
    return unknown(`the operator will judge the license: ${why}`)
  }
  const wanted = prospect.wanted ?? valueOf(seen.config)?.wanted
  const decision = decide({
    now,
    catalog,
    cluster,
    clusterUid: valueOf(seen.clusterUid) ?? '',
    nodes: countNodes(tallyOf(survey.nodes), catalog.nodes, now),
    licenses: license === undefined ? [] : [license],
    formerLicenses: [],
    concerns: [],
    ...(wanted === undefined ? {} : { wanted }),
    configs: [],
    agentsNamespace,
    workloads: [],
    namesTaken: new Set(),
    memory: NO_MEMORY,
    holdNotice: catalog.notice.holdHours * HOUR,
  })
  return { kind: 'decided', decision }
}

function unknown(why: string): Prediction {
  return { kind: 'unknown', why }
}

/** The file that was given, else the license that the operator goes by, else the one in the Secret of that name. */
async function licenseToJudge(
  seen: Seen,
  { catalog, license, keys }: Prospect,
  now: Instant,
): Promise<LicenseFacts | 'unknown' | undefined> {
  const status = valueOf(seen.entitlement)
  if (license === undefined && status !== undefined) return publishedLicense(status, catalog)
  const file = license ?? valueOf(seen.secret)
  if (file === undefined) return undefined
  return keys === undefined ? 'unknown' : verified(file, keys, catalog, now)
}

async function verified(file: Uint8Array, keys: TrustedKeys, catalog: Catalog, now: Instant): Promise<LicenseFacts> {
  const { product, license } = catalog
  const plans = catalog.plans.map((plan) => plan.name)
  const read = await readLicense(file, { keys, product, plans, jwt: license.jwt, now })
  const name = 'file'
  if (read.kind === 'authentic') return { name, claims: read.claims }
  return { name, problem: { reason: read.reason, message: read.message, since: now } }
}
