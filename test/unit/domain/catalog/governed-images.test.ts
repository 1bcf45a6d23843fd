import { describe, expect, test } from 'vitest'
import { parseCatalog } from '../../../../src/domain/catalog/catalog.ts'
import { imagePattern, isGovernedImage } from '../../../../src/domain/catalog/governed-images.ts'
import ctoCatalog from '../../../../src/catalogs/cto.json' with { type: 'json' }
import { DEFAULT_AGENT_IMAGE } from '../../../../src/cli/run-operator.ts'

const { images } = parseCatalog(ctoCatalog).governed

describe('the images of CTO agents', () => {
  test.each([
    DEFAULT_AGENT_IMAGE,
    'ghcr.io/5dlabs/cto-agent',
    'cto-agent:dev',
    'registry.example.com:5000/mirror/5dlabs/cto-agent:1.2',
    `ghcr.io/5dlabs/cto-agent@sha256:${'0'.repeat(64)}`,
    `ghcr.io/5dlabs/cto-agent:1@sha256:${'0'.repeat(64)}`,
  ])('%s is one', (image) => expect(isGovernedImage(image, images)).toBe(true))
  test.each(['', 'redis:7', 'ghcr.io/5dlabs/cto-operator:1', 'ghcr.io/5dlabs/cto-agent-tools:1', 'my-cto-agent:1'])(
    '%s is none',
    (image) => expect(isGovernedImage(image, images)).toBe(false),
  )
})

test('without globs no image is meant', () => {
  expect(imagePattern(undefined)).toBeUndefined()
  expect(imagePattern([])).toBeUndefined()
  expect(isGovernedImage('anything', undefined)).toBe(false)
})

test('a glob says the whole name; * crosses everything, and a dot is a dot', () => {
  expect(isGovernedImage('a.b/c:1', ['a.b/*'])).toBe(true)
  expect(isGovernedImage('axb/c:1', ['a.b/*'])).toBe(false)
  expect(isGovernedImage('x/a:1', ['a:*', 'b:*'])).toBe(false)
  expect(isGovernedImage('x/b:1\nmore', ['*/b:*'])).toBe(true)
  expect(isGovernedImage('a+b', ['a+b'])).toBe(true)
})

test('many stars in a row do not take for ever', () => {
  expect(isGovernedImage('a'.repeat(10_000), [`${'*'.repeat(60)}b`])).toBe(false)
})
