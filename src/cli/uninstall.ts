// `cto uninstall`: before the operator is removed, nothing of its enforcement stays. The chart runs it by itself.

import { Command } from 'commander'
import { DEFAULT_NAMESPACE } from '../api/names.ts'
import { SECOND } from '../domain/instant.ts'
import { clusterAccess } from '../kube/access.ts'
import { createClient } from '../kube/client.ts'
import { type Released, releaseCluster } from '../release.ts'
import { cliErrorFrom } from './input.ts'
import { CliError, type Format, formatOption, type Io, print, properties, section } from './output.ts'

interface UninstallOptions {
  readonly kubeconfig?: string
  readonly namespace: string
  readonly deployment: string
  readonly selector: string
  readonly product: string
  readonly timeout: string
  readonly output: Format
}

const NAME = 'cto-operator'

export function uninstallCommand(io: Io): Command {
  return new Command('uninstall')
    .description('stop the operator, remove its policies and resume what is held; licenses and wishes stay')
    .option('--kubeconfig <file>', 'how to reach the cluster (in a pod: its service account)')
    .option('--namespace <name>', 'where the operator lives', DEFAULT_NAMESPACE)
    .option('--deployment <name>', "the operator's Deployment", NAME)
    .option(
      '--selector <labels>',
      "the labels of the operator's pods",
      `app.kubernetes.io/name=${NAME},app.kubernetes.io/component=operator`,
    )
    .option('--product <name>', 'whose policies to remove', 'cto')
    .option('--timeout <seconds>', 'how long it may take', '180')
    .addOption(formatOption())
    .action(async ({ kubeconfig, timeout, output, ...options }: UninstallOptions) => {
      const limit = AbortSignal.timeout(Number(timeout) * SECOND)
      try {
        const access = await clusterAccess(kubeconfig)
        const client = createClient(access, { fieldManager: 'cto-cli', userAgent: 'cto-cli' })
        const released = await releaseCluster(client, options, limit)
        access.agent.destroy()
        print(io, output, released, () => table(released))
        io.stderr('The CRDs and your resources stay; kubectl delete crd removes them, and agents with them.\n')
      } catch (error) {
        if (limit.aborted) throw new CliError(`it is not done after ${timeout} s; run it again to go on`)
        throw cliErrorFrom(error)
      }
    })
}

function table({ operator, policies, resumed }: Released): string {
  return [
    properties([
      ['OPERATOR', operator === 'stopped' ? 'stopped' : 'was not there'],
      ['POLICIES', policies.length === 0 ? 'none were there' : `${policies.length} removed`],
      ['RESUMED', resumed.length === 0 ? 'nothing was held' : `${resumed.length} workloads`],
    ]),
    section(
      'RESUMED',
      resumed.map(({ kind, namespace, name, replicas }) => [`${namespace}/${name}`, kind, `${replicas} replicas`]),
    ),
  ].join('')
}
