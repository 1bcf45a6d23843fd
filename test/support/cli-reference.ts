// The commands as Markdown, from the command tree.

import type { Argument, Command, Option } from 'commander'

const BEGIN = '<!-- commands -->\n'
const END = '<!-- /commands -->'

/** The page with the commands as they are. */
export function withCommands(page: string, program: Command): string {
  const [before, rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  return [before, BEGIN, summary(program), ...program.commands.map((command) => section(command, '')), END, after].join(
    '',
  )
}

function summary(program: Command): string {
  const rows = program.commands.map((command) => {
    const name = `cto ${command.name()}`
    return [`[\`${name}\`](#${name.replace(' ', '-')})`, command.description()]
  })
  return table(['command', 'what it does'], rows)
}

function section(command: Command, parent: string): string {
  const name = `${parent}${command.name()}`
  const inner = command.commands.map((child) => section(child, `${name} `))
  const usage = command.commands.length > 0 ? '' : `\`\`\`\ncto ${name} ${command.usage()}\n\`\`\`\n\n`
  return [
    `\n##${parent === '' ? '' : '#'} cto ${name}\n\n${sentence(command.description())}\n\n`,
    usage,
    command.registeredArguments.length === 0
      ? ''
      : `${table(['argument', ''], command.registeredArguments.map(argument))}\n`,
    command.options.length === 0 ? '' : table(['option', '', 'default'], command.options.map(option)),
    ...inner,
  ].join('')
}

function argument(argument: Argument): string[] {
  return [`\`${argument.name()}\``, withChoices(argument.description, argument.argChoices)]
}

function option(option: Option): string[] {
  const { flags, description, argChoices, defaultValue, defaultValueDescription, mandatory } = option
  const isPlain = ['string', 'number'].includes(typeof defaultValue) && defaultValue !== ''
  const shown = defaultValueDescription ?? (isPlain ? String(defaultValue) : '')
  return [
    `\`${flags.replaceAll('|', '\\|')}\``,
    withChoices(description, argChoices),
    mandatory ? 'needed' : shown === '' ? '' : `\`${shown}\``,
  ]
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  if (choices === undefined) return description
  return `${description}: ${choices.map((choice) => `\`${choice}\``).join(', ')}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
