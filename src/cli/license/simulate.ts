// `cto license simulate`: what a license would allow in a cluster that is described on the command line. The same pure
// decision as the operator's, with its reasons, and everything that changes as time goes by.

import { Command, InvalidArgumentError } from 'commander'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { decide, type Decision } from '../../domain/entitlement/decision.ts'
import { type Facts, type LicenseFacts, NO_MEMORY } from '../../domain/entitlement/facts.ts'
import { formatInstant, HOUR, type Instant } from '../../domain/time.ts'
import { readLicense } from '../../domain/license/read-license.ts'
import { changeText, type TimelineEntry, timelineFrom } from '../../domain/entitlement/timeline.ts'
import { dateArgument } from '../date-argument.ts'
import { readInput, readTrustedKeys, TRUSTED_KEYS_FILE } from '../input.ts'
import { unknownName } from '../known-names.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  section,
  styled,
} from '../../terminal/output.ts'

interface SimulateOptions {
  readonly trustedKeys: string
  readonly product: string
  readonly at?: Instant
  readonly nodes: number
  readonly agents: readonly string[]
  readonly cluster: string
  readonly output: Format
}

interface Simulation {
  readonly at: string
  readonly verdict: string
  readonly reason: string
  readonly message: string
  readonly plan: string
  readonly degradation: string
  readonly admitted: readonly string[]
  readonly refused: readonly { readonly agent: string; readonly reason: string; readonly message: string }[]
  readonly guardian: string
  readonly updates: boolean
  readonly growth: string
  readonly messages: readonly string[]
  readonly trace: readonly { readonly demand: string; readonly holds: boolean; readonly message?: string }[]
  readonly timeline: readonly { readonly at: string; readonly changes: readonly string[] }[]
}

export function simulateCommand(io: Io, catalogs: readonly Catalog[]): Command {
  return new Command('simulate')
    .description('show what a license would allow: verdict, every check, and what changes when')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', "the vendor's public keys, a JWK Set", TRUSTED_KEYS_FILE)
    .option('--product <name>', 'the product', catalogs[0]?.product ?? '')
    .option('--at <date>', 'the time to decide at, instead of now', dateArgument)
    .option('--nodes <n>', 'how many nodes the cluster has', count, 1)
    .option('--agents <names>', 'the agents that are wanted, such as rex,tess', names, [])
    .option('--cluster <type>', 'the type of the cluster, such as Kind or EKS', 'EKS')
    .addOption(formatOption())
    .action(async (file: string, options: SimulateOptions) => {
      const catalog = catalogs.find(({ product }) => product === options.product)
      if (catalog === undefined) {
        const known = catalogs.map(({ product }) => product)
        throw new CliError(unknownName('product', options.product, known) ?? '', EXIT.usage)
      }
      const keys = await readTrustedKeys(options.trustedKeys, io)
      const now = options.at ?? io.now()
      const plans = catalog.plans.map((plan) => plan.name)
      const { product, license: forms } = catalog
      const read = await readLicense(await readInput(file, io), { keys, product, plans, jwt: forms.jwt, now })
      const license: LicenseFacts =
        read.kind === 'authentic'
          ? { name: 'file', claims: read.claims }
          : { name: 'file', problem: { reason: read.reason, message: read.message, since: now } }
      const facts = simulatedFacts(catalog, license, now, options)
      const simulation = simulationOf(decide(facts), timelineFrom(facts), now)
      print(io, options.output, simulation, () => screen(simulation))
    })
}

function simulatedFacts(catalog: Catalog, license: LicenseFacts, now: Instant, options: SimulateOptions): Facts {
  return {
    now,
    catalog,
    // What is said on the command line is taken as proven.
    cluster: {
      type: options.cluster,
      platform: 'unknown',
      proven: true,
      confidence: 'high',
      evidence: [],
      contradictions: [],
    },
    clusterUid: license.claims?.cluster?.uid ?? 'simulated',
    nodes: { counted: options.nodes, total: options.nodes, excluded: [] },
    licenses: [license],
    formerLicenses: [],
    concerns: [],
    configs: [],
    wanted: { activationKey: false, agents: options.agents, addons: [], guardian: 'full' },
    agentsNamespace: 'cto-agents',
    // The agents run already: what the passing of time does to them is what is asked for.
    workloads: options.agents.map((agent) => ({
      resource: 'deployments',
      kind: 'Deployment',
      namespace: 'cto-agents',
      name: agent,
      agent,
      wants: 1,
      uid: '',
      held: false,
      holdable: true,
      createdAt: 0,
      governedSince: 0,
      images: '',
    })),
    namesTaken: new Set(),
    memory: NO_MEMORY,
    holdNotice: catalog.notice.holdHours * HOUR,
  }
}

function simulationOf(decision: Decision, timeline: readonly TimelineEntry[], now: Instant): Simulation {
  return {
    at: formatInstant(now),
    verdict: decision.verdict,
    reason: decision.reason,
    message: decision.message,
    plan: decision.grant.plan.name,
    degradation: decision.degradation.level,
    admitted: decision.agents.admitted.map(({ agent }) => agent),
    refused: decision.agents.refused.map(({ agent, reason, message }) => ({ agent, reason, message })),
    guardian: decision.guardian.mode,
    updates: decision.updates.enabled,
    growth: decision.gate.growth,
    messages: decision.notes.map(({ message }) => message),
    trace: decision.trace.map(({ demand, violation }) => ({
      demand,
      holds: violation === undefined,
      ...(violation === undefined ? {} : { message: violation.message }),
    })),
    timeline: timeline.map(({ at, changes }) => ({ at: formatInstant(at), changes: changes.map(changeText) })),
  }
}

function screen(simulation: Simulation): string {
  const { admitted, refused, trace, timeline } = simulation
  return [
    properties([
      ['VERDICT', `${simulation.verdict}: ${printable(simulation.message)}`],
      ['AT', simulation.at],
      ['PLAN', simulation.plan],
      ['DEGRADATION', simulation.degradation],
      ['ADMITTED', admitted.length === 0 ? 'none' : admitted.join(', ')],
      ['GUARDIAN', simulation.guardian],
      ['UPDATES', simulation.updates ? 'on' : 'off'],
      ['GROWTH', simulation.growth],
    ]),
    section(
      'REFUSED',
      refused.map(({ agent, message }) => [agent, printable(message)]),
    ),
    section(
      'CHECKS',
      trace.map(({ demand, holds, message }) => [
        holds ? styled('green', '✔') : styled('red', '✗'),
        demand,
        printable(message ?? ''),
      ]),
    ),
    section(
      'TO KNOW',
      simulation.messages.map((message) => [printable(message)]),
    ),
    section(
      'WHAT CHANGES WHEN',
      timeline.map(({ at, changes }) => [at, changes.join(', ')]),
    ),
  ].join('')
}

function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Write a number from 0 up.')
  return Number(text)
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
