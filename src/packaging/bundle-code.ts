// All code, in a few files: the binary, and chunks that are read when a command needs them. Where it is put together, and
// only there, the packages that it is made of are known exactly.

import { build, type Metafile } from 'esbuild'

/** The entry, in the folder that is named. */
export const BINARY = 'cto.mjs'

export interface CodeOptions {
  readonly outdir: string
  /** For the image: minified, and without source maps. */
  readonly small: boolean
}

export async function bundleCode({ outdir, small }: CodeOptions): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: { cto: 'src/main.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    ...(small ? { minify: true } : { sourcemap: 'linked' }),
    // Some dependencies are CommonJS and ask for Node's modules at run time.
    banner: {
      js: `#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
    },
  })
  return metafile
}
