// One JSON request to the API server, which has to prove who it is with its certificate.

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'

export interface ApiAnswer {
  readonly status: number
  /** What the answer says: an object, or text where it is not JSON. */
  readonly body: unknown
}

export type ApiRequest = (method: string, path: string, body?: unknown, contentType?: string) => Promise<ApiAnswer>

export interface ApiAddress {
  readonly server: string
  readonly caPath: string
  readonly token: string
}

const TIMEOUT_MS = 30_000

export function apiRequester({ server, caPath, token }: ApiAddress): ApiRequest {
  const agent = new Agent({ keepAlive: true, maxSockets: 24, ca: readFileSync(caPath), timeout: TIMEOUT_MS })
  return (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': contentType }
      const sent = request(new URL(path, server), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const json = response.headers['content-type']?.startsWith('application/json') ?? false
          resolve({ status: response.statusCode ?? 0, body: json ? (JSON.parse(text) as unknown) : text })
        })
      })
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS} ms`)))
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
}
