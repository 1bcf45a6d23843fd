// On a distribution that the Free plan does not cover: what a person does there, from the installation to the license.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StartedK3sContainer } from '@testcontainers/k3s'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONTROL_PLANE } from '../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../src/devtools/control-plane/binaries.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { AGENTS, anAgent, aPerson, type Person, SYSTEM } from '../e2e/support/person.ts'
import { AGENT_IMAGE, deliver, type Delivery } from '../e2e/support/site.ts'
import { aLicense } from '../support/operator.ts'
import { productManifest } from '../support/product-document.ts'
import { k3sContainer, whyNoK3s } from './k3s-container.ts'

const problem = await whyNoK3s()
if (problem !== undefined) console.error(`k3s: skipped: ${problem}`)

describe.skipIf(problem !== undefined)('K3s in a container', () => {
  let folder: string
  let delivery: Delivery
  let k3s: StartedK3sContainer | undefined
  let person: Person

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cto-k3s-'))
    delivery = await deliver(join(folder, 'vendor'))
    const { sandbox, operator, agent } = delivery
    const put = async (name: string, archive: Buffer) => {
      await writeFile(join(folder, name), archive)
      return join(folder, name)
    }
    k3s = await k3sContainer({
      sandbox,
      operator: await put('operator.tar', operator.archive),
      agent: await put('agent.tar', agent.archive),
    }).start()
    const kubeconfigPath = join(folder, 'kubeconfig')
    await writeFile(kubeconfigPath, k3s.getKubeConfig(), { mode: 0o600 })
    const { kubectl } = await locateBinaries(CONTROL_PLANE, { log: (line) => console.error(line) })
    person = await aPerson({ kubeconfigPath, kubectl, home: folder })
  })
  afterAll(async () => {
    await k3s?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('it is what it is taken for, and the Free plan is not for it: no agent starts, and it is said why', async () => {
    const chart = join(packageRoot(), 'charts', 'cto-operator')
    const images = ['--set', `image.tag=${delivery.operator.name.split(':').at(-1)}`]
    const where = ['--namespace', SYSTEM, '--create-namespace', '--wait', '--timeout', '2m']
    await person.helm('install', 'cto-operator', chart, ...where, ...images)
    await person.apply(productManifest().manifest)
    const { verdict, cluster, agents } = await person.decided('a decision on three agents', ({ agents }) => {
      return agents.refused.length === 3
    })
    expect({ verdict, type: cluster.type, proven: cluster.proven }).toEqual({
      verdict: 'ClusterTypeNotAllowed',
      type: 'K3s',
      proven: true,
    })
    expect(agents.admitted).toEqual([])
    const manifest = JSON.stringify(anAgent('tess', AGENTS, AGENT_IMAGE, 1))
    const { code, stderr } = await person.tryKubectl(['apply', '-f', '-'], manifest)
    expect(code).not.toBe(0)
    expect(stderr).toContain('agent tess is not licensed')
  })

  test('with a license, they run', async () => {
    const license = join(folder, 'license.lic')
    await writeFile(license, await aLicense(delivery.vendor))
    await person.kubectl('create', 'secret', 'generic', 'cto-license', '-n', SYSTEM, `--from-file=${license}`)
    await person.decided('the Team plan', ({ plan }) => plan === 'team')
    for (const name of ['rex', 'blaze', 'tess']) await person.runs(name)
  })

  test('uninstalled, nothing of it is in the way', async () => {
    await person.helm('uninstall', 'cto-operator', '--namespace', SYSTEM, '--wait', '--timeout', '2m')
    const policies = 'validatingadmissionpolicies,validatingadmissionpolicybindings'
    expect(await person.kubectl('get', policies, '-o', 'name')).toBe('')
    await person.apply(anAgent('anything', AGENTS, AGENT_IMAGE, 1))
    await person.runs('anything')
  })
})
