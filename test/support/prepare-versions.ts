// Before the tests of the versions: has a control plane of each built, and Helm.

import type { TestProject } from 'vitest/node'
import { HELM } from '../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries, locateControlPlane } from '../../src/devtools/control-plane/binaries.ts'
import { KUBERNETES_VERSIONS } from '../../src/devtools/control-plane/kubernetes-versions.ts'

const log = (line: string) => console.error(line)

export async function setup(project: TestProject): Promise<void> {
  try {
    for (const version of KUBERNETES_VERSIONS) await locateControlPlane(version, { log })
    const { helm } = await locateBinaries(HELM, { log })
    project.provide('helm', helm)
    project.provide('controlPlaneProblem', '')
  } catch (error) {
    project.provide('helm', '')
    project.provide('controlPlaneProblem', error instanceof Error ? error.message : String(error))
  }
}
