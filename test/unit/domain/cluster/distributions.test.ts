// What each distribution is made to be known by: newer and rarer ones than there are dumps of.

import { expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { detectCluster } from '../../../../src/domain/cluster/detect.ts'
import { tallyOf } from '../../../../src/domain/cluster/node-inventory.ts'
import { aNode, type Distribution, DISTRIBUTIONS } from '../../../support/nodes.ts'

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

test('nodes of a build that has an API server of its own, at one that has not', () => {
  const eks = DISTRIBUTIONS.find(({ title }) => title === 'EKS with Amazon Linux')
  expect(eks === undefined ? undefined : look({ ...eks, serverVersion: 'v1.34.1' })).toMatchObject({
    type: 'EKS',
    proven: false,
    contradictions: ['the API server is not of EKS, by its version'],
  })
})

test('what nothing on a node names: the API server, what is served, the record of kubeadm, in this order', () => {
  const nodes = tallyOf([projectNode(aNode())])
  const kubeadm = { clusterName: 'kubernetes', controlPlaneEndpoint: '' }
  const all = { nodes, kubeadm, apiGroups: ['config.openshift.io'], serverVersion: 'v1.25.2-r0-CCE22.12.1' }
  expect(detectCluster(all)).toMatchObject({ type: 'CCE', proven: false, confidence: 'medium' })
  expect(detectCluster({ ...all, serverVersion: 'v1.35.2' })).toMatchObject({ type: 'OpenShift', proven: false })
  expect(detectCluster({ nodes, kubeadm, apiGroups: [] })).toMatchObject({ type: 'Kubeadm', proven: false })
  expect(detectCluster({ nodes, apiGroups: [] })).toMatchObject({ type: 'Unknown', confidence: 'low' })
})
