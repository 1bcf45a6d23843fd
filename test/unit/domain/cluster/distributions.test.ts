// What each distribution is made to be known by: newer and rarer ones than there are dumps of.

import { expect, test } from 'vitest'
import { projectNode } from '../../../../src/cluster/nodes.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { tallyOf } from '../../../../src/domain/cluster/node-tally.ts'
import { type Distribution, DISTRIBUTIONS } from '../../../support/nodes.ts'

const look = ({ nodes, serverVersion }: Distribution) =>
  detectCluster({
    nodes: tallyOf(nodes.map(projectNode)),
    apiGroups: [],
    ...(serverVersion === undefined ? {} : { serverVersion }),
  })

test.each(DISTRIBUTIONS)('$title', (distribution) => {
  const { type, platform, proven = false } = distribution
  const answer = look(distribution)
  expect(answer).toMatchObject({ type, platform, proven })
  expect(answer.evidence).not.toEqual([])
  // What is true of it contradicts nothing.
  expect(answer.contradictions).toEqual([])
})

test.each(DISTRIBUTIONS)('$title: the order of the nodes does not matter', (distribution) => {
  expect(look({ ...distribution, nodes: distribution.nodes.toReversed() })).toEqual(look(distribution))
})
