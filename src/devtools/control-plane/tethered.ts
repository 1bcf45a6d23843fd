// A process that cannot outlive us: however this process ends, a SIGKILL included, what it started ends with it.

import { type ChildProcess, spawn } from 'node:child_process'
import { Writable } from 'node:stream'

export interface TetheredOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** A file descriptor that takes what the process prints. */
  readonly output: number
  /** A folder that is removed if we die without a word. */
  readonly scratch?: string
}

// The kernel closes our end of the pipe (descriptor 3) when we die: that is the one signal that nothing can prevent.
// A watcher waits for it beside the command, which takes over the shell's own process ID. A line on the pipe sends the
// watcher home: the command has ended, and its process ID may soon be another's.
const SCRIPT = `
scratch=$1; shift
{ read -r ended <&3 || { kill -KILL $$; [ -z "$scratch" ] || rm -rf -- "$scratch"; }; } &
exec "$@" 3<&-
`

/**
 * Starts a command in a session of its own: the terminal's Ctrl-C reaches us, and we say when it ends. The `pid` and the
 * exit code of what is returned are those of the command.
 */
export function spawnTethered(command: string, args: readonly string[], options: TetheredOptions): ChildProcess {
  const { cwd, env, output, scratch = '' } = options
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'tethered', scratch, command, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', output, output, 'pipe'],
  })
  const tether = child.stdio[3]
  if (tether instanceof Writable) {
    tether.on('error', () => undefined)
    child.once('exit', () => tether.end('\n'))
  }
  return child
}
