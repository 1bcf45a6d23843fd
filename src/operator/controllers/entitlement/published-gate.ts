// The gate in the status: the parameters of the admission policies.

import { createHash } from 'node:crypto'
import type { GateStatus } from '../../../api/entitlement.ts'
import type { Decision } from '../../../domain/entitlement/decision.ts'
import type { ConfigFacts } from '../../../domain/entitlement/facts.ts'
import { unattendedGate } from '../../../domain/entitlement/gate.ts'
import { formatInstant } from '../../../domain/time.ts'
import { withShortTexts } from './bounds.ts'
import type { Circumstances } from './circumstances.ts'

/** What the frozen PlatformConfigs may have, in bytes: one has 2 KB. */
const ROOM_FOR_CONFIGS = 24 * 1024
const SERIAL_LENGTH = 12

export function publishedGate(
  decision: Decision,
  { operator, attends }: Pick<Circumstances, 'operator' | 'attends'>,
): GateStatus {
  const { createUntil, ...gate } = attends ? decision.gate : unattendedGate(decision.gate, decision.agents)
  const published: { -readonly [field in keyof Omit<GateStatus, 'serial'>]: GateStatus[field] } = {
    ...gate,
    agents: [...gate.agents],
    mayCreate: [...gate.mayCreate],
    workloads: { ...gate.workloads },
    crowded: [...gate.crowded],
    controllers: { ...gate.controllers },
    frozen: fittingConfigs(gate.frozen),
    ...(createUntil === undefined ? {} : { createUntil: formatInstant(createUntil) }),
    operator,
  }
  for (const text of ['message', 'slotsMessage', 'refusal', 'createMessage'] as const) {
    published[text] = withShortTexts(published[text])
  }
  return { ...published, serial: serialOf(published) }
}

function serialOf(gate: object): string {
  return createHash('sha256').update(JSON.stringify(gate)).digest('hex').slice(0, SERIAL_LENGTH)
}

function fittingConfigs(configs: readonly ConfigFacts[]): GateStatus['frozen'] {
  let room = ROOM_FOR_CONFIGS
  return configs
    .filter(({ spec }) => (room -= Buffer.byteLength(JSON.stringify(spec ?? {}))) >= 0)
    .map(({ name, spec }) => ({ name, spec: spec ?? {} }))
}
