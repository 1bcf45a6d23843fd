// `cto detect` with a file: whatever kubectl prints, in any of the ways in which it is passed on.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { detectCommand } from '../../../../src/cli/detect/command.ts'
import { runCommand } from '../../../../src/cli/run-command.ts'
import { kubeadmConfigMap } from '../../../../src/devtools/control-plane/kind-nodes.ts'
import { catalog, NOW } from '../../../support/builders.ts'
import { aNode, DISTRIBUTIONS, kindNodes } from '../../../support/nodes.ts'

const nodesOf = (title: string) => DISTRIBUTIONS.find((one) => one.title === title)?.nodes ?? []
const eks = nodesOf('EKS with Amazon Linux')
const [node = aNode()] = eks

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-detect-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function detect(input: string, ...args: string[]) {
  const result = { stdout: '', stderr: '' }
  const io = {
    stdout: (text: string) => void (result.stdout += text),
    stderr: (text: string) => void (result.stderr += text),
    stdin: () => Promise.resolve(Buffer.from(input)),
    now: () => NOW,
  }
  const program = new Command('cto').addCommand(detectCommand(io, [catalog]))
  return { code: await runCommand(program, ['detect', ...args], io), ...result }
}
const answer = async (input: string, ...args: string[]) => {
  const { code, stdout, stderr } = await detect(input, '-f', '-', '-o', 'json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Record<string, unknown>
}
const json = (value: unknown) => JSON.stringify(value, undefined, 4)
const list = (kind: string, items: readonly unknown[]) => ({ apiVersion: 'v1', kind, metadata: {}, items })
/** As the API server sends the items of a list. */
const bare = (items: readonly object[]) => items.map((item) => ({ ...item, kind: undefined, apiVersion: undefined }))

describe('nodes in any form', () => {
  const nodes = nodesOf('AKS with a virtual node')
  test.each<[string, string]>([
    ['a List of kubectl', json(list('List', nodes))],
    ['a NodeList of the API server', json(list('NodeList', bare(nodes)))],
    ['an array', json(nodes)],
    ['objects one after the other', nodes.map(json).join('\n')],
    ['objects on a line each', nodes.map((one) => JSON.stringify(one)).join('\n')],
    ['YAML', stringify(list('List', nodes))],
    ['several documents of YAML', nodes.map((one) => stringify(one)).join('---\n')],
    ['with a byte order mark', `\uFEFF${json(list('List', nodes))}`],
    ['twice', json(list('List', [...nodes, ...nodes]))],
    ['with what has nothing to do with it', json(list('List', [{ kind: 'Pod', metadata: { name: 'x' } }, ...nodes]))],
  ])('%s', async (_what, input) => {
    expect(await answer(input)).toMatchObject({
      type: 'AKS',
      platform: 'azure',
      proven: true,
      confidence: 'high',
      evidence: [
        'AKS by kernel on 1 node, set by the kubelet',
        expect.any(String),
        expect.any(String),
        expect.any(String),
      ],
      contradictions: [],
      nodes: {
        total: 2,
        counted: 1,
        excluded: [
          {
            name: 'virtual-node-aci-linux',
            class: 'virtual',
            reason: 'is a virtual kubelet, and no machine stands behind it',
          },
        ],
      },
    })
  })

  test('a single Node, and a Node of which only a part is shown', async () => {
    expect(await answer(json(node))).toMatchObject({ type: 'EKS', proven: true, nodes: { total: 1, counted: 1 } })
    const part = {
      kind: 'Node',
      metadata: { name: 'x', labels: null },
      spec: {},
      status: { nodeInfo: { kubeletVersion: 'v1.33.4+k3s1' } },
    }
    expect(await answer(json(part))).toMatchObject({ type: 'K3s' })
    expect(await answer(json({ kind: 'Node', metadata: { name: 'x' } }))).toMatchObject({ type: 'Unknown' })
  })

  test('no nodes are no mistake', async () => {
    expect(await answer(json(list('List', [])))).toMatchObject({
      type: 'Unknown',
      evidence: ['no node is known'],
      nodes: { total: 0, counted: 0, excluded: [] },
    })
  })

  test('a file, and an answer in YAML', async () => {
    const file = join(folder, 'nodes.yaml')
    await writeFile(file, stringify(list('List', eks)))
    const { code, stdout } = await detect('', '--file', file, '-o', 'yaml')
    expect(code).toBe(0)
    expect(parse(stdout)).toMatchObject({ type: 'EKS', nodes: { counted: 1 } })
  })
})

test('what else tells of the cluster is taken from the file too: Kind can be proven away from it', async () => {
  const all = [
    list('List', kindNodes()),
    kubeadmConfigMap('kind'),
    list('ServiceList', []),
    { clientVersion: { gitVersion: 'v1.36.0' }, serverVersion: { gitVersion: 'v1.35.2' } },
  ]
  expect(await answer(all.map(json).join('\n'))).toMatchObject({ type: 'Kind', proven: true, contradictions: [] })
  const withBalancer = {
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    status: { loadBalancer: { ingress: [{ hostname: 'a.elb.amazonaws.com' }, { ip: '172.18.0.9' }] } },
  }
  expect(await answer([...all, withBalancer].map(json).join('\n'))).toMatchObject({
    type: 'Kind',
    proven: false,
    contradictions: ['a load balancer has a public address: a.elb.amazonaws.com'],
  })
  expect(await answer(json(list('List', kindNodes())))).toMatchObject({ type: 'Kind', proven: false })
})

test('--explain says of each node what it shows and why it counts', async () => {
  const forged = {
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'io.x-k8s.kind.cluster': 'kind' } },
  }
  const { nodes } = await answer(json([forged, ...nodesOf('AKS with a virtual node').slice(1)]), '--explain')
  expect(nodes).toMatchObject({
    counted: 1,
    list: [
      {
        name: 'ip-10-0-0-1.ec2.internal',
        class: 'worker',
        counted: true,
        reason: 'is a node like any other',
        type: 'EKS',
        platform: 'aws',
        signals: [
          { type: 'EKS Distro', by: 'kubelet version', setBy: 'set by the kubelet' },
          { type: 'EKS', by: 'OS image', setBy: 'set by the kubelet' },
          { type: 'EKS', by: 'label', setBy: 'confirmed by the provider ID' },
        ],
        against: [{ type: 'Kind', by: 'label', setBy: 'anybody may set it' }],
      },
      { name: 'virtual-node-aci-linux', class: 'virtual', counted: false, signals: [] },
    ],
  })
  const { stdout } = await detect(json([forged]), '-f', '-', '--explain')
  expect(stripVTControlCharacters(stdout)).toMatch(
    /ip-10-0-0-1\.ec2\.internal +counts +worker +EKS +is a node like any other\n/,
  )
  expect(stripVTControlCharacters(stdout)).toMatch(
    /ip-10-0-0-1\.ec2\.internal +against +Kind +label +anybody may set it\n/,
  )
})

test('on a terminal: the answer, the evidence, what speaks against it, and what does not count', async () => {
  const { stdout } = await detect(json([...eks, ...nodesOf('AKS with a virtual node').slice(1)]), '-f', '-')
  expect(stripVTControlCharacters(stdout)).toBe(`TYPE         EKS, proven
PLATFORM     aws
CONFIDENCE   high
NODES        1 of 2 count

EVIDENCE
   EKS Distro by kubelet version on 1 node, set by the kubelet
   EKS by OS image on 1 node, set by the kubelet
   EKS by label on 1 node, confirmed by the provider ID

NOT COUNTED
   virtual-node-aci-linux   virtual   is a virtual kubelet, and no machine stands behind it
`)
})

test('nothing in a node plays tricks on the terminal', async () => {
  const evil = {
    ...node,
    metadata: { ...node.metadata, name: 'a\u001b[2Jb', deletionTimestamp: '2026-11-21T07:59:00Z' },
  }
  const { stdout } = await detect(json([evil]), '-f', '-', '--explain')
  expect(stripVTControlCharacters(stdout)).toContain('a\\u001b[2Jb')
  expect(stdout).not.toContain('\u001b[2J')
})

describe('what cannot be read', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'Standard input is empty; give what kubectl get nodes -o json prints.\n'],
    [
      'a Pod',
      json({ kind: 'Pod', metadata: { name: 'x' } }),
      'Standard input holds Pod, and no Node; give what kubectl get nodes -o json prints.\n',
    ],
    ['a text', 'NAME STATUS ROLES', 'Standard input: it is not a Kubernetes object.\n'],
    ['half an object', '{"kind": "NodeList", "items": [', 'Standard input is neither JSON nor YAML: '],
    [
      'a node without a name',
      json(list('List', [node, { kind: 'Node', metadata: {} }])),
      'Standard input: items[1].metadata.name of a Node is wrong: ',
    ],
    [
      'a label that is no text',
      json({ kind: 'Node', metadata: { name: 'x', labels: { a: 1 } } }),
      'Standard input: metadata.labels.a of a Node is wrong: ',
    ],
    [
      'a list that is none',
      json({ kind: 'NodeList', items: 'x' }),
      'Standard input: items is not a Kubernetes object.\n',
    ],
  ])('%s: one sentence, and exit code 1', async (_what, input, message) => {
    const { code, stdout, stderr } = await detect(input, '-f', '-')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.startsWith(message), stderr).toBe(true)
    expect(stderr).toMatch(/^[^\n]+\.\n$/)
  })

  test('a file that is not there', async () => {
    const { code, stderr } = await detect('', '-f', join(folder, 'none'))
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Cannot read ${join(folder, 'none')}: there is no such file or folder.\n`,
    })
  })

  test('wrong use', async () => {
    expect(await detect('', '-f', '-', '--product', 'ctt')).toMatchObject({
      code: 2,
      stderr: 'There is no product "ctt" (did you mean cto?); known are cto.\n',
    })
    expect(await detect('', '-f', '-', '--kubeconfig', 'x')).toMatchObject({ code: 2 })
  })
})
