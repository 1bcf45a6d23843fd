// kubectl on a control plane of this machine, as the user who may do everything.

import { execFile } from 'node:child_process'
import type { ControlPlane } from '../../src/devtools/control-plane/control-plane.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A last argument of `{ input }` is what it reads. */
export function runKubectl(plane: ControlPlane, args: readonly (string | { input: string })[]): Promise<CommandResult> {
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
