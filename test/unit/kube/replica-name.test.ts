// Which holders of a lease are known to have ended: processes of this machine, and no others.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { isProcessRunning, placeOfThisProcess } from '../../../src/cli/this-process.ts'
import { hasEnded, nameOfProcess, type ProcessPlace } from '../../../src/kube/replica-name.ts'

const ours: ProcessPlace = { host: 'a_laptop', pid: 100, space: '4026531836-1f0c2a9e' }
const nobody = () => false

describe('a holder', () => {
  test.each<readonly [what: string, holder: string, ended: boolean]>([
    ['a process of this place', nameOfProcess({ ...ours, pid: 99 }), true],
    ['ourselves', nameOfProcess(ours), false],
    ['a process of another machine', nameOfProcess({ ...ours, host: 'laptop', pid: 99 }), false],
    ['a process from before the machine was started anew', nameOfProcess({ ...ours, pid: 99, space: 'x-y' }), false],
    ['a pod', 'cto-operator-7d9f8b6c5-x2x4z', false],
    ['what has no number', 'a_laptop_one_4026531836-1f0c2a9e', false],
    ['nobody', '', false],
  ])('%s', (_what, holder, ended) => {
    expect(hasEnded(holder, ours, nobody)).toBe(ended)
  })

  test('that still runs has not ended', () => {
    expect(hasEnded(nameOfProcess({ ...ours, pid: 99 }), ours, (pid) => pid === 99)).toBe(false)
  })
})

test('a process that was killed is seen to have ended, before and after its parent has asked for its end', async () => {
  const here = placeOfThisProcess()
  expect(placeOfThisProcess()).toEqual(here)
  expect(isProcessRunning(process.pid)).toBe(true)
  // Its shell does not ask: what it started stays a zombie as long as the shell lives.
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [line] = (await once(shell.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    expect(isProcessRunning(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => isProcessRunning(pid)).toBe(false)
    expect(hasEnded(nameOfProcess({ ...here, pid }), here, isProcessRunning)).toBe(true)
  } finally {
    shell.kill('SIGKILL')
    await once(shell, 'exit')
  }
  expect(isProcessRunning(shell.pid ?? 0)).toBe(false)
})
