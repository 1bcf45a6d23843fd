// `cto support-bundle` of a cluster that is full of secrets and names: the first are never in it, the second on request not.

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { deployments, namespaces, secrets } from '../../src/kube/resource.ts'
import { agentDeployment } from '../../src/cli/trial/manifests.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import { addNodes, aLicense, aVendor, connect, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane()

test('no secret of the cluster is in it, and on request no name', { timeout: 120_000 }, async () => {
  const { kubeconfigPath, folder, token } = controlPlane.plane
  const cluster = await connect(kubeconfigPath)
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  await using running = await runOperator(await cluster.access(), vendor)

  // Secrets wherever people leave them.
  const license = (await aLicense(vendor, { organization: 'Hidden Corp GmbH' })).trim()
  await cluster.installLicense(license, 'hidden-corp')
  const key = 'lic_hiddenKey123456'
  await cluster.config(['rex'], { license: { key, organization: 'Hidden Corp GmbH' } })
  const password = 'correct-horse-battery'
  const managed = { name: 'hidden-team', labels: { 'cto.5dlabs.io/managed': 'true' } }
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: managed })
  const agent = agentDeployment('tess', 'hidden-team')
  const spec = agent['spec'] as { template: { spec: { containers: object[] } } }
  const env = [{ name: 'DB', value: password }]
  spec.template.spec.containers = [{ name: 'agent', image: 'example.com/agent', env, args: [`--password=${password}`] }]
  const manifest = join(folder, 'tess.json')
  await writeFile(manifest, JSON.stringify(agent))
  // kubectl keeps a copy of everything in an annotation.
  expect(await controlPlane.kubectl('apply', '-f', manifest)).toMatchObject({ code: 0 })
  const metadata = { name: 'database', namespace: 'cto-system' }
  await cluster.apply(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password } })
  await cluster.entitled(({ organization, agents }) => organization !== undefined && agents.admitted.length === 2)
  await cluster.eventually('rex', () => cluster.object(deployments, 'rex', 'cto-agents'))
  await running.stop()

  const bundle = async (...args: string[]) => {
    const before = new Set(await readdir(folder))
    const run = await runCto(['support-bundle', '--kubeconfig', kubeconfigPath, ...args], { home: folder, cwd: folder })
    expect(run.code, run.stderr).toBe(0)
    const made = (await readdir(folder)).filter((name) => !before.has(name))
    const archive = made.find((name) => name.endsWith('.tar.gz')) ?? ''
    expect((await stat(join(folder, archive))).mode & 0o077).toBe(0)
    return { ...run, made, content: gunzipSync(await readFile(join(folder, archive))).toString('utf8') }
  }

  const open = await bundle()
  const everySecret = [license, ...license.split('.'), key, password, token, Buffer.from(password).toString('base64')]
  for (const secret of everySecret) {
    expect(open.content).not.toContain(secret)
    expect(open.stdout + open.stderr).not.toContain(secret)
  }
  // What helps is there.
  for (const [what, text] of Object.entries({
    'the decision': '"verdict": "Valid"',
    'the license’s state': '"licenseId": "lic-test"',
    'what is wanted': '"kind": "PlatformConfig"',
    'that a Secret is there, and its keys': '"password": "28 characters"',
    'the policies': 'cto-agents-scale',
    Events: '"reason": "PlanChanged"',
    'an agent elsewhere': '"namespace": "hidden-team"',
    versions: '"gitVersion": "v1.36',
    'the status screen': '"headline"',
  })) {
    expect(open.content.includes(text), what).toBe(true)
  }
  expect(open.stdout).toMatch(/^FILE +cto-support-.*\.tar\.gz\nHOLDS +\d+ files\n/)

  const hidden = await bundle('--anonymize', '--out', 'anonymous.tar.gz')
  const names = [/hidden/i, /acme/i, new RegExp(controlPlane.plane.server.slice('https://'.length)), /127\.0\.0\.1/]
  const { uid = '' } = (await cluster.object(namespaces, 'kube-system'))?.metadata ?? {}
  for (const name of [...names, new RegExp(uid), /ip-10-0-/]) expect(hidden.content).not.toMatch(name)
  expect(hidden.content).toContain('"organization": "organization-1"')
  expect(hidden.content).toContain('"namespace": "namespace-1"')
  // The owner can translate the answer back.
  expect(hidden.made.toSorted()).toEqual(['anonymous.tar.gz', 'anonymous.tar.gz.names.json'])
  const standIns = JSON.parse(await readFile(join(folder, 'anonymous.tar.gz.names.json'), 'utf8')) as object
  expect(Object.values(standIns)).toEqual(expect.arrayContaining(['Hidden Corp GmbH', 'hidden-team']))
})
