// `cto vendor`: the vendor's side, away from any cluster. Private keys are read and written here, and printed nowhere.

import { Command } from 'commander'
import type { Catalog } from '../domain/catalog.ts'
import type { Io } from './output.ts'
import { catalogCommand } from './vendor/catalog.ts'
import { issueCommand } from './vendor/issue.ts'
import { keygenCommand } from './vendor/keygen.ts'
import { keysCommand } from './vendor/keys.ts'
import { ledgerCommand } from './vendor/ledger.ts'
import { revokeCommand } from './vendor/revoke.ts'

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
