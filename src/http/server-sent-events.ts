// Whoever has the page open hears that it changed, by server-sent events. An event carries a version and nothing else, so
// that a slow reader costs a few bytes; one that does not read at all is let go, and there are never more than a few.

import type { ServerResponse } from 'node:http'

export interface Live {
  /** Whether there are as many readers as may be. */
  readonly isFull: boolean
  /** Takes in one more reader, and tells it the version. */
  join(response: ServerResponse, version: string): void
  /** Whether anybody listens. */
  readonly hasReaders: boolean
  tell(version: string): void
  /** Shows every reader that the connection lives. */
  beat(): void
  stop(): void
}

export const MOST_READERS = 32
/** Bytes that may wait for a reader: some hundred events that it has not read. */
const MOST_WAITING = 8_192

export function createLive(): Live {
  const readers = new Set<ServerResponse>()

  function send(text: string): void {
    for (const reader of readers) {
      // What the kernel took is not counted here: this one has not read for long.
      if (reader.writableLength + text.length > MOST_WAITING) reader.destroy()
      else reader.write(text)
    }
  }

  return {
    get isFull() {
      return readers.size >= MOST_READERS
    },
    join(response, version) {
      readers.add(response)
      response.on('close', () => readers.delete(response))
      response.on('error', () => readers.delete(response))
      // A page that lost its connection comes back after so many milliseconds.
      response.write(`retry: 3000\n\n${eventOf(version)}`)
    },
    get hasReaders() {
      return readers.size > 0
    },
    tell: (version) => send(eventOf(version)),
    beat: () => send(': alive\n\n'),
    stop() {
      for (const reader of readers) reader.end()
      readers.clear()
    },
  }
}

function eventOf(version: string): string {
  return `event: version\ndata: ${version}\n\n`
}
