// What a real node needs of the machine. Where something is missing, the suite is skipped and says what.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// A node needs the last two even when nobody calls them by name: containerd starts runc, kube-proxy and the CNI iptables.
const PROGRAMS = {
  unshare: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  ldd: 'libc-bin',
  runc: 'runc',
  iptables: 'iptables',
}

/** Why there can be no node here, in one sentence; undefined if there can be one. */
export function whyNoNode(): string | undefined {
  if (process.platform !== 'linux') return `a node needs Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'a node needs root; run it with sudo, or in a container of your own'
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isInstalled(program))
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(' ')
    return `a node needs ${missing.map(([program]) => program).join(', ')}; install with: apt-get install -y ${packages}`
  }
  if (!mayMakeNamespaces()) return 'a node needs namespaces of its own, and this machine lets nobody make any (unshare)'
  if (!isWritable('/sys/fs/cgroup')) return 'a node needs cgroups of its own, and /sys/fs/cgroup is read-only'
  return undefined
}

// Root of a container often has the name and not the rights.
function mayMakeNamespaces(): boolean {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc']
  return spawnSync('unshare', [...namespaces, 'true'], { stdio: 'ignore' }).status === 0
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)))
}
