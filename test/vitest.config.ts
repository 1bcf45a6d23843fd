// Two projects: what needs nothing but Node, and what needs a control plane. The second starts when the first is done.

import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { verdictTable } from './support/verdict-table.ts'

const report = process.env['CTO_TEST_REPORT']

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    reporters: [
      ...configDefaults.reporters,
      verdictTable(),
      ...(report === undefined ? [] : [['json', { outputFile: report }] as ['json', object]]),
    ],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/*.test.ts'],
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: 'test/support/prepare-control-plane.ts',
          testTimeout: 60_000,
          hookTimeout: 15 * 60_000,
          // A control plane takes half a gigabyte, and a core while it starts.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
