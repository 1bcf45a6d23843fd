// What the API server, or the way to it, answered instead of what was asked for.

export class KubeError extends Error {
  override readonly name = 'KubeError'
  /** HTTP status; 0 when no answer came, or none that can be read. */
  readonly status: number
  /** Kubernetes' reason: `NotFound`, `Conflict`, …; empty when no answer came. */
  readonly reason: string
  /** How long the server asks to wait, in ms. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, status: number, reason: string, options?: { retryAfterMs?: number; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.reason = reason
    this.retryAfterMs = options?.retryAfterMs
  }
}

const has =
  (status: number) =>
  (error: unknown): error is KubeError =>
    error instanceof KubeError && error.status === status

export const isUnauthorized = has(401)
export const isForbidden = has(403)
export const isNotFound = has(404)
/** Another writer was faster, or owns the field: 409, but not that the name is taken. */
export const isConflict = (error: unknown): error is KubeError => has(409)(error) && error.reason !== 'AlreadyExists'
export const isAlreadyExists = (error: unknown): error is KubeError =>
  has(409)(error) && error.reason === 'AlreadyExists'
/** The version asked for is too old to continue from. */
export const isGone = has(410)
export const isInvalid = has(422)
/** What was applied has fields that the schema of its kind does not have. Other writes drop such fields without a word. */
export const isNotInSchema = (error: unknown): error is KubeError =>
  error instanceof KubeError && error.message.includes('field not declared in schema')
/** No answer came at all, or none that can be read. */
export const isUnreachable = has(0)

/** What is answered; undefined where there is no such thing (404). */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
