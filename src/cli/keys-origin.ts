// The origin of the trusted keys. The image holds the vendor's keys, and a flag or a volume can put others in their place. In a
// pod only those of the image count: otherwise everybody who may change the operator's Deployment could sign licenses.

import { readFileSync } from 'node:fs'
import { isInCluster } from '../kube/access.ts'
import { TRUSTED_KEYS_FILE } from './input.ts'
import { CliError } from '../terminal/output.ts'

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

/**
 * The same of the keys that this operator would read.
 * @throws CliError in a pod, where they must be those of the image
 */
export function otherKeysHere(path: string): string | undefined {
  const others = otherKeys(path, mountinfoHere())
  if (others === undefined || !isInCluster()) return others
  throw new CliError(`${others}: in a pod no others count; take them away, or build an image that has them`)
}

function mountinfoHere(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    // No Linux: then nothing tells of mounts.
    return ''
  }
}
