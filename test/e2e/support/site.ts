// What the vendor delivers to the site: the bundle, built here, with keys of a vendor of this run.

import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HELM, NODE } from '../../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../../src/devtools/control-plane/binaries.ts'
import { airGapBundle } from '../../../src/devtools/packaging/air-gap-bundle.ts'
import { imageContent } from '../../../src/devtools/packaging/image-content.ts'
import { localBase } from '../../../src/devtools/packaging/local-base.ts'
import { buildImage, buildLayer, type Layer } from '../../../src/devtools/packaging/oci-image.ts'
import { type NamedImage, operatorImage } from '../../../src/devtools/packaging/operator-image.ts'
import { sourceDate } from '../../../src/devtools/packaging/source-date.ts'
import type { SigningKey } from '../../../src/issuing/keys/signing-key.ts'
import { VERSION } from '../../../src/version.ts'
import { aVendor } from '../../support/operator.ts'
import { SANDBOX_IMAGE } from './node.ts'

export const NEXT_VERSION = `${VERSION}-next`
/** What stands for the agents' image: it does nothing until it is asked to end. */
export const AGENT_IMAGE = `ghcr.io/5dlabs/cto-agent:${VERSION}`

export interface Delivery {
  readonly vendor: SigningKey
  /** The bundle, and the public key that its signature is checked with. */
  readonly bundle: string
  readonly publicKey: string
  readonly bundleSize: number
  /** Archives that are not part of the bundle: what holds a pod's namespaces, and the operator's next version. */
  readonly sandbox: string
  readonly next: { readonly name: string; readonly file: string; readonly digest: string }
  readonly operator: NamedImage
  readonly agent: NamedImage
  readonly layers: { readonly base: Layer; readonly content: Layer }
}

export async function deliver(folder: string): Promise<Delivery> {
  await mkdir(folder)
  const date = sourceDate()
  const vendor = await aVendor()
  const trustedKeys = JSON.stringify({ keys: [vendor.publicJwk] })
  const content = await imageContent({ trustedKeys, date })
  const layers = { base: buildLayer(await localBase(), date), content: buildLayer(content, date) }
  const operator = operatorImage({ version: VERSION, ...layers, date })
  const next = operatorImage({ version: NEXT_VERSION, ...layers, date })
  const { pause } = await locateBinaries([...NODE, ...HELM], { log: () => undefined })
  const asleep = buildLayer([{ path: 'pause', mode: 0o755, content: await readFile(pause) }], date)
  const sleeper = (name: string): NamedImage => {
    const config = { Entrypoint: ['/pause'], User: '65532:65532' }
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
    return { name, ...buildImage({ name, architecture, created: date, layers: [asleep], config }) }
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const agent = sleeper(AGENT_IMAGE)
  const bundle = await airGapBundle({ version: VERSION, images: [operator, agent], content, signingKey, date })
  const put = async (name: string, what: string | Buffer) => {
    await writeFile(join(folder, name), what)
    return join(folder, name)
  }
  return {
    vendor,
    operator,
    agent,
    layers,
    bundle: await put(bundle.fileName, bundle.archive),
    bundleSize: bundle.archive.length,
    publicKey: await put('vendor.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    sandbox: await put('sandbox.tar', sleeper(SANDBOX_IMAGE).archive),
    next: { name: next.name, digest: next.digest, file: await put('next.tar', next.archive) },
  }
}

/** Unpacks the bundle as its documents say, after having checked it; the folder of its content. */
export async function unpack({ bundle, publicKey }: Delivery, folder: string): Promise<string> {
  const run = promisify(execFile)
  await mkdir(folder)
  await run('tar', ['--extract', '--file', bundle, '--strip-components=1'], { cwd: folder })
  const signature = ['-rawin', '-in', 'SHA256SUMS', '-sigfile', 'SHA256SUMS.sig']
  await run('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', publicKey, ...signature], { cwd: folder })
  await run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder })
  return folder
}
