// `cto vendor ledger`: what was made, how it stands, and whether somebody was at it.

import { stat } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY } from '../../../../src/domain/time.ts'
import { NOW } from '../../domain/license/signed.ts'
import { type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  await desk.issue('1.lic', '--id', 'lic-1', '--serial', '1', '--expires', '2027-01-31')
  await desk.issue('2.lic', '--id', 'lic-2', '--serial', '2', '--expires', '2028-01-31')
  await desk.issue('3.lic', '--id', 'lic-3', '--organization', 'Globex', '--expires', '2027-02-28')
  await desk.issue('4.lic', '--id', 'lic-4', '--organization', 'Globex', '--not-before', '2027-03-01', '--days', '9')
  await desk.issue('5.lic', '--id', 'lic-5', '--organization', 'Hooli', '--expires', '2027-01-31')
  await desk.vendor([
    'revoke',
    '--key',
    desk.at('revocation-key.json'),
    '--list',
    desk.at('list.jws'),
    '--license',
    'lic-5',
  ])
})
afterAll(() => desk.clear())

const list = async (...args: string[]) => {
  const run = await desk.vendor(['ledger', 'list', desk.at('ledger.jsonl'), '-o', 'json', ...args])
  expect(run.exitCode, run.stderr).toBe(0)
  return JSON.parse(run.stdout).map(({ id, state }: Record<string, string>) => [id, state])
}
const verify = (file: string, ...args: string[]) => desk.vendor(['ledger', 'verify', desk.at(file), ...args])

test('list has everything in its order, each license with how it stands', async () => {
  expect(await list()).toEqual([
    ['k1', 'for license, EdDSA'],
    ['r1', 'for revocation, EdDSA'],
    ['c1', 'for catalog, EdDSA'],
    ['lic-1', 'replaced by lic-2'],
    ['lic-2', 'in force'],
    ['lic-3', 'in force'],
    ['lic-4', 'begins 2027-03-01T00:00:00Z'],
    ['lic-5', 'revoked 2026-11-21T08:00:00Z'],
    ['cto version 1', 'revokes lic-5'],
  ])
  const { stdout } = await desk.vendor(['ledger', 'list', desk.at('ledger.jsonl')], { now: NOW + 400 * DAY })
  expect(stdout).toMatch(/^DATE +WHAT +ID +ORGANIZATION +UNTIL +STATE\n/)
  expect(stdout).toMatch(/license +lic-3 +Globex +2027-03-01T00:00:00Z +ended\n/)
})

test('filters find whose license has to be renewed', async () => {
  const ids = async (...args: string[]) => (await list(...args)).map(([id]: string[]) => id)
  expect(await ids('--organization', 'globex')).toEqual(['lic-3', 'lic-4'])
  // lic-1 and lic-5 end before, but nobody has to renew them.
  expect(await ids('--expiring-before', '2027-06-01')).toEqual(['lic-3', 'lic-4'])
  expect(await ids('--expiring-before', '2027-02-01')).toEqual([])
  expect(await ids('--expiring-before', '2029-01-01', '--organization', 'Acme')).toEqual(['lic-2'])
})

test('verify tells the head of the chain, and with it sees that the end was cut off', async () => {
  const whole = await verify('ledger.jsonl', '-o', 'json')
  expect(whole.exitCode).toBe(0)
  const { lines, head } = JSON.parse(whole.stdout)
  expect(lines).toBe(9)
  const text = await desk.read('ledger.jsonl')
  await desk.write('cut.jsonl', `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
  expect(await verify('cut.jsonl')).toMatchObject({ exitCode: 0 })
  expect(await verify('cut.jsonl', '--head', head)).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/not whole\nPROBLEM +the line with that head is missing/),
  })
  // What came after the head was noted is no problem.
  const earlier = JSON.parse((await verify('cut.jsonl', '-o', 'json')).stdout).head
  expect(await verify('ledger.jsonl', '--head', earlier)).toMatchObject({ exitCode: 0, stderr: '' })
})

test('verify names the line, in words and for machines', async () => {
  await desk.write('bad.jsonl', (await desk.read('ledger.jsonl')).replace('"serial":1', '"serial":9'))
  expect(await verify('bad.jsonl', '-o', 'json')).toMatchObject({ exitCode: 3 })
  expect(JSON.parse((await verify('bad.jsonl', '-o', 'json')).stdout)).toMatchObject({
    whole: false,
    line: 5,
    problem: expect.stringMatching(/^it does not follow line 4/),
  })
  expect((await verify('none.jsonl')).exitCode).toBe(1)
  expect(await desk.vendor(['ledger', 'list', desk.at('bad.jsonl')])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringMatching(/^The ledger .* is not whole: line 5: /),
  })
})

test("is nobody else's to read", async () => {
  expect((await stat(desk.at('ledger.jsonl'))).mode & 0o777).toBe(0o600)
})
