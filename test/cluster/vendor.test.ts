// From the vendor's desk into a cluster: what the commands make, applied with the commands that they print, is what the
// operator goes by.

import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readCatalog } from '../../src/cli/catalogs.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { parseTrustedKeys } from '../../src/domain/license/trusted-keys.ts'
import { parseSigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { addNodes, connect, prepare, runOperator } from '../support/operator.ts'
import { type Desk, openDesk } from '../support/vendor-desk.ts'
import { anIo } from '../unit/cli/io.ts'

const controlPlane = useControlPlane({})

/** Runs a line that a command has printed for the customer. */
async function customerRuns(line: string): Promise<void> {
  const { folder, kubeconfigPath, kubectl } = controlPlane.plane
  const env = { HOME: folder, KUBECONFIG: kubeconfigPath, PATH: `${dirname(kubectl)}:${process.env['PATH']}` }
  await promisify(execFile)('sh', ['-ec', line], { env })
}

const issue = (desk: Desk, name: string, serial: number) => {
  const order = ['--plan', 'team', '--organization', 'Acme Corp', '--days', '365', '--serial', String(serial)]
  const args = ['issue', '--key', desk.at('private-key.json'), '--id', name, '--out', desk.at(name), ...order]
  return desk.vendor(args, { now: Date.now() })
}

test('issued, revoked, issued again', { timeout: 120_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const desk = await openDesk()
  try {
    const trustedKeys = parseTrustedKeys(await desk.read('trusted-keys.json'))
    const key = await parseSigningKey(await desk.read('private-key.json'))
    await using _ = await runOperator(await cluster.access(), key, { trustedKeys })
    const install = (name: string) =>
      customerRuns(
        `kubectl -n cto-system create secret generic cto-license --from-file=license.lic=${desk.at(name)} --dry-run=client -o yaml | kubectl apply -f -`,
      )
    expect(await issue(desk, 'acme-1', 1)).toMatchObject({ exitCode: 0 })
    await install('acme-1')
    await cluster.entitled(({ verdict, licenseId }) => verdict === 'Valid' && licenseId === 'acme-1')

    const revoke = ['revoke', '--key', desk.at('revocation-key.json'), '--list', desk.at('list.jws')]
    const revoked = await desk.vendor([...revoke, '--license', 'acme-1'], { now: Date.now() })
    expect(revoked.exitCode, revoked.stderr).toBe(0)
    await customerRuns(/^ +(kubectl .*)$/m.exec(revoked.stderr)?.[1] ?? 'false')
    await cluster.entitled(({ verdict }) => verdict === 'Revoked')

    expect(await issue(desk, 'acme-2', 2)).toMatchObject({ exitCode: 0 })
    await install('acme-2')
    await cluster.entitled(({ verdict, licenseId }) => verdict === 'Valid' && licenseId === 'acme-2')
  } finally {
    await desk.clear()
  }
})

test('a catalog that is signed is one that the operator takes, with the key that it trusts', async () => {
  const desk = await openDesk()
  try {
    const now = Date.now()
    const source = `${packageRoot()}/src/catalogs/clawtex.json`
    const sign = ['catalog', 'sign', source, '--key', desk.at('catalog-key.json'), '--out', desk.at('own.catalog')]
    expect(await desk.vendor(sign, { now })).toMatchObject({ exitCode: 0 })
    const keys = parseTrustedKeys(await desk.read('trusted-keys.json'))
    expect(await readCatalog(desk.at('own.catalog'), keys, anIo({ now }))).toMatchObject({
      catalog: { product: 'clawtex' },
    })
    const others = new Map([...keys].filter(([keyId]) => keyId !== 'c1'))
    await expect(readCatalog(desk.at('own.catalog'), others, anIo({ now }))).rejects.toThrow(
      /key c1, which is not trusted/,
    )
  } finally {
    await desk.clear()
  }
})
