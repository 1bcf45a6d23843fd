// Every real node that is at hand, through the function that decides: right, wrong or unknown, by distribution.

import { describe, expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import type { ClusterType } from '../../../../src/domain/cluster/cluster-type.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { tallyOf } from '../../../../src/domain/cluster/node-inventory.ts'
import {
  NEEDS_NODES,
  NODES_ABSENT,
  type PublicCluster,
  publicClusters,
  publicNodes,
  sameName,
} from '../../../support/public-nodes.ts'

/** Where the file does not show enough, and what it does show. Every other one has to be named. */
const SHOWS_TOO_LITTLE: readonly (readonly [files: RegExp, why: string])[] = [
  [/^k0s\/15$/, 'a k0s of 2020 whose kubelet has no suffix, and no label'],
  [/^microk8s\/19$/, 'a MicroK8s of 2018, before it labelled its nodes'],
  [/^exoscale\/0[567]$/, 'before Exoscale labelled its nodes; no provider ID'],
  [/^kubeadm\/64$/, 'workers of Kubermatic: no annotation of kubeadm'],
  [/^kubeadm\/(?:65|69|70|77)$/, 'a table of names, roles and versions without a suffix'],
  [/^openshift\/4[1-5]$/, 'a table of names, roles and versions, which OpenShift 4.17 and later leave plain'],
  [/^rke1\/38$/, 'a table of names, roles and versions without a suffix'],
]
/** A name that is not the distribution's own and is true all the same, and why no more can be said. */
const SHOWS_ANOTHER: readonly (readonly [files: RegExp, type: string, why: string])[] = [
  [/^kind\/(?:0[5-79]|14)$/, 'Kubeadm', 'no provider ID is shown; a name does not make a node one of Kind'],
  [/^vcluster\/0[67]$/, 'GKE', "nodes copied from the host; only the API server's version would tell"],
  [/^unknown\/55$/, 'DOKS', 'put together from two clusters: six nodes of seven are of one'],
]

type Outcome = 'right' | 'another' | 'unknown' | 'WRONG'

function look(cluster: PublicCluster, serverVersion?: string): ClusterType {
  const nodes = tallyOf(publicNodes(cluster).map(projectNode))
  return detectCluster({ nodes, apiGroups: [], ...(serverVersion === undefined ? {} : { serverVersion }) })
}

function outcomeOf({ file, expected }: PublicCluster, type: string): Outcome {
  const name = file.replace('.json', '')
  if (sameName(type) === sameName(expected)) return 'right'
  if (SHOWS_ANOTHER.some(([files, other]) => files.test(name) && other === type)) return 'another'
  if (type === 'Unknown') return SHOWS_TOO_LITTLE.some(([files]) => files.test(name)) ? 'unknown' : 'WRONG'
  return 'WRONG'
}

function table(rows: readonly (readonly [string, Readonly<Record<Outcome, number>>])[]): string {
  const outcomes = ['right', 'another', 'unknown', 'WRONG'] as const
  const lines = rows.map(([name, counts]) => [
    name.padEnd(20),
    ...outcomes.map((one) => String(counts[one]).padStart(8)),
  ])
  return [['distribution'.padEnd(20), ...outcomes.map((one) => one.padStart(8))], ...lines]
    .map((line) => line.join(''))
    .join('\n')
}

describe.skipIf(NODES_ABSENT)(`real nodes ${NODES_ABSENT ? NEEDS_NODES : ''}`, () => {
  test('each distribution is named, and nothing is named wrongly', () => {
    const counts = new Map<string, Record<Outcome, number>>()
    const wrong: string[] = []
    for (const cluster of publicClusters()) {
      const { type } = look(cluster)
      const outcome = outcomeOf(cluster, type)
      const row = counts.get(cluster.expected) ?? { right: 0, another: 0, unknown: 0, WRONG: 0 }
      row[outcome]++
      counts.set(cluster.expected, row)
      if (outcome === 'WRONG')
        wrong.push(`${cluster.file}: ${type} instead of ${cluster.expected} (${cluster.notes ?? ''})`)
    }
    const total = { right: 0, another: 0, unknown: 0, WRONG: 0 }
    for (const row of counts.values()) for (const one of Object.keys(row) as Outcome[]) total[one] += row[one]
    console.log(table([...counts, ['all', total]]))
    expect(wrong).toEqual([])
    expect(total.right).toBeGreaterThan(300)
  })

  test('what the API server says of its version makes no answer worse, and some better', () => {
    let better = 0
    for (const cluster of publicClusters()) {
      if (cluster.serverVersion === undefined) continue
      const alone = look(cluster)
      const { type } = look(cluster, cluster.serverVersion)
      if (type === alone.type) continue
      expect(sameName(type), cluster.file).toBe(sameName(cluster.expected))
      better++
    }
    expect(better).toBeGreaterThan(0)
  })

  test('only what the kubelets themselves say is proven, and no public dump proves Kind', () => {
    for (const cluster of publicClusters()) {
      const answer = look(cluster)
      if (!answer.proven) continue
      expect(answer, cluster.file).toMatchObject({ confidence: 'high', contradictions: [] })
      expect(answer.evidence.join('\n'), cluster.file).toContain('set by the kubelet')
      expect(answer.type, cluster.file).not.toBe('Kind')
    }
  })
})
