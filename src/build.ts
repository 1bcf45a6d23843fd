// The one build step: everything into dist/, where cto.mjs is the binary `cto`. What a command needs beyond the others lies
// in chunks of its own, which are read when that command runs: `cto --help` reads 400 KB and not 5 MB.

import { chmod, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const outdir = 'dist'
const binary = `${outdir}/cto.mjs`

await rm(outdir, { recursive: true, force: true })
await build({
  entryPoints: { cto: 'src/main.ts' },
  outdir,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS and ask for Node's modules at run time.
  banner: {
    js: `#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`,
  },
})
await chmod(binary, 0o755)
