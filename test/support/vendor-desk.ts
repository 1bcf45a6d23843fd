// A vendor's desk: a folder of its own with keys of every use, and `cto` run in the test's process as a person runs it.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { builtInCatalogs, catalogNames } from '../../src/cli/catalogs.ts'
import { licenseCommand } from '../../src/cli/license/command.ts'
import { runCommand } from '../../src/cli/run-command.ts'
import { vendorCommand } from '../../src/cli/issuing/commands.ts'
import { NOW } from '../unit/domain/license/signed.ts'

export interface Run {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Circumstances {
  readonly now?: number
  /** What a person types when asked for a secret, in this order. Absent: nobody is there. */
  readonly typed?: readonly string[]
  readonly stdin?: string
}

const catalogs = builtInCatalogs()

/** Runs `cto` with these arguments. */
export async function cto(args: readonly string[], { now = NOW, typed, stdin = '' }: Circumstances = {}): Promise<Run> {
  const said = { stdout: '', stderr: '' }
  const answers = [...(typed ?? [])]
  const io = {
    stdout: (text: string) => void (said.stdout += text),
    stderr: (text: string) => void (said.stderr += text),
    stdin: async () => Buffer.from(stdin),
    now: () => now,
    ...(typed === undefined
      ? {}
      : {
          askSecret: async (question: string) => {
            said.stderr += question
            return answers.shift() ?? ''
          },
        }),
  }
  const program = new Command('cto')
    .addCommand(licenseCommand(io, catalogs.map(catalogNames)))
    .addCommand(vendorCommand(io, catalogs))
  return { exitCode: await runCommand(program, args, io), ...said }
}

export interface Desk {
  readonly at: (name: string) => string
  readonly write: (name: string, content: string | Uint8Array) => Promise<string>
  readonly read: (name: string) => Promise<string>
  /** Runs `cto vendor`. */
  readonly vendor: (args: readonly string[], circumstances?: Circumstances) => Promise<Run>
  /** Runs `cto vendor issue` with the desk's key, for Acme Corp's Team plan unless the arguments say otherwise. */
  readonly issue: (out: string, ...args: string[]) => Promise<Run>
  /** The lines of the ledger. */
  readonly ledger: () => Promise<Record<string, unknown>[]>
  readonly clear: () => Promise<void>
}

/** A folder with the keys `k1` (licenses), `r1` (revocations) and `c1` (catalogs). */
export async function openDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'cto-vendor-'))
  const at = (name: string) => join(folder, name)
  const vendor: Desk['vendor'] = (args, circumstances) => cto(['vendor', ...args], circumstances)
  const read = (name: string) => readFile(at(name), 'utf8')
  for (const [use, kid] of [
    ['license', 'k1'],
    ['revocation', 'r1'],
    ['catalog', 'c1'],
  ] as const) {
    await vendor(['keygen', '--out', folder, '--use', use, '--kid', kid])
  }
  return {
    at,
    read,
    vendor,
    async write(name, content) {
      await writeFile(at(name), content, { mode: 0o600 })
      return at(name)
    },
    issue(out, ...args) {
      const defaults = [
        ['--plan', 'team'],
        ['--organization', 'Acme Corp'],
        ['--days', '365'],
      ].filter(([option = '']) => !args.includes(option) && !(option === '--days' && args.includes('--expires')))
      return vendor([
        'issue',
        '--key',
        at('private-key.json'),
        '--out',
        out === '-' ? out : at(out),
        ...defaults.flat(),
        ...args,
      ])
    },
    async ledger() {
      const text = await read('ledger.jsonl')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    clear: () => rm(folder, { recursive: true }),
  }
}
