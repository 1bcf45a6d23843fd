// What was found is said once when it begins and once when it is over, in words that mean what they say.

import { expect, test } from 'vitest'
import { createHealthBoard } from '../../../../src/operator/controllers/health-board.ts'
import { reportHealth } from '../../../../src/operator/controllers/health-events.ts'
import { type Finding, FINDING_TYPES } from '../../../../src/domain/health/finding.ts'
import { type EventReason, happenings, reasons } from '../../../../src/domain/entitlement/reasons.ts'
import type { EventToRecord } from '../../../../src/kube/events.ts'

test.each(FINDING_TYPES)('%s begins with its own reason, and ends as recovered', (type) => {
  const said: EventToRecord<EventReason>[] = []
  const board = createHealthBoard()
  const regarding = { apiVersion: 'v1', kind: 'Entitlement', name: 'cto' }
  reportHealth(board, { record: (event) => void said.push(event), flush: async () => undefined }, () => regarding)
  const finding: Finding = { type, healthy: false, reason: 'Contested', message: 'somebody changes it' }
  board.report('key', finding)
  board.report('key', undefined)
  expect(said.map((event) => [event.type, event.reason, event.note])).toEqual([
    ['Warning', 'Contested', 'somebody changes it'],
    ['Normal', 'Recovered', `${type}: what was reported is over (somebody changes it)`],
  ])
  for (const { reason } of said) expect({ ...reasons, ...happenings }).toHaveProperty(reason)
})
