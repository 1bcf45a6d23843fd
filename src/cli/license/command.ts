// `cto license`: what a license file is worth, and what it says.

import { Command } from 'commander'
import type { CatalogNames } from '../known-names.ts'
import { inspectCommand } from './inspect.ts'
import { verifyCommand } from './verify.ts'
import type { Io } from '../../terminal/output.ts'

/** @param catalogs the products whose licenses can be read; the first one is the default */
export function licenseCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  return new Command('license').addCommand(verifyCommand(io, catalogs)).addCommand(inspectCommand(io, catalogs))
}
