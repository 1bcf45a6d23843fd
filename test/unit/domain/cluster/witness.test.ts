// What the operator sees itself of the machine under it, and what that does to a proof.

import { release } from 'node:os'
import { expect, test } from 'vitest'
import { projectNode } from '../../../../src/operator/observed/nodes.ts'
import { isOfKubelet, ownMachine } from '../../../../src/operator/observed/own-machine.ts'
import { witnessed } from '../../../../src/domain/cluster/witness.ts'
import { kindNodes } from '../../../support/nodes.ts'

const cluster = {
  type: 'Kind',
  platform: 'local',
  proven: true,
  confidence: 'high',
  evidence: [],
  contradictions: [],
} as const
const [, worker] = kindNodes().map(projectNode)
const machine = {
  nodeName: 'kind-worker',
  bootId: worker?.bootId ?? '',
  kernelVersion: worker?.kernelVersion ?? '',
  isInContainer: true,
}

test('outside of a pod it is no witness, and one that agrees changes nothing', () => {
  expect(witnessed(cluster, undefined, undefined)).toBe(cluster)
  expect(witnessed(cluster, machine, worker)).toBe(cluster)
})

test.each([
  ['another boot ID', { bootId: 'another' }, 'reports another boot ID than the operator sees there'],
  ['another kernel', { kernelVersion: '5.10.0' }, 'reports the kernel 6.8.0-71-generic, and the operator sees 5.10.0'],
  ['no boot ID', { bootId: '' }, 'cannot read the boot ID'],
  ['no container', { isInContainer: false }, 'in no container of a kubelet'],
  ['no name of its node', { nodeName: '' }, 'its pod needs the variable NODE_NAME'],
])('one that sees %s costs the proof, and says so', (_what, sees, said) => {
  const answer = witnessed(cluster, { ...machine, ...sees }, worker)
  expect(answer).toMatchObject({ type: 'Kind', proven: false, confidence: 'low' })
  expect(answer.contradictions[0]).toContain(said)
})

test('a Node that is not there witnesses nothing; one whose kubelet is silent shows an earlier boot', () => {
  expect(witnessed(cluster, machine, undefined).contradictions).toEqual([
    'the operator runs on kind-worker, and there is no such Node',
  ])
  if (worker === undefined) throw new Error('no worker')
  const silent = { ...worker, bootId: 'an earlier boot', silentSince: 1 }
  expect(witnessed(cluster, machine, silent)).toBe(cluster)
})

test.skipIf(process.platform !== 'linux')('what is seen here is of this machine, and this process is in no pod', () => {
  const here = ownMachine({ NODE_NAME: 'here' })
  expect(here).toMatchObject({ nodeName: 'here', kernelVersion: release(), isInContainer: false })
  expect(here.bootId).toMatch(/^[0-9a-f-]{36}$/)
})

test('the mounts of a container that a kubelet made', () => {
  const mount = (at: string) => `1 2 0:1 /x ${at} rw,relatime - ext4 /dev/sda1 rw`
  expect(isOfKubelet([mount('/'), mount('/etc/hosts'), mount('/dev/termination-log')].join('\n'))).toBe(true)
  expect(isOfKubelet([mount('/'), mount('/etc/hosts'), mount('/tmp/dev/termination-log')].join('\n'))).toBe(false)
})
