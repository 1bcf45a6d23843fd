// A kubeconfig that cannot be used gets one sentence: what, where, how to mend; and nothing that stands in it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { createClient } from '../../../src/kube/client.ts'
import { clusterAccess, inClusterAccess, kubeconfigAccess, ownClusterAccess } from '../../../src/kube/access.ts'
import { namespaces } from '../../../src/kube/resource.ts'
import { item, json, scriptedApiServer, stream } from '../../support/scripted-api-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'cto-access-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

function kubeconfig(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const good = (server: string, user = 'token: s3cret-token') => `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "${server}"}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: x, context: {cluster: c, user: u}}, {name: lost, context: {cluster: nowhere, user: u}}]
current-context: x
`

test('a token is sent, and a path in the server is kept', async () => {
  const access = await kubeconfigAccess(kubeconfig('good', good('https://127.0.0.1:6443/k8s/clusters/c-1')))
  expect(access.context).toBe('x')
  expect(access.server.pathname).toBe('/k8s/clusters/c-1')
  expect(await access.headers()).toEqual({ authorization: 'Bearer s3cret-token' })
  const basic = await kubeconfigAccess(
    kubeconfig('basic', good('https://127.0.0.1:6443', 'username: me, password: pass')),
  )
  expect(await basic.headers()).toEqual({ authorization: `Basic ${Buffer.from('me:pass').toString('base64')}` })
})

test.each([
  [
    'missing',
    undefined,
    /The kubeconfig .*missing cannot be read: there is no such file; name another with --kubeconfig/,
  ],
  ['broken', 'clusters: [s3cret-token\n  : :', /cannot be read: it is not valid/],
  ['empty', '', /cannot be read|names no cluster/],
  ['list', '[1, 2]', /cannot be read|names no cluster/],
  [
    'lost',
    good('https://127.0.0.1:6443').replace('current-context: x', 'current-context: lost'),
    /no cluster for its current context "lost"; choose one with kubectl config use-context \(there are: x, lost\)/,
  ],
  [
    'unset',
    good('https://127.0.0.1:6443').replace('current-context: x', ''),
    /no current context; choose one with kubectl config use-context \(there are: x, lost\)/,
  ],
  ['server', good('not an address'), /server that is not an address; correct clusters\[\]\.cluster\.server/],
  [
    'certificate',
    good('https://127.0.0.1:6443', 'client-certificate: /nowhere/crt, client-key: /nowhere/key'),
    /names credentials that cannot be used: there is no such file/,
  ],
])('%s', async (name, text, message) => {
  const file = text === undefined ? join(folder, name) : kubeconfig(name, text)
  const error = await kubeconfigAccess(file).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  expect(error?.message).toMatch(message)
  expect(error?.message).not.toContain('s3cret-token')
  expect(error?.message.split('\n')).toHaveLength(1)
})

test('a server without TLS is one like any other', async () => {
  const access = await kubeconfigAccess(kubeconfig('plain', good('http://127.0.0.1:8001')))
  expect(await access.headers()).toEqual({ authorization: 'Bearer s3cret-token' })
})

test('watches, however many, leave room for requests', async () => {
  const WATCHES = 70
  await using server = await scriptedApiServer()
  const access = await kubeconfigAccess(kubeconfig('many', good(server.access.server.href)))
  const client = createClient(access, { fieldManager: 'me', userAgent: 'test' })
  const signal = AbortSignal.timeout(5_000)
  for (let times = 0; times < WATCHES; times++) server.expect(/watch/, stream([], 'open'))
  await Promise.all(Array.from({ length: WATCHES }, () => client.stream('/api/v1/nodes?watch=true', signal)))
  server.expect(/GET/, json(item('a', 1)))
  await client.get(namespaces, { name: 'a' }, signal)
  access.agent.destroy()
})

test('the way leads through the proxy, if the kubeconfig names one', async () => {
  const asked: (string | undefined)[] = []
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  const text = good('https://10.255.255.1:6443').replace('server:', `proxy-url: "http://127.0.0.1:${port}", server:`)
  const client = createClient(await kubeconfigAccess(kubeconfig('proxy', text)), { fieldManager: 'me', userAgent: 't' })
  await expect(client.raw('/version', AbortSignal.timeout(5_000))).rejects.toThrow('no answer from the API server')
  expect(asked).toEqual(['10.255.255.1:6443'])
  proxy.closeAllConnections()
  proxy.close()
})

test('in a pod: the token is read again when it was refused, and IPv6 is an address like any other', async () => {
  writeFileSync(join(folder, 'ca.crt'), '')
  writeFileSync(join(folder, 'token'), 'one\n')
  const access = inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, folder)
  expect(access.server.href).toBe('https://[fd00::1]:6443/')
  expect(await access.headers()).toEqual({ authorization: 'Bearer one' })
  writeFileSync(join(folder, 'token'), 'two\n')
  expect(await access.headers()).toEqual({ authorization: 'Bearer one' })
  access.refresh()
  expect(await access.headers()).toEqual({ authorization: 'Bearer two' })
  rmSync(join(folder, 'token'))
  access.refresh()
  await expect(access.headers()).rejects.toThrow(
    `The service account's token ${folder}/token cannot be read: there is no such file`,
  )
  expect(() => inClusterAccess({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, '/nowhere')).toThrow(
    'No service account is mounted at /nowhere; set automountServiceAccountToken on the pod',
  )
})

test('in a pod KUBECONFIG leads a person to another cluster, and never the operator', async () => {
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.0.0.1')
  vi.stubEnv('KUBECONFIG', kubeconfig('elsewhere', good('https://127.0.0.1:6443')))
  expect((await clusterAccess(undefined)).server.host).toBe('127.0.0.1:6443')
  await expect(ownClusterAccess(undefined)).rejects.toThrow('No service account is mounted')
  vi.stubEnv('KUBECONFIG', undefined)
  await expect(clusterAccess(undefined)).rejects.toThrow('No service account is mounted')
})
