import { expect, test } from 'vitest'
import {
  droppedFields,
  isToWrite,
  lacksEmpty,
  outdatedCrds,
  SENT_AGAIN_AFTER,
  withoutFields,
  writtenAs,
} from '../../../../src/operator/controllers/entitlement/written.ts'

const sent = {
  plan: 'team',
  health: { level: 'Healthy' },
  agents: {
    admitted: [
      { name: 'rex', kind: 'a' },
      { name: 'tess', kind: 'b' },
    ],
  },
}
const kept = { plan: 'team', agents: { admitted: [{ name: 'rex' }, { name: 'tess' }] } }

test('what was sent and did not come back is named once, and taking it out gives what came back', () => {
  expect(droppedFields(sent, kept)).toEqual(['health', 'agents.admitted[].kind'])
  expect(withoutFields(sent, droppedFields(sent, kept))).toEqual(kept)
  expect(droppedFields(sent, { ...sent, more: 'a default of a newer CRD' })).toEqual([])
  // Applying leaves out what has become empty.
  expect(droppedFields({ agents: { admitted: [], held: {} } }, { agents: {} })).toEqual([])
  expect(lacksEmpty({ agents: { admitted: [], held: {} } }, { agents: {} })).toBe(true)
  expect(lacksEmpty({ agents: { admitted: [] }, more: [1] }, { agents: { admitted: [] } })).toBe(false)
})

test('it is written when something else is wanted or there, and again after a while where something was dropped', () => {
  const written = writtenAs(sent, kept, 0)
  expect(isToWrite(sent, kept, written, SENT_AGAIN_AFTER - 1)).toBe(false)
  expect(isToWrite(sent, kept, written, SENT_AGAIN_AFTER)).toBe(true)
  expect(isToWrite({ ...sent, plan: 'free' }, kept, written, 0)).toBe(true)
  expect(isToWrite(sent, { ...kept, plan: 'enterprise' }, written, 0)).toBe(true)
  expect(isToWrite(sent, kept, undefined, 0)).toBe(true)
  // Nothing dropped, so that nothing changes by itself.
  expect(isToWrite(sent, sent, writtenAs(sent, sent, 0), Infinity)).toBe(false)
})

test('the finding names the fields, and what a restart forgets without them', () => {
  const dropped = (...fields: string[]) => new Map([['Entitlement', new Set(fields)]])
  expect(outdatedCrds(dropped())).toBeUndefined()
  expect(outdatedCrds(dropped('health'))?.message).toBe(
    'the CRDs are older than the operator, so that the API server drops health of Entitlement; apply the CRDs of this version',
  )
  expect(outdatedCrds(dropped('seal', 'health'))?.message).toContain(
    'drops health and seal of Entitlement, and a restart forgets',
  )
})
