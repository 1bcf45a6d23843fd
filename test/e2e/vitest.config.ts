// The suite on a real node: one file, whose tests are the steps of a person, in order. run.ts starts it.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const report = process.env['CTO_TEST_REPORT']

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'e2e',
    include: ['test/e2e/**/*.test.ts'],
    reporters: report === undefined ? ['verbose'] : ['verbose', ['json', { outputFile: report }]],
    // A step stands on the one before.
    bail: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
