// Logs: one JSON line each, a constant message with fields. Fields that could hold a secret are never written.

import { type Logger, pino } from 'pino'

export type { Logger }

export function createLogger(level: string, destination: NodeJS.WritableStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['*.token', '*.key', '*.authorization', '*.data', '*.stringData'], censor: '[redacted]' },
    },
    destination,
  )
}
