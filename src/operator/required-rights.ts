// What the operator has to be allowed to do, and what for. A test runs it with these rights and no others.

import { GROUP, GUARDIAN, leaseName, POLICIES } from '../api/names.ts'

export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  /** Absent: in every namespace, or of a kind without namespaces. */
  readonly namespace?: string
  readonly name?: string
}

/** Rights that belong together, with what cannot be done without them. */
export interface Duty {
  readonly duty: string
  readonly rights: readonly Right[]
}

export interface Place {
  readonly product: string
  /** Where the operator lives. */
  readonly namespace: string
  readonly agentsNamespace: string
  /** The Secret that is a license by its name. */
  readonly licenseSecret: string
}

export function dutiesOf({ product, namespace, agentsNamespace, licenseSecret }: Place): Duty[] {
  const admission = 'admissionregistration.k8s.io'
  const rbac = 'rbac.authorization.k8s.io'
  const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']
  const scaled = ['deployments', 'statefulsets', 'replicasets']
  const batch = ['jobs', 'cronjobs']
  return [
    {
      duty: 'know the cluster',
      rights: [
        ...to('list watch', '', ['nodes', 'namespaces']),
        ...to('get', '', ['namespaces'], { name: 'kube-system' }),
        ...to('get', 'coordination.k8s.io', ['leases'], { namespace: 'kube-system', name: 'kube-controller-manager' }),
        ...to('list watch', '', ['configmaps'], { namespace: 'kube-system', name: 'kubeadm-config' }),
        ...to('list watch', '', ['services']),
      ],
    },
    {
      duty: 'agree on the operator that acts',
      rights: [
        ...to('create', 'coordination.k8s.io', ['leases'], { namespace }),
        ...to('list watch update', 'coordination.k8s.io', ['leases'], { namespace, name: leaseName(product) }),
        // Another operator of the product may run in any namespace.
        ...to('get', 'coordination.k8s.io', ['leases'], { name: leaseName(product) }),
      ],
    },
    {
      duty: 'read what is wanted and say what is decided',
      rights: [
        ...to('list watch', GROUP, ['platformconfigs', 'licenses']),
        ...to('get', GROUP, ['platformconfigs']),
        ...to('patch', GROUP, ['platformconfigs', 'licenses'], { subresource: 'status' }),
        ...to('get list watch', GROUP, ['entitlements']),
        ...to('create patch', GROUP, ['entitlements'], { name: product }),
        ...to('update', GROUP, ['entitlements'], { subresource: 'status', name: product }),
        ...to('create', 'events.k8s.io', ['events']),
      ],
    },
    {
      duty: 'read licenses, and keep the last good ones',
      rights: [
        ...to('list watch', '', ['secrets'], { namespace, name: licenseSecret }),
        ...to('list watch', '', ['secrets'], { namespace, name: `${product}-revocations` }),
        ...to('list watch create patch', '', ['secrets'], { namespace, name: `${product}-evidence` }),
      ],
    },
    {
      duty: 'let the API server refuse growth',
      rights: [
        ...to('list watch', admission, policies),
        ...POLICIES.flatMap((name) =>
          to('get create patch update', admission, policies, { name: `${product}-${name}` }),
        ),
      ],
    },
    {
      duty: 'hold and resume workloads',
      rights: [
        ...to('list watch', 'apps', [...scaled, 'daemonsets']),
        ...to('list watch', '', ['replicationcontrollers']),
        ...to('list watch', 'batch', batch),
        ...to('patch', 'apps', scaled),
        ...to('patch', '', ['replicationcontrollers']),
        ...to('patch', 'batch', batch),
      ],
    },
    {
      duty: 'know whether the controller of a workload exists',
      rights: [
        ...to('get', 'apps', ['deployments']),
        ...to('get', 'batch', ['cronjobs']),
        ...to('get', 'argoproj.io', ['rollouts']),
        ...to('get', 'apps.openshift.io', ['deploymentconfigs']),
        ...to('get', 'keda.sh', ['scaledjobs']),
      ],
    },
    {
      duty: 'run the agents',
      rights: [
        ...to('create patch', '', ['namespaces'], { name: agentsNamespace }),
        ...to('get create patch delete', 'apps', ['deployments'], { namespace: agentsNamespace }),
      ],
    },
    {
      duty: 'give the guardian its rights, and take them back',
      rights: [
        ...to('create patch', '', ['serviceaccounts'], { namespace: agentsNamespace, name: GUARDIAN }),
        ...to('create patch', rbac, ['roles'], { namespace: agentsNamespace, name: GUARDIAN }),
        ...to('list watch create patch delete', rbac, ['rolebindings'], { namespace: agentsNamespace, name: GUARDIAN }),
        // Nobody can give what he does not have: these are the guardian's.
        ...to('get list watch delete', '', ['pods'], { namespace: agentsNamespace }),
        ...to('get list watch patch', 'apps', ['deployments'], { namespace: agentsNamespace }),
      ],
    },
  ]
}

function to(
  verbs: string,
  group: string,
  resources: readonly string[],
  where: { readonly subresource?: string; readonly namespace?: string; readonly name?: string } = {},
): Right[] {
  return resources.flatMap((resource) => verbs.split(' ').map((verb) => ({ verb, group, resource, ...where })))
}

/** What may be done with one thing in one phrase: `list, watch nodes`, `patch deployments.apps in cto-agents`. */
export function rightsInWords(rights: readonly Right[]): string[] {
  const verbs = new Map<string, string[]>()
  for (const right of rights) verbs.set(object(right), [...(verbs.get(object(right)) ?? []), right.verb])
  return [...verbs].map(([object, all]) => `${all.join(', ')} ${object}`)
}

function object({ group, resource, subresource, namespace, name }: Right): string {
  const kind = group === '' ? resource : `${resource}.${group}`
  const part = subresource === undefined ? kind : `${kind}/${subresource}`
  const named = name === undefined ? part : `${part} "${name}"`
  return namespace === undefined ? named : `${named} in ${namespace}`
}
