// The one build step: everything into dist/cto.mjs, the binary `cto`.

import { chmod } from 'node:fs/promises'
import { bundleIntoFile } from './packaging/bundle-code.ts'

const outfile = 'dist/cto.mjs'

await bundleIntoFile(outfile)
await chmod(outfile, 0o755)
