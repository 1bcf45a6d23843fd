// `npm run test:e2e`: brings up a real node in namespaces of its own (network, mounts, processes) and runs the suite in
// them. Whatever happens to the suite, the kernel ends every process in them and takes every mount and interface with it.

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { CONTROL_PLANE, HELM, NODE } from '../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/devtools/control-plane/binaries.ts'
import { stopwatch } from '../../src/devtools/control-plane/duration.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { spawnTethered } from '../../src/devtools/control-plane/tethered.ts'
import { makeCgroup, removeCgroups } from './support/cgroups.ts'
import { whyNoNode } from './support/requirements.ts'

// Everything that containerd, kubelet and iptables keep at fixed places goes into memory that nobody else sees; the
// folder of the run has to pass its mounts on, as kubelet and runc expect of theirs.
const PRELUDE = `
set -e
for folder in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$folder"; done
mount --bind "$CTO_E2E_FOLDER" "$CTO_E2E_FOLDER"
mount --make-rshared "$CTO_E2E_FOLDER"
exec "$@"
`

const report = process.env['CTO_TEST_REPORT']
const problem = whyNoNode()
if (problem === undefined) process.exitCode = await runSuite()
else {
  console.error(`e2e: skipped: ${problem}`)
  if (report !== undefined) {
    await writeFile(report, JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 1 }))
  }
}

async function runSuite(): Promise<number> {
  const took = stopwatch()
  // Here and not in the suite, which has no way out to fetch anything.
  const binaries = await locateBinaries([...CONTROL_PLANE, ...NODE, ...HELM], { log: (line) => console.error(line) })
  const folder = await mkdtemp(join(tmpdir(), 'cto-e2e-'))
  const cgroup = makeCgroup()
  try {
    const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs')
    const suite = [process.execPath, vitest, 'run', '--config', 'test/e2e/vitest.config.ts', ...process.argv.slice(2)]
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    const child = spawnTethered('unshare', [...namespaces, 'sh', '-c', PRELUDE, 'e2e', ...suite], {
      cwd: packageRoot(),
      env: {
        ...process.env,
        PATH: [dirname(binaries.containerd), process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter),
        CTO_E2E_FOLDER: folder,
        CTO_E2E_CGROUP: cgroup,
      },
      output: 1,
      scratch: folder,
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill('SIGKILL'))
    const [code]: (number | null)[] = await once(child, 'exit')
    return code ?? 1
  } finally {
    await rm(folder, { recursive: true, force: true })
    await removeCgroups()
    console.error(`e2e: ended after ${took()}`)
  }
}
