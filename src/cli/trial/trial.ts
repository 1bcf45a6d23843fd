// The whole free tier on this machine, and what a license changes: the sequence that a newcomer watches.

import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { DEFAULT_AGENTS_NAMESPACE, DEFAULT_NAMESPACE } from '../../api/names.ts'
import type { EntitlementStatus } from '../../api/entitlement.ts'
import { entitlements, licenses, platformConfigs } from '../../api/resources.ts'
import { DEFAULT_AGENT_IMAGE } from '../run-operator.ts'
import { electionHere } from '../this-process.ts'
import { packageRoot } from '../../files/package-root.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { DAY, type Instant, SECOND } from '../../domain/time.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'
import { list } from '../../domain/text.ts'
import { kubeconfigAccess } from '../../kube/access.ts'
import { type RawObject } from '../../kube/object.ts'
import { type Client, createClient } from '../../kube/client.ts'
import { unlessMissing } from '../../kube/errors.ts'
import { deployments, namespaces, type Resource, secrets } from '../../kube/resource.ts'
import { type Operator, startOperator } from '../../operator/operator.ts'
import { systemClock } from '../../runtime/clock.ts'
import { createLogger } from '../../operator/telemetry/log.ts'
import { issueLicense } from '../../issuing/issue.ts'
import { generateSigningKey } from '../../issuing/keys/keygen.ts'
import { parseSigningKey, type SigningKey } from '../../issuing/keys/signing-key.ts'
import { agentDeployment, licenseFor, licenseSecret, platformConfig } from './manifests.ts'
import type { Reporter, Step } from './report.ts'
import type { TrialCluster } from './trial-cluster.ts'

const crds: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
const PRODUCT = 'cto'
const PATIENCE_MS = 15_000

/** How the platform is restricted so many days after the end of a license. */
const AFTER_THE_END: readonly (readonly [days: number, level: string])[] = [
  [3, 'Warning'],
  [10, 'UpdatesDisabled'],
  [20, 'GuardianReduced'],
  [40, 'NewAgentsBlocked'],
  [100, 'ReadOnly'],
]

export interface Trial extends AsyncDisposable {
  /** The throw-away key that signs the trial's licenses. */
  readonly vendorKeyPath: string
}

/** What the steps play on. */
interface Stage {
  readonly cluster: TrialCluster
  readonly folder: string
  readonly client: Client
  readonly vendor: SigningKey
  readonly step: Reporter['step']
  /** Waits until the Entitlement is so. */
  readonly see: (what: string, so: (status: EntitlementStatus) => boolean) => Promise<EntitlementStatus>
}

/** Runs all steps; what it started goes on until it is disposed of. */
export async function runTrial(cluster: TrialCluster, catalog: Catalog, reporter: Reporter): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'cto-trial-'))
  const access = await kubeconfigAccess(cluster.kubeconfigPath)
  const client = createClient(access, { fieldManager: 'cto-trial', userAgent: 'cto-trial' })
  const { privateJwk } = await generateSigningKey({ alg: 'EdDSA', use: 'license', keyId: 'throw-away' })
  const vendor = await parseSigningKey(JSON.stringify(privateJwk))
  const vendorKeyPath = join(folder, 'vendor-private-key.json')
  await writeFile(vendorKeyPath, JSON.stringify(privateJwk), { mode: 0o600 })
  await writeFile(join(folder, 'trusted-keys.json'), JSON.stringify({ keys: [vendor.publicJwk] }))
  const { step } = reporter
  const stage: Stage = { cluster, folder, client, vendor, step, see: (what, so) => entitled(client, what, so) }

  let operator: Operator | undefined
  const isUp = await step('Install the CRDs and start the operator', async ({ saw }) => {
    saw(`CRDs: ${(await installCrds(client)).join(', ')}`)
    operator = await startOperator(
      await kubeconfigAccess(cluster.kubeconfigPath),
      {
        catalog,
        trustedKeys: vendor.trust,
        namespace: DEFAULT_NAMESPACE,
        agentsNamespace: DEFAULT_AGENTS_NAMESPACE,
        agentImage: DEFAULT_AGENT_IMAGE,
        listen: '127.0.0.1:0',
        election: electionHere(),
      },
      systemClock,
      createLogger('info', createWriteStream(join(folder, 'operator.log'), { mode: 0o600 })),
    )
    await operator.ready
    saw(`the operator is ready; probes and metrics at http://${operator.address}`)
  })
  if (isUp) {
    await withoutLicense(stage)
    await pastThePlatformConfig(stage)
    await withLicense(stage)
    for (const [days, level] of AFTER_THE_END) await afterTheEnd(stage, days, level)
    await renewed(stage)
  }
  return {
    vendorKeyPath,
    async [Symbol.asyncDispose]() {
      await operator?.stop()
      access.agent.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function withoutLicense({ step, client, see }: Stage): Promise<boolean> {
  return step('Apply the PlatformConfig, without a license', async ({ saw, expect }) => {
    await apply(client, platformConfigs, platformConfig)
    const status = await see('three judged agents', ({ agents }) => agents.admitted.length + agents.refused.length >= 3)
    showDecision(status, saw)
    expect(status.verdict === 'Valid' && status.plan === 'free', 'the Free plan should be in force')
    expect(namesOf(status.agents.admitted) === 'blaze,rex', 'rex and blaze should be admitted')
    expect(namesOf(status.agents.refused) === 'tess', 'tess should be refused')
    await deploymentsThere(client, ['rex', 'blaze'])
    saw('Deployments in cto-agents: rex and blaze')
  })
}

function pastThePlatformConfig(stage: Stage): Promise<boolean> {
  return stage.step('Create the refused agent by hand', async (step) => {
    const answer = await create(stage, 'tess', step)
    step.expect(answer.code !== 0, 'the API server should refuse tess')
    const names = /Free plan admits rex and blaze/.test(answer.text)
    step.expect(names, 'the refusal should name the plan and what it admits')
  })
}

function withLicense({ step, client, vendor, see }: Stage): Promise<boolean> {
  return step(
    'Issue a Team license with a throw-away key, and install it as a .lic Secret',
    async ({ saw, expect }) => {
      await apply(client, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } })
      const started = performance.now()
      await install(client, vendor, wholeSecond(Date.now() + 365 * DAY))
      const status = await see('the Team plan', ({ plan, verdict }) => plan === 'team' && verdict === 'Valid')
      await deploymentsThere(client, ['tess'])
      saw(`tess started ${Math.round(performance.now() - started)} ms after the license was there`)
      showDecision(status, saw)
      expect(namesOf(status.agents.admitted) === 'blaze,rex,tess', 'all three agents should be admitted')
      expect(status.guardian.mode === 'full', 'the guardian should be full')
    },
  )
}

function afterTheEnd(stage: Stage, days: number, level: string): Promise<boolean> {
  const { client, vendor, see, cluster } = stage
  return stage.step(`The license ended ${days} days ago: ${level}`, async (step) => {
    await install(client, vendor, wholeSecond(Date.now() - days * DAY))
    const { message, verdict, updates, guardian, gate, agents, readOnly } = await see(
      `level ${level}`,
      ({ degradation }) => degradation === level,
    )
    step.saw(message)
    const restrictions = [
      `updates ${updates.enabled ? 'on' : 'off'}`,
      `guardian ${guardian.mode}`,
      `growth ${gate.growth}`,
    ]
    step.saw([...restrictions, ...(readOnly ? ['read-only'] : [])].join(' · '))
    step.saw(`still running: ${list(agents.admitted.map(({ name }) => name))}`)
    step.expect(verdict === 'Expired', `the verdict should be Expired, and is ${verdict}`)
    step.expect(namesOf(agents.admitted) === 'blaze,rex,tess', 'what runs should keep running')
    if (gate.growth !== 'Open') {
      const answer = await create(stage, 'morgan', step)
      step.expect(answer.code !== 0, 'a new agent should be refused')
    }
    if (readOnly) {
      const scale = ['-n', DEFAULT_AGENTS_NAMESPACE, 'scale', 'deployment', 'rex', '--replicas=2']
      const answer = await kubectl(cluster, scale)
      step.shell(`kubectl ${scale.join(' ')}`, answer.text)
      step.expect(answer.code !== 0, 'growing should be refused')
    }
  })
}

function renewed({ step, client, vendor, see }: Stage): Promise<boolean> {
  return step('Renew the license: every restriction lifts', async ({ saw, expect }) => {
    const started = performance.now()
    await install(client, vendor, wholeSecond(Date.now() + 365 * DAY))
    const status = await see('no degradation', ({ degradation }) => degradation === 'None')
    saw(`lifted ${Math.round(performance.now() - started)} ms after the license was there`)
    showDecision(status, saw)
    expect(status.gate.growth === 'Open', 'growth should be open again')
  })
}

async function installCrds(client: Client): Promise<string[]> {
  const folder = join(packageRoot(), 'crds')
  const names: string[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted()) {
    const crd = parse(await readFile(join(folder, file), 'utf8')) as RawObject
    await apply(client, crds, crd)
    names.push(crd.metadata.name)
  }
  for (const name of names)
    await until(`CRD ${name}`, async () => isEstablished(await client.get(crds, { name }, soon())))
  return names
}

// Conditions are null, and not only absent, in the first moment.
function isEstablished(crd: RawObject): true | undefined {
  const { conditions } = (crd['status'] ?? {}) as { conditions?: readonly { type: string; status: string }[] | null }
  return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true || undefined
}

function apply(client: Client, resource: Resource, object: RawObject): Promise<RawObject> {
  return client.apply(resource, object, { force: true }, soon())
}

async function install(client: Client, vendor: SigningKey, expiresAt: Instant): Promise<void> {
  // Each in one line with those before: the newest counts, also one that has ended.
  const serial = Date.now()
  const claims: LicenseClaims = {
    form: 'jws',
    issuer: '5D Labs',
    licenseId: `lic-trial-${serial}`,
    serial,
    organization: 'Acme Corp',
    product: PRODUCT,
    plan: 'team',
    issuedAt: expiresAt - 400 * DAY,
    expiresAt,
    limits: {},
    features: [],
    addons: [],
  }
  const license = await issueLicense(claims, vendor, Date.now())
  await apply(client, secrets, licenseSecret(DEFAULT_NAMESPACE, license))
  await apply(client, licenses, licenseFor(DEFAULT_NAMESPACE))
}

function entitled(
  client: Client,
  what: string,
  so: (status: EntitlementStatus) => boolean,
): Promise<EntitlementStatus> {
  return until(`Entitlement ${PRODUCT} with ${what}`, async () => {
    const object = await client.get(entitlements, { name: PRODUCT }, soon())
    const status = object['status'] as EntitlementStatus | undefined
    return status !== undefined && so(status) ? status : undefined
  })
}

async function deploymentsThere(client: Client, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await until(`Deployment ${name}`, () =>
      client.get(deployments, { namespace: DEFAULT_AGENTS_NAMESPACE, name }, soon()),
    )
  }
}

/** Asks until there is an answer; a thing that is not there yet is none. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await unlessMissing(ask())
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / SECOND} s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function create({ cluster, folder }: Stage, name: string, step: Step): Promise<{ code: number; text: string }> {
  const file = join(folder, `${name}.json`)
  await writeFile(file, JSON.stringify(agentDeployment(name, DEFAULT_AGENTS_NAMESPACE)))
  const answer = await kubectl(cluster, ['apply', '-f', file])
  step.shell(`kubectl apply -f ${name}.json`, answer.text.replaceAll(file, `${name}.json`))
  return answer
}

function kubectl(cluster: TrialCluster, args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(cluster.kubectl, [...args, '--kubeconfig', cluster.kubeconfigPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('error', () => reject(new Error('kubectl cannot be run; install it')))
    child.on('close', (code) => resolve({ code: code ?? 1, text }))
  })
}

function showDecision(status: EntitlementStatus, saw: (line: string) => void): void {
  saw(`${status.verdict}: ${status.message}`)
  saw(`cluster ${status.cluster.type} (${status.cluster.evidence.join('; ')})`)
  saw(
    `nodes ${status.nodes.counted} of ${status.nodes.limit} · agents ${status.agents.summary} · guardian ${status.guardian.mode}`,
  )
  if (status.agents.admitted.length > 0) saw(`admitted: ${list(status.agents.admitted.map(({ name }) => name))}`)
  for (const { message } of status.agents.refused) saw(`refused: ${message ?? ''}`)
}

function namesOf(agents: readonly { readonly name: string }[]): string {
  return agents
    .map(({ name }) => name)
    .toSorted()
    .join(',')
}

function wholeSecond(instant: number): number {
  return Math.floor(instant / SECOND) * SECOND
}

function soon(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}
