// `cto license` and `cto vendor`, run as a user runs them, in a folder of their own.

import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { CatalogNames } from '../../../src/cli/known-names.ts'
import { licenseCommand } from '../../../src/cli/license.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import { vendorCommand } from '../../../src/cli/vendor.ts'
import { NOW, payload, token } from '../domain/license/signed.ts'

const catalogs: readonly CatalogNames[] = [
  {
    name: 'cto',
    vendor: '5D Labs',
    plans: ['free', 'starter', 'team', 'business', 'enterprise'],
    features: ['SsoIntegration', 'AuditLogging'],
    addons: ['air-gap'],
  },
  { name: 'clawtex', vendor: 'Clawtex', plans: ['solo'], features: [], addons: [] },
]

let folder: string
let keyFile: string
let keysFile: string
let license: string

const inFolder = (name: string) => join(folder, name)

async function cto(args: readonly string[], stdin = '') {
  const result = { stdout: '', stderr: '' }
  const io = {
    stdout: (text: string) => void (result.stdout += text),
    stderr: (text: string) => void (result.stderr += text),
    stdin: async () => Buffer.from(stdin),
    now: () => NOW,
  }
  const program = new Command('cto').addCommand(licenseCommand(io, catalogs)).addCommand(vendorCommand(io, catalogs))
  return { exitCode: await runCommand(program, args, io), ...result }
}

const verify = (file: string, ...args: string[]) =>
  cto(['license', 'verify', file, '--trusted-keys', keysFile, ...args])
const verifyJson = async (file: string, ...args: string[]) => {
  const { exitCode, stdout } = await verify(file, '-o', 'json', ...args)
  return { exitCode, ...JSON.parse(stdout) }
}
const issue = (out: string, ...args: string[]) =>
  cto(['vendor', 'issue', '--key', keyFile, '--organization', 'Acme Corp', '--plan', 'team', '--out', out, ...args])

async function issued(name: string, ...args: string[]): Promise<string> {
  const { exitCode, stderr } = await issue(inFolder(name), ...args)
  expect(exitCode, stderr).toBe(0)
  return inFolder(name)
}

async function written(name: string, content: string): Promise<string> {
  await writeFile(inFolder(name), content)
  return inFolder(name)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-license-'))
  await cto(['vendor', 'keygen', '--out', folder, '--kid', 'k1'])
  keyFile = inFolder('private-key.json')
  keysFile = inFolder('trusted-keys.json')
  license = await issued('acme.lic', '--expires', '2027-01-01', '--id', 'lic-1', '--max-nodes', '-1')
})

describe('vendor keygen', () => {
  test('writes the private key for its owner only, prints where it is, and never the key', async () => {
    const out = inFolder('keys/new')
    const { exitCode, stdout, stderr } = await cto(['vendor', 'keygen', '--out', out, '--alg', 'ES256', '-o', 'json'])
    expect(exitCode).toBe(0)
    const { privateKey, trustedKeys, keyId } = JSON.parse(stdout)
    expect(privateKey).toBe(join(out, 'private-key.json'))
    expect((await stat(privateKey)).mode & 0o777).toBe(0o600)
    const jwk = JSON.parse(await readFile(privateKey, 'utf8'))
    expect(jwk).toMatchObject({ kid: keyId, alg: 'ES256', use: 'license' })
    expect(stdout + stderr).not.toContain(jwk.d)
    const { d: _, ...publicJwk } = jwk
    expect(JSON.parse(await readFile(trustedKeys, 'utf8'))).toEqual({ keys: [publicJwk] })
    expect(stderr).toContain(`Next: cto vendor issue --key ${privateKey}`)
  })

  test('adds a second key to the set, and overwrites none', async () => {
    const out = inFolder('rotation')
    await cto(['vendor', 'keygen', '--out', out, '--kid', 'old'])
    const again = await cto(['vendor', 'keygen', '--out', out, '--kid', 'new'])
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toMatch(/^Cannot write .*private-key\.json: it exists already, and is not overwritten\.\n$/)
    expect((await cto(['vendor', 'keygen', '--out', join(out, 'new.json'), '--kid', 'new'])).exitCode).toBe(0)
    const { keys } = JSON.parse(await readFile(join(out, 'trusted-keys.json'), 'utf8'))
    expect(keys.map((key: { kid: string }) => key.kid)).toEqual(['old', 'new'])
  })

  test('writes no private key whose public half has no place', async () => {
    const result = await cto(['vendor', 'keygen', '--out', inFolder('x.json'), '--kid', 'k1'])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toMatch(/another key before it has the same kid\.\n$/)
    await expect(stat(inFolder('x.json'))).rejects.toThrow('ENOENT')
  })
})

describe('vendor issue', () => {
  test('prints what it issued, and where', async () => {
    const { stdout, stderr } = await issue(inFolder('a.lic'), '--days', '30', '--id', 'lic-7')
    expect(stdout).toMatch(
      /^LICENSE {8}lic-7\nORGANIZATION {3}Acme Corp\nPLAN {11}Team\nUNTIL {10}2026-12-21T08:00:00Z\n/,
    )
    expect(stderr).toBe(`Next: cto license verify ${inFolder('a.lic')} --trusted-keys ${keysFile}\n`)
    expect((await stat(inFolder('a.lic'))).mode & 0o777).toBe(0o600)
  })

  test('to standard output prints the license and nothing else', async () => {
    const { stdout } = await issue('-', '--days', '30')
    expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(await cto(['license', 'verify', '-', '--trusted-keys', keysFile], stdout)).toMatchObject({ exitCode: 0 })
  })

  test('carries every option into the license', async () => {
    const options =
      '--expires 2027-06-30T12:00:00+02:00 --not-before 2026-11-01 --issued-at 2026-10-31 --id lic-9 --issuer Reseller ' +
      '--max-nodes 5 --max-agents -1 --feature SsoIntegration --feature AuditLogging --addon air-gap ' +
      '--cluster-uid u-1 --cluster-type EKS --cluster-type GKE'
    const file = await issued('full.lic', ...options.split(' '))
    expect((await verifyJson(file)).claims).toEqual({
      form: 'jws',
      licenseId: 'lic-9',
      organization: 'Acme Corp',
      product: 'cto',
      plan: 'team',
      issuer: 'Reseller',
      limits: { nodes: 5, agents: -1 },
      features: ['SsoIntegration', 'AuditLogging'],
      addons: ['air-gap'],
      cluster: { uid: 'u-1', types: ['EKS', 'GKE'] },
      keyId: 'k1',
      issuedAt: '2026-10-31T00:00:00Z',
      notBefore: '2026-11-01T00:00:00Z',
      expiresAt: '2027-06-30T10:00:00Z',
    })
  })

  test('makes the JSON form', async () => {
    const file = await issued('json.lic', '--form', 'json', '--days', '9', '--max-nodes', '3', '--max-agents', '-1')
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ tier: 'Team', max_agents: 4_294_967_295 })
    expect(await verifyJson(file)).toMatchObject({ exitCode: 0, claims: { form: 'cto-json', limits: { agents: -1 } } })
  })

  test('gives every license its own ID', async () => {
    const ids = []
    for (const name of ['1.lic', '2.lic'])
      ids.push((await verifyJson(await issued(name, '--days', '1'))).claims.licenseId)
    expect(ids[0]).toMatch(/^lic-[0-9a-f]{16}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  test('lets a license end in the past only by its date, and warns', async () => {
    const past = await issue(inFolder('past.lic'), '--expires', '2026-01-01', '--issued-at', '2025-01-01')
    expect(past).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^Warning: .* ended on 2026-01-01T00/) })
    const days = await issue(inFolder('x.lic'), '--days', '30', '--issued-at', '2025-01-01')
    expect(days).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/say so with --expires\.\n$/) })
  })

  test.each([
    ['an unknown plan', ['--plan', 'Teem'], 2, 'There is no plan "Teem" (did you mean team?); known are free, starter'],
    ['a plan unlike any', ['--plan', 'qqqq'], 2, 'There is no plan "qqqq"; known are free'],
    [
      'an unknown feature',
      ['--feature', 'SsoIntegratoin'],
      2,
      'There is no feature "SsoIntegratoin" (did you mean SsoInt',
    ],
    ['an unknown add-on', ['--addon', 'airgap'], 2, 'There is no add-on "airgap" (did you mean air-gap?)'],
    ['an unknown product', ['--product', 'ctp'], 2, 'There is no product "ctp" (did you mean cto?)'],
    ['a plan of another product', ['--product', 'clawtex'], 2, 'There is no plan "team"; known are solo'],
    ['half a node', ['--max-nodes', '1.5'], 2, "error: option '--max-nodes <n>' argument '1.5' is invalid"],
    ['a date that is none', ['--not-before', '2026-02-30'], 2, "error: option '--not-before <date>'"],
    ['no days', ['--days', '0'], 2, "error: option '--days <n>' argument '0' is invalid"],
    [
      'an end in 2100',
      ['--expires', '2100-01-01'],
      1,
      'The license would be refused: the date exp of the license must',
    ],
    [
      'JSON with features',
      ['--form', 'json', '--max-nodes', '1', '--max-agents', '1', '--feature', 'AuditLogging'],
      1,
      'The cto-json form cannot carry features',
    ],
    [
      'a folder that is not there',
      ['--out', '/nonexistent/a.lic'],
      1,
      'Cannot write /nonexistent/a.lic: there is no such',
    ],
    [
      'a key that is not there',
      ['--key', '/nonexistent.json'],
      1,
      'Cannot read /nonexistent.json: there is no such file',
    ],
  ])('refuses %s', async (_, args, exitCode, message) => {
    const when = args.some((arg) => arg === '--days' || arg === '--expires') ? [] : ['--days', '30']
    const result = await issue(inFolder('never.lic'), ...when, ...args)
    expect(result).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
    await expect(stat(inFolder('never.lic'))).rejects.toThrow('ENOENT')
  })

  test('needs an end, and one only', async () => {
    expect(await issue(inFolder('x.lic'))).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--expires or/) })
    expect(await issue(inFolder('x.lic'), '--days', '1', '--expires', '2027-01-01')).toMatchObject({ exitCode: 2 })
  })

  test('cannot sign with a public key', async () => {
    const result = await issue(inFolder('x.lic'), '--days', '1', '--key', keysFile)
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^Cannot sign with .*not a private key/),
    })
  })
})

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
      exitCode: 3,
      verdict: 'InvalidSignature',
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
    ['an unknown product', ['--product', 'x'], 2, /^There is no product "x"; known are cto, clawtex\.\n$/],
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
    expect((await verify(inFolder('none.lic'))).stderr).toMatch(/^Cannot read .*none\.lic: there is no such file/)
    expect(await verify(folder)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/it is a folder\.\n$/) })
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
    const file = await issued('inspect.lic', '--form', 'json', '--days', '9', '--max-nodes', '3', '--max-agents', '4')
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
    const { exitCode, stdout, stderr } = await cto(['license', 'inspect', '-'], content)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^[A-Z].*\.\n$/)
  })
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
    await issue(inFolder('y.lic'), '--days', '1'),
    await issue(inFolder('y.lic'), '--days', '1', '--key', license),
  ]
  for (const { stdout, stderr } of runs) for (const part of parts) expect(stdout + stderr).not.toContain(part)
})
