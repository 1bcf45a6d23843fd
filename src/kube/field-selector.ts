// Field selectors on every version of Kubernetes. The fields by which a kind can be selected depend on the version of the
// API server. One that does not know the field is asked for all objects, and those that were not meant are left out here.

import { KubeError } from './errors.ts'

/** Whether the field selector may be what the API server refuses: it answers 400 to a query that it does not understand. */
export function mayRefuseSelector(error: unknown): boolean {
  return error instanceof KubeError && error.status === 400 && error.reason === 'BadRequest'
}

/** Whether a selector of the form `metadata.name=cto,spec.type=LoadBalancer` selects the object; its fields hold text. */
export function selects(fieldSelector: string, object: unknown): boolean {
  return fieldSelector.split(',').every((requirement) => {
    const [path = '', value = ''] = requirement.split('=', 2)
    return (fieldAt(path, object) ?? '') === value
  })
}

function fieldAt(path: string, object: unknown): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
}
