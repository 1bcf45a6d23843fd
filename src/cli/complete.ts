// What may come next on a command line, worked out from the command tree: for the shells, which ask through `cto __complete`.

import type { Command, Option } from 'commander'
import { reasons } from '../domain/entitlement/reasons.ts'

export interface Candidate {
  readonly value: string
  readonly description: string
}

/** What a command takes as its argument, where that is known. */
const ARGUMENTS: Readonly<Record<string, () => readonly Candidate[]>> = {
  explain: () => Object.entries(reasons).map(([value, { meaning }]) => ({ value, description: meaning })),
}

/**
 * The candidates for the last of the words; none where a file is expected, or anything.
 * @param words what stands after the program's name; the last one is being typed, and may be empty
 */
export function complete(program: Command, words: readonly string[]): Candidate[] {
  const typed = words.at(-1) ?? ''
  const { command, pending } = walk(program, words.slice(0, -1))
  const candidates = pending === undefined ? nextOf(command, typed) : valuesOf(pending)
  return candidates.filter(({ value }) => value.startsWith(typed))
}

/** Where the words lead: to a command, and perhaps to an option of it that waits for its value. */
function walk(program: Command, words: readonly string[]): { command: Command; pending?: Option } {
  let command = program
  let pending: Option | undefined
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined
      continue
    }
    if (word.startsWith('-')) {
      const option = command.options.find((one) => one.long === word || one.short === word)
      if (option?.required === true) pending = option
      continue
    }
    command = command.commands.find((one) => one.name() === word) ?? command
  }
  return { command, ...(pending === undefined ? {} : { pending }) }
}

function nextOf(command: Command, typed: string): Candidate[] {
  const help = command.createHelp()
  if (typed.startsWith('-')) {
    return help.visibleOptions(command).map(({ long, flags, description }) => ({ value: long ?? flags, description }))
  }
  const commands = help.visibleCommands(command).map((one) => ({ value: one.name(), description: one.description() }))
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  const known = ARGUMENTS[command.name()]?.() ?? []
  return [...commands, ...choices.map((value) => ({ value, description: '' })), ...known]
}

function valuesOf({ argChoices = [] }: Option): Candidate[] {
  return argChoices.map((value) => ({ value, description: '' }))
}

/** One candidate in each line, with its description behind a tab: what fish reads by itself. */
export function candidateLines(candidates: readonly Candidate[]): string {
  return candidates.map(({ value, description }) => `${value}\t${description.split('\n')[0]}\n`).join('')
}
