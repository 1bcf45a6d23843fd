// The options of `cto vendor issue`. One license and a sheet of licenses take the same ones.

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
