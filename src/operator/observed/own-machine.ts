// What a pod of the operator can see of the machine under it. There is one kernel for all containers of a machine, and so one
// boot ID. A machine ID is not among it: the file that a container has is its image's.

import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { OwnMachine } from '../../domain/cluster/witness.ts'

export function ownMachine(env: NodeJS.ProcessEnv = process.env): OwnMachine {
  return {
    nodeName: env['NODE_NAME'] ?? '',
    bootId: readIfThere('/proc/sys/kernel/random/boot_id').trim(),
    kernelVersion: release(),
    isInContainer: isOfKubelet(readIfThere('/proc/self/mountinfo')),
  }
}

/** Whether the mounts are those of a container in a pod: a kubelet gives each the file for its last words. */
export function isOfKubelet(mountinfo: string): boolean {
  return mountinfo.split('\n').some((line) => line.split(' ')[4] === '/dev/termination-log')
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
