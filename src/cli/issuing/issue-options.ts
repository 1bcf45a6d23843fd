// What can be asked for when licenses are issued, one or a sheet of them.

import type { Format } from '../../terminal/output.ts'
import type { OrderOptions } from './order-options.ts'
import type { SignerOptions } from './signer.ts'

export interface IssueOptions extends OrderOptions, SignerOptions {
  readonly product: string
  readonly fromCsv?: string
  readonly out: string
  readonly dryRun?: boolean
  readonly output: Format
}
