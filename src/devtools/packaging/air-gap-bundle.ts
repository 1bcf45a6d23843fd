// Everything that a site without a way out needs, in one file: the chart, the images with their digests, the command
// line, the documents, and checksums that the vendor has signed.

import { createHash, createPrivateKey, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { packageChart } from './chart-package.ts'
import { type FileEntry, filesOf } from './files.ts'
import { gzip } from '../../archive/gzip.ts'
import { CODE, type ImageFile } from './image-content.ts'
import { tar, type TarEntry } from '../../archive/tar.ts'

export interface BundledImage {
  /** With its tag: `ghcr.io/5dlabs/cto-operator:0.1.0`. */
  readonly name: string
  readonly digest: string
  readonly archive: Buffer
}

export interface BundleOptions {
  readonly version: string
  readonly images: readonly BundledImage[]
  /** What is ours of the operator's image: the command line and the bill of materials come from it. */
  readonly content: readonly ImageFile[]
  /** The vendor's key that signs the checksums, PKCS#8 PEM, Ed25519; without one there is no signature. */
  readonly signingKey?: string
  readonly date: Date
}

export interface Bundle {
  readonly fileName: string
  readonly archive: Buffer
}

export async function airGapBundle({ version, images, content, signingKey, date }: BundleOptions): Promise<Bundle> {
  const chart = await packageChart('charts/cto-operator', date)
  const crds = await packageChart('charts/cto-operator-crds', date)
  const documents = (await filesOf('docs', 'docs')).filter(({ path }) => /^docs\/[^/]+\.md$/.test(path))
  const files: { path: string; content: Buffer; mode?: number }[] = [
    { path: `charts/${chart.fileName}`, content: chart.archive },
    { path: `charts/${crds.fileName}`, content: crds.archive },
    { path: 'charts/cto-operator/README.md', content: await readFile('charts/cto-operator/README.md') },
    { path: 'values.airgapped.yaml', content: await readFile('charts/cto-operator/values.airgapped.yaml') },
    ...images.map(({ name, archive }) => ({ path: `images/${imageFile(name)}`, content: archive })),
    { path: 'images.txt', content: Buffer.from(images.map(({ name, digest }) => `${name}@${digest}\n`).join('')) },
    { path: 'load-images.sh', content: Buffer.from(LOAD_IMAGES), mode: 0o755 },
    ...content
      .filter(({ path }) => path.startsWith(`${CODE}/`))
      .map(({ path, content, mode = 0o644 }) => ({
        path: path.replace(`${CODE}/`, 'bin/'),
        content: Buffer.from(content),
        mode,
      })),
    ...content
      .filter(({ path }) => path.endsWith('sbom.cdx.json'))
      .map(({ content }) => ({ path: 'sbom.cdx.json', content: Buffer.from(content) })),
    { path: 'LICENSE', content: await readFile('LICENSE') },
    ...documents,
    { path: 'README.md', content: Buffer.from(readme(version, chart.fileName, documents)) },
  ]
  const sums = Buffer.from(
    files
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, content }) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`)
      .join(''),
  )
  files.push({ path: 'SHA256SUMS', content: sums })
  if (signingKey !== undefined) files.push({ path: 'SHA256SUMS.sig', content: signature(sums, signingKey) })
  const folder = `cto-operator-${version}-airgap`
  const entries: TarEntry[] = files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))
  return { fileName: `${folder}.tar.gz`, archive: gzip(tar(entries, { modified: date })) }
}

/** The file of an image: its name without the registry's path. */
function imageFile(name: string): string {
  return `${name.slice(name.lastIndexOf('/') + 1).replace(':', '-')}.tar`
}

// OpenSSL's own messages may quote what they choke on.
function signature(content: Buffer, signingKey: string): Buffer {
  try {
    const key = createPrivateKey(signingKey)
    if (key.asymmetricKeyType === 'ed25519') return sign(null, content, key)
  } catch {
    // Said below.
  }
  throw new Error('the signing key must be an unencrypted PKCS#8 PEM file with an Ed25519 key')
}

const LOAD_IMAGES = `#!/bin/sh
# Takes the images of this bundle to where the cluster gets its images from.
#   ./load-images.sh                            into the containerd of this node
#   ./load-images.sh registry.example.internal  into that registry; needs skopeo
set -eu
cd "$(dirname "$0")"
while read -r image; do
  name="\${image%@*}"
  file="images/$(basename "$name" | tr : -).tar"
  if [ $# -eq 0 ]; then
    ctr --namespace k8s.io images import "$file"
    ctr --namespace k8s.io images tag --force "$name" "\${name%:*}@\${image#*@}" >/dev/null
  else
    skopeo copy --preserve-digests "oci-archive:$file" "docker://$1/\${name#*/}"
  fi
done < images.txt
`

function readme(version: string, chart: string, documents: readonly FileEntry[]): string {
  return `# cto-operator ${version}, for sites without a way out

| file | what it is |
|---|---|
| \`charts/${chart}\` | the Helm chart, with the CRDs; beside it the chart of the CRDs alone |
| \`values.airgapped.yaml\` | values to begin with |
| \`images/\`, \`images.txt\` | the images as OCI archives, and their digests |
| \`load-images.sh\` | takes the images into containerd or a registry |
| \`bin/cto.mjs\` | the command line; needs Node.js 24 |
| \`sbom.cdx.json\` | what the operator is made of (CycloneDX) |
| \`SHA256SUMS\`, \`SHA256SUMS.sig\` | the checksums of all of it, and the vendor's signature |
${documents.map(({ path, content }) => `| [\`${path}\`](${path}) | ${titleOf(content)} |`).join('\n')}

Check it, with the vendor's public key that you got another way:

    openssl pkeyutl -verify -pubin -inkey vendor.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
    sha256sum --check --quiet SHA256SUMS

Then go on with [docs/air-gapped.md](docs/air-gapped.md).
`
}

/** The first heading of a document. */
function titleOf(content: Buffer): string {
  return /^# (.+)$/m.exec(content.toString('utf8'))?.[1] ?? ''
}
