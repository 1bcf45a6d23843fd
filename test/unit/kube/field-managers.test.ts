// Who owns a field, by managedFields.

import { expect, test } from 'vitest'
import { managersOf } from '../../../src/kube/field-managers.ts'

const IMAGE = ['spec', 'template', 'spec', 'containers', { name: 'agent' }, 'image']

function object(...managedFields: object[]) {
  return { metadata: { name: 'rex', managedFields } }
}

function ofImage(manager: string, time: string) {
  const container = { 'k:{"name":"agent"}': { '.': {}, 'f:image': {} }, 'k:{"name":"side"}': { 'f:command': {} } }
  const fieldsV1 = { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': container } } } }
  return { manager, time, fieldsV1 }
}

test('everybody who owns it, who wrote last first', () => {
  const one = ofImage('one', '2026-01-01T00:00:00Z')
  const two = ofImage('two', '2026-01-02T00:00:00Z')
  expect(managersOf(object(one, two), IMAGE)).toEqual(['two', 'one'])
})

test('of another field, or of one that is gone, nobody', () => {
  const one = ofImage('one', '2026-01-01T00:00:00Z')
  expect(managersOf(object(one), [...IMAGE.slice(0, -1), 'command'])).toEqual([])
  expect(managersOf(object(one), ['spec', 'template', 'spec', 'containers', { name: 'side' }, 'image'])).toEqual([])
  expect(managersOf(object(), IMAGE)).toEqual([])
  expect(managersOf({ metadata: { name: 'rex' } }, IMAGE)).toEqual([])
})

test('a label with dots and slashes is one step; a list by other keys has no names', () => {
  const labels = { manager: 'one', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:cto.5dlabs.io/agent': {} } } } }
  expect(managersOf(object(labels), ['metadata', 'labels', 'cto.5dlabs.io/agent'])).toEqual(['one'])
  const owners = { manager: 'one', fieldsV1: { 'f:metadata': { 'f:ownerReferences': { 'k:{"uid":"x"}': {} } } } }
  expect(managersOf(object(owners), ['metadata', 'ownerReferences', { name: 'acme' }])).toEqual([])
})
