// A cluster on which contenders are measured one after the other: nodes, agents, licenses, and somebody who watches what
// becomes of them, the same for all.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entitlements } from '../src/api/resources.ts'
import { type ControlPlane, startControlPlane } from '../src/devtools/control-plane/control-plane.ts'
import { isNotFound } from '../src/kube/errors.ts'
import * as kinds from '../src/kube/resource.ts'
import { reflect, Store } from '../src/kube/store.ts'
import { agentDeployment } from '../src/cli/trial/manifests.ts'
import { signRevocationList } from '../src/issuing/revocations.ts'
import { aLicense, aVendor, type Cluster, connect, prepare, soon, trusting } from '../test/support/operator.ts'
import { buildBaseline } from './build-baseline.ts'
import { largeNode } from './large-node.ts'

export interface StageOptions {
  readonly nodes: number
  readonly agents: number
  readonly log: (line: string) => void
  readonly apiserverArgs?: readonly string[]
}

/** What a contender has published. */
export interface Published {
  readonly verdict: string
  readonly nodes: number
}

export interface Stage extends AsyncDisposable {
  readonly plane: ControlPlane
  readonly cluster: Cluster
  readonly folder: string
  /** The vendor's public keys. */
  readonly keysFile: string
  /** The path of the Go baseline. */
  readonly baseline: string
  /** The Entitlement, as a watch brings it. */
  readonly published: Store<Published>
  /** How many agents want no replicas. */
  asleep(): number
  /** Installs a license that nobody has seen yet. */
  license(): Promise<void>
  /** Revokes the license that was installed last. */
  revoke(): Promise<void>
  /** Resolves once it is so; looks whenever something was seen to change. */
  until(what: string, so: () => boolean): Promise<void>
  /** Takes away what the last contender has made, so that the next one begins like it did. */
  clean(): Promise<void>
}

export const AGENTS_NAMESPACE = 'cto-agents'
const AT_ONCE = 24
const PATIENCE_MS = 180_000

export async function setStage({ nodes, agents, log, apiserverArgs = [] }: StageOptions): Promise<Stage> {
  const baseline = await buildBaseline(log)
  const plane = await startControlPlane({ log, apiserverArgs })
  const folder = await mkdtemp(join(tmpdir(), 'cto-bench-'))
  const watching = new AbortController()
  try {
    const cluster = await connect(plane.kubeconfigPath)
    await prepare(cluster)
    const vendor = await aVendor()
    const revoker = await aVendor('revocation')
    const trust = trusting(vendor, revoker)
    const keysFile = join(folder, 'trusted-keys.json')
    await writeFile(keysFile, JSON.stringify({ keys: [vendor.publicJwk, revoker.publicJwk] }))

    log(`creating ${nodes} nodes of 11 KB and ${agents} agents`)
    await atOnce(nodes, (index) => cluster.client.create(kinds.nodes, largeNode(index), soon()))
    await cluster.apply(kinds.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: AGENTS_NAMESPACE, labels: { 'cto.5dlabs.io/managed': 'true' } },
    })
    await atOnce(agents, (index) =>
      cluster.client.create(kinds.deployments, agentDeployment(`agent-${index}`, AGENTS_NAMESPACE), soon()),
    )

    const replicas = new Store<number>()
    const published = new Store<Published>()
    let asleep = 0
    replicas.onChange((_key, before, after) => (asleep += Number(after === 0) - Number(before === 0)))
    const { signal } = watching
    const ofReplicas = { resource: kinds.deployments, namespace: AGENTS_NAMESPACE, project: replicasOf }
    const running = [
      reflect(cluster.client, ofReplicas, replicas, signal),
      reflect(cluster.client, { resource: entitlements, project: publishedIn }, published, signal),
    ]

    let serial = 0
    const revoked = new Map<string, number>()
    const licenseId = () => `lic-${serial}`
    return {
      plane,
      cluster,
      folder,
      keysFile,
      baseline,
      published,
      asleep: () => asleep,
      async license() {
        serial++
        await cluster.installLicense(await aLicense(vendor, { plan: 'enterprise', licenseId: licenseId() }))
      },
      async revoke() {
        const now = Math.floor(Date.now() / 1_000) * 1_000
        revoked.set(licenseId(), now)
        const list = { product: 'cto', version: revoked.size, issuedAt: now, revoked }
        await cluster.secret(
          'cto-revocations',
          'revocations.jws',
          await signRevocationList(list, '5D Labs', revoker, trust),
        )
      },
      until(what, so) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const look = () => so() && resolve()
        const deafen = [replicas.onChange(look), published.onChange(look)]
        const patience = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE_MS)
        look()
        return promise.finally(() => {
          clearTimeout(patience)
          for (const stopListening of deafen) stopListening()
        })
      },
      async clean() {
        const gone = async (resource: kinds.Resource, name: string, namespace?: string) => {
          await cluster.remove(resource, name, namespace).catch((error: unknown) => {
            if (!isNotFound(error)) throw error
          })
        }
        for (const resource of [kinds.admissionPolicyBindings, kinds.admissionPolicies]) {
          const { items } = await cluster.client.list(resource, {}, {}, soon())
          for (const { metadata } of items ?? []) await gone(resource, metadata.name)
        }
        await gone(entitlements, 'cto')
        await gone(kinds.secrets, 'cto-evidence', 'cto-system')
      },
      async [Symbol.asyncDispose]() {
        watching.abort()
        await Promise.all(running)
        await plane.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    watching.abort()
    await plane.stop()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function replicasOf(raw: unknown): number {
  return (raw as { spec: { replicas: number } }).spec.replicas
}

function publishedIn(raw: unknown): Published {
  const { status } = raw as { status?: { verdict?: string; nodes?: { total?: number } } }
  return { verdict: status?.verdict ?? '', nodes: status?.nodes?.total ?? 0 }
}

/** Does it with each number below the count, some at a time. */
export async function atOnce(
  count: number,
  work: (index: number) => Promise<unknown>,
  workers = AT_ONCE,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (next < count) await work(next++)
    }),
  )
}

export const rest = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
