// Flaws that were found in other license operators and license formats, each as a test of ours under the product's name.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LicenseEvidence } from '../../src/operator/observed/license-evidence.ts'
import { memoryFrom } from '../../src/operator/controllers/entitlement/memory.ts'
import { entitlementStatus } from '../../src/operator/controllers/entitlement/status.ts'
import { projectNode } from '../../src/operator/observed/nodes.ts'
import { detectCluster } from '../../src/domain/cluster/detect.ts'
import { tallyOf } from '../../src/domain/cluster/node-inventory.ts'
import { decide } from '../../src/domain/entitlement/decision.ts'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { claims, CLUSTER_UID, eks, facts, license, NOW, wanted, workload, circumstances } from '../support/builders.ts'
import { DISTRIBUTIONS, kindNodes } from '../support/nodes.ts'
import { FORMS, issue, type LicenseForm } from './domain/license/forms.ts'
import { jws, newKey, outcome, payload, read, token } from './domain/license/signed.ts'

const bad = (name: string) => ({
  name,
  problem: { reason: 'BadSignature', message: 'the signature does not fit', since: NOW } as const,
})
const keys = { EdDSA: await newKey(), ES256: await newKey('k1', 'ES256'), RS256: await newKey('k1', 'RS256') }
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
      ...entitlementStatus(enterprise, undefined, 1, NOW, circumstances),
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

  test('Replicated: one node that says Kind does not make a Kind, whichever comes first', () => {
    const [kindNode] = kindNodes('kind', 0)
    const cloud = DISTRIBUTIONS.find(({ type }) => type === 'EKS')?.nodes ?? []
    for (const nodes of [
      [kindNode, ...cloud],
      [...cloud, kindNode],
    ]) {
      const { type, proven } = detectCluster({ nodes: tallyOf(nodes.map(projectNode)), apiGroups: [] })
      expect([type, proven]).not.toEqual(['Kind', true])
      expect(type).not.toBe('Kind')
    }
  })

  test('sealos: a cluster is known by its whole identity', () => {
    const almost = `${CLUSTER_UID.slice(0, 8)}${CLUSTER_UID.slice(8).replaceAll('4', '5')}`
    const decision = decide(facts({ licenses: [license({ cluster: { uid: almost } })] }))
    expect(decision).toMatchObject({ verdict: 'InvalidSignature', reason: 'WrongCluster' })
  })

  test('sealos: a status does not change when nothing has happened', () => {
    const given = facts({ licenses: [license({ expiresAt: NOW - 40 * DAY })], wanted: wanted(['rex', 'tess']) })
    const first = decide(given)
    const before = entitlementStatus(first, undefined, 1, NOW, circumstances)
    const again = decide({ ...given, now: NOW + HOUR, memory: first.memory })
    expect(entitlementStatus(again, before, 1, NOW + HOUR, circumstances)).toEqual(before)
  })
})

describe('evidence', () => {
  test('Replicated: what is taken back from a store is verified again before it counts', async () => {
    const read: string[] = []
    const evidence = new LicenseEvidence((text) => {
      read.push(text)
      return Promise.resolve({ kind: 'rejected', reason: 'BadSignature', message: 'it does not fit' })
    }, 72 * HOUR)
    const licenses = new Map([['acme', ['a forged license']]])
    await evidence.restore({ licenses, replacers: ['a forged replacement'], unreadable: new Map() }, NOW)
    expect(read).toEqual(['a forged license', 'a forged replacement'])
    expect([evidence.files().size, evidence.replacers().length]).toEqual([0, 0])
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
      ({ file, text }) => /process\.(exit|kill|abort)/.test(text) && !/^(main|cli|devtools)/.test(file),
    )
    expect(ending.map(({ file }) => file)).toEqual([])
  })

  test('Replicated, keys for everything: a signature of another role is no license', async () => {
    const heartbeat = await newKey('k1', 'EdDSA', 'heartbeat')
    expect(await outcome(token(payload, heartbeat), { keys: heartbeat.trust })).toBe('UnknownKey')
  })
})

describe('reading', () => {
  const acme = { id: 'lic-1', organization: 'Acme Corp' }
  const optionsFor = (form: LicenseForm) => ({ ...form.options, keys: keys[form.alg].trust })
  /** The first of many licenses of which that is so; each has an ID of its own. */
  const issueUntil = (form: LicenseForm, isWanted: (license: string) => boolean) => {
    for (let id = 1; ; id++) {
      const license = issue(form, { ...acme, id: `lic-${id}` }, keys[form.alg])
      if (isWanted(license)) return license
    }
  }

  test.each(FORMS)('Replicated, a signature over a value alone: $name, a signature fits one license', async (form) => {
    const options = optionsFor(form)
    const good = issue(form, acme, keys[form.alg])
    expect(await outcome(good, options)).toBe('authentic')
    for (const other of [
      { ...acme, id: 'lic-2' },
      { ...acme, organization: 'Acme Corp.' },
    ]) {
      const moved = form.write(other, 'k1', () => signatureOf(form, good))
      expect(await outcome(moved, options)).toBe('BadSignature')
    }
  })

  // Of a hundred thousand signatures none is without: a test that ends late is one that was unlucky.
  test.each(FORMS)(
    'Mattermost, zeros cut off: $name, zeros at either end of a signature',
    { timeout: 60_000 },
    async (form) => {
      for (const end of [0, -1]) {
        const license = issueUntil(form, (text) => signatureOf(form, text).at(end) === 0)
        expect(await outcome(license, optionsFor(form))).toBe('authentic')
      }
    },
  )

  test('Keygen, characters stripped as a set: a newline is taken off, and no letter that might spell one', async () => {
    const form = FORMS.find(({ name }) => name === 'JWS RS256')!
    for (const last of ['n', 'r']) {
      const license = issueUntil(form, (text) => text.endsWith(last))
      expect(await outcome(`${license}\r\n`, optionsFor(form))).toBe('authentic')
      expect(await outcome(license.slice(0, -1), optionsFor(form))).not.toBe('authentic')
    }
    const wrapped = `-----BEGIN LICENSE FILE-----\n${token(payload)}\n-----END LICENSE FILE-----\n`
    expect(await read(wrapped)).toMatchObject({ reason: 'MalformedLicense', message: expect.stringMatching('PEM') })
  })

  test('GitLab, a body that decrypts proves nothing: the bytes are signed, and nothing is encrypted', async () => {
    const license = token(payload)
    const [header, body = '', signature] = license.split('.')
    const sameInOtherBytes = Buffer.from(`${Buffer.from(body, 'base64url').toString()} `).toString('base64url')
    expect(await outcome([header, sameInOtherBytes, signature].join('.'))).toBe('BadSignature')
    expect(await outcome(jws({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'k1', typ: 'license+jwt' }, payload))).toBe(
      'MalformedHeader',
    )
    expect(await outcome(`${license}.${body}.${body}`)).toBe('MalformedLicense')
  })

  test.each(FORMS)(
    'ECK, characters of HTML escaped: $name, what stands in a license is what was signed',
    async (form) => {
      const organization = 'Smith & <Sons>'
      const license = issue(form, { ...acme, organization }, keys[form.alg])
      expect(await read(license, optionsFor(form))).toMatchObject({ claims: { organization } })
    },
  )

  test('ECK, the same: a vendor in another language may escape them, and signs what it wrote', async () => {
    const escaped = JSON.stringify({ ...payload, sub: 'Smith & <Sons>' }).replaceAll(/[<>&]/g, (character) => {
      return `\\u00${character.charCodeAt(0).toString(16)}`
    })
    expect(escaped).toContain(String.raw`Smith \u0026 \u003cSons\u003e`)
    expect(await read(token(escaped))).toMatchObject({ claims: { organization: 'Smith & <Sons>' } })
  })

  test('MinIO: a date in exponent form is read, exactly; one that no clock shows is not rounded', async () => {
    const ending = (exp: string) => read(token(JSON.stringify(payload).replace(/"exp":\d+/, `"exp":${exp}`)))
    expect(await ending('1.841446169e9')).toMatchObject({ claims: { expiresAt: 1_841_446_169_000 } })
    expect(await ending('1.841446169001198894e9')).toMatchObject({ reason: 'DateOutOfRange' })
  })
})

function signatureOf(form: LicenseForm, license: string): Buffer {
  if (form.name === 'CTO JSON') return Buffer.from(String(JSON.parse(license).signature), 'hex')
  return Buffer.from(license.split('.')[2]!, 'base64url')
}
