// Six projects: what needs nothing but Node; what needs a control plane, what needs Helm too, and what needs control planes of
// older versions of Kubernetes, side by side so that no core waits for the last of any; what makes a control plane fail; and
// what needs a container engine. Each of these four starts when the one before it is done.

import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { verdictTable } from './support/verdict-table.ts'

const report = process.env['CTO_TEST_REPORT']

const withControlPlane = {
  globalSetup: 'test/support/prepare-control-plane.ts',
  testTimeout: 60_000,
  hookTimeout: 15 * 60_000,
  // A control plane takes half a gigabyte, and a core while it starts.
  maxWorkers: 2,
}

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
          ...withControlPlane,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withControlPlane,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...withControlPlane,
          globalSetup: 'test/support/prepare-helm.ts',
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...withControlPlane,
          globalSetup: 'test/support/prepare-versions.ts',
          name: 'versions',
          include: ['test/versions/**/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'k3s',
          include: ['test/k3s/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
