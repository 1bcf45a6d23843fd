// `cto license`, run as a user runs it, in a folder of its own.

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { payload, token } from '../../domain/license/signed.ts'
import { cto, type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
let keyFile: string
let keysFile: string
let license: string

const verify = (file: string, ...args: string[]) =>
  cto(['license', 'verify', file, '--trusted-keys', keysFile, ...args])
const verifyJson = async (file: string, ...args: string[]) => {
  const { exitCode, stdout } = await verify(file, '-o', 'json', ...args)
  return { exitCode, ...JSON.parse(stdout) }
}

async function issued(name: string, ...args: string[]): Promise<string> {
  const { exitCode, stderr } = await desk.issue(name, ...args)
  expect(exitCode, stderr).toBe(0)
  return desk.at(name)
}

const written = (name: string, content: string) => desk.write(name, content)

beforeAll(async () => {
  desk = await openDesk()
  keyFile = desk.at('private-key.json')
  keysFile = desk.at('trusted-keys.json')
  license = await issued('acme.lic', '--expires', '2026-12-31', '--id', 'lic-1', '--max-nodes', '-1')
})
afterAll(() => desk.clear())

describe('license verify', () => {
  test('of a valid license exits 0 and says who, what and until when', async () => {
    expect(await verifyJson(license)).toEqual({
      exitCode: 0,
      verdict: 'Valid',
      reason: 'Valid',
      message: 'Signed by key k1 for Acme Corp: Team plan until 2027-01-01T00:00:00Z',
      claims: expect.objectContaining({ licenseId: 'lic-1', issuer: '5D Labs', limits: { nodes: -1 } }),
    })
    const { stdout, stderr } = await verify(license)
    expect(stdout).toMatch(/^VERDICT +Valid\nREASON +Valid\nMESSAGE +Signed by key k1 .*\n/)
    expect(stdout).toMatch(/^limits\.nodes +unlimited$/m)
    expect(stdout).not.toContain('\u001B')
    expect(stderr).toBe('')
    expect(parse((await verify(license, '-o', 'yaml')).stdout)).toMatchObject({ verdict: 'Valid' })
  })

  test.each([
    ['2026-12-31T23:59:59Z', 'Valid', 'Valid', 0],
    ['2027-01-01', 'Expired', 'Expired', 3],
    ['2027-01-01T01:00:00+02:00', 'Valid', 'Valid', 0],
  ])('--at %s: %s', async (at, verdict, reason, exitCode) => {
    expect(await verifyJson(license, '--at', at)).toMatchObject({ verdict, reason, exitCode })
  })

  test('of one that begins later says when', async () => {
    const file = await issued('later.lic', '--not-before', '2026-12-01', '--days', '30')
    expect(await verifyJson(file)).toMatchObject({
      exitCode: 4,
      verdict: 'Future',
      reason: 'NotYetValid',
      message: 'Signed by key k1 for Acme Corp: Team plan that begins on 2026-12-01T00:00:00Z',
      claims: { licenseId: expect.any(String) },
    })
    expect(await verifyJson(file, '--at', '2026-12-01')).toMatchObject({ verdict: 'Valid' })
  })

  test('of one that is not believed says why, without claims', async () => {
    const file = await written('forged.lic', `${token(payload)}\n`)
    const result = await verifyJson(file)
    expect(result).toEqual({
      exitCode: 3,
      verdict: 'InvalidSignature',
      reason: 'BadSignature',
      message: 'The signature by key k1 does not fit: the license was damaged or changed after it was signed',
    })
    expect(await verifyJson(await written('key.lic', 'lic_abc123'))).toMatchObject({ reason: 'MalformedLicense' })
    expect(await verifyJson(license, '--product', 'clawtex')).toMatchObject({ reason: 'WrongProduct', exitCode: 3 })
  })

  test.each([
    ['a bad date', ['--at', 'tomorrow'], 2, /^error: option '--at <date>' argument 'tomorrow' is invalid\. Write 2027/],
    ['a bad format', ['-o', 'xml'], 2, /Allowed choices are table, json, yaml/],
    [
      'an unknown product',
      ['--product', 'x'],
      2,
      /^There is no product "x"; known are cto, incidentfox, ipmi-monitor, clawtex, ai-control-plane\.\n$/,
    ],
    ['an unknown option', ['--force'], 2, /unknown option/],
    [
      'keys that are not there',
      ['--trusted-keys', '/x.json'],
      1,
      /^Cannot read \/x\.json: .*; name the vendor's public/,
    ],
  ])('of the license, but with %s', async (_, args, exitCode, message) => {
    expect(await verify(license, ...args)).toMatchObject({
      exitCode,
      stderr: expect.stringMatching(message),
      stdout: '',
    })
  })

  test('by default trusts the keys of the image', async () => {
    const { exitCode, stderr } = await cto(['license', 'verify', license])
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('/etc/cto/trusted-keys.json'),
    })
  })

  test('does not trust a private key in the set, or quote it', async () => {
    const secret = JSON.parse(await readFile(keyFile, 'utf8'))
    const bad = await written('bad-keys.json', JSON.stringify({ keys: [secret] }))
    const { exitCode, stderr } = await verify(license, '--trusted-keys', bad)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/does not hold trusted keys: trusted key 0 \("k1"\): holds a secret/)
    expect(stderr).not.toContain(secret.d)
  })

  test('of a missing file, or a folder', async () => {
    expect((await verify(desk.at('none.lic'))).stderr).toMatch(/^Cannot read .*none\.lic: there is no such file/)
    expect(await verify(desk.at('.'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/it is a folder\.\n$/),
    })
  })
})

describe('license inspect', () => {
  test('shows every field and says that it is not verified', async () => {
    const { exitCode, stdout } = await cto(['license', 'inspect', license])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^VERDICT +Not verified: /)
    expect(stdout).toMatch(/^ENDS +2027-01-01T00:00:00Z, 40 days left$/m)
    expect(stdout).toMatch(/^header\.kid +k1$/m)
    expect(stdout).toMatch(/^claims\.exp +1798761600 \(2027-01-01T00:00:00Z\)$/m)
    expect(stdout).toMatch(/^claims\.entitlements\.features +none$/m)
  })

  test('with trusted keys also judges, and still exits 0', async () => {
    const forged = await written('forged2.lic', token({ ...payload, custom: { note: 'x' } }))
    const { exitCode, stdout } = await cto(['license', 'inspect', forged, '--trusted-keys', keysFile, '-o', 'json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      verification: { verdict: 'InvalidSignature', reason: 'BadSignature' },
      form: 'jws',
      header: { typ: 'license+jwt' },
      claims: { custom: { note: 'x' } },
      daysLeft: 300,
    })
  })

  test('shows the JSON form without its signature', async () => {
    const file = await issued('inspect.lic', '--form', 'json', '--days', '9', '--max-nodes', '3')
    const { stdout } = await cto(['license', 'inspect', file, '--at', '2027-01-01'])
    expect(stdout).toMatch(/^claims\.tier +Team$/m)
    expect(stdout).toMatch(/^ENDS +2026-11-30T08:00:00Z, 31 days ago$/m)
    expect(stdout).not.toContain('signature')
  })

  test('makes what it shows harmless to a terminal', async () => {
    const file = await written('evil.lic', token({ sub: 'Acme\u001B[2J\u202Eproc', 'x\u001B[2J': 1 }))
    const { stdout } = await cto(['license', 'inspect', file])
    expect(stdout).toMatch(/^claims\.sub +Acme\\u001b\[2J\\u202eproc$/m)
    expect(stdout).toMatch(/^claims\.x\\u001b\[2J +1$/m)
  })

  test.each(['', 'lic_abc', 'hello', 'a.b.c', '{', '{"password":"x"}'])('of %j exits 1', async (content) => {
    const { exitCode, stdout, stderr } = await cto(['license', 'inspect', '-'], { stdin: content })
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^[A-Z].*\.\n$/)
  })
})

test('inspect stops at content that is nested without end, as a sentence', async () => {
  for (const levels of [33, 5_900]) {
    const nested = `${'['.repeat(levels)}${']'.repeat(levels)}`
    const content = `eyJhIjoxfQ.${Buffer.from(nested).toString('base64url')}.c2ln`
    const { exitCode, stderr } = await cto(['license', 'inspect', '-'], { stdin: content })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'The content of the license is nested deeper than 32 levels.\n',
    })
  }
})

test('help exits 0 on stdout; a command that is none exits 2', async () => {
  expect(await cto(['license', 'verify', '--help'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await cto(['license', 'verfy'])).toMatchObject({ exitCode: 2, stdout: '' })
  expect(await cto(['license'])).toMatchObject({ exitCode: 2 })
})

test('no output ever shows a license or a private key', async () => {
  const secrets = [await readFile(license, 'utf8'), JSON.stringify(JSON.parse(await readFile(keyFile, 'utf8')).d)]
  const parts = secrets.flatMap((secret) => secret.trim().split(/[."]/)).filter((part) => part.length > 20)
  expect(parts).toHaveLength(4)
  const runs = [
    await verify(license),
    await verify(license, '-o', 'json'),
    await verify(license, '--product', 'clawtex'),
    await verify(keyFile),
    await cto(['license', 'inspect', license, '-o', 'yaml']),
    await cto(['license', 'inspect', keyFile]),
    await desk.issue('y.lic', '--days', '1'),
    await desk.issue('z.lic', '--days', '1', '--key', license),
    await cto(['vendor', 'ledger', 'list', desk.at('ledger.jsonl'), '-o', 'yaml']),
  ]
  for (const { stdout, stderr } of runs) for (const part of parts) expect(stdout + stderr).not.toContain(part)
})
