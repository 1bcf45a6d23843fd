// What the image holds on top of its base, and how it is started: the same for the Dockerfile and for the image that is
// made without a container engine.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTrustedKeys } from '../../domain/license/trusted-keys.ts'
import { BINARY, bundleCode } from './bundle-code.ts'
import { filesOf } from './files.ts'
import { sbom } from './sbom.ts'

export interface ContentOptions {
  /** A JWK Set with the vendor's public keys. Nobody can add one to an image that was built. */
  readonly trustedKeys: string
  readonly date: Date
}

/** A file of ours in the image; `path` begins at its root. */
export interface ImageFile {
  readonly path: string
  readonly content: string | Buffer
  readonly mode?: number
}

/** Trusts nobody: an image with these keys knows the free plan only. */
export const NO_KEYS = 'src/devtools/packaging/no-trusted-keys.json'
/** Where the code is. */
export const CODE = 'app'
const NAME = 'cto-operator'

/** @throws Error when the trusted keys are none */
export async function imageContent({ trustedKeys, date }: ContentOptions): Promise<ImageFile[]> {
  // What would keep the operator from starting is found while the image is built.
  parseTrustedKeys(trustedKeys)
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as { packages: Record<string, never> }
  const folder = await mkdtemp(join(tmpdir(), 'cto-image-'))
  try {
    const metafile = await bundleCode({ outdir: folder, small: true })
    const code = (await filesOf(folder, CODE)).map((file) =>
      file.path === `${CODE}/${BINARY}` ? { ...file, mode: 0o755 } : file,
    )
    const bill = sbom({ name: NAME, version, metafile, locked: packages, date })
    return [
      ...code,
      { path: 'etc/cto/trusted-keys.json', content: trustedKeys },
      { path: `usr/share/doc/${NAME}/LICENSE`, content: await readFile('LICENSE') },
      { path: `usr/share/doc/${NAME}/sbom.cdx.json`, content: `${JSON.stringify(bill, undefined, 2)}\n` },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Nothing in the bundle makes code from text, so nothing may. The small young generation saves 7 MB of memory. */
export const NODE_FLAGS = ['--disallow-code-generation-from-strings', '--max-semi-space-size=2'] as const

export const IMAGE_ENV = {
  // A base may have Node in any of these.
  PATH: '/nodejs/bin:/usr/local/bin:/usr/bin:/bin',
  NODE_ENV: 'production',
  // What is read in chunks is garbage at once; kept in several arenas, it was 20 MB that nobody used.
  MALLOC_ARENA_MAX: '1',
} as const

/** The image's configuration, as the Dockerfile has it. */
export function imageConfig(version: string): Readonly<Record<string, unknown>> {
  return {
    User: '65532:65532',
    WorkingDir: '/',
    ExposedPorts: { '8080/tcp': {} },
    Env: Object.entries(IMAGE_ENV).map(([name, value]) => `${name}=${value}`),
    Entrypoint: ['node', ...NODE_FLAGS, `/${CODE}/${BINARY}`],
    Cmd: ['operator'],
    Labels: {
      'org.opencontainers.image.title': NAME,
      'org.opencontainers.image.description':
        "Enforces a software vendor's licenses inside the customer's Kubernetes cluster.",
      'org.opencontainers.image.vendor': '5D Labs',
      'org.opencontainers.image.licenses': 'LicenseRef-FSL-1.1-ALv2',
      'org.opencontainers.image.version': version,
    },
  }
}
