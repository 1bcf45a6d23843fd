// `status.health` of the Entitlement: a level, a headline, and the problems behind them.

export interface PublishedProblem {
  readonly reason: string
  readonly severity: 'info' | 'warning' | 'critical'
  /** Whether it is about the decision, or about what became of it. */
  readonly source: 'decision' | 'operation'
  /** One sentence without a full stop. */
  readonly message: string
  /** RFC 3339. */
  readonly since: string
  /** The operator is at work on it. */
  readonly pending?: true
}

export interface HealthStatus {
  readonly level: 'Healthy' | 'Attention' | 'Restricted'
  /** A few words. */
  readonly headline: string
  /** The worst first. */
  readonly problems: readonly PublishedProblem[]
  /** How many there was no room for. */
  readonly more?: number
}
