// A control plane for one test file: started before its tests, stopped after them, shared with no other.

import { execFile } from 'node:child_process'
import { afterAll, beforeAll, inject } from 'vitest'
import { type ApiRequest, apiRequester } from '../../src/control-plane/api-request.ts'
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../src/control-plane/control-plane.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

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
    kubectl: (...args) => kubectl(present().plane, args),
  }
}

function kubectl(plane: ControlPlane, args: readonly (string | { input: string })[]): Promise<CommandResult> {
  const words = args.filter((arg) => typeof arg === 'string')
  const input = args.find((arg) => typeof arg !== 'string')?.input
  // Its caches and preferences go into the folder too: nothing of the user is read or changed.
  const env = { HOME: plane.folder, KUBECONFIG: plane.kubeconfigPath, PATH: process.env['PATH'] }
  return new Promise((resolve) => {
    const child = execFile(plane.kubectl, words, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    })
    // A kubectl that fails may not read what it is given; its exit code tells why.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
