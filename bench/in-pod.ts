import { readFileSync } from 'node:fs'
import ctoCatalog from '../src/catalogs/cto.json' with { type: 'json' }
import { parseCatalog } from '../src/domain/catalog.ts'
import { parseTrustedKeys } from '../src/domain/license/trusted-keys.ts'
import { inClusterAccess } from '../src/kube/access.ts'
import { startOperator } from '../src/operator.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { createLogger } from '../src/telemetry/log.ts'
const [folder = '', keys = ''] = process.argv.slice(2)
const operator = await startOperator(inClusterAccess(process.env, folder), { catalog: parseCatalog(ctoCatalog), trustedKeys: parseTrustedKeys(readFileSync(keys, 'utf8')), namespace: 'cto-system', agentsNamespace: 'cto-agents', agentImage: 'x', listen: '127.0.0.1:0', holdNotice: 0 }, systemClock, createLogger('info', process.stderr))
process.once('SIGTERM', () => void operator.stop())
