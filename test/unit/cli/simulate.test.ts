// `cto license simulate` and `cto explain`: the operator's own decision and reasons, away from any cluster.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainCommand } from '../../../src/cli/explain.ts'
import { simulateCommand } from '../../../src/cli/license/simulate.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import { DAY, formatInstant } from '../../../src/domain/time.ts'
import { issueLicense } from '../../../src/issuing/issue.ts'
import { generateSigningKey } from '../../../src/issuing/keys/keygen.ts'
import { parseSigningKey } from '../../../src/issuing/keys/signing-key.ts'
import { catalog, claims, NOW } from '../../support/builders.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-simulate-'))
  const { privateJwk } = await generateSigningKey({ alg: 'EdDSA', use: 'license' })
  const key = await parseSigningKey(JSON.stringify(privateJwk))
  await writeFile(join(folder, 'keys'), JSON.stringify({ keys: [key.publicJwk] }))
  const license = claims({ issuer: '5D Labs', issuedAt: NOW - 400 * DAY, expiresAt: NOW + 10 * DAY })
  await writeFile(join(folder, 'license.lic'), await issueLicense(license, key, NOW))
})
afterAll(() => rm(folder, { recursive: true }))

async function run(...args: string[]) {
  const result = { stdout: '', stderr: '' }
  const io = {
    stdout: (text: string) => void (result.stdout += text),
    stderr: (text: string) => void (result.stderr += text),
    stdin: () => Promise.resolve(Buffer.from('')),
    now: () => NOW,
  }
  const program = new Command('cto').addCommand(simulateCommand(io, [catalog])).addCommand(explainCommand(io))
  return { code: await runCommand(program, args, io), ...result }
}
const simulate = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(
    'simulate',
    join(folder, 'license.lic'),
    '--trusted-keys',
    join(folder, 'keys'),
    '-o',
    'json',
    ...args,
  )
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as {
    timeline: { at: string; changes: string[] }[]
    trace: { demand: string; holds: boolean }[]
  }
}

test('the whole life of a license, from now on', async () => {
  const simulation = await simulate('--agents', 'rex,tess,custom')
  expect(simulation).toMatchObject({
    verdict: 'Valid',
    plan: 'team',
    admitted: ['rex', 'tess'],
    refused: [{ agent: 'custom', reason: 'AgentNotInPlan' }],
  })
  expect(simulation.trace.every(({ holds }) => holds)).toBe(true)
  const end = NOW + 10 * DAY
  expect(
    simulation.timeline.map(({ at, changes }) => [at, changes.find((change) => change.startsWith('degradation'))]),
  ).toEqual([
    [formatInstant(end), 'degradation: None → Warning'],
    [formatInstant(end + 8 * DAY), 'degradation: Warning → UpdatesDisabled'],
    [formatInstant(end + 15 * DAY), 'degradation: UpdatesDisabled → GuardianReduced'],
    [formatInstant(end + 31 * DAY), 'degradation: GuardianReduced → NewAgentsBlocked'],
    [formatInstant(end + 91 * DAY), 'degradation: NewAgentsBlocked → ReadOnly'],
  ])
})

test('another time, more nodes: the checks say which of them fails', async () => {
  const simulation = await simulate('--at', formatInstant(NOW + 50 * DAY), '--nodes', '9')
  expect(simulation).toMatchObject({ verdict: 'Expired', degradation: 'NewAgentsBlocked', growth: 'ExistingOnly' })
  expect(simulation.trace.filter(({ holds }) => !holds).map(({ demand }) => demand)).toEqual([
    'the license is in force',
  ])
  expect(simulation.timeline[0]?.changes.join()).toContain('growth: ExistingOnly → Closed')
})

test('for people it is a screen', async () => {
  const { stdout } = await run(
    'simulate',
    join(folder, 'license.lic'),
    '--trusted-keys',
    join(folder, 'keys'),
    '--agents',
    'tess',
  )
  expect(stdout).toMatch(/VERDICT +Valid: the Team license of Acme Corp is in force until/)
  expect(stdout).toMatch(/WHAT CHANGES WHEN\n.*verdict: Valid → Expired/)
})

test('wrong use is said', async () => {
  for (const args of [
    ['--nodes', 'many'],
    ['--product', 'ctoo'],
    ['--at', 'soon'],
  ]) {
    expect(
      (await run('simulate', join(folder, 'license.lic'), '--trusted-keys', join(folder, 'keys'), ...args)).code,
    ).toBe(2)
  }
})

test('a reason is explained, and a misspelt one found', async () => {
  expect((await run('explain', 'agentnotinplan')).stdout).toMatch(
    /WHAT LIFTS IT +Install a license for a plan that includes it/,
  )
  const { code, stderr } = await run('explain', 'BadSignatur')
  expect({ code, hint: stderr.includes('did you mean BadSignature?') }).toEqual({ code: 2, hint: true })
  expect((await run('explain')).stdout.split('\n').length).toBeGreaterThan(25)
})
