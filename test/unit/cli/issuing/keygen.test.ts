// `cto vendor keygen`: what is secret is its owner's alone, encrypted on demand, overwritten never, and printed nowhere.

import { spawnSync } from 'node:child_process'
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KEY_USES, parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { cto, type Desk, openDesk } from '../../../support/vendor-desk.ts'

const PASSPHRASE = 'correct horse bättery staple'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
})
afterAll(() => desk.clear())

const keygen = (out: string, ...args: string[]) => desk.vendor(['keygen', '--out', desk.at(out), ...args])

test('writes the private key for its owner only, prints where it is, and never the key', async () => {
  const { exitCode, stdout, stderr } = await keygen('new', '--alg', 'ES256', '-o', 'json')
  expect(exitCode, stderr).toBe(0)
  const { privateKey, trustedKeys, keyId } = JSON.parse(stdout)
  expect(privateKey).toBe(desk.at('new/private-key.json'))
  expect((await stat(privateKey)).mode & 0o777).toBe(0o600)
  const jwk = JSON.parse(await readFile(privateKey, 'utf8'))
  expect(jwk).toMatchObject({ kid: keyId, alg: 'ES256', use: 'license' })
  expect(stdout + stderr).not.toContain(jwk.d)
  const { d: _, ...publicJwk } = jwk
  expect(JSON.parse(await readFile(trustedKeys, 'utf8'))).toEqual({ keys: [publicJwk] })
  expect(stderr).toContain(`Next: cto vendor issue --key ${privateKey}`)
})

test('adds a second key to the set, and overwrites none', async () => {
  await keygen('two', '--kid', 'old')
  const again = await keygen('two', '--kid', 'new')
  expect(again.exitCode).toBe(1)
  expect(again.stderr).toMatch(/^Cannot write .*private-key\.json: it exists already, and is not overwritten\.\n$/)
  expect((await keygen('two/new.json', '--kid', 'new')).exitCode).toBe(0)
  const { keys } = JSON.parse(await desk.read('two/trusted-keys.json'))
  expect(keys.map((key: { kid: string }) => key.kid)).toEqual(['old', 'new'])
  // Nothing of the attempt is left, not under another name either.
  expect((await readdir(desk.at('two'))).toSorted()).toEqual([
    'ledger.jsonl',
    'new.json',
    'private-key.json',
    'trusted-keys.json',
  ])
})

test('writes no private key whose public half has no place', async () => {
  const before = await readdir(desk.at('.'))
  const result = await keygen('x.json', '--kid', 'k1')
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toMatch(/another key before it has the same kid\.\n$/)
  expect(await readdir(desk.at('.'))).toEqual(before)
})

test('has a file, a use and a line in the ledger for each use', async () => {
  for (const use of KEY_USES) expect((await keygen('uses', '--use', use, '--kid', use)).exitCode).toBe(0)
  const names = ['private-key.json', 'revocation-key.json', 'catalog-key.json', 'heartbeat-key.json']
  expect(await readdir(desk.at('uses'))).toEqual(expect.arrayContaining(names))
  const trusted = parseTrustedKeys(await desk.read('uses/trusted-keys.json'))
  expect([...trusted.values()].map(({ keyId, use }) => [keyId, use])).toEqual(KEY_USES.map((use) => [use, use]))
  const ledger = (await desk.read('uses/ledger.jsonl')).trimEnd().split('\n')
  expect(ledger.map((line) => JSON.parse(line).use)).toEqual(KEY_USES)
})

describe('--encrypt', () => {
  let file: string
  beforeAll(async () => {
    file = await desk.write('passphrase', `${PASSPHRASE}\nwhat else is in the file\n`)
    await keygen('safe', '--encrypt', '--passphrase-file', file)
  })

  test('makes a PEM file that says its ID and use, and that openssl opens with the pass phrase', async () => {
    const pem = await desk.read('safe/private-key.pem')
    const { keys } = JSON.parse(await desk.read('safe/trusted-keys.json'))
    expect(pem).toMatch(new RegExp(`^kid: ${keys[0].kid}\nuse: license\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n`))
    expect((await stat(desk.at('safe/private-key.pem'))).mode & 0o777).toBe(0o600)
    const openssl = spawnSync('openssl', [
      'pkey',
      '-in',
      desk.at('safe/private-key.pem'),
      '-passin',
      `file:${file}`,
      '-pubout',
    ])
    // Where there is no openssl, node:crypto alone has to do: see encrypted-key.test.ts.
    if (openssl.error === undefined) expect(openssl.stdout.toString()).toContain('BEGIN PUBLIC KEY')
  })

  test('and every command that signs opens it, with the file or with what a person types', async () => {
    const issue = [
      'issue',
      '--key',
      desk.at('safe/private-key.pem'),
      '--plan',
      'team',
      '--organization',
      'A',
      '--days',
      '9',
    ]
    const fromFile = await desk.vendor([...issue, '--out', desk.at('safe/1.lic'), '--passphrase-file', file])
    expect(fromFile.exitCode, fromFile.stderr).toBe(0)
    const typed = await desk.vendor([...issue, '--out', desk.at('safe/2.lic')], { typed: [PASSPHRASE] })
    expect(typed.exitCode, typed.stderr).toBe(0)
    expect(typed.stderr).toContain('Pass phrase of ')
    for (const license of ['1.lic', '2.lic']) {
      const trusted = ['--trusted-keys', desk.at('safe/trusted-keys.json')]
      expect(await cto(['license', 'verify', desk.at(`safe/${license}`), ...trusted])).toMatchObject({ exitCode: 0 })
    }
    expect(await desk.vendor([...issue, '--out', desk.at('safe/3.lic')], { typed: ['wrong'] })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/the pass phrase does not open the private key, or the key file is damaged\.\n$/),
    })
    expect(await desk.vendor([...issue, '--out', desk.at('safe/3.lic')])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /^The key .* is encrypted; give the file with its pass phrase as --passphrase-file/,
      ),
    })
  })

  test.each([
    ['a short one', ['short', 'short'], 'The pass phrase is too short: it needs at least 12 characters.\n'],
    ['two that differ', ['correct horse', 'correct house'], 'The two pass phrases are not the same.\n'],
  ])('refuses %s', async (_, typed, problem) => {
    const result = await desk.vendor(['keygen', '--out', desk.at('never'), '--encrypt'], { typed })
    expect(result).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(problem) })
    await expect(stat(desk.at('never'))).rejects.toThrow('ENOENT')
  })

  test('asks nobody where nobody is, and never takes a pass phrase from the command line', async () => {
    expect((await keygen('never', '--encrypt')).stderr).toMatch(
      /^Nobody can be asked for a pass phrase here; give a file/,
    )
    expect((await keygen('never', '--encrypt', '--passphrase', 'x')).exitCode).toBe(2)
    const empty = await desk.write('empty', '\nsecond line\n')
    expect((await keygen('never', '--encrypt', '--passphrase-file', empty)).stderr).toMatch(
      /must be the pass phrase\.\n$/,
    )
  })

  test('a file is called what it is', async () => {
    expect(await keygen('key.json', '--encrypt')).toMatchObject({ exitCode: 2 })
    expect(await keygen('key.pem')).toMatchObject({
      exitCode: 2,
      stderr: 'A key that is not encrypted is a .json file; call it so with --out.\n',
    })
  })
})

test('warns when others may read a private key or a pass phrase', async () => {
  const open = await desk.write('open.json', await desk.read('private-key.json'))
  await chmod(open, 0o644)
  const { stderr, exitCode } = await desk.issue('open.lic', '--key', open)
  expect(exitCode).toBe(0)
  expect(stderr).toContain(`Warning: others on this machine may read ${open}; run: chmod 600 `)
  expect((await desk.issue('closed.lic')).stderr).not.toContain('Warning')
})
