// The guide to catalogs is current: its tables are those of the schema, and its example is a catalog.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../src/files/package-root.ts'
import { checkCatalog } from '../../../src/domain/catalog/catalog.ts'
import { withReference } from '../../support/catalog-reference.ts'

const file = join(packageRoot(), 'docs/catalogs.md')

test('its tables are those of the schema (vitest -u writes them)', async () => {
  await expect(withReference(await readFile(file, 'utf8'))).toMatchFileSnapshot(file)
})

test('its example is a catalog with which nothing is wrong', async () => {
  const examples = [...(await readFile(file, 'utf8')).matchAll(/^```json\n([^]*?)^```/gm)]
  expect(examples).toHaveLength(1)
  expect(checkCatalog(JSON.parse(examples[0]?.[1] ?? ''))).toMatchObject({ problems: [], warnings: [] })
})

test('what it quotes is what is said', async () => {
  const text = await readFile(file, 'utf8')
  const example = JSON.parse(/^```json\n([^]*?)^```/m.exec(text)?.[1] ?? '')
  example.plans[1].limits.sitez = 1
  expect(text).toContain(`\n${checkCatalog(example).problems.join('\n')}\n`)
})
