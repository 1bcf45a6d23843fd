// Other trusted keys than those of the image are noticed in a pod, by whatever way they came.

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
