// What the operator creates for a PlatformConfig: the namespace, a Deployment for each admitted agent, the guardian's rights.

import { API_VERSION, GUARDIAN, MANAGED_BY, MANAGED_BY_LABEL, MANAGED_LABEL } from '../../../api/names.ts'
import type { KubeObject } from '../../../kube/object.ts'

export interface AgentSpec {
  readonly name: string
  readonly cli?: string
  readonly model?: string
}

export interface Owner {
  readonly name: string
  readonly uid: string
}

const PART_OF = { 'app.kubernetes.io/part-of': 'cto-platform', [MANAGED_BY_LABEL]: MANAGED_BY }

export function desiredNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...PART_OF, [MANAGED_LABEL]: 'true' } } }
}

/**
 * The Deployment of an agent. Replicas are left out on purpose: it starts with one, and from then on they belong to the
 * customer and the autoscaler.
 */
export function desiredDeployment(
  agent: AgentSpec,
  { label, namespace, image }: { readonly label: string; readonly namespace: string; readonly image: string },
  owner: Owner,
): KubeObject {
  const labels = { [label]: agent.name, 'app.kubernetes.io/name': agent.name, ...PART_OF }
  const env = [
    { name: 'CTO_AGENT', value: agent.name },
    ...(agent.cli === undefined ? [] : [{ name: 'CTO_CLI', value: agent.cli }]),
    ...(agent.model === undefined ? [] : [{ name: 'CTO_MODEL', value: agent.model }]),
  ]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: agent.name, namespace, labels, ownerReferences: [ownerReference(owner)] },
    spec: {
      selector: { matchLabels: { [label]: agent.name, [MANAGED_BY_LABEL]: MANAGED_BY } },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: agent.name === GUARDIAN,
          ...(agent.name === GUARDIAN ? { serviceAccountName: GUARDIAN } : {}),
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'agent',
              image,
              env,
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      },
    },
  }
}

/** An agent that nobody asked for, for a dry run: what the operator would create for it, but for the owner. */
export function exampleDeployment(
  name: string,
  replicas: number,
  place: { readonly label: string; readonly namespace: string; readonly image: string },
): KubeObject {
  const { metadata, ...deployment } = desiredDeployment({ name }, place, { name: '', uid: '' })
  const { ownerReferences: _, ...rest } = metadata
  return { ...deployment, metadata: rest, spec: { ...(deployment['spec'] as object), replicas } }
}

/** The guardian's identity and what it may change, were it bound. */
export function desiredGuardian(namespace: string, owner: Owner): KubeObject[] {
  const metadata = guardianMetadata(namespace, owner)
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'delete'] },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch', 'patch'] },
      ],
    },
  ]
}

/** Exists only while the guardian may change things: `monitor-only` is enforced by Kubernetes itself. */
export function desiredGuardianBinding(namespace: string, owner: Owner): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: guardianMetadata(namespace, owner),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: GUARDIAN },
    subjects: [{ kind: 'ServiceAccount', name: GUARDIAN, namespace }],
  }
}

function guardianMetadata(namespace: string, owner: Owner) {
  return { name: GUARDIAN, namespace, labels: PART_OF, ownerReferences: [ownerReference(owner)] }
}

function ownerReference(owner: Owner) {
  return { apiVersion: API_VERSION, kind: 'PlatformConfig', name: owner.name, uid: owner.uid }
}
