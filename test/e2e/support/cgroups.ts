// The cgroups of a node lie in the machine's own tree: each run has a branch of its own, and removes it.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = '/sys/fs/cgroup'
const PREFIX = 'cto-e2e-'
const RETRY_MS = 100
const ATTEMPTS = 50

/** The name of the branch, from the root of the tree. */
export function makeCgroup(): string {
  const name = `${PREFIX}${process.pid}`
  for (const tree of trees()) {
    const folder = join(tree, name)
    mkdirSync(folder, { recursive: true })
    // A cpuset begins empty, and nothing can run in an empty one.
    for (const file of ['cpuset.mems', 'cpuset.cpus']) {
      if (existsSync(join(tree, file))) writeFileSync(join(folder, file), readFileSync(join(tree, file)))
    }
  }
  return `/${name}`
}

/** Removes the branch, and those of runs that were killed. */
export async function removeCgroups(): Promise<void> {
  for (const tree of trees()) {
    for (const name of readdirSync(tree).filter((one) => one.startsWith(PREFIX))) {
      const owner = Number(name.slice(PREFIX.length))
      if (owner === process.pid || !existsSync(`/proc/${owner}`)) await removeTree(join(tree, name))
    }
  }
}

/** With cgroup v1 there is a tree for each controller. */
function trees(): string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT]
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(ROOT, name))
}

// The files in it are the kernel's, and go with their folder; that is busy until its last process has gone.
async function removeTree(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(folder, entry.name))
  }
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(folder)
      return
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await sleep(RETRY_MS)
    }
  }
}
