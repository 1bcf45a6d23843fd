// The operator's image, made without a container engine and without a registry.

import { imageConfig, imageContent } from './image-content.ts'
import { buildImage, buildLayer, type BuiltImage, type Layer } from './oci-image.ts'

export interface OperatorImageOptions {
  /** With its tag: `ghcr.io/5dlabs/cto-operator:0.1.0`. */
  readonly name: string
  readonly version: string
  /** What it stands on: a layer with Node.js for this machine's processor. */
  readonly base: Layer
  /** A JWK Set with the vendor's public keys. */
  readonly trustedKeys: string
  readonly date: Date
}

export interface OperatorImage extends BuiltImage {
  /** What is ours of it. */
  readonly content: Layer
}

export async function operatorImage({ name, version, base, ...options }: OperatorImageOptions): Promise<OperatorImage> {
  const content = buildLayer(await imageContent(options), options.date)
  const image = buildImage({
    name,
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    created: options.date,
    layers: [base, content],
    config: imageConfig(version),
  })
  return { ...image, content }
}
