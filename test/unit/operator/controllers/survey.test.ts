// The survey against a server that forgets lists, refuses, or has a lot.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHealthBoard, type HealthBoard } from '../../../../src/operator/controllers/health-board.ts'
import {
  NOTHING,
  findingOf,
  unlabelledImage,
  withSighting,
} from '../../../../src/operator/controllers/survey/sighting.ts'
import { type RunningSurvey, startSurvey } from '../../../../src/operator/controllers/survey/survey.ts'
import { createClient } from '../../../../src/kube/client.ts'
import { failure, json, type ScriptedApiServer, scriptedApiServer } from '../../../support/scripted-api-server.ts'

let server: ScriptedApiServer
let health: HealthBoard
let survey: RunningSurvey | undefined

beforeEach(async () => {
  server = await scriptedApiServer()
  health = createHealthBoard()
})
afterEach(async () => {
  await survey?.stop()
  survey = undefined
  await server[Symbol.asyncDispose]()
})

function start(images: readonly string[] | undefined, passMs = 3_600_000): void {
  const client = createClient(server.access, { fieldManager: 'me', userAgent: 'test' })
  survey = startSurvey({ client, health, label: 'l', noun: 'agent', images, timing: { firstAfterMs: 0, passMs } })
}

function page(names: readonly string[], more?: { readonly continue: string; readonly remainingItemCount?: number }) {
  const items = names.map((name) => ({
    metadata: { name, namespace: 'n' },
    spec: { template: { spec: { containers: [{ image: name }] } } },
  }))
  return json({ kind: 'List', metadata: { resourceVersion: '7', ...more }, items })
}

async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!what()) {
    if (performance.now() > deadline) throw new Error('waited 5 s in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a catalog that knows no images costs no request', async () => {
  start(undefined)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toEqual([])
})

test('a list that was forgotten on the way is begun anew, and what was seen twice counts once', async () => {
  server.expect(/deployments\?limit=100$/, page(['agent:1'], { continue: 'a', remainingItemCount: 1 }))
  server.expect(/deployments\?limit=100&continue=a$/, failure(410, 'Expired'))
  server.expect(/deployments\?limit=100$/, page(['agent:1'], { continue: 'b', remainingItemCount: 1 }))
  server.expect(/deployments\?limit=100&continue=b$/, page(['agent:2', 'another:1']))
  server.expect(/statefulsets/, page([]))
  start(['agent:*'], 7 * 700)
  await until(() => server.isPlayed())
  await survey?.stop()
  expect(health.findings[0]?.message).toMatch(
    /^2 workloads run .*Deployment n\/agent:1 \(agent:1\), Deployment n\/agent:2 \(agent:2\);/,
  )
})

test('pages are spread over the turn of their kind, by how many are to come', async () => {
  server.expect(/deployments/, page([], { continue: 'a', remainingItemCount: 400 }))
  for (const token of ['b', 'c', 'd'])
    server.expect(/deployments/, page([], { continue: token, remainingItemCount: 0 }))
  server.expect(/deployments/, page(['agent:1']))
  const began = performance.now()
  start(['agent:*'], 7 * 1_000)
  await until(() => server.asked.length === 2)
  const first = performance.now() - began
  expect(first).toBeGreaterThan(150)
  expect(first).toBeLessThan(600)
  await until(() => health.findings.length > 0)
  expect(performance.now() - began).toBeLessThan(1_100)
})

test('what may not be read is reported, and a kind that is not there is nothing', async () => {
  server.expect(/deployments/, failure(403, 'Forbidden'))
  server.expect(/statefulsets/, failure(404, 'NotFound'))
  start(['agent:*'], 7 * 300)
  await until(() => server.isPlayed())
  expect(health.findings).toMatchObject([{ type: 'AgentsLabelled', healthy: false, reason: 'SurveyFailed' }])
  expect(health.findings[0]?.message).toMatch(
    /^whether deployments run an agent's image without the label cannot be seen/,
  )
  // The next kind is about to be asked for.
  await survey?.stop()
})

test.each([
  [{ spec: { template: { spec: { containers: [{ image: 'agent' }] } } } }, 'agent'],
  [{ spec: { template: { spec: { containers: [{ image: 'x' }], initContainers: [{ image: 'agent' }] } } } }, 'agent'],
  [{ spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'agent' }] } } } } } }, 'agent'],
  [{ spec: { template: { spec: { containers: null } } } }, undefined],
  [{}, undefined],
] as [object, string | undefined][])('%j runs %s', (rest, image) => {
  const raw = (metadata: object, status?: object) => ({ metadata: { name: 'n', ...metadata }, ...rest, status })
  const seen = (metadata: object, status?: object) =>
    unlabelledImage(raw(metadata, status), 'l', (one) => one === 'agent')
  const ownedBy = (apiVersion: string, kind: string, controller = true) => {
    return { ownerReferences: [{ apiVersion, kind, name: 'o', uid: 'u', controller }] }
  }
  expect(seen({})).toBe(image)
  expect(seen({ labels: { l: '' } })).toBeUndefined()
  expect(seen(ownedBy('apps/v1', 'Deployment'))).toBeUndefined()
  expect(seen(ownedBy('batch/v1', 'CronJob'))).toBeUndefined()
  expect(seen(ownedBy('apps/v1', 'Deployment', false))).toBe(image)
  expect(seen(ownedBy('argoproj.io/v1alpha1', 'Rollout'))).toBe(image)
  expect(seen({}, { conditions: [{ type: 'Complete', status: 'True' }] })).toBeUndefined()
  expect(seen({}, { conditions: [{ type: 'Complete', status: 'False' }] })).toBe(image)
})

test('of many, a few are named, and a long image is cut', () => {
  const raw = (name: string) => ({ metadata: { name, namespace: 'n' } })
  let found = NOTHING
  for (let index = 0; index < 100_000; index++) found = withSighting(found, 'Job', raw(`j${index}`), 'x'.repeat(10_000))
  expect(found.first).toHaveLength(5)
  const message = findingOf([found, NOTHING, found], { label: 'l', noun: 'agent' })?.message ?? ''
  expect(message).toContain('200000 workloads')
  expect(message).toContain('and 199995 more')
  expect(message.length).toBeLessThan(1_500)
  expect(findingOf([NOTHING], { label: 'l', noun: 'agent' })).toBeUndefined()
})
