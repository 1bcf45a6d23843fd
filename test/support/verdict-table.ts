// Prints, when all tests have run, one line for each file of test vectors: what was accepted, and what should have been.

import type { Reporter, TestModule, Vitest } from 'vitest/node'
import type { VerdictCounts } from '../conformance/verdicts.ts'

const HEADINGS = ['Vectors', 'total', 'accepted', 'rejected', 'expected', 'differences']

export function verdictTable(): Reporter {
  let vitest: Vitest | undefined
  return {
    onInit(started) {
      vitest = started
    },
    onTestRunEnd(modules) {
      const counts = modules.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)).flatMap(countsIn)
      if (counts.length > 0) vitest?.logger.log(`\n${format(counts)}\n`)
    },
  }
}

function countsIn(module: TestModule): VerdictCounts[] {
  return [...module.children.allTests()].flatMap((test) => test.meta().verdicts ?? [])
}

function format(counts: readonly VerdictCounts[]): string {
  const rows = [HEADINGS, ...counts.map(cells)]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(([source = '', ...others]) => {
      const numbers = HEADINGS.slice(1).map((_, index) => (others[index] ?? '').padStart(widths[index + 1] ?? 0))
      return ` ${[source.padEnd(widths[0] ?? 0), ...numbers, ...others.slice(numbers.length)].join('  ')}`.trimEnd()
    })
    .join('\n')
}

function cells(counts: VerdictCounts): string[] {
  const { source, total, accepted, expectedTotal, expectedAccepted, differences, remark = '' } = counts
  const expected = `${expectedAccepted}/${expectedTotal - expectedAccepted}`
  return [source, `${total}`, `${accepted}`, `${total - accepted}`, expected, `${differences}`, remark]
}
