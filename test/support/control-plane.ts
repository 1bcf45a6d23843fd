// A control plane for one test file: started before its tests, stopped after them, shared with no other.

import { afterAll, beforeAll, inject } from 'vitest'
import { type ApiRequest, apiRequester } from '../../src/devtools/control-plane/api-request.ts'
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../src/devtools/control-plane/control-plane.ts'
import { type CommandResult, runKubectl } from './kubectl.ts'

export interface TestControlPlane {
  /** The control plane itself; there is one as soon as the tests run. */
  readonly plane: ControlPlane
  readonly request: ApiRequest
  /** Runs kubectl as the user who may do everything. A last argument of `{ input }` is what it reads. */
  kubectl(...args: (string | { input: string })[]): Promise<CommandResult>
}

export function useControlPlane(options: Partial<ControlPlaneOptions> = {}): TestControlPlane {
  const lines: string[] = []
  let started: { plane: ControlPlane; request: ApiRequest } | undefined

  beforeAll(async () => {
    const problem = inject('controlPlaneProblem')
    if (problem) throw new Error(problem)
    const plane = await startControlPlane({ log: (line) => lines.push(line), ...options })
    started = { plane, request: apiRequester(plane) }
  })
  afterAll(async () => {
    await started?.plane.stop()
  })

  const present = () => {
    if (started === undefined) throw new Error(['The control plane has not been started.', ...lines].join('\n'))
    return started
  }
  return {
    get plane() {
      return present().plane
    },
    request: (...args) => present().request(...args),
    kubectl: (...args) => runKubectl(present().plane, args),
  }
}
