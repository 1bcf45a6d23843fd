// What a store makes of what it is told, in whatever order: by the watch, and by the answers to our own writes.

import { beforeEach, expect, test } from 'vitest'
import { KubeError } from '../../../src/kube/errors.ts'
import { Store } from '../../../src/kube/store.ts'

let store: Store<string>
let changes: string[]

beforeEach(() => {
  store = new Store()
  changes = []
  store.onChange((key, before, after) => {
    if (key !== '') changes.push(`${key}: ${before ?? '-'} → ${after ?? '-'}`)
  })
})

const item = (key: string, version: number, value: string | undefined, uid = `uid-${key}`) => ({
  key,
  uid,
  resourceVersion: String(version),
  value,
})

function list(version: number, ...items: ReturnType<typeof item>[]): void {
  store.restarted()
  for (const one of items) store.listed(one)
  store.syncedNow(String(version))
}

test('a new list takes the place of the old one at once, and only what is different is told', () => {
  list(10, item('a', 1, 'red'), item('b', 2, 'blue'), item('c', 3, 'green'))
  changes.length = 0
  store.restarted()
  store.listed(item('a', 15, 'red'))
  expect(store.keys()).toEqual(['a', 'b', 'c'])
  store.listed(item('c', 16, 'pink', 'another'))
  store.syncedNow('20')
  expect(changes).toEqual(['b: blue → -', 'c: green → -', 'c: - → pink'])
})

test('a list that lost most of what was known is in doubt once, and believed when it comes again', () => {
  list(10, item('a', 1, 'red'), item('b', 2, 'blue'), item('c', 3, 'green'))
  const again = (...items: ReturnType<typeof item>[]) => {
    store.restarted()
    for (const one of items) store.listed(one)
    return store.syncedNow('20')
  }
  expect(again(item('a', 1, 'red'))).toBe(false)
  expect(store.size).toBe(3)
  expect(again(item('a', 1, 'red'), item('b', 2, 'blue'), item('c', 3, 'green'))).toBe(true)
  expect(again()).toBe(false)
  expect(again()).toBe(true)
  expect(store.size).toBe(0)
  expect(again()).toBe(true)
})

test('a version of more digits is newer', () => {
  list(10, item('a', 9, 'red'))
  store.applied(item('a', 100, 'pink'))
  store.applied(item('a', 99, 'old'))
  expect(store.get('a')).toBe('pink')
})

test('versions that are no numbers are taken as they come', () => {
  for (const [resourceVersion, value] of [
    ['zz', 'red'],
    ['aa', 'pink'],
  ] as const) {
    store.applied({ ...item('a', 1, value), resourceVersion })
  }
  expect(store.get('a')).toBe('pink')
})

test('the answer to a write of ours that comes after the deletion brings nothing back', () => {
  list(10, item('a', 5, 'red'))
  store.deleted(item('a', 30, 'red'))
  store.applied(item('a', 20, 'ours'))
  expect(store.get('a')).toBeUndefined()
  list(50)
  store.applied(item('a', 40, 'ours'))
  expect(store.get('a')).toBeUndefined()
  store.applied(item('a', 60, 'new', 'another'))
  expect(store.get('a')).toBe('new')
})

test('news of an object that was made anew since is old', () => {
  list(10, item('a', 5, 'red'))
  store.applied(item('a', 20, 'new', 'another'))
  store.applied(item('a', 15, 'old'))
  store.deleted(item('a', 18, 'old'))
  expect(store.identity('a')).toMatchObject({ uid: 'another', resourceVersion: '20' })
  expect(changes).toEqual(['a: - → red', 'a: red → -', 'a: - → new'])
})

test('a list is believed even when its versions went back: etcd was restored from a backup', () => {
  list(1_000, item('a', 900, 'red'))
  list(100, item('a', 50, 'pink'))
  expect(store.get('a')).toBe('pink')
  store.applied(item('a', 120, 'blue'))
  expect(store.get('a')).toBe('blue')
})

test('a listener that throws keeps nobody from hearing', () => {
  const errors: unknown[] = []
  const shaky = new Store<string>((error) => errors.push(error))
  const heard: string[] = []
  shaky.onChange(() => {
    throw new Error('no')
  })
  shaky.onChange((key) => heard.push(key))
  shaky.applied({ key: 'a', uid: '1', resourceVersion: '1', value: 'red' })
  expect(heard).toEqual(['a'])
  expect(errors).toHaveLength(1)
})

test('what fails once is no obstacle yet: only what lasts, and what is refused', () => {
  let told = 0
  store.onChange(() => told++)
  const failed = (status: number) => store.failed(new KubeError('x', status, ''))
  for (let times = 0; times < 5; times++) failed(500)
  expect(store.problem).toBeDefined()
  expect([store.obstacle, told]).toEqual([undefined, 0])
  failed(500)
  failed(500)
  expect([store.obstacle?.status, told]).toEqual([500, 1])
  list(1)
  expect(store.obstacle).toBeUndefined()
  failed(403)
  expect(store.obstacle?.status).toBe(403)
})

test('the watch brings what the answer to a write has brought: it is not looked into again', () => {
  store.applied(item('a', 5, 'red'))
  // One version is one content: only whoever looked would take this for a change.
  store.applied(item('a', 5, 'not red'))
  expect(store.get('a')).toBe('red')
  // Another object of that name may have any version.
  store.applied(item('a', 5, 'blue', 'another'))
  expect(store.get('a')).toBe('blue')
})
