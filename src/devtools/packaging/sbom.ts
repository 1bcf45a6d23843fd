// What the image's code is made of, as a CycloneDX bill of materials: the packages that are in the bundle, with what the
// lock file knows of each.

import { createHash } from 'node:crypto'
import type { Metafile } from 'esbuild'

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly license?: string
}

export interface SbomSource {
  readonly name: string
  readonly version: string
  readonly metafile: Metafile
  /** `packages` of package-lock.json. */
  readonly locked: Readonly<Record<string, Locked>>
  readonly date: Date
}

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/

export function sbom({ name, version, metafile, locked, date }: SbomSource): object {
  const folders = Object.keys(metafile.inputs).flatMap((path) => PACKAGE.exec(path)?.[0] ?? [])
  const components = [...new Set(folders)].toSorted().map((folder) => component(folder, locked[folder]))
  const content = JSON.stringify(components)
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuid(`${name}@${version} ${content}`)}`,
    version: 1,
    metadata: {
      timestamp: date.toISOString().replace('.000', ''),
      component: { type: 'application', 'bom-ref': 'root', name, version },
    },
    components,
  }
}

function component(folder: string, locked: Locked | undefined): object {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
  if (locked === undefined) throw new Error(`${folder} is in the bundle and not in package-lock.json`)
  const { version, integrity, license } = locked
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? '')?.[1]
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }),
  }
}

// Of version 5's shape: it follows from what it names.
function uuid(of: string): string {
  const hex = createHash('sha256').update(of).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
