// `node src/devtools/control-plane/prepare.ts [version…]`: has control planes built before somebody waits for them, and says where
// they are.

import { locateControlPlane } from './binaries.ts'
import { KUBERNETES_VERSIONS, NEWEST_KUBERNETES, parseKubernetesVersion } from './kubernetes-versions.ts'

try {
  const [, , ...versions] = process.argv
  for (const wanted of versions.length === 0 ? [NEWEST_KUBERNETES] : versions) {
    const version = parseKubernetesVersion(wanted)
    if (version === undefined) throw new Error(`Kubernetes ${wanted} is none of ${KUBERNETES_VERSIONS.join(', ')}`)
    const binaries = await locateControlPlane(version, { log: (line) => console.error(line) })
    for (const [name, path] of Object.entries(binaries)) console.log(`${name}\t${path}`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
