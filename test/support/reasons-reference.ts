// The reasons as Markdown, from the one table that conditions, Events and refusals speak from.

import { reasons } from '../../src/domain/reasons.ts'

const BEGIN = '<!-- reasons -->\n'
const END = '<!-- /reasons -->'

/** The page with the reasons as they are. */
export function withReasons(page: string): string {
  const [before, rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  const sections = Object.entries(reasons).map(
    ([name, { meaning, cure }]) => `\n### ${name}\n\n${meaning}\n\n**What lifts it:** ${cure}\n`,
  )
  const list = Object.keys(reasons).map((name) => `[${name}](#${name.toLowerCase()})`)
  return [before, BEGIN, `${list.join(' · ')}\n`, ...sections, END, after].join('')
}
