// All code into one file. Where it is built, and only there, the packages that it is made of are known exactly.

import { build, type Metafile } from 'esbuild'

export interface CodeOptions {
  readonly outfile: string
  /** For the image: smaller, and without a source map. */
  readonly small: boolean
}

export async function bundleCode({ outfile, small }: CodeOptions): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
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
