// How many connections a server keeps: who opens thousands and says nothing costs no memory, and keeps nobody out.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Every replica's probes, Prometheus and the readers of the page together are fewer than fifty. */
export const MOST_CONNECTIONS = 256

/** Beyond so many the one that was silent for longest is closed: a limit that refused the newest would refuse the probes. */
export function limitConnections(server: Server, most = MOST_CONNECTIONS): void {
  // In the order in which they were last used.
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const [longestSilent] = open
    if (open.size > most) longestSilent?.destroy()
  })
  server.on('request', ({ socket }) => {
    if (open.delete(socket)) open.add(socket)
  })
}
