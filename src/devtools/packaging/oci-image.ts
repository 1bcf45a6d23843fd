// A container image as one file, made without a container engine: an OCI layout that `docker load`, `ctr images import`
// and `skopeo copy oci-archive:` take. The same content gives the same digest.

import { createHash } from 'node:crypto'
import { gzip } from '../../archive/gzip.ts'
import { fileIn, tar, type TarEntry } from '../../archive/tar.ts'

export interface ImageSpec {
  /** With its tag: `ghcr.io/5dlabs/cto-operator:0.1.0`. */
  readonly name: string
  readonly architecture: 'amd64' | 'arm64'
  readonly created: Date
  /** The lowest first. */
  readonly layers: readonly Layer[]
  readonly config: Readonly<Record<string, unknown>>
}

export interface Layer {
  /** Of what is in it, before it is packed. */
  readonly diffId: string
  readonly packed: Buffer
  /** In bytes. */
  readonly unpackedSize: number
}

export interface BuiltImage {
  readonly archive: Buffer
  /** Of the manifest: what a pod pins. */
  readonly digest: string
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

export function buildLayer(entries: readonly TarEntry[], created: Date): Layer {
  const unpacked = tar(entries, { modified: created })
  return { diffId: `sha256:${sha256(unpacked)}`, packed: gzip(unpacked), unpackedSize: unpacked.length }
}

export function buildImage({ name, architecture, created, layers, config }: ImageSpec): BuiltImage {
  const blobs = new Map<string, Buffer>()
  const put = (mediaType: string, content: Buffer) => {
    const digest = sha256(content)
    blobs.set(digest, content)
    return { mediaType, digest: `sha256:${digest}`, size: content.length }
  }
  const date = created.toISOString().replace('.000', '')
  const descriptors = layers.map(({ packed }) => put('application/vnd.oci.image.layer.v1.tar+gzip', packed))
  const imageConfig = put(
    'application/vnd.oci.image.config.v1+json',
    json({
      created: date,
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created: date, created_by: 'cto-operator' })),
    }),
  )
  const manifest = put(
    MANIFEST,
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: imageConfig,
      layers: descriptors,
    }),
  )
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  }
  const platform = { architecture, os: 'linux' }
  const blobPath = (digest: string) => `blobs/sha256/${digest.replace('sha256:', '')}`
  const files: TarEntry[] = [
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json({ schemaVersion: 2, manifests: [{ ...manifest, annotations, platform }] }) },
    // For a docker that does not know the layout yet.
    {
      path: 'manifest.json',
      content: json([
        {
          Config: blobPath(imageConfig.digest),
          RepoTags: [name],
          Layers: descriptors.map(({ digest }) => blobPath(digest)),
        },
      ]),
    },
    ...[...blobs].map(([digest, content]) => ({ path: blobPath(digest), content })),
  ]
  return { archive: tar(files, { modified: created }), digest: manifest.digest }
}

/**
 * The digest of the one image in an archive.
 * @throws Error when it is no OCI layout with one image
 */
export function digestOf(archive: Buffer): string {
  const index = fileIn(archive, 'index.json')
  const { manifests } = JSON.parse(index?.toString('utf8') ?? '{}') as { manifests?: { digest: string }[] }
  const [manifest, ...others] = manifests ?? []
  if (manifest === undefined || others.length > 0) throw new Error('this is not an OCI archive with one image in it')
  return manifest.digest
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
