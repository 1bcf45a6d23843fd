// Asks for something secret on a terminal: what is typed is not shown, kept nowhere, and can be corrected.

import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CliError } from './output.ts'

/**
 * @param input a terminal
 * @throws CliError when Ctrl-C or Ctrl-D is pressed instead
 */
export async function askSecret(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const line = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  output.write(question)
  try {
    return await new Promise((resolve, reject) => {
      line.once('line', resolve)
      line.once('SIGINT', () => line.close())
      line.once('close', () => reject(new CliError('stopped: nothing was entered')))
    })
  } finally {
    line.close()
    output.write('\n')
  }
}
