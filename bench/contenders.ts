// Who is compared: our operator as its image runs it, and the Go baseline with two kinds of cache. Each is a process of its own.

import { freePort } from '../src/devtools/control-plane/free-port.ts'
import { IMAGE_ENV, NODE_FLAGS } from '../src/devtools/packaging/image-content.ts'
import { type Process, startProcess } from './process.ts'
import type { Stage } from './stage.ts'

export const CONTENDERS = ['cto-operator', 'Go, default caches', 'Go, tuned caches'] as const

export type Contender = (typeof CONTENDERS)[number]

export interface Running extends Process {
  /** Resolves once it says at /readyz that it has decided. */
  ready(): Promise<void>
}

export interface StartOptions {
  readonly kubeconfig?: string
  readonly leaderElect?: boolean
  /** Modules that Node loads first. */
  readonly imports?: readonly string[]
}

export async function start(
  contender: Contender,
  stage: Stage,
  { kubeconfig = stage.plane.kubeconfigPath, leaderElect = false, imports = [] }: StartOptions = {},
): Promise<Running> {
  const listen = `127.0.0.1:${await freePort()}`
  const common = ['--kubeconfig', kubeconfig, '--trusted-keys', stage.keysFile, '--listen', listen]
  const elects = leaderElect ? ['--leader-elect'] : []
  const running =
    contender === 'cto-operator'
      ? startProcess(
          process.execPath,
          [
            ...NODE_FLAGS,
            ...imports.flatMap((path) => ['--import', path]),
            'dist/cto.mjs',
            'operator',
            ...common,
            ...elects,
            '--hold-notice',
            '0s',
          ],
          { MALLOC_ARENA_MAX: IMAGE_ENV.MALLOC_ARENA_MAX },
        )
      : startProcess(stage.baseline, [...common, ...elects, ...(contender === 'Go, tuned caches' ? ['--tuned'] : [])])
  return { ...running, ready: () => ready(listen, running) }
}

const PATIENCE_MS = 120_000
const LOOK_EVERY_MS = 20

async function ready(address: string, running: Process): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const answer = await fetch(`http://${address}/readyz`).catch(() => undefined)
    if (answer?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  throw new Error(`not ready: ${running.output().slice(-2_000)}`)
}

/** A B C, then C B A, and so on: none of them always comes after the same one. */
export function inTurn(round: number, contenders: readonly Contender[] = CONTENDERS): readonly Contender[] {
  return round % 2 === 0 ? contenders : contenders.toReversed()
}
