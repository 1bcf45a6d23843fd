// `cto trial`: the whole free tier on this machine, step by step; then it stays up to be tried by hand.

import { Command, Option } from 'commander'
import {
  type KubernetesVersion,
  NEWEST_KUBERNETES,
  VERSIONS_WITH_POLICIES,
} from '../../devtools/control-plane/kubernetes-versions.ts'
import { createReporter } from './report.ts'
import { runTrial } from './trial.ts'
import { askOnTerminal, offeredKindCluster, ownCluster } from './trial-cluster.ts'
import { readCatalog } from '../catalogs.ts'
import { cliErrorFrom } from '../input.ts'
import { CliError, EXIT, type Format, formatOption, type Io, print, printable, styled } from '../../terminal/output.ts'
import { stopSignal } from '../stop-signal.ts'

interface TrialOptions {
  readonly exit?: boolean
  readonly kubernetesVersion?: KubernetesVersion
  readonly output: Format
}

export function trialCommand(io: Io): Command {
  return new Command('trial')
    .option('--exit', 'end when all is shown, with exit code 3 if anything was not as expected')
    .addOption(versionOption())
    .addOption(formatOption())
    .action(async ({ exit = false, kubernetesVersion, output }: TrialOptions) => {
      const started = performance.now()
      const chatter = (line: string) => io.stderr(`${styled('dim', printable(line))}\n`)
      const { catalog } = await readCatalog('cto', new Map(), io)
      const wantsOwn = exit || kubernetesVersion !== undefined
      const offered = wantsOwn ? undefined : await offeredKindCluster(askOnTerminal)
      await using cluster = offered ?? (await ownCluster(kubernetesVersion ?? NEWEST_KUBERNETES, chatter).catch(fail))
      chatter(`The trial runs on ${cluster.description}.`)

      const reporter = createReporter(io, output !== 'table')
      await using trial = await runTrial(cluster, catalog, reporter)
      const failed = reporter.results.filter((result) => !result.ok)
      const seconds = (performance.now() - started) / 1000
      const summary = `${reporter.results.length - failed.length} of ${reporter.results.length} steps as expected, in ${seconds.toFixed(1)} s`
      print(
        io,
        output,
        { ok: failed.length === 0, seconds, steps: reporter.results },
        () => `\n${styled('bold', summary)}\n`,
      )

      if (!exit) {
        chatter('')
        chatter('Go on by hand, in another terminal:')
        for (const line of waysOn(cluster.kubeconfigPath, cluster.kubectl, trial.vendorKeyPath))
          io.stderr(`  ${line}\n`)
        chatter(
          `Everything runs until you press Ctrl-C${cluster.isYours ? '; what was applied to your cluster stays' : ', then it is gone'}.`,
        )
        await stopSignal()
        chatter('stopping …')
      }
      if (failed.length > 0)
        throw new CliError(`not as expected: ${failed.map((result) => result.step).join('; ')}`, EXIT.failedCheck)
    })
}

// The steps show what is refused: a version that refuses nothing cannot show them.
function versionOption(): Option {
  const text = `the Kubernetes of a cluster of its own (by default ${NEWEST_KUBERNETES})`
  return new Option('--kubernetes-version <version>', text).choices(VERSIONS_WITH_POLICIES)
}

function waysOn(kubeconfig: string, kubectl: string, vendorKey: string): string[] {
  return [
    `export KUBECONFIG=${kubeconfig}`,
    `alias kubectl=${kubectl}`,
    'kubectl get cto                                  # everything of ours',
    'kubectl describe entitlement cto                 # the decision and why',
    'kubectl edit platformconfig acme-corp-deployment # want other agents',
    'kubectl -n cto-agents get deployments',
    `npx cto vendor issue --key ${vendorKey} --plan business --organization "Acme Corp" --days 30 --out license.lic`,
    'kubectl -n cto-system create secret generic cto-license --from-file=license.lic --dry-run=client -o yaml | kubectl apply -f -',
  ]
}

function fail(error: unknown): never {
  throw cliErrorFrom(error)
}
