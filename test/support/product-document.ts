// The PlatformConfig of the product document, as it stands there: where the document is, else the copy of its fields that
// the CRDs' corpus has.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { packageRoot } from '../../src/files/package-root.ts'

export interface ProductManifest {
  readonly manifest: string
  readonly from: string
}

export function productManifest(): ProductManifest {
  const shared = resolve(packageRoot(), process.env['CTO_SHARED'] ?? '../shared')
  const document = join(shared, 'product', 'cto-platform.md')
  if (existsSync(document)) {
    const blocks = readFileSync(document, 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)
    for (const [, manifest = ''] of blocks) {
      if (/^kind: PlatformConfig$/m.test(manifest)) return { manifest, from: 'the product document' }
    }
    throw new Error(`${document} shows no PlatformConfig`)
  }
  const copy = join(packageRoot(), 'test', 'fixtures', 'crds', 'valid', 'platform-config-from-the-portal.yaml')
  return { manifest: readFileSync(copy, 'utf8'), from: copy }
}
