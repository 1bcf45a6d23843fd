// `cto vendor revoke`: a list that only grows, a version that only goes up, and what the operator makes of it.

import { readdir, rm, stat } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DAY, HOUR } from '../../../../src/domain/time.ts'
import { isRevoked } from '../../../../src/domain/entitlement/license-standing.ts'
import { readRevocationList, type RevocationList } from '../../../../src/domain/license/revocation-list.ts'
import { parseTrustedKeys } from '../../../../src/domain/license/trusted-keys.ts'
import { claims, facts } from '../../../support/builders.ts'
import { NOW } from '../../domain/license/signed.ts'
import { type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  await desk.issue('one.lic', '--id', 'lic-1', '--organization', 'One')
  await desk.issue('two.lic', '--id', 'lic-2', '--organization', 'Two', '--revocation-notice', '48')
  await desk.issue('json.lic', '--id', 'lic-3', '--organization', 'Three', '--form', 'json')
})
afterAll(() => desk.clear())
let listName: string
let count = 0
beforeEach(() => {
  listName = `list-${++count}.jws`
})

const revoke = (...args: string[]) => revokeAt(NOW, ...args)
const revokeAt = (now: number, ...args: string[]) => {
  const options = ['--key', desk.at('revocation-key.json'), '--list', desk.at(listName)]
  return desk.vendor(['revoke', ...options, ...args], { now })
}

async function readList(now = NOW): Promise<RevocationList> {
  const keys = parseTrustedKeys(await desk.read('trusted-keys.json'))
  const reading = await readRevocationList(await desk.read(listName), { keys, product: 'cto', now })
  if (reading.kind === 'rejected') throw new Error(reading.message)
  return reading.list
}

test('a license by its ID, another by its file, one that is revoked already', async () => {
  const first = await revoke('--license', 'lic-1', '--reason', 'did not pay', '-o', 'json')
  expect(first.exitCode, first.stderr).toBe(0)
  expect(JSON.parse(first.stdout)).toEqual({
    list: desk.at(listName),
    product: 'cto',
    version: 1,
    revoked: [
      {
        licenseId: 'lic-1',
        organization: 'One',
        revokedAt: '2026-11-21T08:00:00Z',
        effectiveAt: '2026-11-21T08:00:00Z',
        new: true,
      },
    ],
  })
  expect(first.stderr).toContain(
    `kubectl create secret generic cto-revocations -n cto-system --from-file=revocations.jws=${desk.at(listName)} --dry-run=client -o yaml | kubectl apply -f -`,
  )
  const second = await revokeAt(NOW + DAY, '--license', desk.at('two.lic'), 'lic-1', '--at', '2026-12-01')
  expect(second.exitCode, second.stderr).toBe(0)
  expect(second.stdout).toMatch(/VERSION +2\n/)
  // The license gives itself 48 hours.
  expect(second.stdout).toMatch(/lic-2 +Two +2026-12-01T00:00:00Z +2026-12-03T00:00:00Z +new\n/)
  const list = await readList(NOW + DAY)
  expect(list).toMatchObject({ version: 2, issuedAt: NOW + DAY })
  expect([...list.revoked]).toEqual([
    ['lic-1', NOW],
    ['lic-2', Date.UTC(2026, 11, 1)],
  ])
  const before = await desk.read(listName)
  const third = await revokeAt(NOW + DAY, '--license', desk.at('one.lic'))
  expect(third).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('stays as it is') })
  expect(third.stdout).toMatch(/VERSION +2\n/)
  expect(await desk.read(listName)).toBe(before)
  const lines = (await desk.ledger()).filter(({ kind }) => kind === 'revocation-list')
  expect(lines).toMatchObject([
    { version: 1, revoked: [{ licenseId: 'lic-1', reason: 'did not pay' }] },
    { version: 2, revoked: [{ licenseId: 'lic-2', at: '2026-12-01T00:00:00Z' }] },
  ])
  expect(before).not.toContain('pay')
})

test('is what the operator goes by, to the hour of its notice', async () => {
  await revoke('--license', 'lic-1')
  const revocations = await readList()
  const two = claims({ licenseId: 'lic-2', revocationNoticeHours: 48 })
  const effective = Date.UTC(2026, 11, 3)
  expect(isRevoked(claims({ licenseId: 'lic-1' }), facts({ revocations }))).toBe(true)
  expect(isRevoked(two, facts({ revocations, now: effective - HOUR }))).toBe(false)
  expect(isRevoked(two, facts({ revocations, now: effective }))).toBe(true)
})

test('a list that was lost is made anew from the ledger, and an old copy is brought up to date', async () => {
  await revoke('--license', 'lic-1')
  const old = await desk.read(listName)
  await revoke('--license', 'lic-3')
  const { version, revoked } = await readList()
  await rm(desk.at(listName))
  const anew = await revoke('--license', 'lic-1')
  expect(anew.stderr).toContain('is not there; the list is made anew from the ledger')
  expect(await readList()).toMatchObject({ version: version + 1, revoked })
  await desk.write(listName, old)
  await revoke('--license', 'lic-1')
  expect(await readList()).toMatchObject({ version: version + 2, revoked })
})

test('--dry-run shows what changes and changes nothing', async () => {
  const [files, ledger] = [await readdir(desk.at('.')), await desk.read('ledger.jsonl')]
  const { exitCode, stdout, stderr } = await revoke('--license', 'unheard-of', '--force', '--dry-run')
  expect({ exitCode, last: stderr.split('\n').at(-2) }).toEqual({ exitCode: 0, last: 'Nothing was written.' })
  expect(stdout).toMatch(/unheard-of +not in the ledger +2026-11-21T08:00:00Z +2026-11-21T08:00:00Z +new\n/)
  expect(await readdir(desk.at('.'))).toEqual(files)
  expect(await desk.read('ledger.jsonl')).toBe(ledger)
})

describe('refuses', () => {
  test('what is not in the ledger, unless it is forced', async () => {
    const { exitCode, stderr } = await revoke('--license', 'lic-10', desk.at('private-key.json'))
    expect(exitCode).toBe(3)
    expect(stderr).toContain('- there is no license lic-10 in the ledger, and no such file (did you mean lic-1?)')
    expect(stderr).toContain(`- the file ${desk.at('private-key.json')} is not a license\n`)
    await expect(stat(desk.at(listName))).rejects.toThrow('ENOENT')
    expect((await revoke('--license', 'lic-10', '--force')).exitCode).toBe(0)
    expect((await readList()).revoked.has('lic-10')).toBe(true)
  })

  test('a file that says it is a license of ours, and is not as it was issued', async () => {
    const [header, , signature] = (await desk.read('two.lic')).split('.')
    const forged = [header, Buffer.from('{"jti":"lic-2"}').toString('base64url'), signature].join('.')
    const { exitCode, stderr } = await revoke('--license', await desk.write('forged.lic', forged))
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/says that it is the license lic-2, but the ledger knows no such file; look into it/)
  })

  test.each([
    ['a key for licenses', ['--key', 'private-key.json'], 3, /would be refused: .*trusted for license only/],
    [
      'a license of another product',
      ['--product', 'clawtex'],
      3,
      /lic-1 is for the product cto; name it with --product/,
    ],
    ['an unknown product', ['--product', 'clawtext'], 2, /did you mean clawtex\?/],
  ])('%s', async (_, args, exitCode, message) => {
    const [option = '', value = ''] = args
    const given = option === '--key' ? [option, desk.at(value)] : args
    const result = await revoke('--license', 'lic-1', ...given)
    expect(result).toMatchObject({ exitCode, stderr: expect.stringMatching(message) })
    await expect(stat(desk.at(listName))).rejects.toThrow('ENOENT')
  })

  test('to go on with a list that is not ours', async () => {
    await desk.write(listName, await desk.read('one.lic'))
    const { exitCode, stderr } = await revoke('--license', 'lic-1')
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^The list .* cannot be continued: .*typ.*; move the file away, and the list is made anew/)
    expect(await desk.read(listName)).toBe(await desk.read('one.lic'))
  })
})
