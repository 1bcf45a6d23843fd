// A replica in a process of its own, so that it can be stopped and continued: `node replica.ts KUBECONFIG KEYS IDENTITY`. Its
// lease is short, or the tests would be long.

import ctoCatalog from '../../src/catalogs/cto.json' with { type: 'json' }
import { parseCatalog } from '../../src/domain/catalog/catalog.ts'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { kubeconfigAccess } from '../../src/kube/access.ts'
import { startOperator } from '../../src/operator/operator.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { createLogger } from '../../src/operator/telemetry/log.ts'

const [kubeconfig = '', keys = '', identity = ''] = process.argv.slice(2)
const operator = await startOperator(
  await kubeconfigAccess(kubeconfig),
  {
    catalog: parseCatalog(ctoCatalog),
    trustedKeys: parseTrustedKeys(keys),
    namespace: 'cto-system',
    agentsNamespace: 'cto-agents',
    agentImage: 'example.com/agent:1',
    listen: '127.0.0.1:0',
    election: { identity, timing: { durationMs: 2_000, renewDeadlineMs: 1_200, retryMs: 200 } },
  },
  systemClock,
  createLogger('info', process.stdout),
)
process.once('SIGTERM', () => void operator.stop())
