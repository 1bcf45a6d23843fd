import { expect, test } from 'vitest'
import { createHealthBoard } from '../../../../src/operator/controllers/health-board.ts'
import type { Finding } from '../../../../src/domain/health/finding.ts'

const gate: Finding = { type: 'GateVerified', healthy: true, reason: 'GateClosed', message: 'it is closed' }

test('one finding for each key; what is taken back is gone', () => {
  const board = createHealthBoard()
  board.report('gate', gate)
  board.report('contested/a', { ...gate, type: 'Contested', healthy: false })
  board.report('gate', { ...gate, healthy: false })
  expect(board.findings.map(({ type, healthy }) => [type, healthy])).toEqual([
    ['GateVerified', false],
    ['Contested', false],
  ])
  board.report('gate', undefined)
  expect(board.findings.map(({ type }) => type)).toEqual(['Contested'])
})

test('listeners hear of changes, and of nothing else', () => {
  const board = createHealthBoard()
  let heard = 0
  const stop = board.onChange(() => heard++)
  board.report('gate', undefined)
  expect(heard).toBe(0)
  board.report('gate', gate)
  board.report('gate', { ...gate })
  expect(heard).toBe(1)
  board.report('gate', { ...gate, message: 'it is open' })
  board.report('gate', undefined)
  expect(heard).toBe(3)
  stop()
  board.report('gate', gate)
  expect(heard).toBe(3)
})
