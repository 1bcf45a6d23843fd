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
    plugins: [REQUIRED_HTTP, KUBECONFIG_ALONE, UNDICI_WHEN_USED],
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
    bundling.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace: 'required' } : { path, external: true },
    )
    bundling.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => {
      return { contents: `module.exports = require('${path}')` }
    })
  },
}

// Of Kubernetes' client we take the kubeconfig. Its modules do nothing when they are loaded, which its package does not say:
// told so, the bundler leaves out a class for each kind of object in Kubernetes.
const CLIENT_NODE = '/@kubernetes/client-node/'
const KUBECONFIG_ALONE: Plugin = {
  name: 'kubeconfig-alone',
  setup(bundling) {
    bundling.onResolve({ filter: /^\.|^@kubernetes\/client-node$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVING || (path.startsWith('.') && !from.importer.includes(CLIENT_NODE))) return undefined
      return { ...(await bundling.resolve(path, { ...from, pluginData: RESOLVING })), sideEffects: false }
    })
  },
}
const RESOLVING = Symbol('resolving')

// It uses undici where a kubeconfig names a proxy, and loads it always: 10 MB of memory.
const UNDICI_WHEN_USED: Plugin = {
  name: 'undici-when-used',
  setup(bundling) {
    bundling.onResolve({ filter: /^undici$/ }, ({ importer, resolveDir }) =>
      importer.includes(CLIENT_NODE) ? { path: 'undici', namespace: 'when-used', pluginData: resolveDir } : undefined,
    )
    bundling.onLoad({ filter: /./, namespace: 'when-used' }, ({ path, pluginData }) => {
      const getters = ['Agent', 'ProxyAgent', 'fetch'].map(
        (name) => `get ${name}() { return require('${path}').${name} }`,
      )
      return { resolveDir: pluginData as string, contents: `module.exports = { ${getters.join(', ')} }` }
    })
  },
}
