// Real nodes from public sources, read where they lie and never copied: CTO_SHARED names the folder, `../shared` is the default.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = join(resolve(import.meta.dirname, '../..', process.env['CTO_SHARED'] ?? '../shared'), 'nodes')

/** For `describe.skipIf`: whether the folder is absent. */
export const NODES_ABSENT = !existsSync(join(folder, 'index.json'))
/** Belongs into the title of what is skipped without them. */
export const NEEDS_NODES = '(needs the public nodes: set CTO_SHARED)'

export interface PublicCluster {
  readonly file: string
  /** The distribution, in lower case with hyphens. */
  readonly expected: string
  readonly alsoAcceptable?: readonly string[]
  readonly serverVersion?: string
  readonly notes?: string
}

/** What there is; only to be called inside a test. */
export function publicClusters(): PublicCluster[] {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as PublicCluster[]
}

export function publicNodes({ file }: PublicCluster): unknown[] {
  const document = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { items?: unknown[] }
  return document.items ?? [document]
}

/** `Docker Desktop`, `docker-desktop` and `DockerDesktop` are one. */
export function sameName(type: string): string {
  return type.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
