// The binary as a person runs it: what it does, what it says when something is wrong, and that it tells no secret.

import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { entitlements } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { generateSigningKey } from '../../src/issuing/keys/keygen.ts'
import { addNodes, connect, prepare, soon } from '../support/operator.ts'

const controlPlane = useControlPlane()
const cto = (args: readonly string[], until?: (stderr: string) => boolean) =>
  runCto(args, { home: controlPlane.plane.folder, ...(until === undefined ? {} : { until }) })

/** One sentence, for a person: a capital letter (or a path), a full stop, no stack. */
function isOneSentence(text: string): boolean {
  return /^[A-Z/][^\n]*\.\n$/.test(text) && !text.includes('    at ')
}

test(
  'wrong use and bad input get one sentence each, and the exit code that says which',
  { timeout: 60_000 },
  async () => {
    const { folder, kubeconfigPath, token } = controlPlane.plane
    const keys = join(folder, 'trusted-keys.json')
    await writeFile(keys, '{"keys":[]}')
    const secret = join(folder, 'private.json')
    await writeFile(
      secret,
      '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","alg":"EdDSA","x":"Vxp7EyZWL9GfzRuTzX-wprPmknekRAx7DN6rFi0n08I","d":"s3cret-private-part"}]}',
    )
    const nowhere = join(folder, 'nowhere')
    await writeFile(
      nowhere,
      (await readFile(kubeconfigPath, 'utf8')).replace(/https:\/\/127\.0\.0\.1:\d+/, 'https://127.0.0.1:1'),
    )
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const port = (taken.address() as AddressInfo).port
    const operator = ['operator', '--trusted-keys', keys, '--kubeconfig', kubeconfigPath]

    const cases: readonly (readonly [code: number, says: string, ...args: string[]])[] = [
      [1, 'annot read /etc/cto/trusted-keys.json', 'operator', '--kubeconfig', kubeconfigPath],
      [1, 'name the vendor', 'operator', '--kubeconfig', kubeconfigPath],
      [1, 'holds a secret', 'operator', '--trusted-keys', secret, '--kubeconfig', kubeconfigPath],
      [
        1,
        'there is no such file; name another with --kubeconfig',
        'operator',
        '--trusted-keys',
        keys,
        '--kubeconfig',
        join(folder, 'missing'),
      ],
      [1, 'there is no built-in catalog "ctoo"', ...operator, '--catalog', 'ctoo'],
      [
        1,
        'another process listens there; choose another address with --listen',
        ...operator,
        '--listen',
        `127.0.0.1:${port}`,
      ],
      [1, 'The address nonsense of --listen is not one', ...operator, '--listen', 'nonsense'],
      [1, 'The kubeconfig ~/.kube/config cannot be read: there is no such file', 'status'],
      [1, 'nobody listens at its address', 'status', '--kubeconfig', nowhere],
      [1, 'the CRDs are not installed, or the operator has not run yet', 'status', '--kubeconfig', kubeconfigPath],
      [1, 'there is no such file', 'license', 'verify', join(folder, 'missing.lic'), '--trusted-keys', keys],
    ]
    for (const [code, says, ...args] of cases) {
      const run = await cto(args)
      expect(run, `${args.join(' ')}: ${run.stderr}`).toMatchObject({ code, stdout: '' })
      expect(run.stderr.toLowerCase()).toContain(says.toLowerCase())
      expect(isOneSentence(run.stderr), run.stderr).toBe(true)
      expect(run.stderr).not.toContain('s3cret')
      expect(run.stderr).not.toContain(token)
    }
    for (const args of [
      ['nonsense'],
      ['operator', '--hold-notice', 'soon'],
      ['license', 'verify'],
      ['status', '-o', 'xml'],
    ]) {
      expect(await cto(args), args.join(' ')).toMatchObject({ code: 2, stdout: '' })
    }
    taken.close()
  },
)

test('the operator waits for its CRDs and says so; then status answers', { timeout: 60_000 }, async () => {
  const { folder, kubeconfigPath, token } = controlPlane.plane
  const keys = join(folder, 'keys.json')
  const { publicJwk } = await generateSigningKey({ alg: 'EdDSA', use: 'license', keyId: 'own' })
  await writeFile(keys, JSON.stringify({ keys: [publicJwk] }))
  const cluster = await connect(kubeconfigPath)
  await addNodes(cluster, [eksLikeNode(1)])
  let preparing: Promise<void> | undefined
  const run = await cto(
    [
      'operator',
      '--kubeconfig',
      kubeconfigPath,
      '--trusted-keys',
      keys,
      '--listen',
      '127.0.0.1:0',
      '--log-level',
      'debug',
    ],
    (stderr) => {
      if (stderr.includes('kubectl apply -f crds/')) preparing ??= prepare(cluster)
      return stderr.includes('"decided"')
    },
  )
  await preparing
  expect(run, run.stderr).toMatchObject({ code: 0, stdout: '' })
  expect(run.stderr).toContain('the CRDs are not installed; install them with: kubectl apply -f crds/')
  expect(run.stderr).toContain('"operator stopped"')
  expect(run.stderr).not.toContain(token)

  const table = await cto(['status', '--kubeconfig', kubeconfigPath])
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/VERDICT +ClusterTypeNotAllowed: the Free plan is for Kind clusters only/)
  expect(table.stdout).toMatch(/TO DO\n +Install a license for a plan that may be used here/)
  expect(table.stdout).not.toContain('\u001B')
  const machine = await cto(['status', '--kubeconfig', kubeconfigPath, '-o', 'json'])
  expect(JSON.parse(machine.stdout)).toMatchObject({
    product: 'cto',
    entitlement: { verdict: 'ClusterTypeNotAllowed', plan: 'free' },
    licenses: [],
  })
  // It runs outside of a pod, with keys of its own: that is allowed there, and said.
  const entitlement = await cluster.client.get(entitlements, { name: 'cto' }, soon())
  const status = entitlement['status'] as EntitlementStatus
  const said = status.conditions.find(({ type }) => type === 'TrustedKeysOfImage')
  expect(said).toMatchObject({ status: 'False', reason: 'OtherTrustedKeys' })
  expect(said?.message).toContain(`the trusted keys are read from ${keys}, and not from the image`)
  const thumbprint = await calculateJwkThumbprint(publicJwk)
  expect(status.trustedKeys).toEqual([{ kid: 'own', use: 'license', thumbprint }])
})
