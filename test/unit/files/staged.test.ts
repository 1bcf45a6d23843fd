// Files that appear whole, or not at all.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OWNER_ONLY, stageFile, stageFolder } from '../../../src/files/staged.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-staged-'))
})
afterEach(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const asNew = { mode: OWNER_ONLY, replace: false }

test('a file is not there until it is put in place, and then whole, with its permissions', async () => {
  const staged = await stageFile(at('a'), 'content', asNew)
  await expect(stat(at('a'))).rejects.toThrow('ENOENT')
  expect((await stat(staged.stagedAt)).mode & 0o777).toBe(0o600)
  await staged.place()
  expect(await readFile(at('a'), 'utf8')).toBe('content')
  expect(await readdir(folder)).toEqual(['a'])
})

test('discarded, nothing is left of it', async () => {
  await (await stageFile(at('a'), 'content', asNew)).discard()
  await (await stageFolder(at('b'), [{ name: 'c', content: 'd' }], OWNER_ONLY)).discard()
  expect(await readdir(folder)).toEqual([])
})

test('a new file never takes the place of another, whenever that came', async () => {
  const staged = await stageFile(at('a'), 'new', asNew)
  await writeFile(at('a'), 'old')
  await expect(staged.place()).rejects.toThrow('EEXIST')
  await expect(stageFile(at('a'), 'new', asNew)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(at('a'), 'utf8')).toBe('old')
})

test('a file that is to be replaced is replaced in one step', async () => {
  await writeFile(at('a'), 'old')
  const staged = await stageFile(at('a'), 'new', { mode: 0o644, replace: true })
  expect(await readFile(at('a'), 'utf8')).toBe('old')
  await staged.place()
  expect(await readFile(at('a'), 'utf8')).toBe('new')
})

test('a folder appears with all its files, also where an empty one is', async () => {
  await mkdir(at('empty'))
  const files = [
    { name: '1', content: 'one' },
    { name: '2', content: 'two' },
  ]
  for (const name of ['new', 'empty']) {
    const staged = await stageFolder(at(name), files, OWNER_ONLY)
    await staged.place()
    expect((await readdir(at(name))).toSorted()).toEqual(['1', '2'])
    expect((await stat(at(`${name}/2`))).mode & 0o777).toBe(0o600)
  }
  expect((await readdir(folder)).toSorted()).toEqual(['empty', 'new'])
})

test('a folder with something in it, or a file of that name, is left alone', async () => {
  await mkdir(at('full'))
  await writeFile(at('full/x'), '')
  await expect(stageFolder(at('full'), [], OWNER_ONLY)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(stageFolder(at('full/x'), [], OWNER_ONLY)).rejects.toMatchObject({ code: 'ENOTDIR' })
  // Two files of one name cannot be in it: nothing of the attempt is left.
  const twice = [{ name: 'a', content: '' }, { name: 'a', content: '' }] // prettier-ignore
  await expect(stageFolder(at('new'), twice, OWNER_ONLY)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readdir(folder)).toEqual(['full'])
})
