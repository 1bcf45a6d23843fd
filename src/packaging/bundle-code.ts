// All code, in a few files: the binary, and chunks that are read when a command needs them. Where it is put together, and
// only there, the packages that it is made of are known exactly.

import { build, type Metafile, type Plugin } from 'esbuild'

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
    plugins: [REQUIRED_HTTP],
    ...(small ? { minify: true } : { sourcemap: 'linked' }),
    // Some dependencies are CommonJS and ask for Node's modules at run time.
    banner: {
      js: `#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
    },
  })
  return metafile
}

// An import of node:http reads everything that it exports, and with it the WebSocket, which loads all of undici: 13 MB of
// memory and 30 ms. What is required is read when it is used.
const REQUIRED_HTTP: Plugin = {
  name: 'required-http',
  setup(bundling) {
    bundling.onResolve({ filter: /^node:http$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace: 'required' } : { path, external: true },
    )
    bundling.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => {
      return { contents: `module.exports = require('${path}')` }
    })
  },
}
