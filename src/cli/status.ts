// `cto status`: one screen that answers: am I fine, until when, what is refused and why, what do I do.

import { Command } from 'commander'
import type { AgentEntry, EntitlementStatus } from '../api/entitlement.ts'
import type { LicenseStatus } from '../api/license.ts'
import { entitlements, licenses } from '../api/resources.ts'
import { cureOf, NOTHING_TO_DO } from '../domain/reasons.ts'
import { clusterAccess } from '../kube/access.ts'
import { type Client, createClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import { cliErrorFrom } from './input.ts'
import {
  CliError,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  section,
  sentence,
  styled,
} from './output.ts'

interface StatusOptions {
  readonly kubeconfig?: string
  readonly product: string
  readonly output: Format
}

interface LicenseLine {
  readonly name: string
  readonly status?: LicenseStatus
}

interface StatusResult {
  readonly product: string
  readonly entitlement: EntitlementStatus
  readonly licenses: readonly LicenseLine[]
}

export function statusCommand(io: Io): Command {
  return new Command('status')
    .option('--kubeconfig <file>', 'how to reach the cluster')
    .option('--product <name>', 'whose entitlement to show', 'cto')
    .addOption(formatOption())
    .action(async ({ kubeconfig, product, output }: StatusOptions) => {
      try {
        const access = await clusterAccess(kubeconfig)
        const client = createClient(access, { fieldManager: 'cto-cli', userAgent: 'cto-cli' })
        const result = await readStatus(client, product)
        access.agent.destroy()
        print(io, output, result, () => screen(result))
      } catch (error) {
        throw cliErrorFrom(error)
      }
    })
}

async function readStatus(client: Client, product: string): Promise<StatusResult> {
  const signal = AbortSignal.timeout(20_000)
  const object = await client.get(entitlements, { name: product }, signal).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    throw new CliError(
      `there is no Entitlement "${product}": the CRDs are not installed, or the operator has not run yet (kubectl apply -f crds/, then cto operator)`,
    )
  })
  const entitlement = object['status'] as EntitlementStatus | undefined
  if (entitlement === undefined)
    throw new CliError('the operator has not published a decision yet; try again in a moment')
  const { items } = await client.list(licenses, {}, {}, signal)
  return {
    product,
    entitlement,
    licenses: (items ?? []).map((item) => ({
      name: item.metadata.name,
      ...(item['status'] === undefined ? {} : { status: item['status'] as LicenseStatus }),
    })),
  }
}

function screen({ entitlement, licenses }: StatusResult): string {
  const { verdict, plan, degradation, cluster, nodes, agents, guardian, updates } = entitlement
  const fine = verdict === 'Valid' ? 'green' : verdict === 'Expired' ? 'yellow' : 'red'
  const limit = (count: number) => (count === -1 ? 'unlimited' : String(count))
  const rows: [string, string][] = [
    ['VERDICT', `${styled(fine, verdict)}: ${printable(entitlement.message)}`],
    ['PLAN', plan],
    ...(entitlement.organization === undefined
      ? []
      : [['ORGANIZATION', printable(entitlement.organization)] satisfies [string, string]]),
    ['UNTIL', entitlement.expiresAt ?? 'no end'],
    ...(degradation === 'None' ? [] : [['DEGRADATION', styled('yellow', degradation)] satisfies [string, string]]),
    ['CLUSTER', `${cluster.type} on ${cluster.platform}${cluster.proven ? '' : ' (not proven)'}`],
    ['NODES', `${nodes.counted} of ${limit(nodes.limit)}`],
    [
      'AGENTS',
      `${agents.admitted.length} of ${limit(agents.limit)}: ${agents.admitted.map(({ name }) => name).join(', ') || 'none'}`,
    ],
    ['GUARDIAN', guardian.mode],
    ['UPDATES', updates.enabled ? (updates.staged ? 'on, staged' : 'on') : 'off'],
    ...(entitlement.nextChangeAt === undefined
      ? []
      : [['NEXT CHANGE', entitlement.nextChangeAt] satisfies [string, string]]),
  ]
  return [
    properties(rows),
    section('NOT ADMITTED', [...agents.refused, ...agents.held].map(agentRow)),
    section(
      'LICENSES',
      licenses.map(({ name, status }) => [name, status?.state ?? 'not read yet', printable(status?.message ?? '')]),
    ),
    section(
      'TO KNOW',
      entitlement.messages.map((message) => [sentence(printable(message))]),
    ),
    section(
      'TO DO',
      toDo(entitlement).map((line) => [line]),
    ),
  ].join('')
}

function agentRow(agent: AgentEntry): string[] {
  const state =
    agent.replicas !== undefined
      ? `held (${agent.replicas} replicas)`
      : agent.holdAt === undefined
        ? 'refused'
        : `held at ${agent.holdAt}`
  return [`${agent.namespace}/${agent.workload}`, state, printable(agent.message ?? '')]
}

/** What lifts each thing that is wrong, once. */
function toDo({ reason, violations, agents }: EntitlementStatus): string[] {
  const wrong = [reason, ...violations.map((violation) => violation.reason)]
  for (const agent of [...agents.refused, ...agents.held]) if (agent.reason !== undefined) wrong.push(agent.reason)
  return [...new Set(wrong.map(cureOf))].filter((cure) => cure !== undefined).filter((cure) => cure !== NOTHING_TO_DO)
}
