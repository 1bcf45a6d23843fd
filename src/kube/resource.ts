// The kinds of object that are read and written, and their paths.

export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

function resource(group: string, plural: string, kind: string, namespaced: boolean): Resource {
  return { group, version: 'v1', plural, kind, namespaced }
}

export const nodes = resource('', 'nodes', 'Node', false)
export const namespaces = resource('', 'namespaces', 'Namespace', false)
export const secrets = resource('', 'secrets', 'Secret', true)
export const services = resource('', 'services', 'Service', true)
export const configMaps = resource('', 'configmaps', 'ConfigMap', true)
export const serviceAccounts = resource('', 'serviceaccounts', 'ServiceAccount', true)
export const events = resource('events.k8s.io', 'events', 'Event', true)
export const pods = resource('', 'pods', 'Pod', true)
export const leases = resource('coordination.k8s.io', 'leases', 'Lease', true)
export const deployments = resource('apps', 'deployments', 'Deployment', true)
export const selfSubjectReviews = resource('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview', false)
export const roles = resource('rbac.authorization.k8s.io', 'roles', 'Role', true)
export const roleBindings = resource('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding', true)
export const admissionPolicies = resource(
  'admissionregistration.k8s.io',
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
  false,
)
export const admissionPolicyBindings = resource(
  'admissionregistration.k8s.io',
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
  false,
)

export interface Place {
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

/**
 * The path of a resource, an object of it, or a part of that.
 * @throws Error for a name that would lead to another path
 */
export function resourcePath(
  resource: Resource,
  place: Place = {},
  query: Readonly<Record<string, string>> = {},
): string {
  const parts = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version]
  if (resource.namespaced && place.namespace !== undefined) parts.push('namespaces', place.namespace)
  parts.push(resource.plural)
  if (place.name !== undefined) parts.push(place.name)
  if (place.subresource !== undefined) parts.push(place.subresource)
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`${resource.kind} "${place.name ?? place.namespace ?? ''}" is not a name in Kubernetes`)
  }
  const search = new URLSearchParams(query).toString()
  return `/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}
