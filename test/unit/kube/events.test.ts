// Events are told once, in bounds, and nobody who tells one has to wait or to fail.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Client, createClient } from '../../../src/kube/client.ts'
import { createEventRecorder, type EventRecorder, type EventToRecord } from '../../../src/kube/events.ts'
import { failure, json, type ScriptedApiServer, scriptedApiServer } from '../../support/scripted-api-server.ts'

const EVENT: EventToRecord<string> = {
  regarding: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'n', name: 'd' },
  type: 'Warning',
  reason: 'Held',
  action: 'Hold',
  note: 'Held the agent d',
}

interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly note: string
  readonly [field: string]: unknown
}

let server: ScriptedApiServer
let recorder: EventRecorder<string>
let written: Written[]
let errors: unknown[]

beforeEach(async () => {
  server = await scriptedApiServer()
  written = []
  errors = []
  const client: Client = createClient(server.access, { fieldManager: 'me', userAgent: 'test' })
  const create: Client['create'] = (resource, value, signal) => {
    written.push(value as unknown as Written)
    return client.create(resource, value, signal)
  }
  recorder = createEventRecorder({ ...client, create }, 'example.com/operator', 'pod-1', (error) => errors.push(error))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server[Symbol.asyncDispose]()
})

const expectEvents = (count: number, namespace = 'n') => {
  for (let times = 0; times < count; times++)
    server.expect(new RegExp(`^POST /apis/events.k8s.io/v1/namespaces/${namespace}/events`), json({}, 201))
}

test('one is written as Kubernetes wants it, and once in five minutes', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  expectEvents(3)
  recorder.record(EVENT)
  recorder.record(EVENT)
  recorder.record({ ...EVENT, note: 'Held the agent d, again' })
  now.mockReturnValue(5 * 60_000 + 1)
  recorder.record(EVENT)
  now.mockRestore()
  await recorder.flush()
  expect(written).toHaveLength(3)
  expect(written[0]).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'n', name: expect.stringMatching(/^d\.[0-9a-f]{16}$/) },
    eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    reportingController: 'example.com/operator',
    reportingInstance: 'pod-1',
    regarding: EVENT.regarding,
    type: 'Warning',
    reason: 'Held',
    action: 'Hold',
  })
})

test('of what has no namespace, in `default`', async () => {
  expectEvents(1, 'default')
  recorder.record({ ...EVENT, regarding: { apiVersion: 'v1', kind: 'Node', name: 'n-1' } })
  await recorder.flush()
})

test('a burst for one object, then one each five seconds', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  expectEvents(27)
  for (let index = 0; index < 30; index++) recorder.record({ ...EVENT, note: `${index}` })
  now.mockReturnValue(5_000)
  for (let index = 30; index < 40; index++) recorder.record({ ...EVENT, note: `${index}` })
  recorder.record({ ...EVENT, regarding: { ...EVENT.regarding, name: 'other' } })
  now.mockRestore()
  await recorder.flush()
  expect(written.map(({ note }) => note)).toEqual([...Array(25).keys(), 30].map(String).concat(EVENT.note))
})

test('notes and names are cut to what the API server takes', async () => {
  expectEvents(1)
  const name = `${'a'.repeat(199)}.${'b'.repeat(50)}`
  recorder.record({ ...EVENT, regarding: { ...EVENT.regarding, name }, note: `${'x'.repeat(1_023)}→→` })
  await recorder.flush()
  expect(written[0]?.note).toBe('x'.repeat(1_023))
  expect(written[0]?.metadata.name).toMatch(/^a{199}\.[0-9a-f]{16}$/)
})

test('one that is refused is reported, and no more', async () => {
  server.expect(/POST/, failure(403, 'Forbidden', 'events is forbidden'))
  recorder.record(EVENT)
  await recorder.flush()
  expect(errors.map(String)).toEqual([expect.stringContaining('events is forbidden')])
})

test('of many at once, two are written at a time, and the others wait their turn', async () => {
  const client: Client = createClient(server.access, { fieldManager: 'me', userAgent: 'test' })
  let writing = 0
  let most = 0
  let done = 0
  const create: Client['create'] = async (_resource, value) => {
    most = Math.max(most, ++writing)
    await new Promise((resolve) => setTimeout(resolve, 1))
    writing--
    done++
    return value
  }
  const crowded = createEventRecorder({ ...client, create }, 'example.com/operator', 'pod-1', (error) =>
    errors.push(error),
  )
  for (let index = 0; index < 50; index++)
    crowded.record({ ...EVENT, regarding: { ...EVENT.regarding, name: `d-${index}` } })
  await crowded.flush()
  expect({ most, done, errors }).toEqual({ most: 2, done: 50, errors: [] })
})
