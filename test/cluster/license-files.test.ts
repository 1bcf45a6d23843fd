// What people put into the Secret: the operator and the command line say the same of the same bytes.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { LicenseStatus } from '../../src/api/license.ts'
import { licenses } from '../../src/api/resources.ts'
import { secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { aLicense, aVendor, connect, makeKind, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()

test('each mistake is named, in the cluster as on the command line', { timeout: 120_000 }, async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const cluster = await connect(kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster)
  const vendor = await aVendor()
  const license = (await aLicense(vendor)).trim()
  const cases: readonly [name: string, bytes: Uint8Array, words: RegExp | undefined][] = [
    ['newlines', Buffer.from(`\n${license}\n\n`), undefined],
    ['utf16', Buffer.from(`\uFEFF${license}`, 'utf16le'), /is saved as UTF-16: save it as UTF-8/],
    ['gzip', gzipSync(license), /is compressed with gzip: unpack it with gunzip/],
    ['mark', Buffer.from(`\uFEFF${license}`), /starts with a byte order mark/],
    ['code-page', Buffer.from('{"organization":"M\u00fcller"}', 'latin1'), /is saved as Windows-1252/],
    ['quotes', Buffer.from(`"${license}"`), /has quotation marks around the license/],
    ['variable', Buffer.from(`LICENSE=${license}`), /has the name LICENSE before the license/],
    ['base64', Buffer.from(Buffer.from(license).toString('base64')), /encoded with base64 once more/],
  ]
  for (const [name, bytes] of cases) {
    const metadata = { name, namespace: 'cto-system' }
    const data = { 'license.lic': Buffer.from(bytes).toString('base64') }
    await cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data })
    const spec = { secretRef: { namespace: 'cto-system', name } }
    await cluster.apply(licenses, { apiVersion: 'cto.5dlabs.io/v1', kind: 'License', metadata: { name }, spec })
  }
  await using _running = await runOperator(await cluster.access(), vendor)
  const trusted = join(folder, 'trusted.json')
  writeFileSync(trusted, JSON.stringify({ keys: [vendor.publicJwk] }))

  for (const [name, bytes, words] of cases) {
    const status = await cluster.eventually(`the License ${name}`, async () => {
      return (await cluster.object(licenses, name))?.['status'] as LicenseStatus | undefined
    })
    const file = join(folder, `${name}.lic`)
    writeFileSync(file, bytes)
    const told = await runCto(['license', 'verify', file, '--trusted-keys', trusted, '-o', 'json'], { home: folder })
    const { message, verdict } = JSON.parse(told.stdout) as { message: string; verdict: string }
    if (words === undefined) expect([status.licenseId, verdict], name).toEqual(['lic-test', 'Valid'])
    else {
      expect(status.message, name).toMatch(words)
      expect(message, name).toMatch(words)
    }
  }
})

test('an immutable Secret: what to do is said', async () => {
  const { kubeconfigPath, folder } = controlPlane.plane
  const cluster = await connect(kubeconfigPath)
  const metadata = { name: 'cto-license', namespace: 'cto-system' }
  const data = { 'license.lic': Buffer.from('old').toString('base64') }
  await cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, immutable: true, data })
  const file = join(folder, 'new.lic')
  writeFileSync(file, await aLicense(await aVendor()))
  const run = await runCto(['license', 'install', file, '--kubeconfig', kubeconfigPath], { home: folder })
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('The Secret cto-system/cto-license is immutable and cannot take another license; ')
  expect(run.stderr).toContain('kubectl -n cto-system delete secret cto-license')
  expect(run.stderr).toContain('--secret NAME')
})
