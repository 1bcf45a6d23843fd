// What somebody did, by the API server's own record, beside what he may do, by RBAC.

import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { RawObject } from '../../src/kube/object.ts'

/** One thing that is done or may be done. Without a namespace or a name, in all of them, or to any. */
export interface Right {
  readonly verb: string
  readonly group: string
  /** With the subresource, if any: `deployments/scale`. */
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
}

interface AuditEvent {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly apiGroup?: string
    readonly resource?: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
  readonly responseStatus?: { readonly code?: number; readonly message?: string }
  readonly annotations?: Readonly<Record<string, string>>
  readonly requestURI: string
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
`

/** Has the API server write its record to a file; these are its arguments. */
export function auditArgs(policyFile: string, logFile: string): string[] {
  writeFileSync(policyFile, POLICY)
  return [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`]
}

export interface Deeds {
  readonly done: readonly Right[]
  /** What was asked for and not allowed, in words. */
  readonly forbidden: readonly string[]
}

/** All that a ServiceAccount did. */
export function deedsOf(logFile: string, serviceAccount: string): Deeds {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n')
  const events = lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ user }) => user.username === `system:serviceaccount:${serviceAccount.replace('/', ':')}`)
  const done: Right[] = []
  const forbidden = new Set<string>()
  for (const { verb, objectRef, responseStatus, annotations = {}, requestURI } of events) {
    // Refused by RBAC, or by a policy; that the gate refuses what is only tried is what is wanted.
    const isRefused = responseStatus?.code === 403 && !requestURI.includes('dryRun=All')
    if (isRefused || annotations['authorization.k8s.io/decision'] === 'forbid')
      forbidden.add(`${verb} ${requestURI.split('?')[0]}`)
    // Discovery is everybody's, and so is the question who one is.
    if (objectRef?.resource === undefined || objectRef.resource === 'selfsubjectreviews') continue
    const { apiGroup = '', resource, subresource, namespace, name } = objectRef
    const right: Right = {
      verb,
      group: apiGroup,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    }
    done.push(right)
    // Applying what is not there creates it, and needs both rights.
    if (verb === 'patch' && responseStatus?.code === 201) done.push({ ...right, verb: 'create' })
  }
  return { done: unique(done), forbidden: [...forbidden] }
}

/** All that the Roles among the objects allow to the ServiceAccount. */
export function rightsOf(objects: readonly RawObject[], serviceAccount: string): Right[] {
  const [namespace, name] = serviceAccount.split('/')
  const bindings = objects.filter(({ kind, ...binding }) => {
    const subjects = (binding['subjects'] ?? []) as { name: string; namespace: string }[]
    return (
      kind?.endsWith('Binding') === true && subjects.some((one) => one.name === name && one.namespace === namespace)
    )
  })
  return unique(
    bindings.flatMap((binding) => {
      const ref = binding['roleRef'] as { kind: string; name: string }
      const scope = binding.kind === 'RoleBinding' ? binding.metadata.namespace : undefined
      const role = objects.find(
        ({ kind, metadata }) =>
          kind === ref.kind && metadata.name === ref.name && (kind === 'ClusterRole' || metadata.namespace === scope),
      )
      return expand((role?.['rules'] ?? []) as Rule[], scope)
    }),
  )
}

/** The rights in the rules, one by one. */
export function expand(rules: readonly Rule[], namespace?: string): Right[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => ({
            verb,
            group,
            resource,
            ...(namespace === undefined ? {} : { namespace }),
            ...(name === undefined ? {} : { name }),
          })),
        ),
      ),
    ),
  )
}

/** Whether the right allows the deed. */
export function allows(right: Right, deed: Right): boolean {
  const { verb, group, resource, namespace = deed.namespace, name = deed.name } = right
  return isDeepStrictEqual(
    [verb, group, resource, namespace, name],
    [deed.verb, deed.group, deed.resource, deed.namespace, deed.name],
  )
}

/** In words, for a test that fails. */
export function inWords({ verb, group, resource, namespace = '*', name = '*' }: Right): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`} ${namespace}/${name}`
}

function unique(rights: readonly Right[]): Right[] {
  return [...new Map(rights.map((right) => [inWords(right), right])).values()]
}
