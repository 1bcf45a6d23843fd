// What is kept of a Node, of kubeadm's record, and of load balancers.

import { expect, test } from 'vitest'
import { projectKubeadm, publicAddressesOf } from '../../../../src/operator/observed/cluster-records.ts'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { kubeadmConfigMap } from '../../../../src/devtools/control-plane/kind-nodes.ts'
import { aNode, DISTRIBUTIONS, kindNodes } from '../../../support/nodes.ts'

test('only what a rule asks for is kept, and what many nodes share is kept once', () => {
  const [eks = aNode()] = DISTRIBUTIONS.find(({ title }) => title === 'EKS with Amazon Linux')?.nodes ?? []
  const named = (name: string) =>
    projectNode(JSON.parse(JSON.stringify({ ...eks, metadata: { ...eks.metadata, name } })))
  const [one, other] = [named('one'), named('other')]
  expect(one).toEqual({
    name: 'one',
    providerId: 'aws:///us-east-1a/i-0abcdef0123456789',
    kubeletVersion: 'v1.34.1-eks-113cf36',
    osImage: 'Amazon Linux 2023.9.20251027',
    kernelVersion: '6.12.46-66.121.amzn2023.x86_64',
    runtime: 'containerd://2.1.4',
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    labels: ['eks.amazonaws.com/nodegroup'],
    annotations: [],
    instanceType: 'm6i.large',
    hasMachine: true,
    hasHardwareId: true,
    hasOtherHostname: true,
    hasExternalAddress: false,
  })
  expect(other.labels).toBe(one.labels)
})

test('a node of which nothing is shown is a node', () => {
  expect(projectNode({ metadata: { name: 'x' } })).toMatchObject({
    name: 'x',
    providerId: '',
    labels: [],
    hasMachine: false,
    hasHardwareId: false,
    hasOtherHostname: false,
    hasExternalAddress: false,
  })
})

test('a container of Kind has no ID of hardware, also where the UUID is only the machine ID', () => {
  const [node = aNode()] = kindNodes()
  expect(projectNode(node).hasHardwareId).toBe(false)
  const { nodeInfo } = node.status
  const withoutDmi = { ...node, status: { nodeInfo: { ...nodeInfo, systemUUID: nodeInfo['machineID'] } } }
  expect(projectNode(withoutDmi).hasHardwareId).toBe(false)
})

test("kubeadm's record, and what stands in its place", () => {
  expect(projectKubeadm(kubeadmConfigMap('dev'))).toEqual({
    clusterName: 'dev',
    controlPlaneEndpoint: 'dev-control-plane:6443',
  })
  const nothing = { clusterName: '', controlPlaneEndpoint: '' }
  for (const ClusterConfiguration of [undefined, '', 'a: [', '7', 'clusterName: 7']) {
    expect(projectKubeadm({ data: { ClusterConfiguration } })).toEqual(nothing)
  }
  expect(projectKubeadm({})).toEqual(nothing)
})

test('addresses of load balancers that the world can reach, and none that it cannot', () => {
  const service = (...ingress: object[]) => publicAddressesOf({ status: { loadBalancer: { ingress } } })
  for (const ip of [
    [
      '172.18.255.200',
      '10.0.0.1',
      '192.168.1.240',
      '100.64.0.1',
      '169.254.1.1',
      '127.0.0.1',
      '192.0.2.7',
      '198.18.0.1',
    ],
    ['fc00:f853:ccd:e793::1', 'fd00::1', 'fe80::1', '::1', '2001:db8::1'],
  ].flat()) {
    expect(service({ ip }), ip).toBeUndefined()
  }
  for (const ip of ['34.1.2.3', '172.32.0.1', '100.128.0.1', '198.20.0.1', '2600:1f18::1']) {
    expect(service({ ip }), ip).toEqual([ip])
  }
  expect(service({ hostname: 'x.elb.eu-west-1.amazonaws.com' }, { hostname: 'localhost' }, { ip: '10.1.1.1' })).toEqual(
    ['x.elb.eu-west-1.amazonaws.com'],
  )
  expect(publicAddressesOf({ status: {} })).toBeUndefined()
})
