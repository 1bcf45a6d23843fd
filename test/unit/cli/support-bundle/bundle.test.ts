// What leaves the house with a support bundle: that no secret does, and no name where that is asked for.

import { spawnSync } from 'node:child_process'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createClient } from '../../../../src/kube/client.ts'
import { createPseudonyms } from '../../../../src/cli/support-bundle/anonymize.ts'
import { packBundle } from '../../../../src/cli/support-bundle/bundle.ts'
import { collect } from '../../../../src/cli/support-bundle/collect.ts'
import { redactText } from '../../../../src/kube/redact.ts'
import { sanitizeFile } from '../../../../src/cli/support-bundle/sanitize.ts'

const JWS = 'eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJzdWIiOiJBY21lIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ'
const HEX_SIGNATURE = 'ab12'.repeat(32)

describe('texts', () => {
  test.each([
    ['a license', `license ${JWS} is installed`, JWS],
    ['half a license', `read ${JWS.split('.').slice(0, 2).join('.')}`, 'eyJzdWIi'],
    ['a JSON license', `{"id":"x","signature":"${HEX_SIGNATURE}"}`, HEX_SIGNATURE],
    ['its signature alone', `signature of ${HEX_SIGNATURE}`, HEX_SIGNATURE],
    ['a license key', 'the key lic_a7b3c9d1e2f4 is pending', 'a7b3c9d1e2f4'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----', 'MC4CAQ'],
    ['a key that is cut off', '-----BEGIN EC PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw', 'MC4CAQ'],
    ['a JWK', '{"kty":"OKP","x":"public-part","d":"private-part-of-the-key"}', 'private-part'],
    ['a header', 'authorization: Bearer abc.def-123456', 'abc.def-123456'],
    ['a header in JSON', '{"Authorization":"Basic dXNlcjpwYXNz"}', 'dXNlcjpwYXNz'],
    ['an address', 'GET https://user:hunter2@example.com/x', 'hunter2'],
    ['an option', '--password=hunter2 --verbose', 'hunter2'],
    ['a variable', "DB_PASSWORD='hunter2 and more'", 'hunter2'],
    ['YAML', 'apiKey: hunter2\nname: x', 'hunter2'],
    ['a model’s key', 'using sk-ant-api03-abcdefghijklmnop', 'abcdefghijklmnop'],
    ['a code host’s token', 'ghp_abcdefghijklmnopqrstuvwxyz0123', 'abcdefghijklmnop'],
    ['a cloud’s key', 'AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7'],
    ['a long run of base64', `blob ${'QUJD'.repeat(60)} end`, 'QUJDQUJDQUJD'],
  ])('%s is taken out', (_what, text, secret) => {
    expect(redactText(text)).not.toContain(secret)
    expect(redactText(text)).toContain('[redacted]')
  })

  test.each([
    'the Team license of Acme Corp is in force until 2027-11-21T08:59:00Z',
    'Secret cto-system/cto-license has no key license.lic (it has: token.lic)',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '"secretRef": { "namespace": "cto-system", "name": "cto-license", "key": "license.lic" }',
    'Kind by provider ID on 2 nodes, set once by kubelet or cloud',
  ])('what is no secret stays: %s', (text) => {
    expect(redactText(text)).toBe(text)
  })

  test('redacting twice is redacting once', () => {
    const part = fc.constantFrom('password=', JWS, 'lic_abcdef', ' ', '"', 'token: ', 'x', '\n', 'Bearer abcdefgh')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = redactText(parts.join(''))
        expect(redactText(once)).toBe(once)
      }),
    )
  })
})

test('objects: only what is known to be harmless', () => {
  const container = {
    name: 'agent',
    image: 'example.com/agent:1',
    command: ['sh', '-c', 'curl -H "X-Auth: hunter2"'],
    args: ['--password', 'hunter2'],
    env: [
      { name: 'CTO_AGENT', value: 'rex' },
      { name: 'API', value: 'hunter2' },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'model' } } },
    ],
    livenessProbe: { httpGet: { path: '/', httpHeaders: [{ name: 'Authorization', value: 'hunter2' }] } },
    anythingNew: 'hunter2',
  }
  const deployment = {
    metadata: {
      name: 'x',
      managedFields: [{ manager: 'hunter2' }],
      labels: { 'cto.5dlabs.io/agent': 'rex', 'example.com/token': 'hunter2' },
      annotations: { 'example.com/token': 'hunter2', 'cto.5dlabs.io/held-replicas': '2' },
    },
    spec: {
      replicas: 1,
      template: {
        spec: {
          containers: [container],
          volumes: [{ name: 'v', csi: { driver: 'x', volumeAttributes: { clientSecret: 'hunter2' } } }],
        },
      },
    },
  }
  expect(sanitizeFile('workloads/deployments.json', [deployment])).toEqual([
    {
      metadata: {
        name: 'x',
        labels: { 'cto.5dlabs.io/agent': 'rex' },
        annotations: { 'cto.5dlabs.io/held-replicas': '2' },
      },
      spec: {
        replicas: 1,
        template: {
          spec: {
            containers: [
              {
                name: 'agent',
                image: 'example.com/agent:1',
                command: '3 left out',
                args: '2 left out',
                env: [
                  { name: 'CTO_AGENT', value: 'rex' },
                  { name: 'API', value: '[left out]' },
                  { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'model' } } },
                ],
              },
            ],
            volumes: [{ name: 'v', csi: { driver: 'x' } }],
          },
        },
      },
    },
  ])
  const secret = {
    metadata: { name: 's' },
    type: 'Opaque',
    data: { 'license.lic': 'aHVudGVyMg==' },
    stringData: { a: 'b' },
  }
  expect(sanitizeFile('operator/secrets.json', [secret])).toEqual([
    { metadata: { name: 's' }, type: 'Opaque', data: { 'license.lic': '12 characters' } },
  ])
  const config = {
    spec: {
      license: { key: 'lic_hunter2', tier: 'team' },
      integrations: { slack: { enabled: true, hook: 'hunter2' } },
    },
  }
  expect(sanitizeFile('resources/platformconfigs.json', [config])).toEqual([
    { spec: { license: { tier: 'team', key: '[left out]' }, integrations: { slack: { enabled: true } } } },
  ])
})

test('texts are kept of the operator alone, and files that nobody has described not at all', () => {
  const events = ['cto-operator', 'kubelet'].map((reportingController) => ({
    reportingController,
    note: 'a note of it',
  }))
  expect(sanitizeFile('agents/events.json', events)).toEqual([
    { reportingController: 'cto-operator', note: 'a note of it' },
    { reportingController: 'kubelet', note: '[left out]' },
  ])
  expect(sanitizeFile('resources/something-new.json', [{ metadata: { name: 'hunter2' } }])).toBe('[left out]')
})

test('names: the same stand-in everywhere, whole words only, longer names first', () => {
  const pseudonyms = createPseudonyms()
  pseudonyms.add('organization', 'Acme')
  pseudonyms.add('organization', 'Acme Corp')
  pseudonyms.add('node', 'worker-1')
  pseudonyms.add('node', 'worker-1')
  pseudonyms.add('name', undefined)
  expect(pseudonyms.hide('Acme Corp and Acme run worker-1 and worker-12 at 10.0.0.7; 10.0.0.7 is Acme’s')).toBe(
    'organization-2 and organization-1 run node-1 and worker-12 at ip-1; ip-1 is organization-1’s',
  )
  expect(pseudonyms.list()).toEqual({
    'organization-1': 'Acme',
    'organization-2': 'Acme Corp',
    'node-1': 'worker-1',
    'ip-1': '10.0.0.7',
  })
})

test('the archive is one that tar reads, and the same every time', async () => {
  const files = [
    { name: 'a.json', content: { text: 'x'.repeat(1_000) } },
    { name: 'logs/empty.log', content: '' },
    { name: 'logs/ümlaut.log', content: 'grüße\n' },
  ]
  const pack = () =>
    packBundle({ files, missing: [{ what: 'b.json', why: 'forbidden' }] }, { version: '1', now: 1_000_000 })
  expect(pack().archive.equals(pack().archive)).toBe(true)
  const folder = await mkdtemp(join(tmpdir(), 'cto-bundle-'))
  await writeFile(join(folder, 'bundle.tar'), gunzipSync(pack().archive))
  const { status, stderr } = spawnSync('tar', ['-xf', join(folder, 'bundle.tar'), '-C', folder])
  expect(status, stderr?.toString()).toBe(0)
  const root = join(folder, 'cto-support')
  expect((await readdir(root)).toSorted()).toEqual(['README.txt', 'a.json', 'logs', 'manifest.json'])
  expect(await readFile(join(root, 'logs', 'ümlaut.log'), 'utf8')).toBe('grüße\n')
  expect(JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8'))).toMatchObject({
    anonymized: false,
    notCollected: [{ what: 'b.json', why: 'forbidden' }],
  })
  await rm(folder, { recursive: true })
})

test('logs of the operator’s pods are read, those before a restart too; what cannot be read is named', async () => {
  const spec = { containers: [{ name: 'operator' }] }
  const pods = { metadata: {}, items: [{ metadata: { name: 'cto-operator-1', namespace: 'cto-system' }, spec }] }
  const refusal = (message: string) =>
    JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Forbidden', message })
  const answers: readonly (readonly [RegExp, status: number, body: string])[] = [
    [/\/cto-system\/pods\?.*labelSelector=app/, 200, JSON.stringify(pods)],
    [/cto-operator-1\/log\?container=operator&tailLines=100&previous=false$/, 200, 'a line\n'],
    [/cto-operator-1\/log\?.*previous=true$/, 400, refusal('there was none before')],
    [/./, 403, refusal('not for you')],
  ]
  const server = createServer((request, response) => {
    const [, status, body] = answers.find(([pattern]) => pattern.test(request.url ?? '')) ?? [/./, 500, '']
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent = new Agent()
  const access = {
    server: new URL(`http://127.0.0.1:${port}`),
    agent,
    headers: async () => ({}),
    refresh: () => undefined,
  }
  const client = createClient(access, { fieldManager: 'test', userAgent: 'test' })
  const scope = { namespace: 'cto-system', agentsNamespace: 'cto-agents', label: 'cto.5dlabs.io/agent', logLines: 100 }
  const { files, missing } = await collect(client, scope, AbortSignal.timeout(10_000))
  agent.destroy()
  server.close()
  expect(files).toEqual([{ name: 'logs/cto-operator-1.operator.log', content: 'a line\n' }])
  expect(missing.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['cluster/nodes.json', 'resources/licenses.json', 'operator/secrets.json']),
  )
  expect(missing.find(({ what }) => what.endsWith('.previous.log'))?.why).toMatch(/there was none before/)
  expect(missing.find(({ what }) => what === 'cluster/nodes.json')?.why).toMatch(/not for you/)
})
