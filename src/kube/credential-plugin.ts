// Why a plugin of a kubeconfig gave no credentials, in its own words: an ended session is said by nobody else.

import { redactText } from './redact.ts'
import type { ExecPlugin } from './kubeconfig.ts'

const LONGEST_WORDS = 400

/** The end of a sentence about the kubeconfig; undefined when it is not the plugin that failed. */
export function pluginProblem({ command, installHint }: ExecPlugin, error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall?.startsWith('spawn') === true) {
    if (code === 'EACCES') return `needs the credential plugin ${command}, which may not be executed`
    const hint = installHint === undefined ? '' : `: ${inOneLine(installHint)}`
    return `needs the credential plugin ${command}, which is not installed here${hint}`
  }
  if (code !== undefined || !(error instanceof Error)) return undefined
  // What it printed can hold the credentials themselves: the parser's error quotes it.
  if (error instanceof SyntaxError || error instanceof TypeError)
    return `uses the credential plugin ${command}, which printed no ExecCredential`
  const words = inOneLine(error.message)
  return `uses the credential plugin ${command}, which failed${words === '' ? ' without a word' : `: ${words}`}`
}

/** The last words count: what went wrong comes at the end. */
function inOneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the colours of a terminal
  const plain = redactText(text.slice(-16_384)).replace(/\u001B\[[\d;]*[A-Za-z]/g, '')
  const line = plain.replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim()
  const short = line.length <= LONGEST_WORDS ? line : `…${line.slice(-LONGEST_WORDS)}`
  return short.replace(/\.$/, '')
}
