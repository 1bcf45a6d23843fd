// A proxy between operators and the real API server that can do to a request whatever a network, a load balancer or a server
// in trouble does. Each replica has a door of its own, so that one can be killed alone, and each write is recorded.

import { Agent as HttpAgent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Access } from '../../src/kube/access.ts'
import type { RawObject } from '../../src/kube/object.ts'

/** A request, as Kubernetes understands it. */
export interface Asked {
  readonly door: string
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly subresource: string
  readonly query: URLSearchParams
}

export interface Write extends Asked {
  readonly body: unknown
  /** The object before the write; undefined if there was none. */
  readonly before: RawObject | undefined
  /** What the API server answered: an object, or a Status. */
  readonly answer: RawObject | undefined
  readonly status: number
  /** Whether the object is another one now. */
  readonly changed: boolean
  /** When it had left the operator, by `performance.now()`: the API server may have taken its time. */
  readonly at: number
}

type Lines = AsyncIterable<string>

export type Fault =
  /** The API server hears nothing of it, and this is answered. */
  | { readonly kind: 'answer'; readonly status: number; readonly reason: string; readonly retryAfter?: number }
  /** The API server hears nothing of it, and the connection ends. */
  | { readonly kind: 'cut' }
  /** The API server does it, and the connection ends before the answer. */
  | { readonly kind: 'lose-answer' }
  /** The API server hears nothing of it, and neither does anybody else: an open connection and not a byte. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Another body in place of the one that the API server sent. */
  | { readonly kind: 'body'; readonly change: (body: List) => unknown }
  /** Other lines of a watch: dropped, doubled, late, in another order, invented. Returning ends the watch, throwing cuts it. */
  | { readonly kind: 'lines'; readonly change: (lines: Lines) => Lines }

export interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly RawObject[]
}

export type Rule = (asked: Asked) => Fault | undefined

export interface Door {
  readonly name: string
  readonly server: URL
  /** The way in for an operator in this process. */
  access(): Access
  /** Writes the kubeconfig of an operator in a process of its own. */
  kubeconfig(path: string): void
  /** What the API server sees of a SIGKILL: every connection ends, and none comes again. */
  slam(): void
  readonly slammed: boolean
  /** Resolves when it is slammed. */
  readonly gone: Promise<void>
}

export interface FaultProxy extends AsyncDisposable {
  door(name: string): Promise<Door>
  /** A rule for all requests from now on; the newest is asked first. Returns how to lift it. */
  rule(rule: Rule): () => void
  /** What the operators wrote, leases and Events apart. */
  readonly writes: Write[]
  /** What was asked, in order: `watch nodes`. */
  readonly asked: Asked[]
  /** Called when the API server has done a write, before its answer goes back. */
  onWritten: (write: Write) => void
  /** Ends each watch that is open on such a request. */
  cutWatches(which?: (asked: Asked) => boolean): void
  /**
   * From now on such watches tell nothing. Returns how to end that: what happened meanwhile is never told, because the
   * versions are too old to go on from.
   */
  blind(which: (asked: Asked) => boolean): () => void
  /** The API server is another one from now on. */
  moveTo(target: Target): void
}

interface Target {
  readonly server: string
  readonly caPath: string
  readonly token: string
}

const agentOf = ({ caPath }: Target) => new HttpsAgent({ keepAlive: true, ca: readFileSync(caPath) })

export async function startFaultProxy(first: Target): Promise<FaultProxy> {
  let { server, token } = first
  let upstream = agentOf(first)
  const rules: Rule[] = []
  const closing: (() => Promise<void>)[] = []
  const open = new Map<ServerResponse, Asked>()
  const blinds = new Set<(asked: Asked) => boolean>()

  const proxy: FaultProxy = {
    writes: [],
    asked: [],
    onWritten: () => undefined,
    rule(rule) {
      rules.unshift(rule)
      return () => void rules.splice(rules.indexOf(rule), 1)
    },
    cutWatches(which = () => true) {
      for (const [response, asked] of open) if (asked.verb === 'watch' && which(asked)) response.destroy()
    },
    blind(which) {
      blinds.add(which)
      return () => {
        blinds.delete(which)
        for (const [response, asked] of open) if (asked.verb === 'watch' && which(asked)) response.end(`${TOO_OLD}\n`)
      }
    },
    moveTo(target) {
      upstream.destroy()
      upstream = agentOf(target)
      server = target.server
      token = target.token
    },
    door,
    async [Symbol.asyncDispose]() {
      await Promise.all(closing.map((close) => close()))
      upstream.destroy()
    },
  }

  async function door(name: string): Promise<Door> {
    const listener = createServer((request, response) => {
      serve(name, request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const url = new URL(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`)
    const { promise: gone, resolve: go } = Promise.withResolvers<void>()
    let slammed = false
    const slam = () => {
      slammed = true
      go()
      listener.close()
      listener.closeAllConnections()
    }
    closing.push(async () => {
      slam()
      await new Promise<void>((resolve) => (listener.listening ? listener.close(() => resolve()) : resolve()))
    })
    return {
      name,
      server: url,
      slam,
      get slammed() {
        return slammed
      },
      gone,
      access: () => ({
        server: url,
        agent: new HttpAgent({ keepAlive: true }),
        headers: () => Promise.resolve({}),
        refresh: () => undefined,
      }),
      kubeconfig(path) {
        const config = {
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name, cluster: { server: url.origin } }],
          users: [{ name, user: {} }],
          contexts: [{ name, context: { cluster: name, user: name } }],
          'current-context': name,
        }
        writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
      },
    }
  }

  async function serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = understand(name, request)
    const sent = await buffer(request)
    const at = performance.now()
    if (response.destroyed) return
    proxy.asked.push(asked)
    open.set(response, asked)
    response.on('close', () => open.delete(response))
    const fault = rules.map((rule) => rule(asked)).find((one) => one !== undefined)
    if (fault?.kind === 'answer') return answer(response, fault)
    if (fault?.kind === 'cut') return void response.destroy()
    if (fault?.kind === 'stall') return
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    const isRecorded = !['get', 'list', 'watch'].includes(asked.verb) && !['events', 'leases'].includes(asked.resource)
    const before = isRecorded ? await objectAt(request.url ?? '/', asked, sent) : undefined
    // A write that has left is done, whoever is gone meanwhile.
    const whoAsks = isRecorded ? undefined : response
    const from = await ask(request.method ?? 'GET', request.url ?? '/', sent, request.headers['content-type'], whoAsks)
    if (asked.verb === 'watch') {
      const lines = fault?.kind === 'lines' ? fault.change(linesOf(from)) : linesOf(from)
      await passOnWatch(from, lines, response, () => [...blinds].some((isBlind) => isBlind(asked)))
      return
    }
    const body = await buffer(from)
    if (isRecorded) record({ ...asked, before, at }, sent, body, from.statusCode ?? 0)
    if (fault?.kind === 'lose-answer') response.destroy()
    else if (fault?.kind === 'body' && from.statusCode === 200) {
      const changed = fault.change(JSON.parse(body.toString()) as List)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(await changed))
    } else response.writeHead(from.statusCode ?? 502, headersOf(from)).end(body)
  }

  function ask(
    method: string,
    path: string,
    body: Buffer,
    contentType: string | undefined,
    whoAsks?: ServerResponse,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body.length === 0
          ? {}
          : { 'content-type': contentType ?? 'application/json', 'content-length': body.length }),
      }
      const sent = httpsRequest(new URL(path, server), { method, agent: upstream, headers }, resolve)
      sent.on('error', reject)
      whoAsks?.on('close', () => {
        if (!whoAsks.writableFinished) sent.destroy()
      })
      sent.end(body)
    })
  }

  async function objectAt(url: string, asked: Asked, sent: Buffer): Promise<RawObject | undefined> {
    const [path = ''] = url.split('?')
    const name = asked.verb === 'create' ? `/${(JSON.parse(sent.toString()) as RawObject).metadata.name}` : ''
    const from = await ask('GET', path + name, Buffer.alloc(0), undefined)
    const body = await buffer(from)
    return from.statusCode === 200 ? (JSON.parse(body.toString()) as RawObject) : undefined
  }

  function record(asked: Asked & Pick<Write, 'before' | 'at'>, sent: Buffer, body: Buffer, status: number): void {
    const answered = parse(body) as RawObject | undefined
    const done = status < 300
    const version = answered?.metadata?.resourceVersion
    const write: Write = {
      ...asked,
      name: asked.name === '' ? (answered?.metadata?.name ?? '') : asked.name,
      body: parse(sent),
      answer: answered,
      status,
      changed: done && (asked.verb === 'delete' || asked.before?.metadata.resourceVersion !== version),
    }
    proxy.writes.push(write)
    proxy.onWritten(write)
  }

  return proxy
}

async function passOnWatch(from: IncomingMessage, lines: Lines, response: ServerResponse, isBlind: () => boolean) {
  response.writeHead(from.statusCode ?? 502, headersOf(from))
  response.flushHeaders()
  response.on('close', () => from.destroy())
  try {
    for await (const line of lines) {
      if (response.writableEnded || response.destroyed) return
      if (!isBlind()) response.write(`${line}\n`)
    }
    response.end()
  } catch {
    response.destroy()
  }
}

/** What a server sends that has forgotten where a watch was. */
export const TOO_OLD = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
})

// Not `readline`: it loses what comes before the first line is asked for.
async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function answer(response: ServerResponse, { status, reason, retryAfter }: Fault & { kind: 'answer' }): void {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    reason,
    message: `injected ${reason}`,
  }
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    })
    .end(JSON.stringify(body))
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept = new Set(['content-type', 'retry-after', 'date'])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name))) as Record<string, string>
}

function understand(door: string, { method = 'GET', url = '/' }: IncomingMessage): Asked {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost')
  const parts = pathname.split('/').filter((part) => part !== '')
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2
  const namespace = isNamespaced ? (rest[1] ?? '') : ''
  const [resource = '', name = '', subresource = ''] = isNamespaced ? rest.slice(2) : rest
  const read = query.get('watch') === 'true' ? 'watch' : name === '' ? 'list' : 'get'
  const verb =
    ({ GET: read, POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const)[method] ?? 'get'
  return { door, verb, resource, namespace, name, subresource, query }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
