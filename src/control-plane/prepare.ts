// `node src/control-plane/prepare.ts`: has the control plane built before somebody waits for it, and says where it is.

import { CONTROL_PLANE } from './artifacts.ts'
import { locateBinaries } from './binaries.ts'

try {
  const binaries = await locateBinaries(CONTROL_PLANE, { log: (line) => console.error(line) })
  for (const [name, path] of Object.entries(binaries)) console.log(`${name}\t${path}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
