// A headless Chromium as a person's browser, driven over its debugging pipe: no port to listen on, nothing to install with
// npm. What it does not find on this machine is skipped by the tests that need it, with the reason.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'

export interface View {
  readonly width: number
  readonly height?: number
  readonly dark?: boolean
  readonly print?: boolean
  readonly scripts?: boolean
}

/** A node of the accessibility tree, as a screen reader has it. */
export interface Accessible {
  readonly role: string
  readonly name: string
  readonly level?: number
}

export interface Page {
  /** What the expression is in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>
  /** Waits until the expression is true. */
  until(expression: string): Promise<void>
  accessibility(): Promise<Accessible[]>
  screenshot(): Promise<Buffer>
  /** What stands in the console: errors, warnings, refusals of the content security policy. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export interface Browser extends AsyncDisposable {
  open(url: string, view: View): Promise<Page>
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of a Chromium: `CTO_CHROMIUM`, else the first in the PATH. */
export const chromium = process.env['CTO_CHROMIUM'] ?? firstInPath()

function firstInPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path))
}

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

type Send = <T>(method: string, params?: object, sessionId?: string) => Promise<T>

export async function startBrowser(path: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'cto-chromium-'))
  const flags = [
    '--headless=new',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--force-color-profile=srgb',
    '--lang=en',
    // A user namespace of its own is refused in many containers, and all that is opened is our own page.
    '--no-sandbox',
  ]
  const child = spawn(path, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const listeners = new Set<(message: Message) => void>()
  const send = connect(child, listeners)

  return {
    open: (url, view) => open(url, view, send, listeners),
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      await send('Browser.close').catch(() => child.kill('SIGKILL'))
      const patience = setTimeout(() => child.kill('SIGKILL'), 5_000)
      if (child.exitCode === null && child.signalCode === null) await gone
      clearTimeout(patience)
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function connect(child: ChildProcess, listeners: ReadonlySet<(message: Message) => void>): Send {
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable & Duplex, Readable]
  const waiting = new Map<number, (message: Message) => void>()
  let last = 0
  let rest = ''
  output.setEncoding('utf8')
  output.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const message = JSON.parse(part) as Message
      if (message.id === undefined) for (const listener of listeners) listener(message)
      else waiting.get(message.id)?.(message)
    }
  })
  child.on('exit', () => {
    for (const answer of waiting.values()) answer({ error: { message: 'the browser has ended' } })
  })
  input.on('error', () => undefined)
  return <T>(method: string, params: object = {}, sessionId?: string) =>
    new Promise<T>((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result as T)
        else reject(new Error(`${method}: ${error.message}`))
      })
      input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    })
}

async function open(
  url: string,
  { width, height = 900, dark = false, print = false, scripts = true }: View,
  send: Send,
  listeners: Set<(message: Message) => void>,
): Promise<Page> {
  // A context of its own: nothing of another page is in its cache.
  const { browserContextId } = await send<{ browserContextId: string }>('Target.createBrowserContext')
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank', browserContextId })
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const ask = <T>(method: string, params?: object) => send<T>(method, params, sessionId)
  const complaints: string[] = []
  let loaded: () => void = () => undefined
  const isLoaded = new Promise<void>((resolve) => (loaded = resolve))
  const listener = (message: Message) => {
    if (message.sessionId !== sessionId) return
    if (message.method === 'Page.loadEventFired') loaded()
    const complaint = complaintIn(message)
    if (complaint !== undefined) complaints.push(complaint)
  }
  listeners.add(listener)
  for (const domain of ['Page', 'Runtime', 'Log', 'Audits']) await ask(`${domain}.enable`)
  await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 })
  await ask('Emulation.setEmulatedMedia', {
    media: print ? 'print' : 'screen',
    features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
  })
  await ask('Emulation.setScriptExecutionDisabled', { value: !scripts })
  await ask('Page.navigate', { url })
  await isLoaded

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await ask<{
      result: { value: T }
      exceptionDetails?: { exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? expression)
    return result.value
  }
  return {
    evaluate,
    complaints,
    async until(expression) {
      const deadline = performance.now() + 20_000
      while (!(await evaluate<boolean>(expression))) {
        if (performance.now() > deadline) throw new Error(`waited 20 s in vain for ${expression}`)
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
    async accessibility() {
      const { nodes } = await ask<{ nodes: readonly RawAccessible[] }>('Accessibility.getFullAXTree')
      return nodes.filter((node) => !node.ignored).map(accessibleFrom)
    },
    async screenshot() {
      const { cssContentSize } = await ask<{ cssContentSize: { height: number } }>('Page.getLayoutMetrics')
      const clip = { x: 0, y: 0, width, height: Math.ceil(cssContentSize.height), scale: 1 }
      const { data } = await ask<{ data: string }>('Page.captureScreenshot', { clip, captureBeyondViewport: true })
      return Buffer.from(data, 'base64')
    },
    async close() {
      listeners.delete(listener)
      await send('Target.disposeBrowserContext', { browserContextId })
    },
  }
}

function complaintIn({ method, params }: Message): string | undefined {
  if (method === 'Log.entryAdded') {
    const { entry } = params as { entry: { level: string; text: string } }
    return entry.level === 'verbose' || entry.level === 'info' ? undefined : entry.text
  }
  if (method === 'Runtime.exceptionThrown') return JSON.stringify(params)
  if (method === 'Runtime.consoleAPICalled') return JSON.stringify(params?.['args'])
  if (method === 'Audits.issueAdded') {
    const { issue } = params as { issue: { code: string } }
    return issue.code === 'ContentSecurityPolicyIssue' ? JSON.stringify(issue) : undefined
  }
  return undefined
}

interface RawAccessible {
  readonly ignored: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[]
}

function accessibleFrom({ role, name, properties }: RawAccessible): Accessible {
  const level = properties?.find((property) => property.name === 'level')?.value.value
  return { role: role?.value ?? '', name: name?.value ?? '', ...(typeof level === 'number' ? { level } : {}) }
}
