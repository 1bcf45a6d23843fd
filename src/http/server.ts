// What the operator serves: whether it lives, whether it is ready, its figures, and its status as a page. Never anything
// that needs a secret.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { limitConnections } from './connections.ts'
import { isOwnHost } from './host.ts'

/** What is served beside probes and metrics. */
export interface Page {
  /** Answers a GET of one of its paths; false for any other path. */
  answer(path: string, response: ServerResponse): boolean
  /** Ends the answers that go on. */
  stop(): void
}

export interface Served {
  /** What is missing for decisions to be taken; nothing when it is ready. Never the state of the license. */
  readonly readiness: () => readonly string[]
  /** Who decides instead of this one, which is ready to. */
  readonly standsBy?: () => string | undefined
  readonly metrics: () => Promise<string>
  readonly page: Page
  /** Names under which it is reached, besides those that are only given inside a cluster. */
  readonly hostNames?: readonly string[]
}

/** In ms. Without a look at them every second the limits would be those of Node, half a minute later. */
const TIME_LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}

export interface HttpServer {
  readonly address: string
  stop(): Promise<void>
}

/**
 * Listens on `HOST:PORT`; port 0 takes a free one.
 * @throws Error when the address is not one or is taken
 */
export async function startHttpServer(listen: string, served: Served): Promise<HttpServer> {
  const { host, port } = parseAddress(listen)
  const server = createServer(TIME_LIMITS, (request, response) => {
    const answer = (status: number, body: string) => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(body)
    }
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET') answer(405, 'only GET\n')
    else if (path === '/livez') answer(200, 'ok\n')
    else if (path === '/readyz') {
      const missing = served.readiness()
      const isReady = missing.length === 0
      const other = served.standsBy?.()
      const ready = other === undefined ? 'ok\n' : `ok: ${other}\n`
      answer(isReady ? 200 : 503, isReady ? ready : `waiting for: ${missing.join(', ')}\n`)
    } else if (!isOwnHost(request.headers.host, served.hostNames ?? [])) {
      answer(421, 'this server is not called so; name it with --host-name of the operator, or ask by its address\n')
    } else if (path === '/metrics') {
      served.metrics().then(
        (text) => answer(200, text),
        () => answer(500, 'no metrics\n'),
      )
    } else if (!served.page.answer(path ?? '', response)) {
      answer(404, 'there are / (the status page), /status.json, /livez, /readyz and /metrics\n')
    }
  })
  limitConnections(server)
  await listening(server, host, port, listen)
  const { address, port: actual } = server.address() as AddressInfo
  return {
    address: `${address.includes(':') ? `[${address}]` : address}:${actual}`,
    async stop() {
      served.page.stop()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function parseAddress(listen: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(listen)
  const port = Number(match?.[3])
  if (match === null || port > 65_535)
    throw new Error(`The address ${listen} of --listen is not one; give HOST:PORT, for example 127.0.0.1:8080`)
  return { host: match[1] ?? match[2] ?? '', port }
}

function listening(server: Server, host: string, port: number, listen: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another process listens there' : (cause.code ?? 'it is not possible')
      reject(new Error(`Cannot listen on ${listen}: ${why}; choose another address with --listen`, { cause }))
    })
    server.listen(port, host === '' ? undefined : host, resolve)
  })
}
