// One part of the control plane: a process that writes its log into the folder and has a last word when it dies.

import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnTethered } from './tethered.ts'

export interface ComponentOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Where it runs, and where its log is kept. */
  readonly folder: string
  /** Whether the folder is removed if this process is killed. */
  readonly disposable: boolean
  readonly log: (line: string) => void
}

const GRACE_MS = 5_000
const LAST_LINES = 12

export class Component {
  readonly name: string
  readonly pid: number | undefined
  /** Resolves with how it ended, once it has. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #logFile: string
  /** A log that is about to be removed is quoted, not pointed at. */
  readonly #disposable: boolean
  #end: string | undefined
  #stopping = false

  constructor({ name, command, args, folder, disposable, log }: ComponentOptions) {
    this.name = name
    this.#disposable = disposable
    this.#logFile = join(folder, `${name}.log`)
    const output = openSync(this.#logFile, 'w')
    this.#child = spawnTethered(command, args, {
      cwd: folder,
      // Nothing of the user's: no kubeconfig, no proxy, no Go or Kubernetes settings.
      env: { HOME: folder, PATH: process.env['PATH'] },
      output,
      ...(disposable ? { scratch: folder } : {}),
    })
    closeSync(output)
    this.pid = this.#child.pid
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#end = how
        if (!this.#stopping) log(this.lastWords().split('\n', 1)[0] ?? '')
        resolve(how)
      }
      this.#child.once('exit', (code, signal) => end(signal === null ? `exited with code ${code}` : `got ${signal}`))
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`))
    })
  }

  get alive(): boolean {
    return this.#end === undefined
  }

  /** How it ended, with the end of its log. */
  lastWords(): string {
    const lines = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES)
    const where = this.#disposable ? '' : ` (${this.#logFile})`
    return [`${this.name} ${this.#end ?? 'still runs'}${where}. Its last lines:`, ...lines].join('\n')
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.alive) this.#child.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS)
    await this.ended
    clearTimeout(impatience)
  }
}
