// Sixty states of a cluster: what is decided, times what becomes of it and what others do. Every surface says the same of
// each: no "in order" that is not so, no alarm without a cause, and what lifts each of them.

import { expect, test } from 'vitest'
import type { HealthStatus } from '../../src/api/health.ts'
import type { PlatformConfigStatus } from '../../src/api/platform-config.ts'
import { licenses, platformConfigs } from '../../src/api/resources.ts'
import { statusOf } from '../../src/cli/status/command.ts'
import { judge } from '../../src/cli/check/evaluate.ts'
import { look } from '../../src/cli/check/inspect.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import { cureOf, NOTHING_TO_DO } from '../../src/domain/entitlement/reasons.ts'
import type { StatusView } from '../../src/operator/status-page/view.ts'
import {
  admissionPolicies,
  admissionPolicyBindings,
  deployments,
  namespaces,
  type Resource,
  secrets,
} from '../../src/kube/resource.ts'
import type { SigningKey } from '../../src/issuing/keys/signing-key.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { runCto } from '../support/cto.ts'
import {
  aDocument,
  aLicense,
  aVendor,
  type Cluster,
  connect,
  makeKind,
  prepare,
  runOperator,
  trusting,
} from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })
const quotas: Resource = { ...deployments, group: '', plural: 'resourcequotas', kind: 'ResourceQuota' }

type Level = HealthStatus['level']

/** What the licenses and the PlatformConfig make of it, alone. */
interface Decided {
  readonly name: string
  readonly level: Level
  readonly headline: string
  readonly reasons: readonly string[]
  /** Which of rex and tess are admitted: only they can meet with what becomes of it. */
  readonly admits: readonly string[]
  readonly make: () => Promise<unknown>
}

/** What becomes of it, or what others do. */
interface Circumstance {
  readonly name: string
  readonly reason?: string
  /** Whether it shows under that decision. */
  readonly shows: (decided: Decided) => boolean
  /** Whether something is not as it was decided. */
  readonly isOperation: boolean
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
}

test('sixty states, and what every surface says of them', { timeout: 600_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster, { workers: 1 })
  await cluster.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cto-agents' } })
  const vendor = await aVendor()
  const revoker = await aVendor('revocation')
  const run = async () => runOperator(await cluster.access(), vendor, { trustedKeys: trusting(vendor, revoker) })
  let running = await run()
  await using _ = { [Symbol.asyncDispose]: () => running.stop() }
  const decisions = decisionsOf(cluster, vendor, revoker)
  const circumstances = circumstancesOf(cluster)
  let states = 0
  for (const circumstance of circumstances) {
    await decisions[0]?.make()
    await circumstance.begin()
    for (const decided of decisions) {
      await decided.make()
      await agrees(decided, circumstance)
      if (decided === decisions[0] && circumstance.reason !== undefined) await saidSomewhere(circumstance)
      states++
    }
    await decisions[0]?.make()
    await circumstance.end()
    // Of one object so many Events are written in a while, by each process: the next circumstance has all of them again.
    await running.stop()
    running = await run()
  }
  expect(states).toBe(60)

  // Nobody is at work: that is said by whoever looks.
  await decisions[0]?.make()
  await running.stop()
  const { kubeconfigPath, folder } = controlPlane.plane
  const cto = (command: string) => runCto([command, '--kubeconfig', kubeconfigPath], { home: folder })
  expect((await cto('status')).stdout).toMatch(
    /^‼ In force, but not all is as it was decided\n[^]*No operator is at work/,
  )
  expect(await cto('check')).toMatchObject({ code: 3, stdout: expect.stringContaining('No operator is at work') })

  async function agrees(decided: Decided, circumstance: Circumstance): Promise<void> {
    const what = `${decided.name}, ${circumstance.name}`
    const shows = circumstance.reason !== undefined && circumstance.shows(decided)
    const reasons = new Set([...decided.reasons, ...(shows ? [circumstance.reason] : [])])
    const level: Level = decided.level === 'Healthy' && shows ? 'Attention' : decided.level
    const isInForce = decided.headline.startsWith('In force') || decided.level === 'Healthy'
    const headline = !(shows && isInForce)
      ? decided.headline
      : circumstance.isOperation
        ? 'In force, but not all is as it was decided'
        : decided.level === 'Healthy'
          ? 'In force, with something to know'
          : decided.headline
    const expected = { level, headline, reasons: [...reasons].toSorted() }
    let seen: unknown
    await cluster
      .eventually(what, async () => {
        const { health } = await cluster.entitlement()
        const open = (health?.problems ?? []).filter(({ severity }) => severity !== 'info')
        const isWorking = health?.problems.some(({ pending }) => pending === true)
        seen = {
          level: health?.level,
          headline: health?.headline,
          reasons: [...new Set(open.map(({ reason }) => reason))].toSorted(),
        }
        // What is in the work besides is over when nothing refuses it.
        return JSON.stringify(seen) === JSON.stringify(expected) && (isWorking !== true || shows)
      })
      .catch(async (error: unknown) => {
        const { health } = await cluster.entitlement()
        expect([what, seen, health?.problems], String(error)).toEqual([what, expected, []])
      })
    const status = await cluster.entitlement()
    const healthy = status.conditions.find(({ type }) => type === 'Healthy')
    expect([what, healthy?.status], healthy?.message).toEqual([what, level === 'Healthy' ? 'True' : 'False'])
    for (const { reason, severity, message } of status.health?.problems ?? []) {
      if (severity !== 'info') expect([message, cureOf(reason)]).not.toEqual([message, NOTHING_TO_DO])
      expect(cureOf(reason), reason).toBeDefined()
    }
    await surfacesAgree(what, { level, headline, reason: shows ? circumstance.reason : undefined, circumstance })
  }

  async function surfacesAgree(
    what: string,
    said: { level: Level; headline: string; reason: string | undefined; circumstance: Circumstance },
  ): Promise<void> {
    const { level, headline, reason } = said
    const screen = await statusOf(cluster.client, 'cto', Date.now())
    expect([what, screen.headline, screen.health.level], JSON.stringify(screen.health.problems)).toEqual([
      what,
      headline,
      level,
    ])
    if (reason !== undefined) expect(screen.toDo.map((one) => one.cure)).toContain(cureOf(reason))
    const place = {
      product: 'cto',
      namespace: 'cto-system',
      agentsNamespace: 'cto-agents',
      licenseSecret: 'cto-license',
      licenseKey: 'license.lic',
    }
    const seen = await look(cluster.client, new URL(controlPlane.plane.server), place, Date.now)
    const checked = judge(seen, { installation: true, foresee: false }, { kind: 'unknown', why: '' }, Date.now())
    const results = new Set(checked.map(({ result }) => result))
    const worst = results.has('failed') ? 'Restricted' : results.has('warning') ? 'Attention' : 'Healthy'
    expect([what, worst], JSON.stringify(checked)).toEqual([what, level])
    const tones = { Healthy: 'good', Attention: 'attention', Restricted: 'restricted' } as const
    const page = (await (await fetch(`http://${running.operator.address}/status.json`)).json()) as StatusView
    expect([what, page.status?.tone, page.status?.headline]).toEqual([what, tones[level], headline])
    const metrics = await running.metrics()
    expect(metrics).toContain(`cto_health{level="${level}"} 1`)
    if (reason !== undefined) expect(metrics).toContain(`cto_problems{reason="${reason}"`)
    if (said.circumstance.reason === 'StatusNotWritten') return
    const config = (await cluster.object(platformConfigs, 'acme'))?.['status'] as PlatformConfigStatus
    await cluster.eventually(`${what}: the PlatformConfig`, async () => {
      const now = (await cluster.object(platformConfigs, 'acme'))?.['status'] as PlatformConfigStatus
      return now.conditions.some(({ type, message }) => type === 'Healthy' && message.startsWith(headline))
    })
    if (reason === 'RefusedByCluster' || reason === 'PodsRefused') expect(config.agents.summary).not.toMatch(/^2\//)
  }

  /** In an Event, where something is not as it was decided. */
  async function saidSomewhere({ reason = '', isOperation }: Circumstance): Promise<void> {
    if (!isOperation || reason === 'PodsRefused') return
    await cluster.eventually(`an Event ${reason}`, async () => {
      const { stdout } = await controlPlane.kubectl('get', 'events', '-A', '--field-selector', `reason=${reason}`)
      return stdout.includes(reason)
    })
  }
})

function decisionsOf(cluster: Cluster, vendor: SigningKey, revoker: SigningKey): Decided[] {
  let serial = 0
  const install = async (overrides: Parameters<typeof aLicense>[1] = {}, daysLeft = 300) => {
    serial++
    const expiresAt = Date.now() + daysLeft * DAY + SECOND
    await cluster.installLicense(
      await aLicense(vendor, { serial, licenseId: `lic-${serial}`, expiresAt, ...overrides }),
    )
    await cluster.entitled(({ licenseId }) => licenseId === `lic-${serial}`, `license ${serial}`)
  }
  const rex = () => cluster.config(['rex', 'tess'])
  const ended = (name: string, daysAgo: number, level: Level): Decided => ({
    name,
    level,
    headline: 'The license has ended',
    reasons: ['Expired', ...(daysAgo < 91 ? ['NextRestriction'] : [])],
    admits: ['rex', 'tess'],
    make: () => install({}, -daysAgo),
  })
  const open = { admits: ['rex', 'tess'] }
  let version = 0
  return [
    {
      name: 'all is well',
      level: 'Healthy',
      headline: 'Everything is in order',
      reasons: [],
      ...open,
      async make() {
        await install()
        await rex()
      },
    },
    {
      name: 'the license ends soon',
      level: 'Attention',
      headline: 'In force, and ending soon',
      reasons: ['Expiring'],
      ...open,
      make: () => install({}, 20),
    },
    {
      name: 'an agent is not in the plan',
      level: 'Attention',
      headline: 'In force, with 1 agent refused',
      reasons: ['AgentNotInPlan'],
      ...open,
      async make() {
        await install()
        await cluster.config(['rex', 'tess', 'unheard-of'])
      },
    },
    {
      name: 'more nodes than licensed, for a moment',
      level: 'Attention',
      headline: 'In force, with something to know',
      reasons: ['OverageInGrace'],
      ...open,
      async make() {
        await rex()
        await install({ limits: { nodes: 1 } })
      },
    },
    {
      name: 'another plan than the PlatformConfig expects',
      level: 'Attention',
      headline: 'In force, with something to know',
      reasons: ['OtherPlan'],
      ...open,
      async make() {
        await install()
        await cluster.config(['rex', 'tess'], { license: { tier: 'enterprise' } })
      },
    },
    {
      ...ended('ended 5 days ago', 5, 'Attention'),
      async make() {
        await rex()
        await install({}, -5)
      },
    },
    ended('ended 40 days ago', 40, 'Restricted'),
    ended('ended 100 days ago', 100, 'Restricted'),
    {
      name: 'revoked',
      level: 'Restricted',
      headline: 'The license is revoked',
      reasons: ['Revoked'],
      admits: [],
      async make() {
        await install()
        version++
        const list = await revocationList(revoker, version, `lic-${serial}`)
        await cluster.secret('cto-revocations', 'revocations.jws', list)
      },
    },
    {
      name: 'a file that is no license',
      level: 'Attention',
      headline: 'The license is not accepted',
      // The free plan has no tess.
      reasons: ['AgentNotInPlan', 'MalformedLicense'],
      admits: ['rex'],
      async make() {
        await cluster.remove(licenses, 'acme')
        await cluster.entitled(({ plan }) => plan === 'free', 'the free plan')
        await cluster.remove(secrets, 'acme', 'cto-system')
        await cluster.installLicense('no license')
      },
    },
  ]
}

function revocationList(revoker: SigningKey, version: number, id: string): Promise<string> {
  const now = Math.floor(Date.now() / SECOND)
  return aDocument(REVOCATION_LIST, revoker, {
    iss: '5D Labs',
    aud: 'cto',
    iat: now - 100,
    version,
    revoked: [{ jti: id, at: now - 60 }],
  })
}

function circumstancesOf(cluster: Cluster): Circumstance[] {
  const never = () => false
  const nothing = () => Promise.resolve()
  /** A policy of the customer's that refuses something. */
  const refusing = (name: string, group: string, resource: string, expression: string) => ({
    async begin() {
      const apiVersion = 'admissionregistration.k8s.io/v1'
      const rule = { apiGroups: [group], apiVersions: ['*'], resources: [resource], operations: ['CREATE', 'UPDATE'] }
      await cluster.apply(admissionPolicies, {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name },
        spec: {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression, message: `${name} does not allow it` }],
        },
      })
      await cluster.apply(admissionPolicyBindings, {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      })
      // The API server hears of its policies a moment later.
      await new Promise((resolve) => setTimeout(resolve, 2_000))
    },
    async end() {
      await cluster.remove(admissionPolicyBindings, name)
      await cluster.remove(admissionPolicies, name)
      await new Promise((resolve) => setTimeout(resolve, 2_000))
    },
  })
  const noTess = refusing('no-tess', 'apps', 'deployments', 'object.metadata.name != "tess"')
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace: 'cto-agents' } }
  const second = { apiVersion: 'cto.5dlabs.io/v1', kind: 'PlatformConfig', metadata: { name: 'second' }, spec: {} }
  const again = async () => {
    for (const name of ['rex', 'tess']) await cluster.remove(deployments, name, 'cto-agents').catch(() => undefined)
  }
  return [
    { name: 'nothing in the way', shows: never, isOperation: false, begin: nothing, end: nothing },
    {
      name: 'a policy refuses an agent',
      reason: 'RefusedByCluster',
      shows: ({ admits }) => admits.includes('tess'),
      isOperation: true,
      async begin() {
        await noTess.begin()
        await again()
      },
      end: noTess.end,
    },
    {
      name: 'a policy refuses the status of the PlatformConfig',
      reason: 'StatusNotWritten',
      shows: () => true,
      isOperation: true,
      ...refusing('no-status', 'cto.5dlabs.io', 'platformconfigs/status', 'false'),
    },
    {
      name: 'a policy refuses what is kept for a restart',
      reason: 'EvidenceNotKept',
      shows: () => true,
      isOperation: true,
      ...refusing('no-evidence', '', 'secrets', 'object.metadata.name != "cto-evidence"'),
    },
    {
      name: 'a quota refuses the pods',
      reason: 'PodsRefused',
      shows: ({ admits }) => admits.length > 0,
      isOperation: true,
      async begin() {
        await cluster.apply(quotas, { ...quota, spec: { hard: { pods: '0' } } })
        await again()
      },
      end: () => cluster.remove(quotas, 'none', 'cto-agents'),
    },
    {
      name: 'a second PlatformConfig',
      reason: 'ConfigNotUsed',
      shows: () => true,
      isOperation: false,
      begin: () => cluster.apply(platformConfigs, second),
      end: () => cluster.remove(platformConfigs, 'second'),
    },
  ]
}
