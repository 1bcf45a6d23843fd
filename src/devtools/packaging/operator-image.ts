// The operator's image: what is ours on a base with Node.js.

import { imageConfig } from './image-content.ts'
import { buildImage, type BuiltImage, type Layer } from './oci-image.ts'

/** Where it is published, as the chart's values have it. */
export const IMAGE_NAME = 'ghcr.io/5dlabs/cto-operator'

export interface OperatorImageOptions {
  readonly version: string
  /** A layer with Node.js for this machine's processor. */
  readonly base: Layer
  readonly content: Layer
  readonly date: Date
}

export interface NamedImage extends BuiltImage {
  /** With its tag. */
  readonly name: string
}

export function operatorImage({ version, base, content, date }: OperatorImageOptions): NamedImage {
  const name = `${IMAGE_NAME}:${version}`
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const config = imageConfig(version)
  return { name, ...buildImage({ name, architecture, created: date, layers: [base, content], config }) }
}
