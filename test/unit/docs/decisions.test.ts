// The index of the decisions lists each of them as its page says: number, title, status and date.

import { expect, test } from 'vitest'
import { pages } from '../../support/pages.ts'

const FOLDER = 'docs/decisions/'
const INDEX = `${FOLDER}README.md`
const decisions = pages.filter(({ path }) => path.startsWith(FOLDER) && path !== INDEX)

test.each(decisions)('$path says its number, its status and its date', ({ path, text }) => {
  const number = Number(/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1])
  expect(text).toMatch(
    new RegExp(`^# ${number}\\. .+\\n\\n\\*\\*Status\\.\\*\\* .+\\. \\*\\*Date\\.\\*\\* \\d{4}-\\d\\d-\\d\\d\\.\\n\\n`),
  )
})

test('docs/decisions/README.md lists every decision, in order', () => {
  const rows = decisions.map(({ path, text }) => {
    const [, number, title, status, date] =
      /^# (\d+)\. (.+)\n\n\*\*Status\.\*\* (.+)\. \*\*Date\.\*\* (.+)\.\n/.exec(text) ?? []
    return `| ${number} | [${title}](${path.slice(FOLDER.length)}) | ${status} | ${date} |`
  })
  const index = pages.find(({ path }) => path === INDEX)?.text.split('\n') ?? []
  expect(rows.length).toBeGreaterThan(10)
  expect(index.filter((line) => /^\| \d/.test(line))).toEqual(rows)
})
