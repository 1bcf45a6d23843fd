// Where packets of pods go, counted by the kernel of the node before anything is translated.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { API_SERVICE } from './node.ts'

const run = promisify(execFile)
const CHAIN = 'CTO-EGRESS'

export interface Egress {
  /** To the API server. */
  readonly toApiServer: number
  /** What pods began and that was for somebody else. Answers to probes are not begun by them. */
  readonly elsewhere: number
}

export async function countEgress(): Promise<void> {
  for (const iptables of ['iptables', 'ip6tables']) {
    const rule = (...args: string[]) => run(iptables, ['--wait', '--table=mangle', ...args])
    await rule('--new-chain', CHAIN)
    await rule('--insert', 'PREROUTING', '--in-interface', 'cni0', '--jump', CHAIN)
    if (iptables === 'iptables') {
      await rule(
        '--append',
        CHAIN,
        '--destination',
        API_SERVICE,
        '--protocol',
        'tcp',
        '--dport',
        '443',
        '--jump',
        'RETURN',
      )
      await rule('--append', CHAIN, '--match', 'conntrack', '--ctdir', 'REPLY', '--jump', 'RETURN')
    } else {
      // The kernel itself looks for neighbours on every new interface.
      await rule('--append', CHAIN, '--protocol', 'icmpv6', '--jump', 'RETURN')
    }
    await rule('--append', CHAIN)
  }
}

/** Packets since the counting began. */
export async function egress(): Promise<Egress> {
  const counters = async (iptables: string) => {
    const { stdout } = await run(iptables, [
      '--wait',
      '--table=mangle',
      '--list',
      CHAIN,
      '--verbose',
      '--exact',
      '--numeric',
    ])
    return stdout
      .split('\n')
      .slice(2)
      .filter((line) => line !== '')
      .map((line) => Number(line.trim().split(/\s+/)[0]))
  }
  const [toApiServer = 0, , other = 0] = await counters('iptables')
  const [, other6 = 0] = await counters('ip6tables')
  return { toApiServer, elsewhere: other + other6 }
}
