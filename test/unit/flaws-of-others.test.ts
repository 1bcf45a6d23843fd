// Flaws that were found in other license operators and license formats, each as a test of ours under the product's name.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LicenseEvidence } from '../../src/cluster/license-evidence.ts'
import { memoryFrom } from '../../src/controllers/entitlement/memory.ts'
import { entitlementStatus } from '../../src/controllers/entitlement/status.ts'
import { decide } from '../../src/domain/decision.ts'
import { DAY, HOUR } from '../../src/domain/instant.ts'
import { claims, CLUSTER_UID, eks, facts, license, NOW, wanted, workload } from '../support/builders.ts'
import { newKey, outcome, payload, token } from './domain/license/signed.ts'

const bad = (name: string) => ({
  name,
  problem: { reason: 'BadSignature', message: 'the signature does not fit', since: NOW } as const,
})
const SRC = resolve(import.meta.dirname, '../../src')
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }))

describe('deciding', () => {
  test('ECK, a poison pill: one bad license beside good ones affects itself alone', () => {
    const decision = decide(facts({ licenses: [bad('a'), license(), bad('z')] }))
    expect(decision).toMatchObject({ verdict: 'Valid', grant: { plan: { name: 'team' } } })
    expect(decision.licenses.map(({ name, state }) => [name, state])).toEqual([
      ['a', 'InvalidSignature'],
      ['acme', 'Valid'],
      ['z', 'InvalidSignature'],
    ])
  })

  test('ECK, the trial that begins anew: nothing that is free ends, so nothing is won by forgetting when it began', () => {
    const years = [0, 1, 10].map((year) => decide(facts({ now: NOW + year * 365 * DAY, wanted: wanted(['rex']) })))
    expect(years.map(({ verdict, agents }) => [verdict, agents.admitted.length])).toEqual([
      ['Valid', 1],
      ['Valid', 1],
      ['Valid', 1],
    ])
  })

  test('Tigera: what stands in a status grants nothing', () => {
    const enterprise = decide(facts({ licenses: [license({ plan: 'enterprise' })], cluster: eks }))
    const forged = {
      ...entitlementStatus(enterprise, undefined, 1, NOW, 'enforced'),
      features: ['all'],
      agents: { admitted: [{ name: 'tess', namespace: 'cto-agents', kind: 'Deployment', workload: 'tess' }] },
    }
    const memory = memoryFrom({ status: forged })
    const decision = decide(facts({ cluster: eks, memory, workloads: [workload('tess')] }))
    expect(decision).toMatchObject({
      verdict: 'ClusterTypeNotAllowed',
      features: expect.not.arrayContaining(['all']) as [],
    })
    expect(decision.agents.admitted).toEqual([])
    // All that a forged memory is good for is one notice.
    expect(decision.agents.refused).toMatchObject([{ agent: 'tess', holdAt: NOW + 24 * HOUR }])
  })

  test.each([0, undefined, null, ''])(
    'Tigera: a license whose end is %j is none, and not one for ever',
    async (exp) => {
      expect(await outcome(token({ ...payload, exp }))).toMatch(/^(MalformedClaims|DateOutOfRange)$/)
    },
  )

  test('Kong: the newest license does not count because it is new', () => {
    const newest = { ...bad('newest') }
    const smaller = { name: 'newer', claims: claims({ licenseId: 'newer', plan: 'starter', issuedAt: NOW }) }
    const decision = decide(facts({ licenses: [newest, smaller, license({ issuedAt: NOW - 300 * DAY })] }))
    expect(decision.grant.license?.facts.name).toBe('acme')
  })

  test('sealos: a cluster is known by its whole identity', () => {
    const almost = `${CLUSTER_UID.slice(0, 8)}${CLUSTER_UID.slice(8).replaceAll('4', '5')}`
    const decision = decide(facts({ licenses: [license({ cluster: { uid: almost } })] }))
    expect(decision).toMatchObject({ verdict: 'InvalidSignature', reason: 'WrongCluster' })
  })

  test('sealos: a status does not change when nothing has happened', () => {
    const given = facts({ licenses: [license({ expiresAt: NOW - 40 * DAY })], wanted: wanted(['rex', 'tess']) })
    const first = decide(given)
    const before = entitlementStatus(first, undefined, 1, NOW, 'enforced')
    const again = decide({ ...given, now: NOW + HOUR, memory: first.memory })
    expect(entitlementStatus(again, before, 1, NOW + HOUR, 'enforced')).toEqual(before)
  })
})

describe('evidence', () => {
  test('Replicated: what is taken back from a store is verified again before it counts', async () => {
    const read: string[] = []
    const evidence = new LicenseEvidence((text) => {
      read.push(text)
      return Promise.resolve({ kind: 'rejected', reason: 'BadSignature', message: 'it does not fit' })
    }, 72 * HOUR)
    await evidence.restore(new Map([['acme', 'a forged license']]), ['a forged replacement'], NOW)
    expect(read).toEqual(['a forged license', 'a forged replacement'])
    expect([evidence.lastGood().size, evidence.replacers().length]).toEqual([0, 0])
  })

  test('sealos: no source hands the text of a license to a log', () => {
    const logging = sources.filter(({ text }) =>
      /log\.(info|warn|debug|error)\([^)]*\b(text|license|token|secret)\b/.test(text),
    )
    expect(logging.map(({ file }) => file)).toEqual([])
  })

  test('AppsCode: trust comes with the program; nothing that verifies can reach a network', () => {
    const core = sources.filter(({ file }) => file.startsWith('domain/'))
    expect(core.filter(({ text }) => /fetch\(|node:https?|node:net|kube\//.test(text)).map(({ file }) => file)).toEqual(
      [],
    )
  })

  test('AppsCode: no state of a license ends the process', () => {
    const ending = sources.filter(
      ({ file, text }) =>
        /process\.(exit|kill|abort)/.test(text) && !/^(main|cli|build|control-plane|trial)/.test(file),
    )
    expect(ending.map(({ file }) => file)).toEqual([])
  })

  test('Replicated, keys for everything: a signature of another role is no license', async () => {
    const heartbeat = await newKey('k1', 'EdDSA', 'heartbeat')
    expect(await outcome(token(payload, heartbeat), { keys: heartbeat.trust })).toBe('UnknownKey')
  })
})
