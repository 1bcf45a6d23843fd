// The tally of all nodes: kept up to date by each change, it is the same as one made anew.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { countNodes } from '../../../../src/domain/cluster/node-count.ts'
import type { NodeFacts } from '../../../../src/domain/cluster/node-facts.ts'
import { NodeTally, tallyOf } from '../../../../src/domain/cluster/node-inventory.ts'
import { catalog, NOW } from '../../../support/builders.ts'
import { aNode, DISTRIBUTIONS, kindNodes } from '../../../support/nodes.ts'

const HOUR = 3_600_000
const looks: NodeFacts[] = [...DISTRIBUTIONS.flatMap(({ nodes }) => nodes), ...kindNodes()].map(projectNode)
const someLook = fc
  .record({
    look: fc.constantFrom(...looks),
    deletingSince: fc.option(fc.integer({ min: NOW - 48 * HOUR, max: NOW }), { nil: undefined }),
    notReadySince: fc.option(fc.integer({ min: NOW - 48 * HOUR, max: NOW }), { nil: undefined }),
    marked: fc.constantFrom('virtual' as const, 'simulated' as const, undefined),
    hasMachine: fc.boolean(),
  })
  .map(({ look, deletingSince, notReadySince, marked, hasMachine }) => ({
    ...look,
    hasMachine,
    ...(deletingSince === undefined ? {} : { deletingSince }),
    ...(notReadySince === undefined ? {} : { notReadySince }),
    ...(marked === undefined ? {} : { marked }),
  }))
/** What happens to the node of that name: it is as it is then, or is gone. */
const someEvents = fc.array(
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), look: fc.option(someLook, { nil: undefined }) }),
)

test('after any changes, it says what a tally of the nodes that are left says', () => {
  fc.assert(
    fc.property(someEvents, (events) => {
      const listed = new Map<string, NodeFacts>()
      const nodes = new Map<string, NodeFacts>()
      const tally = new NodeTally()
      for (const { name, look } of events) {
        const after = look === undefined ? undefined : { ...look, name }
        tally.change(listed.get(name), after)
        if (after === undefined) {
          listed.delete(name)
          nodes.delete(name)
        } else {
          listed.set(name, after)
          // A machine that was seen is not hidden any more, as long as its Node is there.
          nodes.set(name, { ...after, hasMachine: after.hasMachine || nodes.get(name)?.hasMachine === true })
        }
      }
      const anew = tallyOf(nodes.values())
      const signals = { apiGroups: [], serverVersion: 'v1.35.2', publicAddresses: [] }
      expect(detectCluster({ ...signals, nodes: tally })).toEqual(detectCluster({ ...signals, nodes: anew }))
      const policy = { ...catalog.nodes, uncountedClasses: ['deleting', 'lost', 'virtual', 'fargate'] as const }
      expect(countNodes(tally, policy, NOW)).toEqual(countNodes(anew, policy, NOW))
      expect({ total: tally.total, real: tally.real }).toEqual({ total: anew.total, real: anew.real })
    }),
    { numRuns: 500 },
  )
})

test('however many nodes show however much, the evidence is a few lines, and always the same', () => {
  const nodes = Array.from({ length: 300 }, (_, index) => {
    const { nodes } = DISTRIBUTIONS[index % DISTRIBUTIONS.length] ?? { nodes: [aNode()] }
    return projectNode({ ...nodes[0], metadata: { ...nodes[0]?.metadata, name: `n${index}` } })
  })
  const answer = detectCluster({ nodes: tallyOf(nodes), apiGroups: [] })
  expect(answer.type).toBe('Mixed')
  expect(answer.evidence.length).toBeLessThanOrEqual(17)
  expect(answer.contradictions.length).toBeLessThanOrEqual(17)
  expect(detectCluster({ nodes: tallyOf(nodes.toReversed()), apiGroups: [] })).toEqual(answer)
})
