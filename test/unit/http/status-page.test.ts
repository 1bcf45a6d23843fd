// The status page without a browser: what it says, that nothing in it can do harm, and that nobody can harm it.

import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { decide } from '../../../src/domain/entitlement/decision.ts'
import { healthOfDecision } from '../../../src/domain/health/health.ts'
import { type Facts, NO_MEMORY, workloadKey } from '../../../src/domain/entitlement/facts.ts'
import { DAY, HOUR } from '../../../src/domain/time.ts'
import { stepsBefore, timelineFrom } from '../../../src/domain/entitlement/timeline.ts'
import { createJournal, type JournalEntry } from '../../../src/operator/status-page/journal.ts'
import { createLive, MOST_READERS } from '../../../src/http/server-sent-events.ts'
import { renderPage } from '../../../src/operator/status-page/page.ts'
import { SCRIPT } from '../../../src/operator/status-page/script.ts'
import { createStatusPage, type StatusPage } from '../../../src/operator/status-page/status-page.ts'
import { PALETTE, STYLE } from '../../../src/operator/status-page/style.ts'
import { type StatusView, statusView } from '../../../src/operator/status-page/view.ts'
import { catalog, eks, facts, kind, license, NOW, revoked, wanted, workload } from '../../support/builders.ts'

function viewOf(facts: Facts, events: readonly JournalEntry[] = []): StatusView {
  const decision = decide(facts)
  return statusView({
    catalog,
    version: '1.2.3',
    now: facts.now,
    decision,
    health: healthOfDecision(decision, []),
    timeline: [...stepsBefore(facts), ...timelineFrom(facts)],
    events,
    waitingFor: [],
  })
}

const pageOf = (facts: Facts, events?: readonly JournalEntry[]) => renderPage(viewOf(facts, events), 'v1')
const running = (...agents: readonly string[]) => agents.map((agent) => workload(agent))
const admitted = (...agents: readonly string[]) => ({
  ...NO_MEMORY,
  admitted: new Map(running(...agents).map((ran) => [workloadKey(ran), ran])),
})

const free = facts({ wanted: wanted(['rex', 'blaze', 'tess']), workloads: running('rex', 'blaze') })
const team = facts({ cluster: eks, licenses: [license()], wanted: wanted(['rex']), workloads: running('rex') })
const expired = facts({
  cluster: eks,
  licenses: [license({ expiresAt: NOW - 40 * DAY })],
  wanted: wanted(['rex', 'atlas'], { guardian: 'full' }),
  workloads: running('rex'),
  memory: admitted('rex'),
})

describe('what it says', () => {
  test('all is well: until when, and nothing to do', () => {
    expect(viewOf(team).status).toMatchObject({
      tone: 'good',
      verdict: 'Valid',
      headline: 'Everything is in order',
      message: 'The Team license of Acme Corp is in force until 2027-09-17T08:00:00Z.',
      countdown: { count: '300', words: 'days left' },
      license: { plan: 'Team', organization: 'Acme Corp', source: 'License acme', isOver: false },
      problems: [],
      notes: [],
    })
    expect(pageOf(team)).toContain('<time datetime="2027-09-17T08:00:00Z">17 Sep 2027, 08:00 UTC</time>')
  })

  test('a refused agent is attention, with why and what lifts it', () => {
    const { status } = viewOf(free)
    expect(status).toMatchObject({ tone: 'attention', verdict: 'Valid', headline: 'In force, with 1 agent refused' })
    expect(status?.agents).toMatchObject({
      refused: { shown: [{ name: 'tess', workload: 'cto-agents/tess', reason: 'AgentNotInPlan' }], more: 0 },
      admitted: { shown: [{ name: 'rex' }, { name: 'blaze' }] },
      cures: [{ reason: 'AgentNotInPlan', cure: expect.stringContaining('Install a license') }],
    })
  })

  test('an ended license: since when, what lifts it, what came and what is to come', () => {
    const { status } = viewOf(expired)
    expect(status).toMatchObject({
      tone: 'restricted',
      headline: 'The license has ended',
      cure: expect.stringContaining('Renew the license'),
      countdown: { count: '40', words: 'days since the end' },
      license: { isOver: true, level: 'NewAgentsBlocked' },
    })
    const steps = status?.timeline.map(({ level, isPast }) => [level, isPast])
    expect(steps).toEqual([
      ['Warning', true],
      ['UpdatesDisabled', true],
      ['GuardianReduced', true],
      ['NewAgentsBlocked', true],
      ['ReadOnly', false],
    ])
  })

  test.each<[string, Facts, { tone: string; headline: string }]>([
    [
      'ends soon',
      facts({ ...team, licenses: [license({ expiresAt: NOW + 5 * DAY })] }),
      { tone: 'attention', headline: 'In force, and ending soon' },
    ],
    [
      'just ended',
      facts({ ...team, licenses: [license({ expiresAt: NOW - HOUR })] }),
      { tone: 'attention', headline: 'The license has ended' },
    ],
    [
      'another cluster',
      facts({ cluster: eks, wanted: wanted(['rex']) }),
      { tone: 'restricted', headline: 'Not licensed for this type of cluster' },
    ],
    [
      'revoked',
      facts({ ...team, revocations: revoked(NOW - DAY) }),
      { tone: 'restricted', headline: 'The license is revoked' },
    ],
    [
      'an agent is held',
      facts({ wanted: wanted(['rex']), workloads: [workload('rex'), workload('tess', { held: true, wants: 3 })] }),
      { tone: 'attention', headline: 'In force, with 1 agent held' },
    ],
  ])('%s', (_what, facts, expected) => {
    expect(viewOf(facts).status).toMatchObject(expected)
  })

  test('limits: what is left, by how much they are exceeded, and since when', () => {
    const limitsOf = (facts: Facts) => viewOf(facts).status?.limits
    expect(limitsOf(free)).toMatchObject([
      { title: 'Nodes', used: 1, limit: 3, note: '2 left' },
      { title: 'Agents', used: 2, limit: 2, note: 'None left' },
    ])
    expect(limitsOf(facts({ ...team, nodes: { counted: 5, total: 6, excluded: [] } }))?.[0]).toMatchObject({
      used: 5,
      limit: 3,
      note: '2 over the limit since 2026-11-21T08:00:00Z, with up to 5; growth is refused from 2026-11-24T08:00:00Z, 1 not counted',
    })
    const [nodes] = limitsOf(facts({ ...team, licenses: [license({ plan: 'enterprise' })] })) ?? []
    expect(nodes).toEqual({ title: 'Nodes', used: 1, note: 'Any number' })
  })

  test('the badge stands in the footer where the plan asks for it, and nowhere else', () => {
    expect(pageOf(free)).toMatch(/<footer>\s*<p class="badge">Powered by 5D Labs<\/p>/)
    expect(pageOf(team)).not.toContain('Powered by')
  })

  test('before the first decision it says what is waited for', () => {
    const source = { catalog, version: '1', now: NOW, timeline: [], events: [], waitingFor: ['nodes', 'licenses'] }
    const page = renderPage(statusView(source), 'v1')
    expect(page).toContain('The operator is starting')
    expect(page).toContain('Waiting for: nodes, licenses.')
  })

  test('the journal keeps the last, and each once', () => {
    const journal = createJournal()
    const entry = (note: string): JournalEntry => {
      return { at: NOW, type: 'Normal', reason: 'Valid', regarding: 'Entitlement cto', note }
    }
    journal.add(entry('first'))
    journal.add({ ...entry('first'), at: NOW + 40, regarding: 'PlatformConfig acme' })
    expect(journal.entries()).toEqual([entry('first')])
    for (let n = 1; n <= 30; n++) journal.add(entry(`note ${n}`))
    expect(journal.entries()).toHaveLength(12)
    expect(journal.entries()[0]).toEqual(entry('note 30'))
  })
})

describe('nothing in it can do harm', () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&\u202Egnp\u0000\u200B`
  const attacked = facts({
    cluster: { ...eks, evidence: [hostile], contradictions: [hostile] },
    licenses: [license({ organization: hostile, licenseId: hostile })],
    wanted: wanted([hostile], { organization: hostile, addons: [hostile] }),
    workloads: [workload('rex'), workload('guardian', { agent: hostile, name: hostile, namespace: hostile })],
    nodes: { counted: 9, total: 9, excluded: [] },
  })
  const events = [{ at: NOW, type: 'Warning', reason: hostile, regarding: hostile, note: hostile }] as const

  test('names are text, and what hides in them is seen', () => {
    const page = pageOf(attacked, events)
    expect(page.match(/<(script|img)[^>]*>/g)).toEqual(['<script src="status.js" defer>'])
    expect(page).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).toContain(String.raw`\u202egnp\u0000\u200b`)
    expect(page).not.toMatch(/[\u202E\u200B\0]/)
  })

  test.each([
    ['free', free],
    ['expired', expired],
    ['attacked', attacked],
  ])('%s: no script, no style and no handler stands in the markup', (_name, facts) => {
    const tags = pageOf(facts, events).match(/<[a-z][^>]*>/g) ?? []
    expect(tags.length).toBeGreaterThan(50)
    for (const tag of tags) expect(tag).not.toMatch(/\s(style|on[a-z]+)\s*=|<style/)
  })

  test('a whole cluster of refused agents stays a page, in all below 50 KB', () => {
    const long = (n: number) => `${'a-very-long-name-of-an-agent'.repeat(9)}-${n}`
    const many = Array.from({ length: 1_000 }, (_, n) =>
      workload(long(n), { kind: 'StatefulSet', resource: 'statefulsets', ...(n % 3 === 0 ? { held: true } : {}) }),
    )
    const full = facts({
      ...attacked,
      workloads: [...many, ...running('rex', 'blaze')],
      cluster: { ...kind, evidence: many.map(({ name }) => name) },
    })
    const entries = Array.from({ length: 12 }, (_, n) => ({ ...events[0], note: long(n) }))
    const view = viewOf(full, entries)
    const page = renderPage(view, 'v1')
    const bytes = [page, STYLE, SCRIPT].map((text) => Buffer.byteLength(text))
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(50_000)
    expect(page).toMatch(/and \d+ more refused: <code>cto status<\/code> lists them/)
    expect(JSON.stringify(view).length).toBeLessThan(50_000)
  })

  test('every text can be read on its ground: contrast of 4.5 and more', () => {
    const { light, dark } = PALETTE
    for (const colours of [light, dark]) {
      const grounds = ['ground', 'surface'] as const
      const pairs = [
        ...grounds.flatMap((ground) => (['text', 'muted', 'link'] as const).map((text) => [text, ground] as const)),
        ...(['good', 'attention', 'restricted'] as const).flatMap(
          (tone) =>
            [
              [tone, 'surface'],
              [tone, `${tone}-soft`],
              ['text', `${tone}-soft`],
            ] as const,
        ),
      ]
      for (const [text, ground] of pairs) {
        expect(contrast(colours[text], colours[ground]), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

describe('served', () => {
  const stopping: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop()
  })

  async function serve(look: () => StatusView): Promise<{ page: StatusPage; url: string; port: number }> {
    const page = createStatusPage(look)
    const server = createServer((request, response) => {
      if (!page.answer(request.url ?? '', response)) response.writeHead(404).end()
    })
    const port = await listen(server)
    stopping.push(async () => {
      page.stop()
      await close(server)
    })
    return { page, url: `http://127.0.0.1:${port}`, port }
  }

  test('everything the page asks for is there, under a policy that allows nothing else', async () => {
    const { url } = await serve(() => viewOf(free))
    const document = await fetch(url)
    const text = await document.text()
    const asked = [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map((match) => match[1] ?? '')
    expect(asked.toSorted()).toEqual(['icon-attention.svg', 'status.css', 'status.js', 'status.json'])
    for (const path of ['', ...asked]) {
      const { status, headers } = await fetch(`${url}/${path}`)
      expect(status, path).toBe(200)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      )
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|data:|https?:/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
    }
    const json = (await (await fetch(`${url}/status.json`)).json()) as StatusView
    expect(json).toMatchObject({ product: 'CTO Platform', status: { verdict: 'Valid' } })
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
  })

  test('a reader hears the version at once, and another only when something is different', async () => {
    let now = free
    const { page, url } = await serve(() => viewOf(now))
    const reader = await listenTo(`${url}/events`)
    const first = await reader.next()
    expect(pageVersion(await (await fetch(url)).text())).toBe(first)

    page.changed()
    now = facts({ ...free, now: NOW + 1_000 })
    page.changed()
    now = facts({ ...free, wanted: wanted(['rex']) })
    page.changed()
    const second = await reader.next()
    expect(second).not.toBe(first)
    expect(pageVersion(await (await fetch(url)).text())).toBe(second)
  })

  test('no more readers than may be: the next one is told to come later, and finds a place that is free again', async () => {
    const { url } = await serve(() => viewOf(free))
    const readers = await Promise.all(Array.from({ length: MOST_READERS }, () => listenTo(`${url}/events`)))
    expect((await fetch(`${url}/events`)).status).toBe(503)
    expect((await fetch(url)).status).toBe(200)
    readers[0]?.leave()
    await expect
      .poll(async () => {
        const { status, body } = await fetch(`${url}/events`)
        await body?.cancel()
        return status
      })
      .toBe(200)
  })

  test('a reader that does not read is let go, and costs little until then', async () => {
    const live = createLive()
    const server = createServer((_request, response) => live.join(response, 'v'))
    const port = await listen(server)
    stopping.push(() => close(server))
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n'))
    socket.pause()
    socket.on('error', () => undefined)
    await expect.poll(() => live.hasReaders).toBe(true)
    const version = 'v'.repeat(1_000)
    for (let told = 0; live.hasReaders; told++) {
      expect(told).toBeLessThan(100_000)
      live.tell(version)
      if (told % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    socket.destroy()
  })

  test('when the operator stops, every reader is let go', async () => {
    const { page, url } = await serve(() => viewOf(free))
    const reader = await listenTo(`${url}/events`)
    await reader.next()
    page.stop()
    expect(await reader.next()).toBeUndefined()
  })
})

function pageVersion(page: string): string | undefined {
  return /data-version="([^"]+)"/.exec(page)?.[1]
}

interface Reader {
  /** The next version; undefined when the stream has ended. */
  next(): Promise<string | undefined>
  leave(): void
}

async function listenTo(url: string): Promise<Reader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => get(url, resolve).on('error', reject))
  const versions: string[] = []
  let rest = ''
  const state = { ended: false }
  let wake: () => void = () => undefined
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const version = /^event: version\ndata: (.+)$/.exec(block)?.[1]
      if (version !== undefined) versions.push(version)
    }
    wake()
  })
  response.on('error', () => undefined)
  response.on('close', () => {
    state.ended = true
    wake()
  })
  return {
    async next() {
      while (versions.length === 0 && !state.ended) await new Promise<void>((resolve) => (wake = resolve))
      return versions.shift()
    },
    leave: () => void response.destroy(),
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

/** As WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
