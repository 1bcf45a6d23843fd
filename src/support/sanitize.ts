// Kubernetes objects without what is nobody else's to know: no content of Secrets, no values of environment variables, no
// license keys, and every text passed through the redactor.

import { REDACTED, redactText } from './redact.ts'

/** What tools remember of an object: it repeats everything, secrets too. */
const DROPPED_ANNOTATIONS = /^kubectl\.kubernetes\.io\/last-applied|^meta\.helm\.sh\/|^objectset\.rio\.cattle\.io\//
/** Of a governed workload: what the operator itself has put there. */
const OWN_VARIABLES = /^CTO_(?:AGENT|CLI|MODEL)$/

export function sanitizeObject(object: unknown): unknown {
  return sanitize(object, [])
}

function sanitize(value: unknown, path: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map((item) => sanitize(item, path))
  if (typeof value !== 'object' || value === null) return value
  const object = value as Readonly<Record<string, unknown>>
  const name = path.at(-1)
  if (name === 'env') return variable(object)
  if (name === 'data' || name === 'stringData' || name === 'binaryData') return sizes(object)
  const entries = Object.entries(object).filter(([field]) => !isDropped(name, field))
  return Object.fromEntries(
    entries.map(([field, member]) => {
      // Of a PlatformConfig, and of a License.
      const isKey = field === 'key' && (name === 'license' || name === 'spec')
      return [field, isKey ? REDACTED : sanitize(member, [...path, field])]
    }),
  )
}

function isDropped(parent: string | undefined, field: string): boolean {
  if (field === 'managedFields') return true
  return parent === 'annotations' && DROPPED_ANNOTATIONS.test(field)
}

function variable({ name, value, valueFrom }: Readonly<Record<string, unknown>>): unknown {
  const isOwn = typeof name === 'string' && OWN_VARIABLES.test(name)
  return {
    name,
    ...(value === undefined ? {} : { value: isOwn && typeof value === 'string' ? redactText(value) : REDACTED }),
    ...(valueFrom === undefined ? {} : { valueFrom }),
  }
}

/** That there is something, and how much, is enough to see whether it is there. */
function sizes(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, `${typeof value === 'string' ? value.length : 0} characters`]),
  )
}
