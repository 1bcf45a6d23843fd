// What the pages point at is there: links, their anchors, and every file that is named.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../../../src/cli/program.ts'
import { packageRoot } from '../../../src/files/package-root.ts'
import { withImports } from '../../support/imports-reference.ts'
import { anIo } from '../cli/io.ts'
import { anchorsOf, blocks, inlineCode, pages, withoutCode } from '../../support/pages.ts'

const isThere = (path: string) => existsSync(join(packageRoot(), path))
const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]))

describe.each(pages)('$path', ({ path, text }) => {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

  test('links to what is there', () => {
    const broken = targets.filter((target) => {
      const [file = '', anchor] = target.split('#')
      const found = file === '' ? path : normalize(join(dirname(path), file))
      return !isThere(found) || (anchor !== undefined && anchors.get(found)?.has(anchor) !== true)
    })
    expect(broken).toEqual([])
  })

  test('names files that are there', () => {
    const named = [...text.matchAll(/`((?:\.ci|bench|charts|crds|docs|src|test)\/[\w./-]+)`/g)].map(
      ([, file = '']) => file,
    )
    expect(named.filter((file) => !isThere(file))).toEqual([])
  })
})

test('every command that a page tells to run is there', async () => {
  const program = await createProgram(anIo(), 'cto')
  for (const { path, text } of pages) {
    const lines = [...blocks(text, 'bash').flatMap((block) => block.split('\n')), ...inlineCode(text)]
    for (const line of lines) {
      const [, name, inner] = /^(?:npx )?cto ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/.exec(line.trim()) ?? []
      if (name === undefined) continue
      const command = program.commands.find((one) => one.name() === name)
      expect(command, `${path}: ${line}`).toBeDefined()
      const known = command?.commands.map((one) => one.name()) ?? []
      if (known.length > 0 && inner !== undefined) expect(known, `${path}: ${line}`).toContain(inner)
    }
  }
})

test('each alert of the chart has its runbook, at the anchor to which it links', async () => {
  const file = join(packageRoot(), 'charts/cto-operator/files/alerts.yaml')
  const alerts = parse(await readFile(file, 'utf8')) as { alert: string }[]
  const { text = '' } = pages.find(({ path }) => path === 'docs/operations.md') ?? {}
  const runbooks = [...text.matchAll(/^<a id="(\w+)"><\/a>\n### (\w+)$/gm)].map(([, anchor, heading]) => [
    anchor,
    heading,
  ])
  expect(runbooks).toEqual(alerts.map(({ alert }) => [alert, alert]))
})

test('each row of the threat model names a test', () => {
  const { text = '' } = pages.find(({ path }) => path === 'docs/security.md') ?? {}
  const [, section = ''] = /^## What may be tried\n([^]*?)^## /m.exec(text) ?? []
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'))
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter((row) => !/\]\(\.\.\/test\/[\w/-]+\.test\.ts\)[^|]*\|$/.test(row))).toEqual([])
})

test('docs/architecture.md has the imports as they are (vitest -u writes them)', async () => {
  const file = join(packageRoot(), 'docs/architecture.md')
  await expect(withImports(await readFile(file, 'utf8'))).toMatchFileSnapshot(file)
})
