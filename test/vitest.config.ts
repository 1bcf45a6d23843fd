// Three projects: what needs nothing but Node, what needs a control plane, and what needs Helm too. Each starts when the
// one before is done.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const report = process.env['CTO_TEST_REPORT']

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    ...(report === undefined ? {} : { reporters: ['default', ['json', { outputFile: report }]] }),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts'],
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
      {
        test: {
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          globalSetup: 'test/support/prepare-helm.ts',
          testTimeout: 60_000,
          hookTimeout: 15 * 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
