// `cto vendor`: the vendor's side, away from any cluster. Private keys are read and written here, and printed nowhere.

import { Command } from 'commander'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { Io } from '../../terminal/output.ts'
import { catalogCommand } from './catalog.ts'
import { issueCommand } from './issue.ts'
import { keygenCommand } from './keygen.ts'
import { keysCommand } from './keys.ts'
import { ledgerCommand } from './ledger.ts'
import { revokeCommand } from './revoke.ts'

/** @param catalogs the products that licenses can be issued for; the first one is the default */
export function vendorCommand(io: Io, catalogs: readonly Catalog[]): Command {
  return new Command('vendor')
    .addCommand(keygenCommand(io))
    .addCommand(issueCommand(io, catalogs))
    .addCommand(revokeCommand(io, catalogs))
    .addCommand(ledgerCommand(io))
    .addCommand(keysCommand(io))
    .addCommand(catalogCommand(io))
}
