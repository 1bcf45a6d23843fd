// `cto detect`: what kind of cluster this is and how many of its nodes count, with the evidence, so that the customer and the
// vendor read the same. Live, or from a file; the same functions as the operator's.

import { Command } from 'commander'
import { type Survey, surveyCluster } from '../../operator/observed/survey.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import type { ClusterType } from '../../domain/cluster/cluster-type.ts'
import { detectCluster } from '../../domain/cluster/detect.ts'
import { classifyNode, type ClassifiedNode, isReal } from '../../domain/cluster/node-class.ts'
import { countNodes } from '../../domain/cluster/node-count.ts'
import type { NodeFacts } from '../../domain/cluster/node-facts.ts'
import { readNode } from '../../domain/cluster/node-detection.ts'
import { tallyOf } from '../../domain/cluster/node-inventory.ts'
import { type Signal, titleOf } from '../../domain/cluster/signal.ts'
import { formatInstant, type Instant } from '../../domain/time.ts'
import { readClusterInput } from './cluster-input.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { readInput } from '../input.ts'
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
  sentence,
  styled,
} from '../../terminal/output.ts'

interface DetectOptions extends ClusterOptions {
  readonly file?: string
  readonly product: string
  readonly explain?: boolean
  readonly output: Format
}

interface ExcludedNode {
  readonly name: string
  readonly class: string
  readonly reason: string
}

/** All that is said of one node. */
interface ExplainedNode extends ExcludedNode {
  readonly counted: boolean
  /** The type that it names by itself; absent: none. */
  readonly type?: string
  readonly platform: string
  readonly signals: readonly ShownSignal[]
  /** What speaks against its type. */
  readonly against: readonly ShownSignal[]
  readonly doubts: readonly string[]
  readonly countsAgainFrom?: string
}

interface ShownSignal {
  readonly type: string
  readonly by: string
  readonly setBy: string
}

interface Detection extends ClusterType {
  readonly nodes: {
    readonly total: number
    readonly counted: number
    readonly excluded: readonly ExcludedNode[]
    readonly list?: readonly ExplainedNode[]
  }
}

const PATIENCE_MS = 60_000

export function detectCommand(io: Io, catalogs: readonly Catalog[]): Command {
  return withClusterOptions(new Command('detect'))
    .description('say what kind of cluster this is and how many nodes count, with the evidence')
    .option('-f, --file <file>', 'look into a file instead, or - for standard input: kubectl get nodes -o json')
    .option('--product <name>', 'whose rules to count nodes by', catalogs[0]?.product ?? '')
    .option('--explain', 'say of each node what it shows, and why it counts or does not')
    .addOption(formatOption())
    .action(async ({ file, product, explain, output, ...where }: DetectOptions) => {
      const catalog = catalogs.find((one) => one.product === product)
      if (catalog === undefined) {
        const known = catalogs.map((one) => one.product)
        throw new CliError(unknownName('product', product, known) ?? '', EXIT.usage)
      }
      if (file !== undefined && (where.kubeconfig ?? where.context) !== undefined) {
        throw new CliError('--file says to look into a file, and --kubeconfig or --context at a cluster', EXIT.usage)
      }
      const survey =
        file === undefined
          ? await onCluster(where, (client) => surveyCluster(client, AbortSignal.timeout(PATIENCE_MS)))
          : readClusterInput(await readInput(file, io), file === '-' ? 'standard input' : file)
      const detection = detectionOf(survey, catalog, io.now(), explain === true)
      print(io, output, detection, () => screen(detection))
    })
}

function detectionOf({ nodes, cluster }: Survey, catalog: Catalog, now: Instant, explain: boolean): Detection {
  const tally = tallyOf(nodes)
  const { counted, total } = countNodes(tally, catalog.nodes, now)
  const byName = nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const classified = byName.map((node) => ({ node, of: classifyNode(node, catalog.nodes, now) }))
  return {
    ...detectCluster({ ...cluster, nodes: tally }),
    nodes: {
      total,
      counted,
      excluded: classified
        .filter(({ of }) => !of.counts)
        .map(({ node, of }) => ({ name: node.name, class: of.class, reason: of.reason })),
      ...(explain ? { list: classified.map(({ node, of }) => explained(node, of)) } : {}),
    },
  }
}

function explained(node: NodeFacts, { class: name, counts, reason, changesAt }: ClassifiedNode): ExplainedNode {
  // What no kubelet stands behind says nothing of the cluster, whatever it shows.
  const reading = isReal(node) ? readNode(node) : undefined
  return {
    name: node.name,
    class: name,
    counted: counts,
    reason,
    ...(reading?.type === undefined ? {} : { type: reading.type }),
    platform: reading?.platform ?? 'unknown',
    signals: (reading?.shown ?? []).map(shown),
    against: (reading?.against ?? []).map(shown),
    doubts: reading?.doubts ?? [],
    ...(changesAt === undefined ? {} : { countsAgainFrom: formatInstant(changesAt) }),
  }
}

function shown(signal: Signal): ShownSignal {
  return { type: signal.type, by: titleOf(signal), setBy: signal.setBy }
}

const CONFIDENCE_COLOURS = { high: 'green', medium: 'yellow', low: 'red' } as const

function screen({ type, platform, proven, confidence, evidence, contradictions, nodes }: Detection): string {
  return [
    properties([
      ['TYPE', `${styled('bold', type)}${proven ? ', proven' : ', not proven'}`],
      ['PLATFORM', platform],
      ['CONFIDENCE', styled(CONFIDENCE_COLOURS[confidence], confidence)],
      ['NODES', `${nodes.counted} of ${nodes.total} count`],
    ]),
    section('EVIDENCE', evidence.map(line)),
    section('AGAINST IT', contradictions.map(line)),
    ...(nodes.list === undefined
      ? [
          section(
            'NOT COUNTED',
            nodes.excluded.map(({ name, class: of, reason }) => [printable(name), of, reason]),
          ),
        ]
      : [section('NODES', nodes.list.map(nodeRow)), section('WHAT THEY SHOW', nodes.list.flatMap(signalRows))]),
  ].join('')
}

function line(text: string): string[] {
  return [sentence(printable(text))]
}

function nodeRow({ name, class: of, counted, reason, type }: ExplainedNode): string[] {
  return [printable(name), counted ? 'counts' : styled('yellow', 'does not count'), of, type ?? 'names no type', reason]
}

function signalRows({ name, signals, against, doubts }: ExplainedNode): string[][] {
  const row = (side: string, signal: ShownSignal) => [printable(name), side, signal.type, signal.by, signal.setBy]
  return [
    ...signals.map((signal) => row('for', signal)),
    ...against.map((signal) => row(styled('yellow', 'against'), signal)),
    ...doubts.map((doubt) => [printable(name), styled('yellow', 'against'), doubt]),
  ]
}
