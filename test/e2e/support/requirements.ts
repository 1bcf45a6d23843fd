// What a real node needs of the machine. Where something is missing, the suite is skipped and says what.

import { existsSync } from 'node:fs'
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
  return undefined
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)))
}
