// Who gets an answer of the operator's server, and how much it costs to ask for none.

import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { MOST_CONNECTIONS } from '../../../src/http/connections.ts'
import { isOwnHost } from '../../../src/http/host.ts'
import { startHttpServer } from '../../../src/http/server.ts'

async function aServer() {
  const page = {
    answer: (path: string, response: { end: (text: string) => void }) =>
      path === '/' && (response.end('the page'), true),
    stop: () => undefined,
  }
  const served = { readiness: () => [], metrics: async () => 'figures', page, hostNames: ['CTO.example.com'] }
  const server = await startHttpServer('127.0.0.1:0', served)
  onTestFinished(() => server.stop())
  const port = Number(server.address.split(':')[1])
  const ask = (path: string, host: string) =>
    new Promise<number>((resolve, reject) => {
      const agent = new Agent({ keepAlive: false })
      request({ port, path, headers: { host }, agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
        .on('error', reject)
        .end()
    })
  return { port, ask }
}

test.each([
  ['localhost:8080', true],
  ['127.0.0.1:8080', true],
  ['[::1]:8080', true],
  ['10.244.0.7:8080', true],
  ['[fd00::7]', true],
  ['cto-operator:8080', true],
  ['cto-operator.cto-system', false],
  ['cto-operator.cto-system.svc', true],
  ['cto-operator.cto-system.svc.cluster.local:8080', true],
  ['app.localhost', true],
  ['cto.example.com', true],
  ['CTO.Example.com.:8080', true],
  ['evil.example.com', false],
  ['localhost.evil.example.com', false],
  ['127.0.0.1.evil.example.com', false],
  ['x.svc.evil.example.com', false],
  ['cto.example.com.evil.example.com', false],
  ['', false],
])('the Host %j is its own: %j', (host, isOwn) => {
  expect(isOwnHost(host, ['cto.example.com'])).toBe(isOwn)
})

test('what tells of the license answers to its own names alone; probes are answered always', async () => {
  const { ask } = await aServer()
  for (const path of ['/', '/metrics', '/status.json']) expect(await ask(path, 'evil.example.com'), path).toBe(421)
  for (const host of ['localhost', '10.1.2.3:8080', 'cto.example.com']) {
    expect(await ask('/', host)).toBe(200)
    expect(await ask('/metrics', host)).toBe(200)
  }
  for (const path of ['/livez', '/readyz']) expect(await ask(path, 'evil.example.com'), path).toBe(200)
})

test('thousands who say nothing keep nobody out, and are gone after seconds', { timeout: 60_000 }, async () => {
  const { port, ask } = await aServer()
  const open = new Set<Socket>()
  onTestFinished(() => open.forEach((socket) => socket.destroy()))
  for (let count = 0; count < 2_000; count++) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', resolve)
      open.add(socket)
      socket
        .resume()
        .on('error', () => undefined)
        .on('close', () => open.delete(socket))
    })
  }
  expect(await ask('/livez', 'localhost')).toBe(200)
  await expect.poll(() => open.size, { timeout: 5_000 }).toBeLessThanOrEqual(MOST_CONNECTIONS)
  await expect.poll(() => open.size, { timeout: 15_000 }).toBe(0)
})
