// The one build step: everything into dist/cto.mjs, the binary `cto`.

import { chmod } from 'node:fs/promises'
import { build } from 'esbuild'

const outfile = 'dist/cto.mjs'

await build({
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
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
await chmod(outfile, 0o755)
