// What a person sees of the trial, step by step; a machine gets the same at the end.

import { type Io, styled } from '../../terminal/output.ts'

export interface StepResult {
  readonly step: string
  readonly ok: boolean
  readonly milliseconds: number
  readonly saw: readonly string[]
  readonly problems: readonly string[]
}

export interface Reporter {
  /** Runs a step: it says what it saw, and every expectation that was not met. */
  readonly step: (title: string, run: (step: Step) => Promise<void>) => Promise<boolean>
  readonly results: readonly StepResult[]
}

export interface Step {
  /** A line of what was seen. */
  readonly saw: (line: string) => void
  /** A command as a person would type it, and the answer to it. */
  readonly shell: (command: string, answer: string) => void
  /** Notes that something is not as it should be, unless it holds. */
  readonly expect: (holds: boolean, otherwise: string) => void
}

export function createReporter(io: Io, quiet: boolean): Reporter {
  const write = (line: string) => {
    if (!quiet) io.stdout(`${line}\n`)
  }
  const results: StepResult[] = []
  return {
    results,
    async step(title, run) {
      write('')
      write(styled('bold', `▸ ${title}`))
      const started = performance.now()
      const saw: string[] = []
      const problems: string[] = []
      const show = (line: string) => {
        saw.push(line)
        write(`    ${line}`)
      }
      try {
        await run({
          saw: show,
          shell(command, answer) {
            show(styled('dim', `$ ${command}`))
            for (const line of answer.trim().split('\n')) show(`  ${line}`)
          },
          expect: (holds, otherwise) => void (holds || problems.push(otherwise)),
        })
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error))
      }
      const milliseconds = Math.round(performance.now() - started)
      const ok = problems.length === 0
      for (const problem of problems) write(styled('red', `    not as expected: ${problem}`))
      const time = `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 0)} s`
      write(ok ? styled('green', `  ✔ ${time}`) : styled('red', `  ✗ ${time}`))
      results.push({ step: title, ok, milliseconds, saw, problems })
      return ok
    },
  }
}
