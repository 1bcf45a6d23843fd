// `cto vendor issue`: what is ordered is what the license says; what nobody can mean is not signed; what is issued is
// recorded, or is not issued.

import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '../../../../src/files/package-root.ts'
import { parseLedger } from '../../../../src/issuing/ledger.ts'
import { cto, type Desk, openDesk } from '../../../support/vendor-desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await openDesk()
  // RSA keys take long, so that none is made within the time of a test.
  await desk.vendor(['keygen', '--out', desk.at('fox'), '--alg', 'RS256', '--kid', 'fox'])
}, 60_000)
afterAll(() => desk.clear())

const verify = async (name: string, ...args: string[]) => {
  const keys = desk.at('trusted-keys.json')
  const { exitCode, stdout } = await cto([
    'license',
    'verify',
    desk.at(name),
    '--trusted-keys',
    keys,
    '-o',
    'json',
    ...args,
  ])
  return { exitCode, ...JSON.parse(stdout) }
}

test('prints what it issued, and where', async () => {
  const { exitCode, stdout, stderr } = await desk.issue('a.lic', '--days', '30', '--id', 'lic-7')
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(
    /^LICENSE {8}lic-7\nORGANIZATION {3}Acme Corp\nPLAN {11}Team\nUNTIL {10}2026-12-21T08:00:00Z\n/,
  )
  expect(stderr).toBe(`Next: cto license verify ${desk.at('a.lic')} --trusted-keys ${desk.at('trusted-keys.json')}\n`)
  expect((await stat(desk.at('a.lic'))).mode & 0o777).toBe(0o600)
})

test('to standard output prints the license and nothing else', async () => {
  const { stdout } = await desk.issue('-', '--days', '30')
  expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const keys = desk.at('trusted-keys.json')
  expect(await cto(['license', 'verify', '-', '--trusted-keys', keys], { stdin: stdout })).toMatchObject({
    exitCode: 0,
  })
})

test('carries every option into the license', async () => {
  const options =
    '--expires 2027-06-30T12:00:00+02:00 --hard-end 2027-09-15T00:00:00Z --not-before 2026-11-01 --issued-at 2026-10-31 ' +
    '--id lic-9 --issuer Reseller --max-nodes 5 --limit agents=-1 --feature SsoIntegration --feature AuditLogging ' +
    '--addon designSystem --cluster-uid u-1 --cluster-type EKS --cluster-type GKE --serial 3 --supersedes lic-7 ' +
    '--revocation-notice 48'
  const { exitCode, stderr } = await desk.issue('full.lic', ...options.split(' '), '--custom-field', 'order=PO 4711')
  // lic-7 was issued after the date of this one.
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('lic-7 cannot be superseded'),
  })
  await desk.issue('full.lic', ...options.replace('lic-7', 'lic-6').split(' '), '--custom-field', 'order=PO 4711')
  expect((await verify('full.lic')).claims).toEqual({
    form: 'jws',
    licenseId: 'lic-9',
    organization: 'Acme Corp',
    product: 'cto',
    plan: 'team',
    issuer: 'Reseller',
    limits: { nodes: 5, agents: -1 },
    features: ['SsoIntegration', 'AuditLogging'],
    addons: ['designSystem'],
    cluster: { uid: 'u-1', types: ['EKS', 'GKE'] },
    serial: 3,
    supersedes: ['lic-6'],
    revocationNoticeHours: 48,
    keyId: 'k1',
    issuedAt: '2026-10-31T00:00:00Z',
    notBefore: '2026-11-01T00:00:00Z',
    expiresAt: '2027-06-30T10:00:00Z',
    hardEndsAt: '2027-09-15T00:00:00Z',
  })
  const { stdout } = await cto(['license', 'inspect', desk.at('full.lic')])
  expect(stdout).toMatch(/^claims\.entitlements\.custom_fields\.order +PO 4711$/m)
})

describe('the form', () => {
  test('json has the limits of the plan where no others are named', async () => {
    expect((await desk.issue('json.lic', '--form', 'json', '--organization', 'J', '--max-nodes', '-1')).exitCode).toBe(
      0,
    )
    expect(JSON.parse(await desk.read('json.lic'))).toMatchObject({
      tier: 'Team',
      max_nodes: 4_294_967_295,
      max_agents: 15,
    })
    expect(await verify('json.lic')).toMatchObject({ exitCode: 0, claims: { form: 'cto-json', limits: { nodes: -1 } } })
  })

  test('jwt is the token of IncidentFox, with the claims that its own programs read', async () => {
    const ordered = '--product incidentfox --plan enterprise --form jwt --organization acme-corp --expires 2027-11-20'
    const { exitCode, stdout, stderr } = await desk.issue(
      'fox.lic',
      ...ordered.split(' '),
      '--key',
      desk.at('fox/private-key.json'),
      '--ledger',
      desk.at('fox/ledger.jsonl'),
      '--custom-field',
      'account_manager=jane.doe@incidentfox.ai',
      '-o',
      'json',
    )
    expect(exitCode, stderr).toBe(0)
    const [header, payload] = (await desk.read('fox.lic')).split('.').map((part) => {
      return Buffer.from(part, 'base64url').toString()
    })
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'RS256', typ: 'JWT' })
    expect(JSON.parse(payload ?? '')).toEqual({
      iss: 'license.incidentfox.ai',
      sub: 'acme-corp',
      iat: Date.UTC(2026, 10, 21, 8) / 1000,
      exp: Date.UTC(2027, 10, 21) / 1000,
      entitlements: {
        tier: 'enterprise',
        max_teams: -1,
        max_agent_runs_per_month: 200_000,
        features: expect.arrayContaining(['slack', 'github', 'sso', 'custom_mcps', 'airgapped']),
        support_sla_hours: 4,
        custom_fields: { account_manager: 'jane.doe@incidentfox.ai' },
      },
    })
    const trusted = ['--product', 'incidentfox', '--trusted-keys', desk.at('fox/trusted-keys.json')]
    const verified = await cto(['license', 'verify', desk.at('fox.lic'), ...trusted, '-o', 'json'])
    const { licenseId } = JSON.parse(stdout)
    expect(licenseId).toMatch(/^sha256:[0-9a-f]{32}$/)
    expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'Valid', claims: { licenseId, form: 'jwt' } })
    const again = await desk.issue(
      'fox2.lic',
      ...ordered.split(' '),
      '--key',
      desk.at('fox/private-key.json'),
      '--ledger',
      desk.at('fox/ledger.jsonl'),
      '--custom-field',
      'account_manager=jane.doe@incidentfox.ai',
    )
    expect(again).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('was issued already, as sha256:') })
  })

  const fox = ['--product', 'incidentfox', '--plan', 'starter', '--form', 'jwt']
  test.each([
    ['json with features', ['--form', 'json', '--feature', 'AuditLogging'], 3, 'The JSON form cannot carry features'],
    ['json with a serial number', ['--form', 'json', '--serial', '9'], 3, 'The JSON form cannot carry serial as given'],
    ['json with a colon', ['--form', 'json', '--organization', 'a:b'], 3, 'organization: must not have a colon'],
    ['json with custom fields', ['--form', 'json', '--custom-field', 'a=b'], 3, 'has no place for custom fields'],
    [
      'json for another product',
      ['--form', 'json', '--product', 'clawtex', '--plan', 'gold'],
      3,
      'The JSON form has the tiers',
    ],
    ['jwt for a product without', ['--form', 'jwt'], 3, 'The product cto has no licenses in the JWT form'],
    ['jwt with another algorithm', fox, 3, 'The JWT form is signed with RSA; use a key made with --alg RS256'],
    ['jwt with an ID', [...fox, '--id', 'x'], 2, 'The JWT form has no place for an ID'],
  ])('refuses %s', async (_, args, exitCode, message) => {
    const result = await desk.issue('never.lic', ...args)
    expect(result).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
    await expect(stat(desk.at('never.lic'))).rejects.toThrow('ENOENT')
  })
})

describe('an end', () => {
  test.each([
    [
      'that is a day is the end of that day',
      ['--expires', '2027-12-31'],
      '2028-01-01T00:00:00Z (last day: 2027-12-31, UTC)',
      0,
    ],
    ['with a time is that instant', ['--expires', '2027-12-31T18:00:00+01:00'], '2027-12-31T17:00:00Z', 0],
    ['after some days is at this time of day', ['--days', '1'], '2026-11-22T08:00:00Z', 0],
    [
      'at a midnight within the month is meant',
      ['--expires', '2027-12-15T00:00:00Z'],
      '2027-12-15T00:00:00Z (last day: 2027-12-14, UTC)',
      0,
    ],
    [
      'at the midnight before the last day is a warning',
      ['--expires', '2027-12-31T00:00:00Z'],
      '2027-12-31T00:00:00Z (last day: 2027-12-30, UTC)',
      4,
    ],
    ['at that midnight in another zone, too', ['--expires', '2027-12-31T00:00:00-05:00'], '2027-12-31T05:00:00Z', 4],
  ])('%s', async (_, args, shown, exitCode) => {
    const result = await desk.issue(`end-${shown.length}-${args.join('')}.lic`, '--organization', 'E', ...args)
    expect(result.stdout).toContain(`UNTIL          ${shown}\n`)
    expect(result.exitCode, result.stderr).toBe(exitCode)
    if (exitCode === 4) expect(result.stderr).toMatch(/^Warning: .* first moment of 2027-12-31.*write 2027-12-31\.\n/)
  })

  test('in the past needs its date of issue, and is a warning even then', async () => {
    expect(await desk.issue('past.lic', '--expires', '2026-01-01')).toMatchObject({ exitCode: 3, stdout: '' })
    const past = await desk.issue('past.lic', '--expires', '2026-01-01', '--issued-at', '2025-01-01', '--serial', '4')
    expect(past).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/^Warning: .* ended on 2026-01-02T00/) })
  })

  test('is needed, and only one', async () => {
    const args = ['issue', '--key', desk.at('private-key.json'), '--plan', 'team', '--organization', 'A', '--out', 'x']
    expect(await desk.vendor(args)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--expires or --days'),
    })
    const both = [...args, '--days', '1', '--expires', '2027-01-01']
    expect(await desk.vendor(both)).toMatchObject({ exitCode: 2 })
  })
})

describe('refuses', () => {
  test.each([
    ['an unknown plan', ['--plan', 'Teem'], 2, 'There is no plan "Teem" (did you mean team?); known are free, starter'],
    ['a plan unlike any', ['--plan', 'qqqq'], 2, 'There is no plan "qqqq"; known are free'],
    ['an unknown feature', ['--feature', 'SsoIntegratoin'], 2, '"SsoIntegratoin" (did you mean SsoIntegration?)'],
    ['an unknown add-on', ['--addon', 'design'], 2, 'There is no add-on "design"; known are agentBuilder'],
    ['an unknown limit', ['--limit', 'node=3'], 2, 'There is no limit "node" (did you mean nodes?); known are nodes'],
    [
      'an unknown type of cluster',
      ['--cluster-type', 'EKZ'],
      2,
      'There is no type of cluster "EKZ" (did you mean EKS?)',
    ],
    ['an unknown product', ['--product', 'ctp'], 2, 'There is no product "ctp" (did you mean cto?)'],
    ['a plan of another product', ['--product', 'clawtex'], 2, 'There is no plan "team"; known are unlicensed, bronze'],
    ['two limits for one axis', ['--max-nodes', '3', '--limit', 'nodes=4'], 2, 'limit nodes is named twice'],
    ['a limit that is none', ['--limit', 'nodes=many'], 2, "error: option '--limit <axis=n>' argument 'nodes=many'"],
    ['half a node', ['--max-nodes', '1.5'], 2, "error: option '--max-nodes <n>' argument '1.5' is invalid"],
    ['a date that is none', ['--not-before', '2026-02-30'], 2, "error: option '--not-before <date>'"],
    ['no days', ['--days', '0'], 2, "error: option '--days <n>' argument '0' is invalid"],
    [
      'an end in 2100',
      ['--expires', '2100-01-01'],
      3,
      /the date exp of the license must .*; the last day can be 2099-12-30 at the latest\.\n/,
    ],
    [
      'a name of which a letter was lost',
      ['--organization', 'M\uFFFDller'],
      2,
      'In organization a letter was lost (U+FFFD',
    ],
    [
      'two problems, each on its line',
      ['--max-nodes', '0', '--limit', 'agents=0'],
      3,
      /^- .*\n- .*\nNothing was issued/,
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
  ])('%s', async (_, args, exitCode, message) => {
    const result = await desk.issue('never.lic', '--organization', 'R', ...args)
    expect(result).toMatchObject({ exitCode, stdout: '' })
    expect(result.stderr).toMatch(message)
    await expect(stat(desk.at('never.lic'))).rejects.toThrow('ENOENT')
  })

  test('to overwrite a license', async () => {
    const before = await desk.read('a.lic')
    expect(await desk.issue('a.lic')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not overwritten') })
    expect(await desk.read('a.lic')).toBe(before)
  })

  test('to sign with a public key, or one for something else', async () => {
    expect((await desk.issue('x.lic', '--key', desk.at('trusted-keys.json'))).stderr).toMatch(
      /^Cannot sign with .*not a private key/,
    )
    const other = await desk.issue('x.lic', '--key', desk.at('revocation-key.json'))
    expect(other).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('which is trusted for revocation only'),
    })
  })

  test('a license that customers would refuse, although it is signed as it should be', async () => {
    const other = await desk.write('other-keys.json', await desk.read('fox/trusted-keys.json'))
    const result = await desk.issue('x.lic', '--trusted-keys', other)
    expect(result).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(
        /^Customers with .*other-keys\.json would refuse the license: .*key k1, which is not trusted/,
      ),
    })
  })
})

test('--dry-run checks everything and writes nothing', async () => {
  const [files, ledger] = [await readdir(desk.at('.')), await desk.read('ledger.jsonl')]
  const good = await desk.issue('dry.lic', '--serial', '9', '--dry-run', '-o', 'json')
  expect(good).toMatchObject({ exitCode: 0, stderr: 'Nothing was written.\n' })
  expect(JSON.parse(good.stdout)).toMatchObject({ organization: 'Acme Corp', warnings: [] })
  expect((await desk.issue('dry.lic', '--serial', '1', '--dry-run')).exitCode).toBe(3)
  expect(await readdir(desk.at('.'))).toEqual(files)
  expect(await desk.read('ledger.jsonl')).toBe(ledger)
})

describe('the ledger', () => {
  test('has every license, with its claims and the hash of its file', async () => {
    const line = (await desk.ledger()).find(({ licenseId }) => licenseId === 'lic-9')
    expect(line).toMatchObject({
      kind: 'license',
      organization: 'Acme Corp',
      plan: 'team',
      expiresAt: '2027-06-30T10:00:00Z',
      serial: 3,
      supersedes: ['lic-6'],
      cluster: { uid: 'u-1', types: ['EKS', 'GKE'] },
      keyId: 'k1',
      file: desk.at('full.lic'),
      at: '2026-11-21T08:00:00Z',
    })
    const { createHash } = await import('node:crypto')
    expect(line?.['sha256']).toBe(
      createHash('sha256')
        .update(await readFile(desk.at('full.lic')))
        .digest('hex'),
    )
  })

  test('is whole after several have issued at once, and none is missing', async () => {
    const names = ['p1.lic', 'p2.lic', 'p3.lic', 'p4.lic']
    const runs = await Promise.all(names.map((name) => desk.issue(name, '--organization', name)))
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0])
    const { lines } = parseLedger(await desk.read('ledger.jsonl'))
    const organizations = lines.flatMap((line) => (line.kind === 'license' ? line.organization : []))
    expect(organizations).toEqual(expect.arrayContaining(names))
  })

  test('of two with one serial number at once, one is refused', async () => {
    const runs = await Promise.all(
      ['s1.lic', 's2.lic'].map((name) => desk.issue(name, '--organization', 'Serial Inc', '--serial', '1')),
    )
    expect(runs.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b)).toEqual([0, 3])
  })

  test.each([
    ['is a folder', 'folder', 'it is a folder'],
    ['lies where nothing is', 'nowhere/ledger.jsonl', 'there is no such file or folder'],
    ['is a link in a circle', 'circle', 'ELOOP'],
  ])('that %s: the license is not issued', async (_, path, problem) => {
    await mkdir(desk.at('folder'), { recursive: true })
    await symlink(desk.at('circle'), desk.at('circle')).catch(() => undefined)
    const result = await desk.issue('unrecorded.lic', '--organization', 'U', '--ledger', desk.at(path))
    expect(result).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(problem) })
    expect((await readdir(desk.at('.'))).filter((name) => name.includes('unrecorded'))).toEqual([])
  })

  test('that was tampered with stops everything until somebody has looked', async () => {
    const tampered = (await desk.read('ledger.jsonl')).replace('"Acme Corp"', '"Acme Gorp"')
    const path = await desk.write('tampered.jsonl', tampered)
    const result = await desk.issue('unrecorded.lic', '--ledger', path)
    expect(result).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^The ledger .* is not whole: line \d+: it does not follow line/),
    })
    await expect(stat(desk.at('unrecorded.lic'))).rejects.toThrow('ENOENT')
    expect(await desk.read('tampered.jsonl')).toBe(tampered)
  })

  test('on a disk that is full: no license, and no half of a line', { timeout: 60_000 }, async () => {
    // A limit on the size of files stands in for the disk: the license fits below it, and the ledger no longer.
    const full = await desk.read('ledger.jsonl')
    const lines = full.split('\n')
    while (Buffer.byteLength(lines.join('\n')) > 1000) lines.pop()
    const path = await desk.write('full.jsonl', `${lines.join('\n')}\n`.replace(/\n+$/, '\n'))
    const args = [
      'vendor',
      'issue',
      '--key',
      desk.at('private-key.json'),
      '--ledger',
      path,
      '--out',
      desk.at('unrecorded.lic'),
    ]
    const order = ['--plan', 'team', '--organization', 'Full', '--days', '9']
    const command = [process.execPath, join(packageRoot(), 'src/main.ts'), ...args, ...order]
    const quoted = command.map((word) => `'${word}'`).join(' ')
    // What is ignored here is ignored by the program, too: it gets an error, as from a full disk, and not a signal.
    const script = `trap '' XFSZ; ulimit -f 1; exec ${quoted}`
    const failure = await promisify(execFile)('bash', ['-c', script]).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    )
    expect(failure).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Nothing was made, because the ledger .* cannot be written/),
    })
    expect((await readdir(desk.at('.'))).filter((name) => name.includes('unrecorded'))).toEqual([])
    expect(parseLedger(await desk.read('full.jsonl')).lines.length).toBeGreaterThan(0)
  })
})
