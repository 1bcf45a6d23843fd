// `cto vendor keys`: the vendor's keys as customers have them, and the change from one to the next.

import { Command } from 'commander'
import { formatInstant } from '../../domain/time.ts'
import { isUsableAt, type TrustedKey } from '../../domain/license/trusted-keys.ts'
import { readTrustedKeys } from '../input.ts'
import { columns, type Format, formatOption, type Io, print, printable, styled } from '../../terminal/output.ts'
import { rotateCommand } from './keys-rotate.ts'

export function keysCommand(io: Io): Command {
  const list = new Command('list')
    .description('list the keys of a set')
    .argument('<file>', 'the set of public keys')
    .addOption(formatOption())
    .action((file: string, { output }: { output: Format }) => listKeys(io, file, output))
  return new Command('keys')
    .description('list keys, and put a new one in the place of an old one')
    .addCommand(rotateCommand(io))
    .addCommand(list)
}

async function listKeys(io: Io, file: string, output: Format): Promise<void> {
  const now = io.now()
  const keys = [...(await readTrustedKeys(file, io)).values()].map((key) => rowOf(key, now))
  print(io, output, keys, () => {
    const head = ['KEY', 'USE', 'ALGORITHM', 'FROM', 'UNTIL', 'STATE'].map((title) => styled('bold', title))
    const rows = keys.map((key) => [key.keyId, key.use, key.alg, key.from ?? '', key.until ?? '', key.state])
    return columns([head, ...rows.map((row) => row.map(printable))])
  })
}

function rowOf(key: TrustedKey, now: number) {
  const { keyId, use, notBefore, expiresAt, issuer, publicKey } = key
  return {
    keyId,
    use,
    alg: publicKey.alg,
    ...(notBefore === undefined ? {} : { from: formatInstant(notBefore) }),
    ...(expiresAt === undefined ? {} : { until: formatInstant(expiresAt) }),
    ...(issuer === undefined ? {} : { issuer }),
    state: isUsableAt(key, now) ? 'usable' : expiresAt !== undefined && expiresAt <= now ? 'ended' : 'not yet usable',
  }
}
