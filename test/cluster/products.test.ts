// The other products, from their catalogs alone: the same operator, the same policies, another label, another license.

import { createSign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entitlements } from '../../src/api/resources.ts'
import type { EntitlementStatus } from '../../src/api/entitlement.ts'
import { builtInCatalogs } from '../../src/cli/catalogs.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import { SIGNED_CATALOG } from '../../src/domain/license/compact-jws.ts'
import { readSignedCatalog } from '../../src/domain/catalog/signed-catalog.ts'
import { namespaces } from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  addNodes,
  aDocument,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  prepare,
  runOperator,
  trusting,
} from '../support/operator.ts'
import { largeNode } from '../../bench/large-node.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const product = (name: string) => {
  const found = builtInCatalogs().find((catalog) => catalog.product === name)
  if (found === undefined) throw new Error(`there is no catalog ${name}`)
  return found
}

/** What IncidentFox's own license server signs. */
function incidentFoxJwt(key: SigningKey, tier: string, entitlements: object, endsInDays = 300): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const now = Math.floor(Date.now() / SECOND)
  const input = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({
    iss: 'license.incidentfox.ai',
    sub: 'acme-corp',
    iat: now - 86_400 * 400,
    exp: now + endsInDays * 86_400,
    entitlements: { tier, ...entitlements, support_sla_hours: 48, custom_fields: { account_manager: 'jane' } },
  })}`
  return `${input}.${createSign('sha256').update(input).sign(key.privateKey).toString('base64url')}\n`
}

async function ready(): Promise<Cluster> {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  return cluster
}

const statusOf = (cluster: Cluster, name: string, so: (status: EntitlementStatus) => boolean) =>
  cluster.eventually(`the Entitlement ${name} to be as expected`, async () => {
    const status = (await cluster.object(entitlements, name))?.['status'] as EntitlementStatus | undefined
    return status !== undefined && so(status) && status
  })

async function governedNamespace(cluster: Cluster, name: string): Promise<void> {
  const labels = { 'cto.5dlabs.io/managed': 'true' }
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
}

/** As a person does it; what the API server says when it refuses. */
async function create(namespace: string, name: string, label: string, { dryRun = false } = {}): Promise<string> {
  const labels = { [label]: name }
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
    },
  }
  const flags = dryRun ? ['--dry-run=server'] : []
  const input = JSON.stringify(manifest)
  const { code, stderr } = await controlPlane.kubectl('apply', '-f', '-', ...flags, { input })
  return code === 0 ? '' : stderr
}

test('IncidentFox: its own JWT in its own Secret, as its document has it', { timeout: 120_000 }, async () => {
  const cluster = await ready()
  await addNodes(cluster, [largeNode(0)])
  await governedNamespace(cluster, 'incidentfox')
  const vendor = await aVendor('license', 'RS256')
  const start = async () =>
    runOperator(await cluster.access(), vendor, {
      catalog: product('incidentfox'),
      namespace: 'incidentfox',
      agentsNamespace: 'incidentfox',
    })
  await using running = await start()
  const unlicensed = await statusOf(cluster, 'incidentfox', ({ plan }) => plan === 'unlicensed')
  expect(unlicensed.deniedFeatures.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    { name: 'github', httpStatus: 402 },
    { name: 'sso', httpStatus: 403 },
  ])
  const team = (name: string, options = {}) => create('incidentfox', name, 'incidentfox.ai/team', options)
  await running.operator.idle()
  expect(await team('payments')).toContain('team payments is not licensed: the Unlicensed plan admits at most 0 teams')

  const license = async (tier: string, entitlements: object, days?: number) => {
    const file = join(controlPlane.plane.folder, 'incidentfox-acme-corp-2026.lic')
    await writeFile(file, incidentFoxJwt(vendor, tier, entitlements, days))
    return controlPlane.kubectl(
      '-n',
      'incidentfox',
      'create',
      'secret',
      'generic',
      'incidentfox-license',
      `--from-file=license.jwt=${file}`,
    )
  }
  const starter = { max_teams: 2, max_agent_runs_per_month: 10_000, features: ['slack', 'github'] }
  expect(await license('starter', starter)).toMatchObject({ code: 0 })
  const licensed = await statusOf(cluster, 'incidentfox', ({ plan }) => plan === 'starter')
  expect(licensed).toMatchObject({ verdict: 'Valid', organization: 'acme-corp', degradation: 'None' })
  expect(licensed.limits).toEqual([
    { axis: 'teams', limit: 2, unit: 'team', enforcement: 'hard' },
    { axis: 'agentRuns', limit: 10_000, unit: 'run', period: 'month', enforcement: 'soft' },
  ])
  expect(licensed.deniedFeatures).toEqual([{ name: 'sso', httpStatus: 403 }])
  expect(await team('payments')).toBe('')
  expect(await team('search')).toBe('')
  await statusOf(cluster, 'incidentfox', ({ agents }) => agents.admitted.length === 2)
  await running.operator.idle()
  await cluster.eventually('the API server to know', async () =>
    (await team('billing', { dryRun: true })).includes(
      'admits at most 2 teams, and payments and search are there already',
    ),
  )

  // A grace of 30 days, after which nothing new may start. Its licenses have no numbers: one that has ended takes no place from
  // one in force, so that each begins with nothing remembered.
  await running.stop()
  for (const [days, level, growth] of [
    [-29, 'Grace', 'Open'],
    [-30, 'NewRunsBlocked', 'ExistingOnly'],
  ] as const) {
    await controlPlane.kubectl('-n', 'incidentfox', 'delete', 'secret', 'incidentfox-license')
    await controlPlane.kubectl('-n', 'incidentfox', 'delete', 'secret', 'incidentfox-evidence')
    expect((await license('enterprise', { max_teams: -1, features: [] }, days)).code).toBe(0)
    await using _ = await start()
    const status = await statusOf(cluster, 'incidentfox', ({ degradation }) => degradation === level)
    expect(status).toMatchObject({ verdict: 'Expired', plan: 'enterprise', gate: { growth } })
    expect(status.agents.held).toEqual([])
  }
})

test('IPMI Monitor: more servers than licensed are said, and not refused', { timeout: 120_000 }, async () => {
  const cluster = await ready()
  await governedNamespace(cluster, 'ipmi')
  const catalog = product('ipmi-monitor')
  const vendor = await aVendor()
  await using _running = await runOperator(await cluster.access(), vendor, {
    catalog,
    namespace: 'ipmi',
    agentsNamespace: 'ipmi',
  })
  await cluster.installLicense(
    await aLicense(vendor, { product: 'ipmi-monitor', plan: 'standard', limits: { servers: 1 } }),
  )
  await statusOf(cluster, 'ipmi-monitor', ({ plan }) => plan === 'standard')
  for (const name of ['server-1', 'server-2']) {
    await cluster.eventually(name, async () => (await create('ipmi', name, catalog.governed.label)) === '')
  }
  const status = await statusOf(cluster, 'ipmi-monitor', ({ agents }) => agents.admitted.length === 2)
  expect(status.verdict).toBe('Valid')
  expect(status.conditions.find(({ type }) => type === 'WithinAgentLimit')).toMatchObject({
    status: 'False',
    reason: 'SoftLimitExceeded',
    message: '2 of 1 server are used',
  })
  expect(status.messages.join()).toContain('is for 1 server, and there are 2; more are not refused')
})

test('a product that nobody knew: its signed catalog is enough', { timeout: 120_000 }, async () => {
  const cluster = await ready()
  await governedNamespace(cluster, 'robots')
  const signer = await aVendor('catalog')
  const vendor = await aVendor()
  const file = await aDocument(SIGNED_CATALOG, signer, {
    iss: 'Robots Inc',
    iat: Math.floor(Date.now() / SECOND) - 60,
    version: 1,
    catalog: {
      product: 'robots',
      title: 'Robots',
      vendor: 'Robots Inc',
      freePlan: 'hobby',
      features: [],
      governed: { label: 'robots.example.com/robot', noun: 'robot', axis: 'robots' },
      meters: { robots: { title: 'Robots', unit: 'robot' } },
      agents: [],
      plans: [{ name: 'hobby', title: 'Hobby', limits: { robots: 1 } }],
      addons: [],
      degradation: [],
      notice: { expiryDays: 30 },
      license: {
        key: { format: 'robot_<KEY>', pattern: '^robot_[a-z]+$', example: 'robot_abc' },
        offlineSecret: { name: 'robots-license', key: 'license.lic' },
      },
    },
  })
  const { catalog } = await readSignedCatalog(file, trusting(signer), Date.now() + DAY)
  await using _running = await runOperator(await cluster.access(), vendor, { catalog, agentsNamespace: 'robots' })
  await statusOf(cluster, 'robots', ({ plan }) => plan === 'hobby')
  await cluster.eventually('the first', async () => (await create('robots', 'r2', catalog.governed.label)) === '')
  await statusOf(cluster, 'robots', ({ agents }) => agents.admitted.length === 1)
  await cluster.eventually('the second to be refused', async () =>
    (await create('robots', 'c3', catalog.governed.label, { dryRun: true })).includes(
      'robot c3 is not licensed: the Hobby plan admits at most 1 robot, and r2 is there already',
    ),
  )
})
