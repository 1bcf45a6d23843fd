// Instead of a scheduler: every new pod is bound to one node, where KWOK has it run.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiRequest } from './api-request.ts'

const NAME = 'cto-control-plane-pod-placement'
const POLICIES = '/apis/admissionregistration.k8s.io/v1'
const POLL_MS = 100
const PATIENCE_MS = 30_000

/**
 * Resolves with true when it holds for every pod that is created from then on. False: this API server has no
 * MutatingAdmissionPolicies, as before 1.36, and pods stay Pending.
 */
export async function placePods(request: ApiRequest, node: string): Promise<boolean> {
  if ((await request('GET', `${POLICIES}/mutatingadmissionpolicies`)).status === 404) return false
  await apply(request, 'mutatingadmissionpolicies', placementPolicy(node))
  await apply(request, 'mutatingadmissionpolicybindings', binding())
  // The API server looks for new policies once a second: a pod that is only tried out shows whether it has seen ours.
  const pod = { metadata: { name: 'placed' }, spec: { containers: [{ name: 'placed', image: 'placed' }] } }
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(POLL_MS)) {
    const { body } = await request('POST', '/api/v1/namespaces/default/pods?dryRun=All', pod)
    if (nodeOf(body) === node) return true
  }
  throw new Error(`Pods are not placed on ${node}`)
}

function placementPolicy(node: string) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: NAME },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      matchConditions: [{ name: 'has-no-node', expression: '!has(object.spec.nodeName)' }],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: `Object{spec: Object.spec{nodeName: ${JSON.stringify(node)}}}` },
        },
      ],
    },
  }
}

function binding() {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: NAME },
    spec: { policyName: NAME },
  }
}

async function apply(request: ApiRequest, plural: string, object: unknown): Promise<void> {
  const path = `${POLICIES}/${plural}/${NAME}?fieldManager=${NAME}&force=true`
  const { status, body } = await request('PATCH', path, object, 'application/apply-patch+yaml')
  if (status >= 300) throw new Error(`Pods cannot be placed: ${JSON.stringify(body)}`)
}

function nodeOf(pod: unknown): string | undefined {
  const { spec }: { spec?: { nodeName?: string } } = Object(pod)
  return spec?.nodeName
}
