// `npm run image`: the operator's image as one file in release/, on a base that is made of what this machine has.
//   --trusted-keys FILE   the vendor's public keys, a JWK Set; without them the image knows the free plan only
//   --content FOLDER      instead: what is ours of the image, as files; the Dockerfile puts them on its base

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { VERSION } from '../../version.ts'
import { imageContent, NO_KEYS } from './image-content.ts'
import { localBase } from './local-base.ts'
import { buildLayer, type Layer } from './oci-image.ts'
import { operatorImage } from './operator-image.ts'
import { sourceDate } from './source-date.ts'
import { readTextFile } from './text-input.ts'

const { values } = parseArgs({ options: { 'trusted-keys': { type: 'string' }, content: { type: 'string' } } })
const date = sourceDate()
const keysFile = values['trusted-keys']
if (keysFile === undefined) console.error('image: no --trusted-keys: this image believes no license')
const trustedKeys = await readTextFile(keysFile ?? NO_KEYS)

const entries = await imageContent({ trustedKeys, date })

if (values.content === undefined) {
  const base = buildLayer(await localBase(), date)
  const content = buildLayer(entries, date)
  const { name, digest, archive } = operatorImage({ version: VERSION, base, content, date })
  const file = `release/cto-operator-${VERSION}.tar`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, archive)
  const size = ({ packed, unpackedSize }: Layer) =>
    `${(unpackedSize / 1e6).toFixed(1)} MB (${(packed.length / 1e6).toFixed(1)} MB packed)`
  console.log(`${name}@${digest}\n${file}: base ${size(base)} + ours ${size(content)}`)
} else {
  for (const { path: below, content, mode = 0o644 } of entries) {
    const path = join(values.content, below)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    await chmod(path, mode)
  }
}
