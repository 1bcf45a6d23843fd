// Requests to the API server: one pool of connections, a time limit on each, retries that the server asks for.

import type { Page } from './object.ts'
import type { RawObject } from './object.ts'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { pause } from '../runtime/pause.ts'
import { withTimeLimit } from '../runtime/time-limit.ts'
import type { Access } from './access.ts'
import { isUnauthorized, KubeError } from './errors.ts'
import { itemsOf, type ListEnd } from './list-stream.ts'
import type { Proxy } from './proxy.ts'
import { type Place, type Resource, resourcePath } from './resource.ts'

/** Says whether this process may write. Asked at the last moment: a process can be stopped between any two of its steps. */
export interface Fence {
  readonly isOpen: () => boolean
  /** How long a write that has begun may take, in ms. */
  readonly timeoutMs: number
}

/** Of a client that only reads. */
export const CLOSED: Fence = { isOpen: () => false, timeoutMs: 0 }

export interface ClientOptions {
  /** Who writes: the manager of the fields that are applied or patched. */
  readonly fieldManager: string
  readonly userAgent: string
  /** How long one attempt may take, in ms. */
  readonly timeoutMs?: number
  /** Called with each answer. The method of what is only tried is followed by `(dry run)`. */
  readonly onRequest?: (method: string, status: number) => void
  /** Without it, writing is always allowed. */
  readonly fence?: Fence
}

export interface DryRun {
  /** The API server does everything but keep it. */
  readonly dryRun?: boolean
}

export interface ApplyOptions extends DryRun {
  /** Take fields over from other managers. Without it, a field of another manager is a conflict. */
  readonly force: boolean
  readonly subresource?: string
}

export type Client = ReturnType<typeof createClient>

const DEFAULT_TIMEOUT_MS = 10_000
const ATTEMPTS = 4
const LONGEST_WAIT_MS = 10_000
const LARGEST_BODY = 64 * 1024 * 1024
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  /** Whether sending it twice does no more than sending it once. */
  readonly repeatable: boolean
  readonly dryRun?: boolean
}

/** An answer while it comes. */
export interface StreamedAnswer {
  readonly chunks: AsyncIterable<Buffer>
  readonly contentType: string
}

interface Opened {
  readonly response: IncomingMessage
  readonly life: AbortController
}

export function createClient(access: Access, options: ClientOptions) {
  const { fieldManager, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const send = access.server.protocol === 'http:' ? httpRequest : httpsRequest
  const unreachable = (request: Request, error: unknown) => nobodyAnswers(request, error, access.proxy)
  /** The API server's time at its last answer, and when that came. */
  let serverDate: { readonly at: number; readonly receivedAt: number } | undefined

  async function credentials(request: Request): Promise<Record<string, string>> {
    try {
      return await access.headers()
    } catch (cause) {
      throw new KubeError(`${describe(request)}: ${cause instanceof Error ? cause.message : String(cause)}`, 0, '', {
        cause,
      })
    }
  }

  async function open(
    request: Request,
    signal: AbortSignal,
    encoding: string,
    accept = 'application/json',
  ): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    const headers: Record<string, string> = {
      accept,
      'accept-encoding': encoding,
      'user-agent': options.userAgent,
      ...(await credentials(request)),
      ...(body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
    }
    // A kubeconfig's server may have a path of its own, as Rancher's have.
    const url = new URL(access.server.pathname.replace(/\/$/, '') + request.path, access.server)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = send(url, { method: request.method, agent: access.agent, headers, signal }, resolve)
      sent.on('error', reject)
      if (request.method === 'GET') sent.end()
      else endBehindFence(sent, body, request)
    })
    const date = Date.parse(response.headers.date ?? '')
    if (!Number.isNaN(date)) serverDate = { at: date, receivedAt: performance.now() }
    const method = request.dryRun === true ? `${request.method} (dry run)` : request.method
    options.onRequest?.(method, response.statusCode ?? 0)
    return response
  }

  // The fence is asked when there is a connection: between its answer and the bytes there is nothing left to wait for.
  function endBehindFence(sent: ClientRequest, body: string | undefined, request: Request): void {
    if (options.fence === undefined) sent.end(body)
    else {
      sent.once('socket', (socket) => {
        const end = () => (options.fence?.isOpen() === true ? sent.end(body) : sent.destroy(notAllowed(request)))
        if (isConnecting(socket)) socket.once(access.server.protocol === 'http:' ? 'connect' : 'secureConnect', end)
        else end()
      })
    }
  }

  async function attempt(request: Request, signal: AbortSignal): Promise<unknown> {
    const response = await open(request, signal, 'gzip')
    const text = await readBody(response, signal).catch((error: unknown) => {
      // A body that ends with its time limit looks like one that was cut.
      signal.throwIfAborted()
      throw error
    })
    if ((response.statusCode ?? 0) >= 400) throw errorFrom(request, response, text)
    return text === '' ? undefined : parseBody(request, text)
  }

  const call = (request: Request, signal: AbortSignal): Promise<unknown> => retried(request, signal, attempt)

  async function retried<T>(
    request: Request,
    signal: AbortSignal,
    make: (request: Request, limited: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const fence = request.method === 'GET' ? undefined : options.fence
    const limitMs = Math.min(timeoutMs, fence?.timeoutMs ?? timeoutMs)
    let refreshed = false
    for (let tries = 1; ; tries++) {
      try {
        if (fence?.isOpen() === false) throw notAllowed(request)
        return await withTimeLimit(limitMs, signal, (limited) => make(request, limited))
      } catch (error) {
        signal.throwIfAborted()
        if (isUnauthorized(error) && !refreshed) {
          refreshed = true
          access.refresh()
          continue
        }
        const wait = tries < ATTEMPTS ? waitBeforeRetry(request, error, tries) : undefined
        if (wait === undefined) throw unreachable(request, error)
        await pause(wait, signal)
        signal.throwIfAborted()
      }
    }
  }

  async function* readPage(request: Request, signal: AbortSignal): AsyncGenerator<RawObject, ListEnd> {
    const { response, life } = await retried(request, signal, openPage)
    const end = () => life.abort()
    const silence = setTimeout(end, timeoutMs)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    try {
      return yield* itemsOf(heard(decoded(response), () => silence.refresh()))
    } catch (error) {
      signal.throwIfAborted()
      // The parser's own error quotes what it could not read.
      throw error instanceof SyntaxError ? notJson(request) : unreachable(request, error)
    } finally {
      clearTimeout(silence)
      signal.removeEventListener('abort', end)
      response.destroy()
    }
  }

  /** An answer that goes on after the attempt to get it. */
  async function openPage(request: Request, limited: AbortSignal): Promise<Opened> {
    const life = new AbortController()
    const end = () => life.abort(limited.reason)
    limited.addEventListener('abort', end)
    if (limited.aborted) end()
    try {
      const response = await open(request, life.signal, 'gzip')
      if ((response.statusCode ?? 0) >= 400) throw errorFrom(request, response, await readBody(response, limited))
      return { response, life }
    } finally {
      limited.removeEventListener('abort', end)
    }
  }

  function waitBeforeRetry(request: Request, error: unknown, tries: number): number | undefined {
    if (!(error instanceof KubeError)) {
      // A kept connection that the server closed in the same moment: the request never arrived.
      return tries === 1 && request.repeatable && isStaleConnection(error) ? 0 : undefined
    }
    if (error.status === 429 || (error.status === 503 && error.retryAfterMs !== undefined)) {
      return Math.min(error.retryAfterMs ?? 1_000, LONGEST_WAIT_MS)
    }
    return undefined
  }

  const object = (value: unknown) => value as RawObject

  return {
    get: async (resource: Resource, place: Place, signal: AbortSignal): Promise<RawObject> =>
      object(await call({ method: 'GET', path: resourcePath(resource, place), repeatable: true }, signal)),

    /** One page of a list, for a few objects. */
    list: async (
      resource: Resource,
      place: Place,
      query: Readonly<Record<string, string>>,
      signal: AbortSignal,
    ): Promise<Page> => {
      const path = resourcePath(resource, place, query)
      return (await call({ method: 'GET', path, repeatable: true }, signal)) as Page
    },

    /** One page of a list, object by object as they arrive. The time limit is for the answer to begin, and to go on. */
    page: (
      resource: Resource,
      place: Place,
      query: Readonly<Record<string, string>>,
      signal: AbortSignal,
    ): AsyncGenerator<RawObject, ListEnd> =>
      readPage({ method: 'GET', path: resourcePath(resource, place, query), repeatable: true }, signal),

    /** Any path that answers JSON: `/version`, `/apis`. */
    raw: (path: string, signal: AbortSignal): Promise<unknown> =>
      call({ method: 'GET', path, repeatable: true }, signal),

    create: async (
      resource: Resource,
      value: RawObject,
      signal: AbortSignal,
      { dryRun = false }: DryRun = {},
    ): Promise<RawObject> => {
      const query = { fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) }
      const path = resourcePath(resource, placeOf(value, { withName: false }), query)
      return object(await call({ method: 'POST', path, body: value, repeatable: dryRun, dryRun }, signal))
    },

    /** Replaces the whole object, if it still has the version that is given with it. */
    replace: async (
      resource: Resource,
      value: RawObject,
      signal: AbortSignal,
      subresource?: string,
    ): Promise<RawObject> => {
      const path = resourcePath(resource, { ...placeOf(value), ...part(subresource) }, { fieldManager })
      return object(await call({ method: 'PUT', path, body: value, repeatable: true }, signal))
    },

    /** Server-side apply: creates the object or changes the given fields of it, and no others. */
    apply: async (
      resource: Resource,
      value: RawObject,
      { force, subresource, dryRun = false }: ApplyOptions,
      signal: AbortSignal,
    ): Promise<RawObject> => {
      const path = resourcePath(
        resource,
        { ...placeOf(value), ...part(subresource) },
        { fieldManager, force: String(force), ...(dryRun ? { dryRun: 'All' } : {}) },
      )
      return object(
        await call({ method: 'PATCH', path, body: value, contentType: APPLY, repeatable: true, dryRun }, signal),
      )
    },

    /** Changes the given fields. With a uid or resourceVersion among them, only if the object still has those. */
    mergePatch: async (
      resource: Resource,
      place: Place,
      patch: unknown,
      signal: AbortSignal,
      { dryRun = false }: DryRun = {},
    ): Promise<RawObject> => {
      const path = resourcePath(resource, place, { fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) })
      return object(
        await call({ method: 'PATCH', path, body: patch, contentType: MERGE, repeatable: dryRun, dryRun }, signal),
      )
    },

    /** Makes the changes in their order, all or none (RFC 6902). A test among them that fails is an error with status 422. */
    jsonPatch: async (
      resource: Resource,
      place: Place,
      patch: readonly unknown[],
      signal: AbortSignal,
    ): Promise<RawObject> => {
      const path = resourcePath(resource, place, { fieldManager })
      return object(
        await call({ method: 'PATCH', path, body: patch, contentType: JSON_PATCH, repeatable: false }, signal),
      )
    },

    /** Deletes the object, if it is still the one with that uid. */
    delete: async (resource: Resource, place: Place, uid: string | undefined, signal: AbortSignal): Promise<void> => {
      const body = { ...(uid === undefined ? {} : { preconditions: { uid } }), propagationPolicy: 'Background' }
      await call({ method: 'DELETE', path: resourcePath(resource, place), body, repeatable: true }, signal)
    },

    /**
     * Opens an answer that goes on: a watch. Not limited in time; the caller watches over it.
     * @param preferred the content type that is wanted rather than JSON
     */
    stream: async (path: string, signal: AbortSignal, preferred?: string): Promise<StreamedAnswer> => {
      const request: Request = { method: 'GET', path, repeatable: true }
      const accept = [...(preferred === undefined ? [] : [preferred]), 'application/json'].join(', ')
      // Not compressed: an event has to arrive when it happens, not when a block is full.
      const response = await open(request, signal, 'identity', accept).catch((error: unknown) =>
        Promise.reject(unreachable(request, error)),
      )
      if ((response.statusCode ?? 0) >= 400) {
        if (response.statusCode === 401) access.refresh()
        throw errorFrom(request, response, await readBody(response, signal))
      }
      return { chunks: decoded(response), contentType: response.headers['content-type'] ?? '' }
    },

    /** The API server's time now, in ms since the epoch, as its last answer had it; undefined before the first. */
    serverTime: () =>
      serverDate === undefined ? undefined : serverDate.at + performance.now() - serverDate.receivedAt,
  }
}

function placeOf({ metadata: { name, namespace } }: RawObject, { withName = true } = {}): Place {
  return { ...(withName ? { name } : {}), ...(namespace === undefined ? {} : { namespace }) }
}

function part(subresource: string | undefined): Place {
  return subresource === undefined ? {} : { subresource }
}

function decoded(response: IncomingMessage): AsyncIterable<Buffer> {
  if (response.headers['content-encoding'] !== 'gzip') return response
  // Not `pipe`: a connection that breaks has to end the decoded stream too. Whoever reads that hears of the error.
  return pipeline(response, createGunzip(), () => undefined)
}

async function* heard(chunks: AsyncIterable<Buffer>, tell: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tell()
    yield chunk
  }
}

async function readBody(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of decoded(response)) {
    signal.throwIfAborted()
    size += chunk.length
    if (size > LARGEST_BODY) {
      response.destroy()
      throw new KubeError(`The API server sent more than ${LARGEST_BODY} bytes`, 0, 'TooLarge')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size).toString('utf8')
}

// The parser's own error quotes what it could not read, and that could be a Secret: it is not kept as the cause.
function parseBody(request: Request, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notJson(request)
  }
}

function notJson(request: Request): KubeError {
  return new KubeError(`${describe(request)}: the API server sent what is not JSON`, 0, 'Unreadable')
}

function errorFrom(request: Request, response: IncomingMessage, text: string): KubeError {
  const status = response.statusCode ?? 0
  const answer = parseStatus(text)
  const seconds = Number(response.headers['retry-after'] ?? answer.details?.retryAfterSeconds)
  return new KubeError(
    `${describe(request)}: ${answer.message ?? `the API server answered ${status}`}`,
    status,
    answer.reason ?? '',
    Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {},
  )
}

interface StatusAnswer {
  readonly kind?: string
  readonly message?: string
  readonly reason?: string
  readonly details?: { readonly retryAfterSeconds?: number }
}

// Only the message of a Status is told: another body could be anything, a Secret among it.
function parseStatus(text: string): Omit<StatusAnswer, 'kind'> {
  try {
    const answer = JSON.parse(text) as StatusAnswer
    return answer.kind === 'Status' ? answer : {}
  } catch {
    return {}
  }
}

// An abort that is not the caller's is our own time limit.
const NO_ANSWER: Readonly<Record<string, string>> = {
  ABORT_ERR: 'it took too long',
  TimeoutError: 'it took too long',
  ECONNREFUSED: 'nobody listens at its address',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it took too long',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
}

/** With a proxy between, these tell of the proxy: nothing else is connected to, and it looks up the other name. */
const OF_THE_PROXY = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])

function nobodyAnswers(request: Request, error: unknown, proxy: Proxy | undefined): unknown {
  if (error instanceof KubeError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  const { code } = cause as { readonly code?: unknown }
  // A DOMException has a code too, and it is a number.
  const kind = typeof code === 'string' ? code : cause.name
  const why = NO_ANSWER[kind] ?? kind
  const silence = `no answer from the API server (${why})`
  const told = proxy === undefined ? silence : throughProxy(proxy, cause, kind, why)
  return new KubeError(`${describe(request)}: ${told}`, 0, '', { cause })
}

function throughProxy({ url, from }: Proxy, cause: Error, kind: string, why: string): string {
  // Without its user and password.
  const proxy = `the proxy ${url.protocol}//${url.host} (${from})`
  if (OF_THE_PROXY.has(kind)) return `no answer from ${proxy}: ${why}`
  const status = /^Bad response: (\d{3})$/.exec(cause.message)?.[1]
  if (status === undefined) return `no answer from the API server through ${proxy}: ${why}`
  const hint = status === '407' ? ': it wants a user and a password' : ''
  return `no answer from the API server: ${proxy} answered ${status}${hint}`
}

function notAllowed(request: Request): KubeError {
  return new KubeError(`${describe(request)}: this replica does not lead and may not write`, 0, 'NotLeading')
}

function isConnecting(socket: Socket): boolean {
  return socket.connecting || (socket as TLSSocket & { readonly secureConnecting?: boolean }).secureConnecting === true
}

function describe({ method, path }: Request): string {
  const verb = { GET: 'read', POST: 'create', PUT: 'replace', PATCH: 'change', DELETE: 'delete' }[method]
  return `${verb} ${path.split('?')[0]}`
}

function isStaleConnection(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
}
