// The one build step: everything into dist/, where cto.mjs is the binary `cto`. What a command needs beyond the others lies
// in chunks of its own, which are read when that command runs: `cto --help` reads 400 KB and not 5 MB.

import { chmod, rm } from 'node:fs/promises'
import { BINARY, bundleCode } from './packaging/bundle-code.ts'

const outdir = 'dist'

await rm(outdir, { recursive: true, force: true })
await bundleCode({ outdir, small: false })
await chmod(`${outdir}/${BINARY}`, 0o755)
