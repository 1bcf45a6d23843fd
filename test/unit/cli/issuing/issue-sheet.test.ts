// `cto vendor issue --from-csv`: every row or none. What is wrong is said by line, before anything is signed.

import { mkdir, readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseLedger } from '../../../../src/issuing/ledger.ts'
import { cto, type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  await desk.vendor(['keygen', '--out', desk.at('fox'), '--alg', 'RS256'])
}, 60_000)
afterAll(() => desk.clear())

const issueSheet = async (csv: string | Uint8Array, out: string, ...args: string[]) => {
  const file = await desk.write('sheet.csv', csv)
  return desk.vendor([
    'issue',
    '--key',
    desk.at('private-key.json'),
    '--from-csv',
    file,
    '--out',
    desk.at(out),
    ...args,
  ])
}

const GOOD = [
  'Organization,plan,expires,serial,limits,addons,Cluster types,custom-field:order_no,file',
  'Acme Corp,team,2027-12-31,1,nodes=5 agents=20,designSystem localModels,EKS GKE,PO 4711,acme.lic',
  '"Müller, Söhne",starter,2027-06-30,,,,,,',
  'Globex,,,7,,,,,',
].join('\r\n')

test('issues a license for each row; what a row leaves empty comes from the options', async () => {
  const result = await issueSheet(GOOD, 'batch', '--plan', 'business', '--days', '30', '-o', 'json')
  expect(result.exitCode, result.stderr).toBe(0)
  const { licenses, problems, warnings } = JSON.parse(result.stdout)
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
  expect(licenses).toMatchObject([
    { line: 2, organization: 'Acme Corp', plan: 'team', expiresAt: '2028-01-01T00:00:00Z', file: 'acme.lic' },
    { line: 3, organization: 'Müller, Söhne', plan: 'starter', expiresAt: '2027-07-01T00:00:00Z' },
    { line: 4, organization: 'Globex', plan: 'business', expiresAt: '2026-12-21T08:00:00Z' },
  ])
  expect((await readdir(desk.at('batch'))).toSorted()).toEqual(
    licenses.map(({ file }: { file: string }) => file).toSorted(),
  )
  expect(licenses[1].file).toBe(`müller-söhne-${licenses[1].licenseId}.lic`)
  const keys = ['--trusted-keys', desk.at('trusted-keys.json')]
  const acme = await cto(['license', 'verify', desk.at('batch/acme.lic'), ...keys, '-o', 'json'])
  expect(JSON.parse(acme.stdout).claims).toMatchObject({
    limits: { nodes: 5, agents: 20 },
    addons: ['designSystem', 'localModels'],
    cluster: { types: ['EKS', 'GKE'] },
    serial: 1,
  })
  const inspected = await cto(['license', 'inspect', desk.at('batch/acme.lic')])
  expect(inspected.stdout).toMatch(/custom_fields\.order_no +PO 4711$/m)
  const recorded = (await desk.ledger()).filter(({ kind }) => kind === 'license')
  expect(recorded.map(({ organization, file }) => [organization, file])).toEqual(
    licenses.map(({ organization, file }: Record<string, string>) => [organization, desk.at(`batch/${file}`)]),
  )
})

test('for people it is a table', async () => {
  const { stdout, exitCode } = await issueSheet(
    'organization,serial\nNew Inc,1\n',
    'table',
    '--plan',
    'team',
    '--days',
    '9',
  )
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    /^LINE +ORGANIZATION +PLAN +LICENSE +UNTIL +FILE\n2 +New Inc +Team +lic-[0-9a-f]{16} +2026-11-30T08:00:00Z/,
  )
})

describe('one bad row', () => {
  const BAD = [
    'organization;plan;expires;serial;addons;file',
    'Acme Corp;team;31.12.2027;2;;',
    'Initech;enterprize;2028-01-31;;;',
    'Acme Corp;team;2028-01-31;1;;',
    'Hooli;;;;;',
    'Hooli;team;2028-01-31;2;;',
    'Hooli;team;2028-01-31;2;;',
    'Umbrella;starter;2027-01-01;;localModels;',
    'Stark;team;2027-01-01;;;../stark.lic',
    'Wayne;team;2027-01-01',
    'Wonka;team;2025-01-01;;;',
  ].join('\n')

  test('means that none is signed; every problem has its line', async () => {
    const before = await desk.read('ledger.jsonl')
    const { exitCode, stdout, stderr } = await issueSheet(BAD, 'bad', '-o', 'json')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: `Nothing was issued: 10 problems in ${desk.at('sheet.csv')}.\n`,
    })
    const { licenses, problems } = JSON.parse(stdout)
    expect(licenses).toEqual([])
    expect(problems).toEqual(
      [
        [2, 'expires: "31.12.2027" is not understood; write 2027-01-31 or'],
        [3, 'there is no plan "enterprize" (did you mean enterprise?)'],
        [4, 'the serial number 1 is not above 1, the last one of Acme Corp'],
        [5, 'say which plan the license is for'],
        [5, 'say when the license ends'],
        [7, 'the serial number 2 is not above 2, the last one of Hooli'],
        [8, 'the Starter plan cannot have the add-on localModels'],
        [9, 'file: "../stark.lic" is not understood; write the name of a file, without a folder'],
        [10, 'the row has 3 cells, and the header 6'],
        [11, 'the license would end (2025-01-02T00:00:00Z) before it is issued'],
      ].map(([line, message]) => ({ line, message: expect.stringContaining(String(message)) })),
    )
    expect(await desk.read('ledger.jsonl')).toBe(before)
    expect(await readdir(desk.at('.'))).not.toContain('bad')
  })

  test('is a table for people, by line', async () => {
    const { stdout } = await issueSheet(BAD, 'bad')
    expect(stdout).toMatch(/^LINE +PROBLEM\n2 +expires: "31\.12\.2027" is not understood/)
  })
})

test.each([
  ['nothing', '', 'the file is empty; its first line must name the columns'],
  ['no rows', 'organization,plan\n', 'the file has no rows'],
  [
    'a column that is none',
    'organisation,plan\nA,team\n',
    'line 1: there is no column "organisation" (did you mean organization?)',
  ],
  ['a column twice', 'plan,Plan\na,b\n', 'line 1: two columns are called "plan"'],
  ['an open quotation mark', 'organization\n"A\n', 'line 2: a quotation mark is missing or stands alone'],
])('a sheet with %s is refused', async (_, csv, problem) => {
  const result = await issueSheet(csv, 'never', '--plan', 'team', '--days', '9')
  expect(result).toMatchObject({ exitCode: 3, stdout: '' })
  expect(result.stderr).toContain(`The spreadsheet ${desk.at('sheet.csv')} cannot be used: ${problem}`)
})

test('a sheet is read in the encodings that spreadsheets save, and never with letters that were guessed', async () => {
  const sheet = (letters: string) => `organization,plan,expires\nM${letters}ller GmbH,team,2027-12-31\n`
  const utf16 = Buffer.from(`\uFEFF${sheet('ü').replaceAll(',', '\t')}`, 'utf16le')
  for (const [name, bytes] of Object.entries({ utf16, gzip: gzipSync(sheet('ü')) })) {
    const read = await issueSheet(bytes, name, '--dry-run', '-o', 'json')
    expect(JSON.parse(read.stdout)).toMatchObject({ licenses: [{ organization: 'Müller GmbH' }] })
  }
  const guessed = await issueSheet(Buffer.from(sheet('ü'), 'latin1'), 'never')
  expect(guessed).toMatchObject({ exitCode: 3, stdout: '' })
  expect(guessed.stderr).toMatch(/cannot be used: it is saved as Windows-1252 .*: save it as UTF-8 \(in Excel as/)
  const lost = await issueSheet(sheet('\uFFFD'), 'never')
  expect(lost.exitCode).toBe(3)
  expect(lost.stdout).toMatch(/^2 +in organization a letter was lost/m)
})

test('warnings do not stop it, but are said by line and in the exit code', async () => {
  const csv = 'organization,addons\nSoylent,\nSoylent Green,projectManagement\n'
  const { exitCode, stdout } = await issueSheet(csv, 'warned', '--plan', 'team', '--days', '9')
  expect(exitCode).toBe(4)
  expect(stdout).toMatch(/\nLINE +WARNING\n3 +the Team plan includes the add-on projectManagement already\n$/)
})

test('two rows with one file name are refused', async () => {
  const sheet = 'organization,file\nA1,x.lic\nA2,X.lic\n'
  const { exitCode, stdout } = await issueSheet(sheet, 'same', '--plan', 'team', '--days', '9')
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/3 +the file X\.lic is named in/),
  })
})

test('two rows that make just the same license are refused: a JWT has no ID that would tell them apart', async () => {
  const order = ['--product', 'incidentfox', '--plan', 'starter', '--form', 'jwt', '--days', '9']
  const key = ['--key', desk.at('fox/private-key.json')]
  const sheet = 'organization,file\nacme,1.jwt\nacme,2.jwt\n'
  const { exitCode, stdout } = await issueSheet(sheet, 'same', ...order, ...key)
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/3 +a row above makes just the same/),
  })
})

test('a folder that has something in it is left alone', async () => {
  await mkdir(desk.at('taken/inner'), { recursive: true })
  const result = await issueSheet('organization\nTyrell\n', 'taken', '--plan', 'team', '--days', '9')
  expect(result).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/not overwritten; name a new one with --out\.\n$/),
  })
  expect(await readdir(desk.at('taken'))).toEqual(['inner'])
  expect(parseLedger(await desk.read('ledger.jsonl')).lines.at(-1)).not.toMatchObject({ organization: 'Tyrell' })
})

test('--dry-run reports what it would issue, and writes nothing', async () => {
  const before = await desk.read('ledger.jsonl')
  const { exitCode, stdout, stderr } = await issueSheet(
    'organization\nDry\n',
    'dry',
    '--plan',
    'team',
    '--days',
    '9',
    '--dry-run',
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Nothing was written.\n' })
  expect(stdout).toContain('Dry')
  expect(await readdir(desk.at('.'))).not.toContain('dry')
  expect(await desk.read('ledger.jsonl')).toBe(before)
})

test('a ledger that cannot be written leaves no folder behind', async () => {
  const result = await issueSheet(
    'organization\nLost\n',
    'lost',
    '--plan',
    'team',
    '--days',
    '9',
    '--ledger',
    desk.at('.'),
  )
  expect(result).toMatchObject({ exitCode: 1 })
  expect((await readdir(desk.at('.'))).filter((name) => name.includes('lost'))).toEqual([])
})
