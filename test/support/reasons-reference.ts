// The reasons as Markdown, from the tables that conditions, Events and refusals speak from.

import { builtInCatalogs } from '../../src/cli/catalogs.ts'
import { happenings, reasons } from '../../src/domain/entitlement/reasons.ts'

/** The page with the reasons as they are, and with what Events say besides. */
export function withReasons(page: string): string {
  const sections = Object.entries(reasons).map(
    ([name, { meaning, cure }]) => `\n### ${name}\n\n${meaning}\n\n**What lifts it:** ${cure}\n`,
  )
  const list = Object.keys(reasons).map((name) => `[${name}](#${name.toLowerCase()})`)
  const withSections = between('reasons', [`${list.join(' · ')}\n`, ...sections].join(''), page)
  return between('events', `${eventTable()}\n`, withSections)
}

/** Of Events whose reason is none of the others: what has happened, and the levels of the restrictions. */
function eventTable(): string {
  const levels = new Set(builtInCatalogs().flatMap(({ degradation }) => degradation.map(({ level }) => level)))
  const named = [...levels].filter((level) => !Object.hasOwn(reasons, level)).map((level) => `\`${level}\``)
  return [
    '',
    '| reason of the Event | what has happened | what to do |',
    '|---|---|---|',
    ...Object.entries(happenings).map(([name, { meaning, cure }]) => `| \`${name}\` | ${meaning} | ${cure} |`),
    `| ${named.join(', ')} | The license has ended, and a level of the restrictions that the catalog has for that has begun. | Renew the license. |`,
    '',
  ].join('\n')
}

function between(mark: string, content: string, page: string): string {
  const [begin, end] = [`<!-- ${mark} -->\n`, `<!-- /${mark} -->`]
  const [before, rest = ''] = page.split(begin)
  const [, after = ''] = rest.split(end)
  return [before, begin, content, end, after].join('')
}
