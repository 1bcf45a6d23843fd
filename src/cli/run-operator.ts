// `cto operator`: runs the operator, in a pod without any flag, elsewhere with a kubeconfig.

import { Command } from 'commander'
import { DEFAULT_AGENTS_NAMESPACE, DEFAULT_NAMESPACE } from '../api/names.ts'
import { ownMachine } from '../operator/observed/own-machine.ts'
import { ownClusterAccess, isInCluster } from '../kube/access.ts'
import { startOperator } from '../operator/operator.ts'
import { systemClock } from '../runtime/clock.ts'
import { keepHeapSmall } from './small-heap.ts'
import { createLogger } from '../operator/telemetry/log.ts'
import { readCatalog } from './catalogs.ts'
import { durationArgument } from './duration-argument.ts'
import { cliErrorFrom, readTrustedKeys, TRUSTED_KEYS_FILE } from './input.ts'
import { otherKeysHere } from './keys-origin.ts'
import { CliError, type Io } from '../terminal/output.ts'
import { stopSignal } from './stop-signal.ts'
import { electionHere } from './this-process.ts'

/** The image that agents run in when none is given. */
export const DEFAULT_AGENT_IMAGE = 'ghcr.io/5dlabs/cto-agent:latest'

interface OperatorOptions {
  readonly kubeconfig?: string
  readonly trustedKeys: string
  readonly catalog: string
  readonly namespace: string
  readonly agentsNamespace: string
  readonly agentImage: string
  readonly listen: string
  readonly hostName?: readonly string[]
  readonly holdNotice?: number
  readonly logLevel: string
}

export function operatorCommand(io: Io): Command {
  return new Command('operator')
    .option('--kubeconfig <file>', 'how to reach the cluster (in a pod: its service account)')
    .option('--trusted-keys <file>', "the vendor's public keys, a JWK Set", TRUSTED_KEYS_FILE)
    .option('--catalog <name|file>', 'the product: a built-in catalog, or a file that the vendor has signed', 'cto')
    .option('--namespace <name>', 'where the operator itself lives', DEFAULT_NAMESPACE)
    .option('--agents-namespace <name>', 'where the agents of a PlatformConfig live', DEFAULT_AGENTS_NAMESPACE)
    .option('--agent-image <image>', 'the image that agents run', DEFAULT_AGENT_IMAGE)
    .option(
      '--listen <host:port>',
      'where probes and metrics are served',
      isInCluster() ? '0.0.0.0:8080' : '127.0.0.1:8080',
    )
    .option('--host-name <name...>', 'names under which the status page is reached, such as cto.example.com')
    .option(
      '--hold-notice <duration>',
      'how long an admitted agent goes on before it is held, such as 24h or 30m; only shorter than the catalog says',
      durationArgument,
    )
    .option('--leader-elect', 'accepted and always so: of all operators of a product in a cluster, one decides')
    .option('--no-leader-elect', 'accepted; it takes the lock all the same, and waits while another operator has it')
    .option('--log-level <level>', 'trace, debug, info, warn or error', 'info')
    .action(async (options: OperatorOptions) => {
      keepHeapSmall()
      const otherKeys = otherKeysHere(options.trustedKeys)
      const trustedKeys = await readTrustedKeys(options.trustedKeys, io)
      const given = await readCatalog(options.catalog, trustedKeys, io)
      const log = createLogger(options.logLevel, process.stderr)
      try {
        const access = await ownClusterAccess(options.kubeconfig)
        const machine = isInCluster() ? { machine: ownMachine() } : {}
        const settings = {
          ...options,
          hostNames: options.hostName ?? [],
          ...given,
          trustedKeys,
          election: electionHere(),
          ...machine,
          ...(otherKeys === undefined ? {} : { otherKeys }),
        }
        const operator = await startOperator(access, settings, systemClock, log)
        if (otherKeys !== undefined) log.warn(otherKeys)
        const outdated = await Promise.race([stopSignal(), operator.overtaken])
        await operator.stop()
        // Started again, it goes by the newer one from the beginning.
        if (outdated !== undefined) throw new CliError(outdated)
      } catch (error) {
        throw cliErrorFrom(error)
      }
    })
}
