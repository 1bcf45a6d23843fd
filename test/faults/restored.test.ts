// Etcd is restored from a backup under an operator that runs on. Versions go back with it, and the API server soon passes those
// that the operator knows: only a new list shows what is no longer there.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type ControlPlane, startControlPlane } from '../../src/devtools/control-plane/control-plane.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { addNodes } from '../support/operator.ts'
import { openStage, type Stage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'cto-restored-'))
const state = join(folder, 'etcd')
const backup = join(folder, 'backup')
let plane: ControlPlane | undefined
let stage: Stage

/** As this operator knows it: what the backup says of that is of then. */
const nodesKnown = () => stage.running.operator.board?.facts?.nodes.total

async function switchOn(): Promise<ControlPlane> {
  return (plane = await startControlPlane({ folder, log: () => undefined }))
}

async function switchOff(): Promise<void> {
  await plane?.stop()
  plane = undefined
}

beforeAll(async () => {
  const problem = inject('controlPlaneProblem')
  if (problem) throw new Error(problem)
  stage = await openStage(await switchOn())
  await addNodes(stage.cluster, [eksLikeNode(1), eksLikeNode(2)])
  await stage.start()
  await until('two nodes are known', () => nodesKnown() === 2)
})
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await switchOff()
  rmSync(folder, { recursive: true, force: true })
})

test(
  'what the backup does not have is forgotten within two minutes, without a restart',
  { timeout: 360_000 },
  async () => {
    await switchOff()
    cpSync(state, backup, { recursive: true })
    await stage.moveTo(await switchOn())
    await addNodes(stage.cluster, [eksLikeNode(3)])
    await until('the third node is known', () => nodesKnown() === 3)

    await switchOff()
    rmSync(state, { recursive: true })
    cpSync(backup, state, { recursive: true })
    await stage.moveTo(await switchOn())
    await until('the third node is forgotten', () => nodesKnown() === 2)
    expect(stage.running.operator.board?.facts?.nodes.total).toBe(2)

    // And it hears of what comes after.
    await addNodes(stage.cluster, [eksLikeNode(4)])
    await until('a new node is known', () => nodesKnown() === 3)
  },
)

async function until(what: string, ask: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!ask()) {
    if (performance.now() > deadline) throw new Error(`not within two minutes: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
