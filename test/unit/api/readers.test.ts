// What the readers accept, what they make of it, and how they say what is wrong. That the API server judges alike is shown
// in `test/cluster/crds.test.ts`, with the same corpus.

import { expect, test } from 'vitest'
import { readLicenseResource } from '../../../src/api/license.ts'
import { readPlatformConfig } from '../../../src/api/platform-config.ts'
import { invalid, readByUs, valid } from '../../fixtures/crds/corpus.ts'

test.each(valid)('$name is read', ({ object }) => {
  expect(readByUs(object)).toMatchObject({ kind: 'ok' })
})

test.each(invalid)('$name is refused at $refusedAt', ({ object, refusedAt }) => {
  const reading = readByUs(object)
  expect(reading.kind === 'invalid' && reading.problems.map(({ path }) => path)).toContain(refusedAt)
})

test('a problem never quotes the value: it may be a key', () => {
  const secret = 'eyJhbGciOiJFZERTQSJ9'
  const fields = { key: secret, tier: `${secret} `, organization: [secret] }
  const readings = [
    readPlatformConfig({ spec: { license: fields, deployment: { type: secret }, [secret]: secret } }),
    readLicenseResource({ spec: { key: secret, secretRef: { name: `${secret}/`, namespace: secret } } }),
  ]
  for (const reading of readings) {
    expect(reading.kind).toBe('invalid')
    expect(JSON.stringify(reading)).not.toContain(secret)
  }
})

test('a license file in place of a key is told where it belongs', () => {
  for (const reading of [
    readPlatformConfig({ spec: { license: { key: 'eyJhbGciOi' } } }),
    readLicenseResource({ spec: { key: 'eyJhbGciOi' } }),
  ]) {
    expect(reading.kind === 'invalid' && reading.problems[0]?.message).toMatch(/\.lic\) belongs in a Secret/)
  }
})

test('what is not given gets the defaults of the API server, and nothing more', () => {
  expect(readPlatformConfig({ spec: { guardian: {}, addons: { proBundle: {} }, services: {} } })).toEqual({
    kind: 'ok',
    value: {
      spec: {
        guardian: { enabled: false, mode: 'monitor-only' },
        addons: { proBundle: { enabled: false } },
        services: {},
      },
    },
  })
  expect(readLicenseResource({ spec: { secretRef: { namespace: 'a', name: 'b' } } })).toEqual({
    kind: 'ok',
    value: { spec: { secretRef: { namespace: 'a', name: 'b', key: 'license.lic' } } },
  })
})

test('the order of the agents stays: it decides who comes first under a limit', () => {
  const names = ['tess', 'rex', 'blaze']
  const reading = readPlatformConfig({ spec: { agents: { enabled: names.map((name) => ({ name })) } } })
  expect(reading.kind === 'ok' && reading.value.spec.agents?.enabled?.map(({ name }) => name)).toEqual(names)
})

test.each([[undefined], [null], ['text'], [7], [[]]])('%j is no object', (object) => {
  expect(readPlatformConfig(object).kind).toBe('invalid')
  expect(readLicenseResource(object).kind).toBe('invalid')
})
