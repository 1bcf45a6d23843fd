// Before the cluster tests: has the control plane built where everybody can see it, once for all test files.

import type { TestProject } from 'vitest/node'
import { CONTROL_PLANE } from '../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/devtools/control-plane/binaries.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there is no control plane; empty if there is one. */
    controlPlaneProblem: string
  }
}

export async function setup(project: TestProject): Promise<void> {
  try {
    await locateBinaries(CONTROL_PLANE, { log: (line) => console.error(line) })
    project.provide('controlPlaneProblem', '')
  } catch (error) {
    // Told to each test file, which fails with it: an error here would end the run with no test counted.
    project.provide('controlPlaneProblem', error instanceof Error ? error.message : String(error))
  }
}
