// Which proxy leads to a server, as Go's net/http reads the environment: kubectl and everything else that people use beside
// it do the same. Pure; the tunnel itself is client-node's.

import { BlockList, isIP, isIPv4 } from 'node:net'

export interface Proxy {
  readonly url: URL
  /** Who names it: `HTTPS_PROXY`, or the kubeconfig. */
  readonly from: string
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for a server; undefined where there is none, or `NO_PROXY` excepts the server.
 * @throws Error for one that is not an address
 */
export function proxyFromEnvironment(server: URL, env: Env): Proxy | undefined {
  const [from, value] = firstOf(env, server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (value === '' || isExcepted(server, firstOf(env, 'NO_PROXY')[1])) return undefined
  return { url: proxyAddress(value, from), from }
}

/**
 * Reads the address of a proxy; one without a scheme is HTTP.
 * @throws Error that does not repeat it: it may hold a password
 */
export function proxyAddress(value: string, from: string): URL {
  const text = value.includes('://') ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && url.host !== '' && /^(https?|socks[45]?h?):$/.test(url.protocol)) return url
  throw new Error(`${from} is not the address of a proxy; write it as http://host:port`)
}

/** Upper case first, as Go does. */
function firstOf(env: Env, name: string): readonly [name: string, value: string] {
  const found = [name, name.toLowerCase()].find((one) => (env[one] ?? '') !== '')
  return [found ?? name, (found === undefined ? undefined : env[found]?.trim()) ?? '']
}

function isExcepted(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  return isLoopback(host) || noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), host, port))
}

// A proxy cannot reach this machine's own addresses.
function isLoopback(host: string): boolean {
  return host === 'localhost' || isWithin(host, '127.0.0.0/8') || isWithin(host, '::1/128')
}

/** `*`, a network, an address or a domain with all below it, each of the last two perhaps with a port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isWithin(host, entry)
  const [name, itsPort] = splitPort(entry)
  if (name === '' || (itsPort !== undefined && itsPort !== port)) return false
  if (isIP(name) !== 0) return isWithin(host, `${name}/${isIPv4(name) ? 32 : 128}`)
  const domain = asciiName(name.replace(/^\*(?=\.)/, ''))
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`)
}

function splitPort(entry: string): readonly [host: string, port: string | undefined] {
  if (isIP(entry) !== 0) return [entry, undefined]
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  return [host.replace(/^\[|\]$/g, ''), port]
}

/** A domain as a URL has it: names in other scripts are written out in ASCII. */
function asciiName(name: string): string {
  const dot = name.startsWith('.') ? '.' : ''
  const url = `http://${name.slice(dot.length)}`
  return URL.canParse(url) ? dot + new URL(url).hostname : name
}

function isWithin(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  const family = isIP(host)
  if (family === 0 || isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (isIPv4(address) ? 32 : 128))
    return false
  const list = new BlockList()
  list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
