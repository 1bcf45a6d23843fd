// The way to the API server is kubectl's: each case is tried by kubectl and by us, with the same files and variables.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect as dial } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { kubeconfigAccess } from '../../src/kube/access.ts'
import { createClient } from '../../src/kube/client.ts'
import { useControlPlane } from '../support/control-plane.ts'

const controlPlane = useControlPlane()
const heard: string[] = []
let proxy: Server

// A proxy that knows one name: that of the API server, wherever it is asked for.
beforeAll(async () => {
  proxy = createServer().on('connect', (request, socket) => {
    heard.push(request.url ?? '')
    const up = dial(apiPort(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      up.pipe(socket).pipe(up)
    })
    for (const one of [up, socket]) one.on('error', () => [up, socket].forEach((each) => each.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  proxy.closeAllConnections()
  proxy.close()
})
afterEach(() => vi.unstubAllEnvs())

const apiPort = () => Number(new URL(controlPlane.plane.server).port)
const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

interface Kubeconfig {
  clusters: { name: string; cluster: Record<string, unknown> }[]
  users: { name: string; user: Record<string, unknown> }[]
  contexts: { name: string; context: Record<string, unknown> }[]
  'current-context': string
}

/** The path of a copy of the kubeconfig with a change. */
function kubeconfig(name: string, change: (config: Kubeconfig) => void): string {
  const { kubeconfigPath, folder } = controlPlane.plane
  const config = parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig
  change(config)
  writeFileSync(join(folder, name), JSON.stringify(config))
  return join(folder, name)
}

const elsewhere = (host: string) => (config: Kubeconfig) => {
  const server = `https://${host}:${apiPort()}`
  Object.assign(config.clusters[0]?.cluster ?? {}, { server, 'tls-server-name': 'kubernetes.default' })
}

interface Outcome {
  readonly answered: boolean
  /** What the proxy was asked for. */
  readonly throughProxy: readonly string[]
  readonly words: string
}

function byKubectl(env: Record<string, string>): Promise<Outcome> {
  heard.length = 0
  const { kubectl, folder } = controlPlane.plane
  const all = { PATH: process.env['PATH'], HOME: folder, ...env }
  return new Promise((resolve) => {
    execFile(kubectl, ['version', '--request-timeout=3s'], { env: all }, (error, stdout, stderr) =>
      resolve({ answered: error === null, throughProxy: [...new Set(heard)], words: stderr + stdout }),
    )
  })
}

async function byUs(env: Record<string, string>): Promise<Outcome> {
  heard.length = 0
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'KUBECONFIG'])
    for (const one of [name, name.toLowerCase()]) vi.stubEnv(one, undefined)
  for (const [name, value] of Object.entries({ HOME: controlPlane.plane.folder, ...env })) vi.stubEnv(name, value)
  const ask = async () => {
    const access = await kubeconfigAccess()
    const client = createClient(access, { fieldManager: 'test', userAgent: 'test', timeoutMs: 3_000 })
    await client.raw('/version', AbortSignal.timeout(5_000)).finally(() => access.agent.destroy())
  }
  const words = await ask().then(
    () => '',
    (error: unknown) => (error as Error).message,
  )
  return { answered: words === '', throughProxy: [...new Set(heard)], words }
}

const HOST = 'api.internal.example'

test.each<[what: string, host: string, env: () => Record<string, string>]>([
  ['HTTPS_PROXY', HOST, () => ({ HTTPS_PROXY: proxyUrl() })],
  ['https_proxy', HOST, () => ({ https_proxy: proxyUrl() })],
  ['without a scheme', HOST, () => ({ HTTPS_PROXY: proxyUrl().slice('http://'.length) })],
  ['HTTP_PROXY alone', HOST, () => ({ HTTP_PROXY: proxyUrl() })],
  ['ALL_PROXY', HOST, () => ({ ALL_PROXY: proxyUrl() })],
  ['loopback', '127.0.0.1', () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' })],
  ['NO_PROXY, a domain', HOST, () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: 'internal.example' })],
  ['no_proxy, below it', HOST, () => ({ HTTPS_PROXY: proxyUrl(), no_proxy: '.example' })],
  ['NO_PROXY, a part of a name', HOST, () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: 'nal.example' })],
  ['NO_PROXY, its port', HOST, () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: `internal.example:${apiPort()}` })],
  ['NO_PROXY, another port', HOST, () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: 'internal.example:1' })],
  ['NO_PROXY, a network', '192.0.2.7', () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: '192.0.2.0/24' })],
  ['NO_PROXY, another network', '192.0.2.7', () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: '198.51.100.0/24' })],
])('%s', { timeout: 30_000 }, async (_what, host, envOf) => {
  const env = { ...envOf(), KUBECONFIG: kubeconfig('proxied', elsewhere(host)) }
  const [theirs, ours] = [await byKubectl(env), await byUs(env)]
  expect({ ...ours, words: '' }, ours.words + theirs.words).toEqual({ ...theirs, words: '' })
})

test('whoever the proxy leads to has to show the certificate of the server', async () => {
  const file = kubeconfig('other-name', (config) => {
    elsewhere(HOST)(config)
    Object.assign(config.clusters[0]?.cluster ?? {}, { 'tls-server-name': undefined })
  })
  const env = { KUBECONFIG: file, HTTPS_PROXY: proxyUrl() }
  const [theirs, ours] = [await byKubectl(env), await byUs(env)]
  expect([theirs.answered, ours.answered]).toEqual([false, false])
  expect(ours.words).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
})

test('the proxy of the kubeconfig wins, for loopback too', async () => {
  const file = kubeconfig('own-proxy', (config) => {
    elsewhere('127.0.0.1')(config)
    Object.assign(config.clusters[0]?.cluster ?? {}, { 'proxy-url': proxyUrl() })
  })
  const env = { KUBECONFIG: file, HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' }
  const [theirs, ours] = [await byKubectl(env), await byUs(env)]
  expect(ours).toMatchObject({ answered: true, throughProxy: [`127.0.0.1:${apiPort()}`] })
  expect({ ...theirs, words: '' }).toEqual(ours)
})

test('a proxy that is down, is not known or refuses is named, and never with its password', async () => {
  const KUBECONFIG = kubeconfig('far', elsewhere(HOST))
  const down = await byUs({ KUBECONFIG, HTTPS_PROXY: 'http://me:s3cret@127.0.0.1:1' })
  expect(down.words).toBe(
    'read /version: no answer from the proxy http://127.0.0.1:1 (HTTPS_PROXY): nobody listens at its address',
  )
  const unknown = await byUs({ KUBECONFIG, https_proxy: 'http://proxy.invalid:3128' })
  expect(unknown.words).toMatch(/no answer from the proxy http:\/\/proxy\.invalid:3128 \(https_proxy\): its name/)
  const refusing = createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 No\r\n\r\n'))
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  const { port } = refusing.address() as AddressInfo
  const refused = await byUs({ KUBECONFIG, HTTPS_PROXY: `http://127.0.0.1:${port}` })
  refusing.close()
  expect(refused.words).toMatch(/the proxy http:\S+ \(HTTPS_PROXY\) answered 407: it wants a user and a password$/)
})

test('of several files those that are missing are skipped, and the first counts', async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const dead = kubeconfig('dead', elsewhere('dead.invalid'))
  const noContext = kubeconfig('no-context', (config) => {
    config['current-context'] = ''
    config.clusters = []
  })
  const cases: [list: string[], answered: boolean][] = [
    [[join(folder, 'gone'), kubeconfigPath], true],
    [['', kubeconfigPath, kubeconfigPath], true],
    [[kubeconfigPath, dead], true],
    [[dead, kubeconfigPath], false],
    [[noContext, kubeconfigPath], true],
    [[join(folder, 'gone'), join(folder, 'gone-too')], false],
  ]
  for (const [list, answered] of cases) {
    const env = { KUBECONFIG: list.join(delimiter) }
    const [theirs, ours] = [await byKubectl(env), await byUs(env)]
    expect([theirs.answered, ours.answered], `${env.KUBECONFIG}: ${ours.words}; ${theirs.words}`).toEqual([
      answered,
      answered,
    ])
  }
})

test('a plugin gets the credentials; where it fails its own words are told, where it is missing its hint', async () => {
  const { folder, token } = controlPlane.plane
  const script = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const apiVersion = 'client.authentication.k8s.io/v1'
  const withPlugin = (command: string) =>
    kubeconfig('plugin.json', (config) => {
      const exec = { apiVersion, command, interactiveMode: 'Never', installHint: 'Install it\nwith brew.' }
      config.users = config.users.map(({ name }) => ({ name, user: { exec } }))
    })
  const credential = JSON.stringify({ kind: 'ExecCredential', apiVersion, status: { token } })
  // It reads what kubectl tells every plugin.
  script('good-plugin', `case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) echo '${credential}';; *) exit 1;; esac`)
  script('ended-plugin', 'echo "The SSO session has expired; token=s3cret" >&2\nexit 255')
  script('silent-plugin', 'exit 3')
  script('wrong-plugin', 'echo s3cret')
  const cases: [command: string, words: RegExp | undefined][] = [
    [join(folder, 'good-plugin'), undefined],
    ['./good-plugin', undefined],
    ['./ended-plugin', /ended-plugin, which failed: The SSO session has expired; token=\[redacted\]$/],
    ['./silent-plugin', /silent-plugin, which failed without a word$/],
    ['./wrong-plugin', /wrong-plugin, which printed no ExecCredential$/],
    [
      'no-such-plugin',
      /needs the credential plugin no-such-plugin, which is not installed here: Install it with brew$/,
    ],
  ]
  for (const [command, words] of cases) {
    const env = { KUBECONFIG: withPlugin(command) }
    const [theirs, ours] = [await byKubectl(env), await byUs(env)]
    expect([theirs.answered, ours.answered], ours.words + theirs.words).toEqual([!words, !words])
    if (words !== undefined) expect(ours.words).toMatch(words)
    expect(ours.words).not.toContain('s3cret')
  }
})
