// A base image made of what this machine has: its Node.js and the libraries that it is linked with. It stands in for a
// base from a registry where none can be reached; like that one, it has no shell and no package manager.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { TarEntry } from '../../archive/tar.ts'

/** @throws Error where Node.js is not linked as on Linux with glibc */
export async function localBase(node = process.execPath): Promise<TarEntry[]> {
  const { stdout } = await promisify(execFile)('ldd', [node])
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path)
  if (libraries.length === 0) throw new Error(`ldd names no library of ${node}: a base cannot be made of it`)
  return [
    { path: 'nodejs/bin/node', mode: 0o755, content: await readFile(node) },
    ...(await Promise.all(
      libraries.map(async (path) => ({ path: path.slice(1), mode: 0o755, content: await readFile(path) })),
    )),
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n' },
    { path: 'etc/group', content: 'root:x:0:\nnonroot:x:65532:\n' },
    { path: 'tmp', mode: 0o1777, folder: true },
  ]
}
