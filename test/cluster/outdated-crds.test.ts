// CRDs that are older than the operator drop what they do not know of each status, without a word. Nobody has changed
// anything then: the operator says what is dropped, and accuses nobody.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../../src/files/package-root.ts'
import { MINUTE } from '../../src/domain/time.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { licenses } from '../../src/api/resources.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { aLicense, aVendor, connect, crds, makeKind, prepare, runOperator } from '../support/operator.ts'

const controlPlane = useControlPlane({ components: { controllerManager: true } })

/** What CRDs of earlier versions did not have, by the plural of their kind. */
const UNKNOWN: Readonly<Record<string, readonly string[]>> = {
  entitlements: ['seal', 'health', 'trustedKeys', 'nodes.pastPeaks', 'agents.recovering'],
  licenses: ['product', 'conditions.items.observedGeneration'],
  platformconfigs: ['cluster'],
}

test('CRDs that drop fields are said, and nobody is blamed for it', { timeout: 90_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  await prepare(cluster)
  await makeKind(cluster, { workers: 1 })
  const vendor = await aVendor()
  const clock = new ManualClock(Date.now())
  const run = async () => runOperator(await cluster.access(), vendor, { clock, trustedKeys: vendor.trust })
  await cluster.installLicense(await aLicense(vendor))
  await cluster.config(['rex'])
  // With CRDs of its own version it signs: from then on, what is not signed is not believed.
  await using first = await run()
  await first.operator.idle()
  await first.stop()
  for (const plural of Object.keys(UNKNOWN)) await install(plural, UNKNOWN[plural])

  const eventsOf = async (reason: string) => {
    const { stdout } = await controlPlane.kubectl(
      'get',
      'events',
      '-A',
      '--field-selector',
      `reason=${reason}`,
      '-o',
      'name',
    )
    return stdout.trim()
  }
  const outdated = ({ conditions }: { readonly conditions: readonly { type: string; message: string }[] }) =>
    conditions.find(({ type }) => type === 'CrdsCurrent')

  for (const term of ['the first term', 'after a restart']) {
    await using running = await run()
    const status = await cluster.entitled((one) => outdated(one) !== undefined, `the finding in ${term}`)
    expect(outdated(status), term).toMatchObject({ status: 'False', reason: 'CrdsOutdated' })
    const { message = '' } = outdated(status) ?? {}
    for (const field of ['Entitlement', 'seal', 'health', 'trustedKeys']) expect(message, term).toContain(field)
    await running.operator.idle()
    const writes = running.writes()
    const decisions = async () => Number(/^cto_decisions_total (\d+)/m.exec(await running.metrics())?.[1] ?? 0)
    const decided = await decisions()
    for (let turn = 0; turn < 5; turn++) {
      // Nothing of the decision changes by it.
      const patch = JSON.stringify({ stringData: { note: `${term}, ${turn}` } })
      expect(await controlPlane.kubectl('patch', 'secret', 'acme', '-n', 'cto-system', '-p', patch)).toMatchObject({
        code: 0,
      })
      await new Promise((resolve) => setTimeout(resolve, 300))
      await running.operator.idle()
    }
    expect(await decisions(), term).toBeGreaterThan(decided)
    expect(running.writes() - writes, term).toBe(0)
    expect(await running.metrics()).not.toMatch(/^cto_tampering_restored_total\{.*\} [1-9]/m)
  }
  expect(await eventsOf('TamperingRestored')).toBe('')
  expect(await eventsOf('MemoryNotBelieved')).toBe('')

  // What somebody changes is put right all the same.
  await using last = await run()
  await cluster.entitled((one) => outdated(one) !== undefined)
  await last.operator.idle()
  const forged = JSON.stringify({ status: { plan: 'enterprise' } })
  expect(
    await controlPlane.kubectl('patch', 'entitlement', 'cto', '--subresource=status', '--type=merge', '-p', forged),
  ).toMatchObject({ code: 0 })
  await cluster.eventually('the Event of it', async () => (await eventsOf('TamperingRestored')) !== '')
  expect(await cluster.entitlement()).toMatchObject({ plan: 'team' })

  for (const plural of Object.keys(UNKNOWN)) await install(plural)
  await cluster.eventually('the finding to be over', async () => {
    clock.advance(10 * MINUTE)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const status = await cluster.entitlement()
    return outdated(status) === undefined && status.seal !== undefined && status.health !== undefined
  })
  const license = await cluster.object(licenses, 'acme')
  expect(license?.['status']).toMatchObject({ product: 'cto', state: 'Valid' })

  /** The CRD without those fields of its status; returns once the API server goes by it. */
  async function install(plural: string, without: readonly string[] = []): Promise<void> {
    const file = join(packageRoot(), 'crds', `cto.5dlabs.io_${plural}.yaml`)
    const crd = parse(await readFile(file, 'utf8')) as RawObject & { spec: { versions: { schema: unknown }[] } }
    for (const path of without) drop(crd.spec.versions[0]?.schema, path)
    await cluster.apply(crds, crd)
    // It is served a moment later, and nothing tells when.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
})

interface Schema {
  properties: Record<string, Schema>
  required?: string[]
  items: Schema
}

function drop(schema: unknown, path: string): void {
  let at = (schema as { openAPIV3Schema: Schema }).openAPIV3Schema.properties['status'] as Schema
  const names = path.split('.')
  const last = names.pop() ?? ''
  for (const name of names) at = name === 'items' ? at.items : (at.properties[name] as Schema)
  expect(Object.keys(at.properties), path).toContain(last)
  delete at.properties[last]
  if (at.required !== undefined) at.required = at.required.filter((name) => name !== last)
}
