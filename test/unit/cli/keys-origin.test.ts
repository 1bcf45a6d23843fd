// Other trusted keys than those of the image are noticed, by whatever way they came, and refused in a pod.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { otherKeys } from '../../../src/cli/keys-origin.ts'
import { TRUSTED_KEYS_FILE } from '../../../src/cli/input.ts'

const mounts = (...points: readonly string[]) =>
  points.map((at) => `36 35 98:0 /x ${at} rw,noatime master:1 - ext3 /dev/root rw`).join('\n')

test('those of the image are nothing to tell', () => {
  expect(
    otherKeys(TRUSTED_KEYS_FILE, mounts('/', '/proc', '/etc/hosts', '/etc/ctod', '/dev/termination-log')),
  ).toBeUndefined()
  expect(otherKeys(TRUSTED_KEYS_FILE, '')).toBeUndefined()
})

test.each([
  ['/keys/mine.json', ['/'], 'read from /keys/mine.json, and not from the image'],
  ['/etc/cto/../cto/trusted-keys.json', ['/'], 'and not from the image'],
  [TRUSTED_KEYS_FILE, ['/', '/etc/cto'], 'those of a volume at /etc/cto'],
  [TRUSTED_KEYS_FILE, ['/', TRUSTED_KEYS_FILE], `those of a volume at ${TRUSTED_KEYS_FILE}`],
  [TRUSTED_KEYS_FILE, ['/etc'], 'those of a volume at /etc'],
])('%s with mounts at %s', (path, points, said) => {
  expect(otherKeys(path, mounts(...points))).toContain(said)
})

test('in a pod the operator does not start with others', { timeout: 60_000 }, () => {
  const file = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))
  const started = (env: Record<string, string>) => {
    const args = [file('main.ts'), 'operator', '--trusted-keys', file('devtools/packaging/no-trusted-keys.json')]
    const { status, stderr } = spawnSync(process.execPath, [...args, '--kubeconfig', '/none'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    })
    expect(status).toBe(1)
    return stderr
  }
  expect(started({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toMatch(
    /the trusted keys are read from .*no-trusted-keys\.json, and not from the image: in a pod no others count/i,
  )
  // Nor does it when the variable that tells of the pod is emptied.
  expect(started({ KUBERNETES_SERVICE_HOST: '' })).toContain('in a pod no others count')
  expect(started({})).not.toContain('in a pod')
})
