// All code into one file, or into few. Where it is built, and only there, the packages that it is made of are known exactly.

import { build, type BuildOptions, type Metafile } from 'esbuild'

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // Some dependencies are CommonJS and ask for Node's modules at run time.
  banner: {
    js: `#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
  },
} satisfies BuildOptions

/** The binary `cto` as one file with a source map. */
export async function bundleIntoFile(outfile: string): Promise<void> {
  await build({ ...COMMON, entryPoints: ['src/main.ts'], outfile, sourcemap: 'linked' })
}

/**
 * The same for the image: small, and what is imported later is a file of its own, so that a pod never reads the code of
 * kubeconfigs. The entry is `cto.mjs`.
 */
export async function bundleIntoFolder(outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: { cto: 'src/main.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    splitting: true,
    minify: true,
  })
  return metafile
}
