// Requests: what is retried and what is not, what an error says, and how many connections it takes.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Client, createClient } from '../../../src/kube/client.ts'
import { isAlreadyExists, isConflict, isNotFound, isUnreachable, KubeError } from '../../../src/kube/errors.ts'
import { deployments, namespaces, secrets } from '../../../src/kube/resource.ts'
import {
  failure,
  hold,
  item,
  json,
  type ScriptedApiServer,
  scriptedApiServer,
} from '../../support/scripted-api-server.ts'

let server: ScriptedApiServer
let client: Client
const requests: string[] = []
const soon = () => AbortSignal.timeout(5_000)

beforeEach(async () => {
  server = await scriptedApiServer()
  requests.length = 0
  client = createClient(server.access, {
    fieldManager: 'me',
    userAgent: 'test',
    timeoutMs: 300,
    onRequest: (method, status) => requests.push(`${method} ${status}`),
  })
})
afterEach(() => server[Symbol.asyncDispose]())

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(KubeError)
  return error as KubeError
}

test('one connection serves many requests', async () => {
  for (let times = 0; times < 20; times++) server.expect(/GET/, json(item('a', 1)))
  for (let times = 0; times < 20; times++) await client.get(namespaces, { name: 'a' }, soon())
  expect(await server.connections()).toBe(1)
})

test('paths, verbs and managers are those of Kubernetes', async () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a b', namespace: 'n' } }
  server.expect(/^PATCH \/apis\/apps\/v1\/namespaces\/n\/deployments\/a%20b\?fieldManager=me&force=true$/, json(object))
  await client.apply(deployments, object, { force: true }, soon())
  server.expect(/^POST \/apis\/apps\/v1\/namespaces\/n\/deployments\?fieldManager=me$/, json(object, 201))
  await client.create(deployments, object, soon())
  server.expect(/^PUT .*\/a%20b\/status\?fieldManager=me$/, json(object))
  await client.replace(deployments, object, soon(), 'status')
  server.expect(/^PATCH .*\/deployments\/a%20b\?fieldManager=me$/, json(object))
  await client.jsonPatch(deployments, { namespace: 'n', name: 'a b' }, [], soon())
  server.expect(/^DELETE .*\/a%20b$/, json({ kind: 'Status', status: 'Success' }))
  await client.delete(deployments, { namespace: 'n', name: 'a b' }, 'uid', soon())
})

test('429 and 503 wait as they are told, and not for ever', async () => {
  server.expect(/GET/, failure(429, 'TooManyRequests', '', { 'retry-after': '0' }))
  server.expect(/GET/, failure(503, 'ServiceUnavailable', '', { 'retry-after': '0' }))
  server.expect(/GET/, json(item('a', 1)))
  await client.get(namespaces, { name: 'a' }, soon())
  for (let times = 0; times < 4; times++)
    server.expect(/GET/, failure(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' }))
  expect((await failureOf(client.get(namespaces, { name: 'a' }, soon()))).status).toBe(429)
  expect(requests).toEqual(['GET 429', 'GET 503', 'GET 200', 'GET 429', 'GET 429', 'GET 429', 'GET 429'])
})

test('after 401 the credentials are read anew, once', async () => {
  const tokens: unknown[] = []
  for (const status of [401, 200]) {
    server.expect(/GET/, (response, request) => {
      tokens.push(request.headers.authorization)
      return status === 401 ? failure(401, 'Unauthorized')(response, request) : json(item('a', 1))(response, request)
    })
  }
  await client.get(namespaces, { name: 'a' }, soon())
  expect(tokens).toEqual(['Bearer token-0', 'Bearer token-1'])
})

test('credentials are read anew after other failures too, but not again and again', async () => {
  server.expect(/GET/, failure(429, 'TooManyRequests', '', { 'retry-after': '0' }))
  server.expect(/GET/, failure(401, 'Unauthorized'))
  server.expect(/GET/, failure(401, 'Unauthorized', 'who are you'))
  expect((await failureOf(client.get(namespaces, { name: 'a' }, soon()))).message).toContain('who are you')
})

test('credentials that cannot be had are said as they are', async () => {
  const headers = () => Promise.reject(new Error('The token cannot be read'))
  const stranger = createClient({ ...server.access, headers }, { fieldManager: 'me', userAgent: 'test' })
  const error = await failureOf(stranger.get(namespaces, { name: 'a' }, soon()))
  expect(error.message).toBe('read /api/v1/namespaces/a: The token cannot be read')
})

test('a kept connection that broke is tried once more; creating is not done twice', async () => {
  let tries = 0
  const breaking = createServer((request, response) => {
    tries++
    if (tries === 1 || request.method === 'POST') request.socket.destroy()
    else response.end(JSON.stringify(item('a', 1)))
  })
  await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve))
  const { port } = breaking.address() as AddressInfo
  const shaky = createClient(
    { ...server.access, server: new URL(`http://127.0.0.1:${port}`) },
    { fieldManager: 'me', userAgent: 'test' },
  )
  expect((await shaky.get(namespaces, { name: 'a' }, soon())).metadata.name).toBe('a')
  expect(tries).toBe(2)
  const error = await failureOf(shaky.create(namespaces, { metadata: { name: 'a' } }, soon()))
  expect(isUnreachable(error)).toBe(true)
  expect(tries).toBe(3)
  breaking.closeAllConnections()
  breaking.close()
})

test('no answer in time is said, with what was asked', async () => {
  server.expect(/GET/, hold)
  const error = await failureOf(client.get(namespaces, { name: 'a' }, soon()))
  expect(error.message).toBe('read /api/v1/namespaces/a: no answer from the API server (it took too long)')
  expect(isUnreachable(error)).toBe(true)
})

test('errors are known by what they are, and say what the server said but never what it sent', async () => {
  server.expect(/GET/, failure(404, 'NotFound', 'secrets "a" not found'))
  const missing = await failureOf(client.get(secrets, { namespace: 'n', name: 'a' }, soon()))
  expect(isNotFound(missing)).toBe(true)
  expect(missing.message).toBe('read /api/v1/namespaces/n/secrets/a: secrets "a" not found')
  server.expect(/PATCH/, failure(409, 'Conflict'))
  expect(isConflict(await failureOf(client.mergePatch(secrets, { namespace: 'n', name: 'a' }, {}, soon())))).toBe(true)
  server.expect(/POST/, failure(409, 'AlreadyExists'))
  expect(isAlreadyExists(await failureOf(client.create(namespaces, { metadata: { name: 'a' } }, soon())))).toBe(true)
  server.expect(/GET/, json({ data: { password: 'hunter2' } }, 502))
  expect((await failureOf(client.get(secrets, { namespace: 'n', name: 'a' }, soon()))).message).not.toContain('hunter2')
})

test('a compressed answer is read, and one that stops in the middle is none', async () => {
  const body = gzipSync(JSON.stringify(item('a', 1)))
  const compressed = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  server.expect(/GET/, (response) => void response.writeHead(200, compressed).end(body))
  expect((await client.get(namespaces, { name: 'a' }, soon())).metadata.name).toBe('a')
  server.expect(/GET/, (response) => void response.writeHead(200, compressed).write(body.subarray(0, 20)))
  const stalled = await failureOf(client.get(namespaces, { name: 'a' }, soon()))
  expect(isUnreachable(stalled)).toBe(true)
  expect(stalled.message).toContain('it took too long')
  server.expect(/GET/, (response) => {
    response.writeHead(200, compressed).write(body.subarray(0, 20), () => response.destroy())
  })
  server.expect(/GET/, json(item('a', 1)))
  expect((await client.get(namespaces, { name: 'a' }, soon())).metadata.name).toBe('a')
})

test('an answer that is not JSON is said, and not a word of it', async () => {
  server.expect(/GET/, (response) => void response.end('{"data":{"password":hunter2'))
  const error = await failureOf(client.get(secrets, { namespace: 'n', name: 'a' }, soon()))
  expect(error.message).toBe('read /api/v1/namespaces/n/secrets/a: the API server sent what is not JSON')
  expect(error.cause).toBeUndefined()
})

test('an abandoned request ends at once', async () => {
  const abandon = new AbortController()
  const asking = client.get(namespaces, { name: 'a' }, abandon.signal)
  abandon.abort(new Error('enough'))
  await expect(asking).rejects.toThrow('enough')
})

test('the time of the server is that of its last answer', async () => {
  server.expect(/GET/, json(item('a', 1), 200, { date: 'Sat, 21 Nov 2026 08:00:00 GMT' }))
  await client.get(namespaces, { name: 'a' }, soon())
  expect((client.serverTime() ?? 0) - Date.UTC(2026, 10, 21, 8)).toBeGreaterThanOrEqual(0)
})

test('behind a closed fence nothing is written, and reading goes on', async () => {
  let isOpen = true
  const fenced = createClient(server.access, {
    fieldManager: 'me',
    userAgent: 'test',
    fence: { isOpen: () => isOpen, timeoutMs: 100 },
  })
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }
  const writes = {
    create: () => fenced.create(namespaces, object, soon()),
    replace: () => fenced.replace(namespaces, object, soon()),
    apply: () => fenced.apply(namespaces, object, { force: true }, soon()),
    'merge patch': () => fenced.mergePatch(namespaces, { name: 'a' }, {}, soon()),
    delete: () => fenced.delete(namespaces, { name: 'a' }, undefined, soon()),
  }
  for (const [name, write] of Object.entries(writes)) {
    server.expect(/^(POST|PUT|PATCH|DELETE)/, json(object))
    isOpen = true
    await write()
    isOpen = false
    expect((await failureOf(write())).reason, name).toBe('NotLeading')
  }
  server.expect(/^GET/, json(object))
  await fenced.get(namespaces, { name: 'a' }, soon())

  // A write that takes longer than the fence gives it is given up.
  isOpen = true
  server.expect(/^PATCH/, hold)
  expect((await failureOf(writes.apply())).message).toContain('it took too long')
})

test('the fence is asked when the connection stands: one that closes while connecting lets nothing through', async () => {
  // The first answer is for the attempt, the second for the bytes.
  const answers = [true, false]
  const fenced = createClient(server.access, {
    fieldManager: 'me',
    userAgent: 'test',
    fence: { isOpen: () => answers.shift() ?? false, timeoutMs: 1_000 },
  })
  expect((await failureOf(fenced.delete(namespaces, { name: 'a' }, undefined, soon()))).reason).toBe('NotLeading')
  expect(server.asked).toEqual([])
  // Asked again to wait by a busy server, a replica may have stopped leading meanwhile.
  answers.push(true, true)
  server.expect(/^DELETE/, failure(429, 'TooManyRequests', 'busy', { 'retry-after': '0' }))
  expect((await failureOf(fenced.delete(namespaces, { name: 'a' }, undefined, soon()))).reason).toBe('NotLeading')
})

test('a page that is asked for when it is too late is not waited for', async () => {
  const tooLate = AbortSignal.abort(new Error('too late'))
  await expect(client.page(deployments, {}, {}, tooLate).next()).rejects.toThrow('too late')
})
