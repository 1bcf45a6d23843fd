// Whether a request means this server. A page elsewhere can make a browser ask any address under a name of its own (DNS
// rebinding) and read the answer; such a name stands in the Host header, and it is none of ours.

import { isIP } from 'node:net'

/** Names that no public DNS gives out: of this machine, of the same namespace, of a Service. */
const LOCAL = /^(?:localhost|(?:[\w-]+\.)*localhost|[\w-]+|[\w-]+(?:\.[\w-]+)*\.svc(?:\.cluster\.local)?)$/

/**
 * Says whether the server answers under the name. Addresses are always its own: probes and Prometheus come by them, and
 * behind an address there is no name that somebody else could point elsewhere.
 * @param header the Host of a request; no browser leaves it out
 * @param names others under which it is reached
 */
export function isOwnHost(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined) return true
  const host = header
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
  return isIP(host) !== 0 || LOCAL.test(host) || names.some((name) => name.toLowerCase() === host)
}
