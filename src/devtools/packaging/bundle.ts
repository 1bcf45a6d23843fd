// `npm run bundle`: the bundle for sites without a way out, as one file in release/.
//   --trusted-keys FILE   the vendor's public keys, a JWK Set; without them the image knows the free plan only
//   --signing-key FILE    signs the checksums: PKCS#8 PEM, Ed25519
//   --image NAME=FILE     one more image, such as the agents', from an OCI archive; may be given again

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { VERSION } from '../../version.ts'
import { airGapBundle, type BundledImage } from './air-gap-bundle.ts'
import { imageContent, NO_KEYS } from './image-content.ts'
import { localBase } from './local-base.ts'
import { buildLayer, digestOf } from './oci-image.ts'
import { operatorImage } from './operator-image.ts'
import { sourceDate } from './source-date.ts'
import { readTextFile } from './text-input.ts'

const { values } = parseArgs({
  options: {
    'trusted-keys': { type: 'string' },
    'signing-key': { type: 'string' },
    image: { type: 'string', multiple: true },
  },
})
const date = sourceDate()
const { 'trusted-keys': keysFile, 'signing-key': signingKeyFile } = values
if (keysFile === undefined) console.error('bundle: no --trusted-keys: its image believes no license')
if (signingKeyFile === undefined) console.error('bundle: no --signing-key: it is not signed')
const trustedKeys = await readTextFile(keysFile ?? NO_KEYS)
const signingKey = signingKeyFile === undefined ? undefined : await readTextFile(signingKeyFile)

const content = await imageContent({ trustedKeys, date })
const layers = { base: buildLayer(await localBase(), date), content: buildLayer(content, date) }
const images: BundledImage[] = [operatorImage({ version: VERSION, ...layers, date })]
for (const extra of values.image ?? []) {
  const [image = '', file = ''] = extra.split('=')
  const archive = await readFile(file)
  images.push({ name: image, archive, digest: digestOf(archive) })
}
const bundle = await airGapBundle({
  version: VERSION,
  images,
  content,
  ...(signingKey === undefined ? {} : { signingKey }),
  date,
})
await mkdir('release', { recursive: true })
await writeFile(join('release', bundle.fileName), bundle.archive)
console.log(`release/${bundle.fileName}: ${(bundle.archive.length / 1e6).toFixed(1)} MB`)
for (const { name, digest } of images) console.log(`${name}@${digest}`)
