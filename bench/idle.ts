// What a contender costs the API server while nothing happens: requests by the API server's audit log, bytes by a relay in
// between that looks into nothing.

import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CONTENDERS, type Contender, start } from './contenders.ts'
import { rest, setStage, type Stage, type StageOptions } from './stage.ts'
import type { Row } from './table.ts'

export interface IdleOptions extends StageOptions {
  /** How long each contender is looked at, in minutes. */
  readonly minutes: number
}

/** What is seen within the window. */
interface Seen {
  readonly requests: number
  readonly leases: number
  readonly watches: number
  readonly writes: number
  readonly bytes: number
}

interface AuditEvent {
  readonly verb: string
  readonly userAgent?: string
  readonly requestReceivedTimestamp: string
  readonly objectRef?: { readonly resource: string; readonly namespace?: string; readonly name?: string }
}

/** As it is in a pod: one of several replicas, elected. */
const SETTLE_MS = 30_000
const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ResponseStarted, ResponseComplete]
rules:
  - level: Metadata
`
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

export async function idleRows(folder: string, options: IdleOptions): Promise<Row[]> {
  const { minutes, log } = options
  const policy = join(folder, 'audit-policy.yaml')
  const audit = join(folder, 'audit.log')
  await writeFile(policy, POLICY)
  const apiserverArgs = [`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`]
  await using stage = await setStage({ ...options, apiserverArgs })
  const seen = new Map<Contender, Seen>()
  for (const contender of CONTENDERS) {
    const one = await look(contender, stage, audit, minutes)
    seen.set(contender, one)
    log(`idle, ${minutes} min, ${contender}: ${JSON.stringify(one)}`)
  }
  const perHour = (contender: Contender, of: (one: Seen) => number) => {
    const one = seen.get(contender)
    return one === undefined ? [] : [(of(one) * 60) / minutes]
  }
  const figures: [string, Row['unit'], (one: Seen) => number][] = [
    ['requests', '/h', ({ requests }) => requests],
    ['requests but for the lease', '/h', ({ requests, leases }) => requests - leases],
    ['watches opened anew, all together', '/h', ({ watches }) => watches],
    ['writes but for the lease', '/h', ({ writes }) => writes],
    ['bytes both ways', 'KB/h', ({ bytes }) => bytes / 1_024],
  ]
  return figures.flatMap(([what, unit, of]) =>
    CONTENDERS.slice(1).map((against) => ({
      what: `idle: ${what} (seen for ${minutes} min)`,
      unit,
      ours: perHour('cto-operator', of),
      baseline: perHour(against, of),
      against,
    })),
  )
}

async function look(contender: Contender, stage: Stage, audit: string, minutes: number): Promise<Seen> {
  await stage.clean()
  await stage.license()
  await using relay = await startRelay(Number(new URL(stage.plane.server).port))
  const kubeconfig = join(stage.folder, 'through-the-relay.kubeconfig')
  const direct = await readFile(stage.plane.kubeconfigPath, 'utf8')
  await writeFile(kubeconfig, direct.replace(stage.plane.server, `https://127.0.0.1:${relay.port}`))
  await using running = await start(contender, stage, { kubeconfig, leaderElect: true })
  await running.ready()
  await rest(SETTLE_MS)
  const from = Date.now()
  const before = relay.bytes()
  await rest(minutes * 60_000)
  const bytes = relay.bytes() - before
  const until = Date.now()
  // The log is written in batches.
  await rest(2_000)
  const agent = contender === 'cto-operator' ? 'cto-operator/' : 'baseline'
  const lines = (await readFile(audit, 'utf8')).split('\n').filter((line) => line !== '')
  const events = lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ userAgent }) => userAgent?.startsWith(agent))
    .filter(({ requestReceivedTimestamp: at }) => Date.parse(at) >= from && Date.parse(at) < until)
  const isLease = ({ objectRef }: AuditEvent) => objectRef?.resource === 'leases'
  return {
    requests: events.length,
    leases: events.filter(isLease).length,
    watches: events.filter(({ verb }) => verb === 'watch').length,
    writes: events.filter((event) => WRITES.has(event.verb) && !isLease(event)).length,
    bytes,
  }
}

/** Hands on what it gets to the API server and back, and counts it. */
async function startRelay(port: number): Promise<AsyncDisposable & { readonly port: number; bytes(): number }> {
  let bytes = 0
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => (bytes += chunk.length))
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => bytes,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
