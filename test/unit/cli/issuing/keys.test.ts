// `cto vendor keys`: a new key in the place of an old one, with an overlap, and who has to hear of it.

import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAY } from '../../../../src/domain/time.ts'
import { readLicense } from '../../../../src/domain/license/read-license.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { NOW, PLANS } from '../../domain/license/signed.ts'
import { type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeEach(async () => {
  desk = await openDesk()
})
afterEach(() => desk.clear())

const rotate = (...args: string[]) => desk.vendor(['keys', 'rotate', '--keys', desk.at('trusted-keys.json'), ...args])
const trusted = async () => parseTrustedKeys(await desk.read('trusted-keys.json'))

/** What the operator says of a license at some time. */
async function believed(name: string, now: number): Promise<string> {
  const read = await readLicense(await desk.read(name), { keys: await trusted(), product: 'cto', plans: PLANS, now })
  return read.kind === 'rejected' ? read.reason : read.kind
}

test('a key follows another: both may be used for the overlap, and the licenses that outlive it are named', async () => {
  await desk.issue('short.lic', '--id', 'short', '--days', '30')
  await desk.issue('long.lic', '--id', 'long', '--organization', 'Globex')
  await desk.issue('old.lic', '--id', 'replaced', '--organization', 'Hooli', '--serial', '1')
  await desk.issue('new.lic', '--id', 'renewed', '--organization', 'Hooli', '--serial', '2')
  const { exitCode, stdout, stderr } = await rotate('--key', 'k1', '--overlap', '90d', '-o', 'json')
  expect(exitCode, stderr).toBe(0)
  const { keyId, privateKey, toIssueAgain, follows } = JSON.parse(stdout)
  expect(follows).toEqual({ keyId: 'k1', endsAt: '2027-02-19T08:00:00Z' })
  expect(toIssueAgain).toEqual([
    { licenseId: 'long', organization: 'Globex', plan: 'team', expiresAt: '2027-11-21T08:00:00Z' },
    { licenseId: 'renewed', organization: 'Hooli', plan: 'team', expiresAt: '2027-11-21T08:00:00Z' },
  ])
  expect(stderr).toContain('2 licenses of the old key must be issued again before it ends.')
  expect(privateKey).toBe(desk.at(`private-key-${keyId}.json`))
  const keys = await trusted()
  expect(keys.get('k1')).toMatchObject({ use: 'license', expiresAt: NOW + 90 * DAY })
  expect(keys.get(keyId)).toMatchObject({ use: 'license', notBefore: NOW })
  expect([...keys.keys()]).toEqual(['k1', keyId, 'r1', 'c1'])
  expect((await desk.ledger()).at(-1)).toMatchObject({ kind: 'key', keyId, replaces: { keyId: 'k1' } })

  const order = ['--plan', 'team', '--organization', 'Globex', '--days', '365', '--supersedes', 'long']
  const again = ['issue', '--key', privateKey, '--out', desk.at('again.lic'), ...order]
  expect(await desk.vendor(again, { now: NOW + DAY })).toMatchObject({ exitCode: 0 })
  expect(await believed('long.lic', NOW + 90 * DAY - 1)).toBe('authentic')
  expect(await believed('long.lic', NOW + 90 * DAY)).toBe('KeyNotValidNow')
  expect(await believed('again.lic', NOW + 90 * DAY)).toBe('authentic')
  const late = await desk.issue('late.lic', '--organization', 'Late')
  expect(late).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(/^Warning: key k1 ends on 2027-02-19T08:00:00Z, before/),
  })
})

test('a key set that PowerShell wrote as UTF-16 is changed like any other', async () => {
  await desk.write('trusted-keys.json', Buffer.from(`\uFEFF${await desk.read('trusted-keys.json')}`, 'utf16le'))
  const { exitCode, stderr } = await rotate('--key', 'k1', '--overlap', '90d', '-o', 'json')
  expect(exitCode, stderr).toBe(0)
  expect([...(await trusted()).keys()]).toContain('k1')
})

test('a stolen key ends at once, and what it signed with it', async () => {
  await desk.issue('a.lic')
  const { exitCode } = await rotate('--key', 'k1', '--overlap', '0d')
  expect(exitCode).toBe(0)
  expect(await believed('a.lic', NOW)).toBe('KeyNotValidNow')
  expect(await rotate('--key', 'k1', '--overlap', '1d')).toMatchObject({
    exitCode: 1,
    stderr: 'Key k1 ended on 2026-11-21T08:00:00Z; make a new one with cto vendor keygen --use license.\n',
  })
  expect(await desk.issue('b.lic')).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('outside the period'),
  })
})

test('a key for revocations is followed by one that signs the list anew', async () => {
  await desk.issue('a.lic', '--id', 'lic-1')
  const revoke = (key: string, ...args: string[]) => {
    return desk.vendor(['revoke', '--key', key, '--list', desk.at('list.jws'), ...args, '-o', 'json'])
  }
  await revoke(desk.at('revocation-key.json'), '--license', 'lic-1')
  const { stdout, stderr } = await rotate('--key', 'r1', '--overlap', '30d', '--alg', 'ES256', '-o', 'json')
  expect(stderr).toContain('Then sign the revocation list with the new key: cto vendor revoke --key <new key> --list')
  const { privateKey, keyId } = JSON.parse(stdout)
  expect((await trusted()).get(keyId)?.publicKey.alg).toBe('ES256')
  const again = await revoke(privateKey)
  expect(again.exitCode, again.stderr).toBe(0)
  expect(JSON.parse(again.stdout)).toMatchObject({ version: 2, revoked: [{ licenseId: 'lic-1', new: false }] })
  expect(Buffer.from((await desk.read('list.jws')).split('.')[0] ?? '', 'base64url').toString()).toContain(keyId)
})

test('what the set says of a key is kept, and the new key may not do more than the old one', async () => {
  const set = JSON.parse(await desk.read('trusted-keys.json'))
  set.keys[0] = { ...set.keys[0], iss: 'Reseller', x_note: 'kept in the safe', exp: (NOW + 10 * DAY) / 1000 }
  await desk.write('trusted-keys.json', JSON.stringify(set))
  const { stdout } = await rotate('--key', 'k1', '--overlap', '90d', '-o', 'json')
  const { keyId } = JSON.parse(stdout)
  const { keys } = JSON.parse(await desk.read('trusted-keys.json'))
  // A period is never made longer.
  expect(keys[0]).toEqual(set.keys[0])
  expect(keys[1]).toMatchObject({ kid: keyId, iss: 'Reseller' })
})

test('a new key can be encrypted', async () => {
  const passphrase = await desk.write('passphrase', 'correct horse battery')
  const { stdout } = await rotate(
    '--key',
    'k1',
    '--overlap',
    '9d',
    '--encrypt',
    '--passphrase-file',
    passphrase,
    '-o',
    'json',
  )
  const { privateKey } = JSON.parse(stdout)
  expect(privateKey).toMatch(/\.pem$/)
  const issued = await desk.issue('a.lic', '--key', privateKey, '--passphrase-file', passphrase)
  expect(issued.exitCode, issued.stderr).toBe(0)
})

describe('rotate refuses, and changes nothing', () => {
  test.each([
    ['a key that is not there', ['--key', 'k2', '--overlap', '9d'], 2, 'There is no key "k2" (did you mean k1?)'],
    ['an overlap that is none', ['--key', 'k1', '--overlap', 'soon'], 2, 'Write a number of days, such as 90d.'],
    ['a file that is there', ['--key', 'k1', '--overlap', '9d', '--out', 'private-key.json'], 1, 'is not overwritten'],
    ['a file that is called wrongly', ['--key', 'k1', '--overlap', '9d', '--out', 'new.pem'], 2, 'is a .json file'],
    ['a ledger that is a folder', ['--key', 'k1', '--overlap', '9d', '--ledger', '.'], 1, 'it is a folder'],
  ])('%s', async (_, args, exitCode, message) => {
    const [files, set] = [await readdir(desk.at('.')), await desk.read('trusted-keys.json')]
    const given = args.map((arg, index) => (['--out', '--ledger'].includes(args[index - 1] ?? '') ? desk.at(arg) : arg))
    expect(await rotate(...given)).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
    expect(await readdir(desk.at('.'))).toEqual(files)
    expect(await desk.read('trusted-keys.json')).toBe(set)
  })
})

test('list shows every key, its period, and whether it may be used', async () => {
  await rotate('--key', 'k1', '--overlap', '9d', '--out', desk.at('next.json'))
  const list = async (now: number) => {
    return desk.vendor(['keys', 'list', desk.at('trusted-keys.json')], { now })
  }
  const { stdout } = await list(NOW + 10 * DAY)
  expect(stdout).toMatch(/^KEY +USE +ALGORITHM +FROM +UNTIL +STATE\nk1 +license +EdDSA +2026-11-30T08:00:00Z +ended\n/)
  expect(stdout).toMatch(/\nr1 +revocation +EdDSA +usable\n/)
  expect((await list(NOW - 1000)).stdout).toMatch(/license +EdDSA +2026-11-21T08:00:00Z +not yet usable\n/)
})
