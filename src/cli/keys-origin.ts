// Where the trusted keys of a pod come from: the image holds the vendor's, and a flag or a volume can put others in their place.

import { readFileSync } from 'node:fs'
import { TRUSTED_KEYS_FILE } from './input.ts'

/** Why the keys are not those of the image, as a sentence; undefined: they are. */
export function otherKeys(path: string, mountinfo: string): string | undefined {
  if (path !== TRUSTED_KEYS_FILE) return `the trusted keys are read from ${path}, and not from the image`
  const over = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .find((at) => at.length > 1 && (path === at || path.startsWith(`${at}/`)))
  return over === undefined
    ? undefined
    : `the trusted keys are those of a volume at ${over}, and not those of the image`
}

export function otherKeysHere(path: string): string | undefined {
  let mountinfo = ''
  try {
    mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    // No Linux: then nothing tells of mounts.
  }
  return otherKeys(path, mountinfo)
}
