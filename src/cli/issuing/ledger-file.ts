// The ledger of the vendor as commands use it: one at a time, and what cannot be recorded does not come into being.

import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { withFolderLock } from '../../files/folder-lock.ts'
import type { LedgerEntry } from '../../issuing/ledger-entry.ts'
import { appendToLedger, type Ledger, LedgerProblem, parseLedger, readLedgerFile } from '../../issuing/ledger.ts'
import type { Staged } from '../../files/staged.ts'
import { cliErrorFrom, fileProblem } from '../input.ts'
import { CliError, EXIT, type Io } from '../../terminal/output.ts'

export interface LedgerOptions {
  readonly ledger?: string
}

/** A ledger that nobody else changes meanwhile. */
export interface HeldLedger extends Ledger {
  /**
   * Records the entries, and only then puts the staged files in place. What cannot be recorded is discarded.
   * @throws CliError
   */
  readonly record: (entries: readonly LedgerEntry[], ...staged: readonly Staged[]) => Promise<void>
}

export function addLedgerOption(command: Command): Command {
  return command.option('--ledger <file>', 'where it is recorded; by default ledger.jsonl beside the private key')
}

export function ledgerBeside(key: string): string {
  return join(dirname(key), 'ledger.jsonl')
}

/** @throws CliError, with the code of a failed check when the ledger is not as it was written */
export async function readLedger(path: string): Promise<Ledger> {
  try {
    return parseLedger(await readLedgerFile(path))
  } catch (error) {
    if (error instanceof LedgerProblem) {
      throw new CliError(`the ledger ${path} is not whole: line ${error.line}: ${error.message}`, EXIT.failedCheck)
    }
    throw new CliError(`cannot read the ledger ${path}: ${fileProblem(error)}`)
  }
}

/** Works with the ledger while it is locked. @throws CliError */
export async function withLedger<T>(path: string, io: Io, work: (ledger: HeldLedger) => Promise<T>): Promise<T> {
  const waiting = (holder: string) => io.stderr(`Waiting for ${holder}, which has locked the ledger ${path} …\n`)
  try {
    return await withFolderLock(`${path}.lock`, { waiting }, async () => {
      const ledger = await readLedger(path)
      const held = { ...ledger, record: recorder(path, ledger, io) }
      return work(held).catch((error: unknown) => {
        throw cliErrorFrom(error)
      })
    })
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`cannot lock the ledger ${path}: ${fileProblem(error)}; name another one with --ledger`)
  }
}

function recorder(path: string, ledger: Ledger, io: Io): HeldLedger['record'] {
  return async (entries, ...staged) => {
    try {
      await appendToLedger(path, ledger, entries, io.now())
    } catch (error) {
      for (const one of staged) await one.discard()
      throw new CliError(`nothing was made, because the ledger ${path} cannot be written: ${fileProblem(error)}`)
    }
    for (const one of staged) {
      await one.place().catch((error: unknown) => {
        throw new CliError(
          `it is recorded, but still lies at ${one.stagedAt}: ${fileProblem(error)}; move it from there`,
        )
      })
    }
  }
}
