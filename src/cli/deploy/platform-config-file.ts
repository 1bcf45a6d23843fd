// A PlatformConfig from a file, read as the operator will read it.

import { API_VERSION } from '../../api/names.ts'
import { type PlatformConfig, readPlatformConfig } from '../../api/platform-config.ts'
import type { RawObject } from '../../kube/object.ts'
import { readText, yamlObjects } from '../input.ts'
import { CliError, type Io } from '../../terminal/output.ts'

export interface PlatformConfigFile {
  readonly object: RawObject
  readonly config: PlatformConfig
}

/** @throws CliError when there is not exactly one, or the API server would refuse it */
export async function readPlatformConfigFile(path: string, io: Io): Promise<PlatformConfigFile> {
  const objects = yamlObjects(await readText(path, io), path).filter(isPlatformConfig)
  const [object] = objects
  if (object === undefined || objects.length > 1)
    throw new CliError(`${path} should hold one PlatformConfig of ${API_VERSION}, and holds ${objects.length}`)
  const reading = readPlatformConfig(object)
  if (reading.kind === 'invalid') {
    const problems = reading.problems.map(({ path, message }) => `${path} ${message}`)
    throw new CliError(`the PlatformConfig in ${path} would be refused: ${problems.join('; ')}`)
  }
  return { object, config: reading.value }
}

function isPlatformConfig(value: unknown): value is RawObject {
  if (typeof value !== 'object' || value === null) return false
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown
    kind?: unknown
    metadata?: { name?: unknown }
  }
  return apiVersion === API_VERSION && kind === 'PlatformConfig' && typeof metadata?.name === 'string'
}
