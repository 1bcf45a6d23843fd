// The pages that say what commands and reasons there are say what there is.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { builtInCatalogs } from '../../../src/cli/catalogs.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { packageRoot } from '../../../src/files/package-root.ts'
import { happenings, reasons } from '../../../src/domain/entitlement/reasons.ts'
import { createMetrics } from '../../../src/operator/telemetry/metrics.ts'
import { withCommands } from '../../support/cli-reference.ts'
import { withMetrics } from '../../support/metrics-reference.ts'
import { withReasons } from '../../support/reasons-reference.ts'
import { anIo } from '../cli/io.ts'

const page = (name: string) => join(packageRoot(), 'docs', name)

// Some defaults are others in a pod.
beforeEach(() => vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined))
afterEach(() => vi.unstubAllEnvs())

test('docs/cli.md has every command as it is (vitest -u writes them)', async () => {
  const file = page('cli.md')
  const program = await createProgram(anIo(), 'cto')
  await expect(withCommands(await readFile(file, 'utf8'), program)).toMatchFileSnapshot(file)
})

test('docs/troubleshooting.md has every reason as it is (vitest -u writes them)', async () => {
  const file = page('troubleshooting.md')
  await expect(withReasons(await readFile(file, 'utf8'))).toMatchFileSnapshot(file)
})

test('docs/troubleshooting.md explains every reason that an Event has, the levels of every catalog too', async () => {
  const text = await readFile(page('troubleshooting.md'), 'utf8')
  const levels = builtInCatalogs().flatMap(({ degradation }) => degradation.map(({ level }) => level))
  const explained = (name: string) =>
    text.includes(`### ${name}\n`) || new RegExp(`^\\| .*\`${name}\`.* \\|`, 'm').test(text)
  const all = [...Object.keys(reasons), ...Object.keys(happenings), ...levels]
  expect(all.filter((name) => !explained(name))).toEqual([])
})

test('docs/operations.md has every metric as it is (vitest -u writes them)', async () => {
  const file = page('operations.md')
  const { registry } = createMetrics({ controllers: () => [], watches: () => [] })
  await expect(withMetrics(await readFile(file, 'utf8'), registry)).toMatchFileSnapshot(file)
})

test('what the pages name in their own words is there', async () => {
  const text = `${await readFile(page('cli.md'), 'utf8')}\n${await readFile(page('troubleshooting.md'), 'utf8')}`
  const program = await createProgram(anIo(), 'cto')
  const named = [...text.matchAll(/\bcto ((?:[a-z-]+ ?)+)/g)].map((match) => (match[1] ?? '').trim().split(' '))
  for (const [name = '', inner = ''] of named) {
    const command = program.commands.find((one) => one.name() === name)
    expect(command, `cto ${name}`).toBeDefined()
    const known = command?.commands.map((one) => one.name()) ?? []
    if (known.length > 0 && inner !== '') expect(known, `cto ${name} ${inner}`).toContain(inner)
  }
  const known = new Set([...Object.keys(reasons).map((name) => name.toLowerCase()), 'reasons', 'events'])
  const anchors = [...text.matchAll(/\]\(#([a-z]+)\)/g)].map((match) => match[1] ?? '')
  expect(anchors.filter((anchor) => !known.has(anchor))).toEqual([])
})
