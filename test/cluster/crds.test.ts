// The CRDs on a real API server: they are established, the portal's manifest applies unchanged, kubectl shows and explains
// them, what the operator publishes fits, and API server and readers judge every object alike.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { API_VERSION } from '../../src/api/names.ts'
import { entitlements, licenses, platformConfigs } from '../../src/api/resources.ts'
import {
  entitlementStatus,
  licenseStatus,
  platformConfigStatus,
} from '../../src/operator/controllers/entitlement/status.ts'
import { decide } from '../../src/domain/entitlement/decision.ts'
import { workloadKey } from '../../src/domain/entitlement/facts.ts'
import { DAY } from '../../src/domain/time.ts'
import { type Resource, resourcePath } from '../../src/kube/resource.ts'
import { type CorpusObject, invalid, portalManifest, readByUs, resourceOf, valid } from '../fixtures/crds/corpus.ts'
import { eks, facts, license, NOW, wanted, workload, circumstances } from '../support/builders.ts'
import { useControlPlane } from '../support/control-plane.ts'
import { blocks, pages } from '../support/pages.ts'

const KINDS = [platformConfigs, licenses, entitlements]
const FIXTURE = join(import.meta.dirname, '../fixtures/crds/valid/platform-config-from-the-portal.yaml')

const cluster = useControlPlane()

beforeAll(async () => {
  await succeed('apply', '-f', 'crds')
  await succeed('wait', '--for=condition=Established', '--timeout=30s', ...KINDS.map(({ plural }) => crd(plural)))
  // Served at once, described a moment later.
  for (const { plural } of KINDS) {
    await vi.waitFor(() => succeed('explain', `${plural}.status`), { timeout: 30_000, interval: 250 })
  }
})

const crd = (plural: string) => `crd/${plural}.cto.5dlabs.io`

/** Runs kubectl, which has to succeed; what it says. */
async function succeed(...args: (string | { input: string })[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(...args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

interface Judgement {
  readonly accepted: boolean
  /** What the API server makes of it. */
  readonly spec: unknown
  /** Paths of the fields that it refuses. */
  readonly refused: readonly string[]
  readonly said: string
}

async function judge(object: CorpusObject): Promise<Judgement> {
  const path = resourcePath(resourceOf(object), {}, { dryRun: 'All', fieldValidation: 'Ignore' })
  // A name that is not taken: what is asked is only whether the API server would.
  const { status, body } = await cluster.request('POST', path, { ...object, metadata: { name: 'judged' } })
  if (status === 201) {
    return { accepted: true, spec: (body as CorpusObject).spec ?? {}, refused: [], said: '' }
  }
  const { message, details } = body as { message: string; details?: { causes?: { field?: string }[] } }
  expect(status, message).toBe(422)
  return { accepted: false, spec: {}, refused: (details?.causes ?? []).map(({ field = '' }) => field), said: message }
}

/** The same object of the API server and of our reader. A null that the API server keeps is nothing to the reader. */
async function expectAgreement(object: CorpusObject): Promise<void> {
  const [theirs, ours] = [await judge(object), readByUs(object)]
  const about = `${JSON.stringify(object.spec)}\n${theirs.said}\n${JSON.stringify(ours)}`
  expect(ours.kind === 'ok', about).toBe(theirs.accepted)
  if (ours.kind === 'ok') expect(withoutNulls(theirs.spec), about).toEqual(ours.value.spec)
}

function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, field: unknown) => (field === null ? undefined : field)) as unknown
}

test('the API server takes the schemas without reservation', async () => {
  for (const { plural } of KINDS) {
    const { status } = JSON.parse(await succeed('get', crd(plural), '-o', 'json')) as {
      status: { conditions: { type: string; status: string }[] }
    }
    const holding = status.conditions.filter((condition) => condition.status === 'True').map(({ type }) => type)
    expect(holding.toSorted()).toEqual(['Established', 'NamesAccepted'])
  }
})

describe('the manifest that the portal generates applies unchanged', () => {
  const documented = portalManifest() ?? ''
  const NO_DOCUMENT = 'the product document is not here: CTO_SHARED names the folder that has it'
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['kubectl apply', ['apply', '--validate=strict']],
    ['kubectl apply --server-side', ['apply', '--server-side', '--force-conflicts', '--validate=strict']],
    ['kubectl replace', ['replace', '--validate=strict']],
  ]

  test.for(ways)('%s, as our fixture has it', async ([, args]) => {
    await succeed(...args, '-f', FIXTURE)
  })

  test.for(ways)('%s, as the product document has it', async ([, args], { skip }) => {
    skip(documented === '', NO_DOCUMENT)
    await succeed(...args, '-f', '-', { input: documented })
    const live = JSON.parse(await succeed('get', 'pcfg', 'acme-corp-deployment', '-o', 'json')) as CorpusObject
    expect(withoutNulls(live.spec)).toEqual(withoutNulls((parse(documented) as CorpusObject).spec))
  })

  test('our fixture says what the product document says', async ({ skip }) => {
    skip(documented === '', NO_DOCUMENT)
    expect(parse(await readFile(FIXTURE, 'utf8'))).toEqual(parse(documented))
  })
})

const examples = pages.flatMap(({ path, text }) =>
  blocks(text, 'yaml')
    .filter((block) => block.includes('apiVersion:'))
    .map((block) => [path, block] as const),
)

test.each(examples)(
  'an example of %s is taken by the API server, with nothing in it that it does not know',
  async (_, block) => {
    await succeed('apply', '--dry-run=server', '--validate=strict', '-f', '-', { input: block })
  },
)

test.each(valid)('$name is read as the API server reads it', async ({ object }) => {
  await expectAgreement(object)
})

test.each(invalid)('$name is refused by both, and the API server names $refusedAt', async ({ object, refusedAt }) => {
  await expectAgreement(object)
  expect((await judge(object)).refused).toContain(refusedAt)
})

test('a license file in place of a key is told where it belongs, and is not repeated', async () => {
  const file = 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl'
  const config = { apiVersion: API_VERSION, kind: 'PlatformConfig', spec: { license: { key: file } } }
  const license = { apiVersion: API_VERSION, kind: 'License', spec: { key: file } }
  for (const object of [config, license]) {
    const { said } = await judge({ ...object, metadata: { name: 'pasted' } })
    expect(said).toContain('a license file (.lic) belongs in a Secret that a License names')
    expect(said).not.toContain(file)
  }
})

test('objects that are broken at random are judged alike', { timeout: 120_000 }, async () => {
  const complete = valid.filter(({ name }) => /portal|everything|secret-with-key|license-key/.test(name))
  const mutant = fc
    .tuple(fc.constantFrom(...complete), fc.nat(), fc.constantFrom(...MUTATIONS))
    .map(([{ object }, position, mutation]) => mutated(object, position, mutation))
  await fc.assert(fc.asyncProperty(mutant, expectAgreement), { numRuns: 200 })
})

type Mutation = (value: unknown) => unknown
const DROP = Symbol('drop')
const MUTATIONS: readonly Mutation[] = [
  () => DROP,
  () => null,
  () => 'text',
  () => 'Not A Word!',
  () => '',
  () => '\u0000',
  () => 'l'.repeat(300),
  () => 0,
  () => -1,
  () => 1.5,
  () => 1e21,
  () => 100_001,
  () => true,
  () => [],
  () => [null],
  () => ['a', 'a'],
  () => ({}),
  () => ({ enabled: 'yes' }),
  (value) => [value, value],
  (value) => String(value),
  (value) => (Array.isArray(value) ? [...value, ...value] : value),
]

/** The object with one value of its spec replaced: the one at that position, counting all the values in it. */
function mutated(object: CorpusObject, position: number, mutation: Mutation): CorpusObject {
  const copy = structuredClone(object)
  const places: [Record<string, unknown>, string][] = [[copy as unknown as Record<string, unknown>, 'spec']]
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    const parent = value as Record<string, unknown>
    for (const name of Object.keys(parent)) {
      places.push([parent, name])
      visit(parent[name])
    }
  }
  visit(copy.spec)
  const [parent, name] = places[position % places.length]!
  const value = mutation(parent[name])
  if (value !== DROP) parent[name] = value
  else if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
  return copy
}

describe('kubectl explain', () => {
  const fieldsOf = async () => {
    const { spec } = parse(await readFile(FIXTURE, 'utf8')) as CorpusObject
    return [...new Set(pathsIn(spec))]
  }

  test('--recursive shows every field of the portal’s manifest', async () => {
    const shown = explained(await succeed('explain', 'platformconfig.spec', '--recursive'))
    expect((await fieldsOf()).filter((path) => !shown.has(path))).toEqual([])
  })

  test('says of each what it means', async () => {
    const silent: string[] = []
    for (const path of await fieldsOf()) {
      const text = await succeed('explain', `platformconfig.spec.${path}`)
      if (!/^DESCRIPTION:\n {4}\S/m.test(text) || text.includes('<empty>')) silent.push(path)
    }
    expect(silent).toEqual([])
  })

  /** Paths without the positions in lists. */
  function pathsIn(value: unknown, path = ''): string[] {
    if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, path))
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([name, field]) => {
      const below = path === '' ? name : `${path}.${name}`
      return [below].concat(pathsIn(field, below))
    })
  }

  /** Paths in what `--recursive` says: two more blanks at the start of a line are one step down. */
  function explained(text: string): Set<string> {
    const trail: string[] = []
    const fields = text.slice(text.indexOf('FIELDS:')).matchAll(/^( +)(\w+)\t</gm)
    return new Set(
      [...fields].map(([, blanks = '', name = '']) => {
        trail.splice(blanks.length / 2 - 1, Infinity, name)
        return trail.join('.')
      }),
    )
  }
})

describe('what the operator publishes', () => {
  const decision = decide(
    facts({
      cluster: eks,
      nodes: { counted: 5, total: 6, excluded: [] },
      licenses: [license({ expiresAt: NOW - 40 * DAY, limits: { nodes: 3, agents: 2 } })],
      wanted: wanted(['rex', 'blaze', 'tess', 'my-agent']),
      workloads: [
        workload('rex', { createdAt: NOW - 60 * DAY }),
        workload('rex', { createdAt: NOW - 60 * DAY, resource: 'statefulsets', kind: 'StatefulSet' }),
        workload('atlas', { held: true, wants: 3 }),
        workload('blaze', { wants: 0 }),
      ],
    }),
  )
  const entitlement = entitlementStatus(decision, undefined, 1, NOW, circumstances)
  const { health = { level: 'Healthy', headline: '', problems: [] } } = entitlement
  const statuses: [Resource, string, unknown, object][] = [
    [
      platformConfigs,
      'published',
      { agents: { enabled: [{ name: 'rex' }] } },
      platformConfigStatus(decision, {
        health,
        wanted: ['rex', 'blaze', 'tess', 'my-agent'].map((name) =>
          workloadKey({ resource: 'deployments', namespace: 'cto-agents', name }),
        ),
        stalled: 'not in use',
        generation: 1,
        now: NOW,
      }),
    ],
    [
      licenses,
      'published',
      { secretRef: { namespace: 'cto-system', name: 'cto-license' } },
      licenseStatus(decision.licenses[0]!, decision, undefined, 1, NOW),
    ],
    [entitlements, 'cto', { product: 'cto' }, entitlement],
  ]

  test.each(statuses)(
    '$plural: is stored as it is, and nothing of it is dropped',
    async (resource, name, spec, status) => {
      const object = { apiVersion: API_VERSION, kind: resource.kind, metadata: { name }, spec }
      expect(await cluster.request('POST', resourcePath(resource), object)).toMatchObject({ status: 201 })
      const path = resourcePath(resource, { name, subresource: 'status' }, { fieldValidation: 'Strict' })
      const { body } = await cluster.request('PATCH', path, { status }, 'application/merge-patch+json')
      const { message, status: stored } = body as { message?: string; status?: unknown }
      expect(stored, message).toEqual(status)
    },
  )

  test('kubectl shows it in columns', async () => {
    const [config, ofConfig] = await columns('pcfg', 'published')
    expect(config).toEqual(['NAME', 'TIER', 'VERDICT', 'CLUSTER', 'AGENTS', 'READY', 'AGE'])
    expect(ofConfig.slice(0, -1)).toEqual(['published', 'team', 'Expired', 'EKS', '1/4', 'True'])

    const [license, ofLicense] = await columns('lic', 'published')
    expect(license).toEqual(['NAME', 'TIER', 'STATE', 'ORGANIZATION', 'EXPIRES', 'NODES', 'AGENTS', 'AGE'])
    expect(ofLicense.slice(0, -1)).toEqual([
      'published',
      'team',
      'Expired',
      'Acme Corp',
      '2026-10-12T08:00:00Z',
      '5/3',
      '2/2',
    ])

    const [entitlement, ofEntitlement] = await columns('ent', 'cto')
    expect(entitlement).toEqual([
      'NAME',
      'VERDICT',
      'PLAN',
      'DEGRADATION',
      'HEALTHY',
      'NODES',
      'AGENTS',
      'EXPIRES',
      'AGE',
    ])
    expect(ofEntitlement.slice(0, -1)).toEqual([
      'cto',
      'Expired',
      'team',
      'NewAgentsBlocked',
      'False',
      '5',
      '2/2',
      '2026-10-12T08:00:00Z',
    ])
  })

  test('kubectl get cto shows all of it', async () => {
    const names = (await succeed('get', 'cto', '-o', 'name')).split('\n')
    expect(names).toEqual(
      expect.arrayContaining([
        'platformconfig.cto.5dlabs.io/published',
        'license.cto.5dlabs.io/published',
        'entitlement.cto.5dlabs.io/cto',
      ]),
    )
  })

  async function columns(kind: string, name: string): Promise<[string[], string[]]> {
    const [head = '', row = ''] = (await succeed('get', kind, name)).split('\n')
    const cells = (line: string) => line.trim().split(/\s{2,}/)
    return [cells(head), cells(row)]
  }
})
