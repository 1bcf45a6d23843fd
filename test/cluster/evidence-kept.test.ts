// What the operator knows is kept until it is kept, whoever is in the way; and what it remembers of its decisions is believed
// after a restart only as it wrote it.

import { expect, test } from 'vitest'
import { entitlements, licenses } from '../../src/api/resources.ts'
import { eksLikeNode } from '../../src/devtools/control-plane/kind-nodes.ts'
import { DAY, SECOND } from '../../src/domain/time.ts'
import { REVOCATION_LIST } from '../../src/domain/license/compact-jws.ts'
import { admissionPolicies, admissionPolicyBindings, secrets } from '../../src/kube/resource.ts'
import { useControlPlane } from '../support/control-plane.ts'
import {
  addNodes,
  aDocument,
  aLicense,
  aVendor,
  connect,
  prepare,
  runOperator,
  soon,
  trusting,
} from '../support/operator.ts'

const controlPlane = useControlPlane()
const ADMISSION = 'admissionregistration.k8s.io/v1'
const MANY = 450

test('evidence that cannot be kept, and a memory that is not ours', { timeout: 240_000 }, async () => {
  const cluster = await connect(controlPlane.plane.kubeconfigPath)
  const { client } = cluster
  await prepare(cluster)
  await addNodes(cluster, [eksLikeNode(1)])
  const vendor = await aVendor()
  const revoker = await aVendor('revocation')
  const run = async () => runOperator(await cluster.access(), vendor, { trustedKeys: trusting(vendor, revoker) })
  const kept = async () => Object.keys((await cluster.object(secrets, 'cto-evidence', 'cto-system'))?.['data'] ?? {})
  const conditionOf = async (type: string) =>
    (await cluster.entitlement()).conditions.find((condition) => condition.type === type)
  const notes = async (reason: string) => {
    const list = await client.raw('/apis/events.k8s.io/v1/events', soon())
    return (list as { items: { reason: string; note: string }[] }).items
      .filter((event) => event.reason === reason)
      .map(({ note }) => note)
  }
  const now = Math.floor(Date.now() / SECOND)
  const list = await aDocument(REVOCATION_LIST, revoker, {
    iss: '5D Labs',
    aud: 'cto',
    iat: now - 100,
    version: 1,
    revoked: [{ jti: 'lic-old', at: now - 60 }],
  })

  {
    await using running = await run()
    await cluster.installLicense(
      await aLicense(vendor, { licenseId: 'lic-old', plan: 'enterprise', organization: 'A'.repeat(250) }),
    )
    await cluster.entitled(({ licenseId }) => licenseId === 'lic-old')
    await running.operator.idle()

    // An administrator's policy refuses the Secret for a while, and that is when the revocation comes.
    const resourceRules = [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['secrets'],
        operations: ['CREATE', 'UPDATE'],
        resourceNames: ['cto-evidence'],
      },
    ]
    const spec = {
      matchConstraints: { resourceRules },
      validations: [{ expression: 'false', message: 'the scanner is down' }],
    }
    const policy = { apiVersion: ADMISSION, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'outage' }, spec }
    const binding = {
      ...policy,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: 'outage', validationActions: ['Deny'] },
    }
    await client.create(admissionPolicies, policy, soon())
    await client.create(admissionPolicyBindings, binding, soon())
    await cluster.eventually('the policy to be enforced', async () =>
      cluster.secret('cto-evidence', 'probe', 'x').then(
        () => false,
        () => true,
      ),
    )
    await cluster.secret('cto-revocations', 'revocations.jws', list)
    await cluster.entitled(({ verdict }) => verdict === 'Revoked')
    const said = await cluster.eventually('it to be said', async () => conditionOf('EvidenceKept'))
    expect(said).toMatchObject({ status: 'False', reason: 'EvidenceNotKept' })
    expect(said.message).toMatch(/Secret cto-system\/cto-evidence: .*the scanner is down/)
    await cluster.remove(admissionPolicyBindings, 'outage')
    await cluster.eventually('the revocation to be kept, though nothing else happens', async () =>
      (await kept()).includes('revocations'),
    )
    await cluster.eventually('it to be over', async () => (await conditionOf('EvidenceKept')) === undefined)
    expect(await notes('Recovered')).toHaveLength(1)

    // Licenses with names of every length, and more of them than there is room for.
    const secretRef = { namespace: 'cto-system', name: 'acme' }
    const make = (name: string) =>
      client.create(
        licenses,
        { apiVersion: 'cto.5dlabs.io/v1', kind: 'License', metadata: { name }, spec: { secretRef } },
        soon(),
      )
    for (const length of [200, 201, 244, 246, 250, 253]) await make('a'.repeat(length))
    await running.operator.idle()
    expect((await kept()).filter((key) => key.startsWith('license.aaa'))).toHaveLength(6)
    for (let index = 0; index < MANY; index++) await make(`many-${index}`)
    await cluster.eventually(
      'the lack of room to be said',
      async () => (await conditionOf('EvidenceKept'))?.reason === 'NoRoom',
    )
    expect(await kept()).toEqual(expect.arrayContaining(['revocations', 'license.acme']))
  }
  await cluster.remove(secrets, 'cto-revocations', 'cto-system')
  {
    await using running = await run()
    await running.operator.ready
    expect(await cluster.entitlement()).toMatchObject({ verdict: 'Revoked' })
    expect(await notes('MemoryNotBelieved')).toEqual([])
  }

  // While no operator runs, somebody writes into the status what it is to remember.
  const entitlement = await client.get(entitlements, { name: 'cto' }, soon())
  const status = await cluster.entitlement()
  const forged = {
    ...status,
    cluster: { ...status.cluster, type: 'Kind', platform: 'local', proven: true },
    nodes: { ...status.nodes, overSince: new Date(Date.now() + 900 * DAY).toISOString() },
  }
  await client.replace(entitlements, { ...entitlement, status: forged }, soon(), 'status')
  {
    await using running = await run()
    await running.operator.ready
    const after = await cluster.entitlement()
    expect(after.cluster).toMatchObject({ type: 'EKS', platform: status.cluster.platform })
    expect(after.cluster.contradictions.join()).not.toContain('is seen now')
    expect(after.nodes).not.toHaveProperty('overSince')
    await running.operator.idle()
    const [note, ...more] = await cluster.eventually('the Event', async () => {
      const all = await notes('MemoryNotBelieved')
      return all.length > 0 && all
    })
    expect(more).toEqual([])
    expect(note).toMatch(/Entitlement cto .* does not fit its signature and is not believed; what runs goes on until/)
  }
})
