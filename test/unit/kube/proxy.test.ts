// Which proxy leads to a server, by Go's rules. That kubectl decides the same is shown in test/cluster/access.test.ts.

import { expect, test } from 'vitest'
import { proxyAddress, proxyFromEnvironment } from '../../../src/kube/proxy.ts'

const PROXY = 'http://proxy.example:3128'
const found = (server: string, env: Record<string, string>) => proxyFromEnvironment(new URL(server), env)?.url.host

test.each<[what: string, server: string, env: Record<string, string>, proxy: string | undefined]>([
  ['none', 'https://api.example:6443', {}, undefined],
  ['upper case', 'https://api.example:6443', { HTTPS_PROXY: PROXY }, 'proxy.example:3128'],
  ['lower case', 'https://api.example:6443', { https_proxy: PROXY }, 'proxy.example:3128'],
  ['upper case first', 'https://api.example', { HTTPS_PROXY: PROXY, https_proxy: 'http://b:1' }, 'proxy.example:3128'],
  ['an empty one is none', 'https://api.example', { HTTPS_PROXY: '', https_proxy: 'http://b:1' }, 'b:1'],
  ['without a scheme', 'https://api.example', { HTTPS_PROXY: 'proxy.example:3128' }, 'proxy.example:3128'],
  ['that of HTTP is not for HTTPS', 'https://api.example', { HTTP_PROXY: PROXY }, undefined],
  ['that of HTTPS is not for HTTP', 'http://api.example', { HTTPS_PROXY: PROXY }, undefined],
  ['ALL_PROXY is not read', 'https://api.example', { ALL_PROXY: PROXY }, undefined],
  ['loopback by name', 'https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['loopback by address', 'https://127.1.2.3:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['loopback in IPv6', 'https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
])('%s', (_what, server, env, proxy) => {
  expect(found(server, env)).toBe(proxy)
})

test.each<[noProxy: string, server: string, isExcepted: boolean]>([
  ['*', 'https://api.example', true],
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://api.Example.COM', true],
  ['example.com', 'https://notexample.com', false],
  ['.example.com', 'https://api.example.com', true],
  ['.example.com', 'https://example.com', false],
  ['*.example.com', 'https://a.b.example.com', true],
  ['*.example.com', 'https://example.com', false],
  ['example.com:6443', 'https://api.example.com:6443', true],
  ['example.com:6443', 'https://api.example.com', false],
  ['example.com:443', 'https://api.example.com', true],
  ['bücher.example', 'https://api.bücher.example', true],
  ['10.0.0.0/8', 'https://10.1.2.3:6443', true],
  ['10.0.0.0/8', 'https://11.1.2.3:6443', false],
  ['10.0.0.0/8', 'https://api.example', false],
  ['fd00::/8', 'https://[fd12::1]', true],
  ['10.1.2.3', 'https://10.1.2.3:6443', true],
  ['10.1.2.3:443', 'https://10.1.2.3:6443', false],
  ['[fd00::1]:6443', 'https://[fd00::1]:6443', true],
  [' a.example , b.example ', 'https://b.example', true],
  ['10.0.0.0/99, , :443, /8', 'https://10.1.2.3', false],
])('NO_PROXY=%s and %s', (noProxy, server, isExcepted) => {
  for (const name of ['NO_PROXY', 'no_proxy'])
    expect(found(server, { HTTPS_PROXY: PROXY, [name]: noProxy })).toBe(isExcepted ? undefined : 'proxy.example:3128')
})

test('what is no address is named, and not repeated', () => {
  for (const wrong of ['http://me:s3cret@:1:2', 'ftp://me:s3cret@proxy', 'http://'])
    expect(() => proxyAddress(wrong, 'HTTPS_PROXY')).toThrow(
      /^HTTPS_PROXY is not the address of a proxy; write it as http:\/\/host:port$/,
    )
})
