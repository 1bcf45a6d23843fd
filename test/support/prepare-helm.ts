// Before the tests of the chart: has Helm built, and the control plane on which the chart is tried.

import type { TestProject } from 'vitest/node'
import { CONTROL_PLANE, HELM } from '../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/devtools/control-plane/binaries.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Helm's path; empty if there is none, and then `controlPlaneProblem` says why. */
    helm: string
  }
}

export async function setup(project: TestProject): Promise<void> {
  try {
    const { helm } = await locateBinaries([...CONTROL_PLANE, ...HELM], { log: (line) => console.error(line) })
    project.provide('helm', helm)
    project.provide('controlPlaneProblem', '')
  } catch (error) {
    project.provide('helm', '')
    project.provide('controlPlaneProblem', error instanceof Error ? error.message : String(error))
  }
}
