// The status page and what belongs to it, for `kubectl port-forward`: read-only, from memory, and never from the API server.

import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { favicon, TONES } from './icons.ts'
import { createLive } from '../../http/server-sent-events.ts'
import { renderPage } from './page.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'
import type { StatusView } from './view.ts'

export interface StatusPage {
  /** Answers a GET of one of its paths; false for any other path. */
  answer(path: string, response: ServerResponse): boolean
  /** Something may have changed: whoever has the page open will hear of it. */
  changed(): void
  stop(): void
}

// What belongs to the page and nothing else: no script but its own, nothing from elsewhere, in no frame.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const

const ASSETS: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/status.css': ['text/css', STYLE],
  '/status.js': ['text/javascript', SCRIPT],
  ...Object.fromEntries(TONES.map((tone) => [`/icon-${tone}.svg`, ['image/svg+xml', favicon(tone)] as const])),
}

/** At most one look in so long, however often something may have changed. */
const LOOK_MS = 250
const BEAT_MS = 15_000

export function createStatusPage(look: () => StatusView): StatusPage {
  const live = createLive()
  let told = ''
  let looking: NodeJS.Timeout | undefined
  // Time passes too: what says how many days are left changes by itself.
  const beating = setInterval(() => {
    live.beat()
    tellIfChanged()
  }, BEAT_MS).unref()

  function tellIfChanged(): void {
    if (!live.hasReaders) return
    const version = versionOf(look())
    if (version !== told) live.tell(version)
    told = version
  }

  return {
    answer(path, response) {
      const asset = ASSETS[path]
      if (asset !== undefined) send(response, 200, ...asset)
      else if (path === '/') {
        const view = look()
        send(response, 200, 'text/html', renderPage(view, versionOf(view)))
      } else if (path === '/status.json') {
        send(response, 200, 'application/json', `${JSON.stringify(look(), undefined, 2)}\n`)
      } else if (path === '/events') {
        if (live.isFull) send(response, 503, 'text/plain', 'as many pages are open as may be\n')
        else {
          response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' })
          live.join(response, versionOf(look()))
        }
      } else return false
      return true
    },
    changed() {
      if (!live.hasReaders) return
      looking ??= setTimeout(() => {
        looking = undefined
        tellIfChanged()
      }, LOOK_MS).unref()
    },
    stop() {
      clearInterval(beating)
      clearTimeout(looking)
      live.stop()
    },
  }
}

function send(response: ServerResponse, status: number, type: string, content: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` }).end(content)
}

/** The same while nobody would see a difference. */
function versionOf(view: StatusView): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...view, at: '' }))
    .digest('base64url')
    .slice(0, 16)
}
