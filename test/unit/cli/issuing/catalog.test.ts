// `cto vendor catalog`: problems in words, one on each line, and a signature that the operator believes.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../../../src/files/package-root.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { readSignedCatalog } from '../../../../src/domain/catalog/signed-catalog.ts'
import { builtIn, CATALOGS } from '../../../support/catalog-tables.ts'
import { NOW } from '../../domain/license/signed.ts'
import { type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.clear())

const source = (product: string) => join(packageRoot(), `src/catalogs/${product}.json`)
const check = (file: string, ...args: string[]) => desk.vendor(['catalog', 'check', file, ...args])
const sign = (file: string, out: string, key = 'catalog-key.json') =>
  desk.vendor(['catalog', 'sign', file, '--key', desk.at(key), '--out', desk.at(out)])

describe('check', () => {
  test.each(CATALOGS.map(({ product }) => product))('%s can be used', async (product) => {
    expect(await check(source(product))).toEqual({
      exitCode: 0,
      stdout: `The catalog of ${builtIn(product).title} can be used.\n`,
      stderr: '',
    })
  })

  test('says each problem on a line of its own, and exits 3', async () => {
    const { default: clawtex } = await import('../../../../src/catalogs/clawtex.json', { with: { type: 'json' } })
    const bad = { ...clawtex, freePlan: 'bronce', governed: { ...clawtex.governed, axis: 'channel' } }
    const file = await desk.write('bad.yaml', stringify(bad))
    const { exitCode, stdout, stderr } = await check(file)
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: `The catalog ${file} cannot be used.\n` })
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^freePlan: the plan "bronce" is not among the plans; did you mean "bronze"\?/),
      expect.stringMatching(/^governed\.axis: the meter "channel" is not among the meters; did you mean "channels"\?/),
    ])
    expect(JSON.parse((await check(file, '-o', 'json')).stdout).problems).toHaveLength(2)
  })

  test('what is hardly meant is a warning, and exits 4', async () => {
    const { default: clawtex } = await import('../../../../src/catalogs/clawtex.json', { with: { type: 'json' } })
    const file = await desk.write('odd.json', JSON.stringify({ ...clawtex, features: [...clawtex.features, 'nobody'] }))
    const { exitCode, stdout } = await check(file)
    expect(exitCode).toBe(4)
    expect(stdout).toBe(
      'warning: the feature "nobody" is in no plan and no add-on\nThe catalog of Clawtex can be used.\n',
    )
  })

  test.each([
    ['neither JSON nor YAML', 'a: [', /is neither JSON nor YAML: .* at line 1, column 5\.\n$/],
    ['a name twice', '{"a": 1, "a": 2}', /is neither JSON nor YAML: Map keys must be unique at line 1/],
  ])('a file that is %s', async (_, content, problem) => {
    const result = await check(await desk.write('broken.yaml', content))
    expect(result).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringMatching(problem) })
  })
})

describe('sign', () => {
  test('makes what the operator reads as the same catalog, and records it', async () => {
    const { exitCode, stderr } = await sign(source('clawtex'), 'clawtex.catalog')
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toBe(`Next: cto operator --catalog ${desk.at('clawtex.catalog')}\n`)
    const keys = parseTrustedKeys(await desk.read('trusted-keys.json'))
    expect(await readSignedCatalog(await desk.read('clawtex.catalog'), keys, NOW)).toMatchObject({
      catalog: builtIn('clawtex'),
      version: 1,
    })
    expect((await desk.ledger()).at(-1)).toMatchObject({ kind: 'catalog', product: 'clawtex', version: 1, keyId: 'c1' })
  })

  test('counts up for each product, from the ledger or from the number that is given, and never back', async () => {
    const versions: unknown[] = []
    for (const [product, ...more] of [
      ['incidentfox'],
      ['incidentfox'],
      ['cto'],
      ['incidentfox', '--catalog-version', '7'],
      ['incidentfox'],
    ] as const) {
      await desk.vendor([
        'catalog',
        'sign',
        source(product),
        '--key',
        desk.at('catalog-key.json'),
        '--out',
        desk.at('x'),
        ...more,
      ])
      const { version } = (await desk.ledger()).at(-1) as { version?: number }
      versions.push(version)
    }
    expect(versions).toEqual([1, 2, 1, 7, 8])
    const back = await desk.vendor([
      'catalog',
      'sign',
      source('incidentfox'),
      '--key',
      desk.at('catalog-key.json'),
      '--out',
      desk.at('never.catalog'),
      '--catalog-version',
      '8',
    ])
    expect(back).toMatchObject({
      exitCode: 3,
      stderr: 'Version 8 is not above 8, the last one of incidentfox; operators would refuse it: use 9.\n',
    })
  })

  test('not with a key for something else, and not what is no catalog', async () => {
    expect(await sign(source('clawtex'), 'never.catalog', 'private-key.json')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^The catalog would be refused: .*trusted for license only\.\n$/),
    })
    const bad = await desk.write('bad.json', '{"product":"x"}')
    const { exitCode, stderr } = await sign(bad, 'never.catalog')
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^- title is missing .*\n- vendor is missing/)
    await expect(stat(desk.at('never.catalog'))).rejects.toThrow('ENOENT')
  })
})
