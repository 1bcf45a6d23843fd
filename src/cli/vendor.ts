// `cto vendor`: the vendor's side, away from any cluster. Private keys are read and written here, and printed nowhere.

import { Command } from 'commander'
import type { CatalogNames } from './known-names.ts'
import type { Io } from './output.ts'
import { issueCommand } from './vendor-issue.ts'
import { keygenCommand } from './vendor-keygen.ts'

/** @param catalogs the products that licenses can be issued for; the first one is the default */
export function vendorCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  return new Command('vendor').addCommand(keygenCommand(io)).addCommand(issueCommand(io, catalogs))
}
