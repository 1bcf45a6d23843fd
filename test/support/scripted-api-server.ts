// A small API server that plays a script: each expected request with its answer. One that is not in the script makes the
// test fail, and so does a scene that was not played.

import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Access } from '../../src/kube/access.ts'

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>

interface Scene {
  readonly matches: (request: IncomingMessage) => boolean
  readonly answer: Answer
}

export interface ScriptedApiServer extends AsyncDisposable {
  readonly access: Access
  /** What was asked, in order: `GET /api/v1/nodes?limit=500`. */
  readonly asked: string[]
  /** Requests that the script did not expect. */
  readonly unexpected: string[]
  /** The next request must match; it gets the answer. */
  expect(matches: RegExp, answer: Answer): void
  /** Whether each scene has been played. */
  isPlayed(): boolean
  /** Connections that are open. */
  connections(): Promise<number>
}

export async function scriptedApiServer(): Promise<ScriptedApiServer> {
  const script: Scene[] = []
  const asked: string[] = []
  const unexpected: string[] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    asked.push(line)
    const scene = script[0]
    if (scene === undefined || !scene.matches(request)) {
      unexpected.push(line)
      // Held open: whoever asks too much waits, until the test ends and fails.
      return
    }
    script.shift()
    void scene.answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  let refreshed = 0
  return {
    access: {
      server: new URL(`http://127.0.0.1:${port}`),
      agent,
      headers: () => Promise.resolve({ authorization: `Bearer token-${refreshed}` }),
      refresh: () => void refreshed++,
    },
    asked,
    unexpected,
    expect(matches, answer) {
      script.push({ matches: (request) => matches.test(`${request.method} ${request.url}`), answer })
    },
    isPlayed: () => script.length === 0,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      if (unexpected.length > 0) throw new Error(`not in the script: ${unexpected.join(', ')}`)
      if (script.length > 0) throw new Error(`${script.length} scenes of the script were not played`)
    },
  }
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

export const failure = (
  status: number,
  reason: string,
  message = reason,
  headers: Record<string, string> = {},
): Answer => json({ kind: 'Status', status: 'Failure', code: status, reason, message }, status, headers)

export const item = (name: string, resourceVersion: string | number, more: Record<string, unknown> = {}) => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion: String(resourceVersion) },
  ...more,
})

export const page = (items: readonly unknown[], resourceVersion: string | number, continueToken = ''): Answer =>
  json({ kind: 'List', metadata: { resourceVersion: String(resourceVersion), continue: continueToken }, items })

export const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`

/** No answer at all. */
export const hold: Answer = () => undefined

/** Writes chunks and then ends, or, with `open`, stays silent. */
export const stream =
  (chunks: readonly (string | Buffer)[], then: 'end' | 'open' | 'cut' = 'end'): Answer =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const chunk of chunks) {
      response.write(chunk)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    if (then === 'end') response.end()
    if (then === 'cut') response.destroy()
  }
