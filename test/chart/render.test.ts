// What the chart renders: for which values it does so, what it refuses, and that it is the same every time.

import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { builtInCatalogs } from '../../src/cli/catalogs.ts'
import { packageRoot } from '../../src/files/package-root.ts'
import { policyKeys } from '../../src/operator/controllers/policy/controller.ts'
import type { RawObject } from '../../src/kube/object.ts'
import { readmeWithValues } from '../../src/devtools/packaging/values-table.ts'
import { dutiesOf } from '../../src/operator/required-rights.ts'
import { LOADS_CODE } from '../../src/runtime/foreign-code.ts'
import { createMetrics } from '../../src/operator/telemetry/metrics.ts'
import { VERSION } from '../../src/version.ts'
import { allows, inWords, rightsOf } from '../support/audit.ts'
import { CHART, DOCUMENTED, helm, objectsOf, render, template, type Values, valuesFile } from '../support/chart.ts'
import { catalog } from '../support/operator.ts'

const MONITORING = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'].map((kind) => `monitoring.coreos.com/v1/${kind}`)
const read = (...path: string[]) => readFileSync(join(CHART, ...path), 'utf8')
const values = parse(read('values.yaml')) as Values

describe('the chart', () => {
  test.each(Object.keys(DOCUMENTED))('renders %s as it did', async (name) => {
    const { code, stdout, stderr } = await template(DOCUMENTED[name] ?? {}, { apiVersions: MONITORING })
    expect(code, stderr).toBe(0)
    // The CRDs have a test of their own.
    const objects = stdout.split(/^---$/m).filter((text) => !text.includes('kind: CustomResourceDefinition'))
    await expect(objects.join('---')).toMatchFileSnapshot(`__snapshots__/${name}.yaml`)
  })

  test('is without fault to the linter', async () => {
    const { code, stdout } = await helm(['lint', '--strict', CHART])
    expect(stdout).toMatch(/1 chart\(s\) linted, 0 chart\(s\) failed/)
    expect(code).toBe(0)
  })

  test('is the same each time, and asks neither the cluster nor chance', async () => {
    const all = { ...DOCUMENTED['observed'], ...DOCUMENTED['license-by-key'], ha: { enabled: true } }
    const [one, other] = await Promise.all([template(all), template(all)])
    expect(one.stdout).toBe(other.stdout)
    const asks =
      /\b(lookup|randAlpha\w*|randNumeric|randAscii|randBytes|uuidv4|now|genCA|genSelfSignedCert|genPrivateKey)\b/
    for (const file of readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(yaml|tpl)$/.test(file)) continue
      // Between the braces only: comments and messages may use the words.
      const actions = [
        ...read('templates', file)
          .replace(/\{\{-? *\/\*[^]*?\*\/ *-?\}\}/g, '')
          .matchAll(/\{\{[^}]*\}\}/g),
      ]
      expect(
        actions.filter(([action]) => asks.test(action.replace(/"[^"]*"/g, ''))),
        file,
      ).toEqual([])
    }
  })

  test('has the version of the package', () => {
    expect(parse(read('Chart.yaml'))).toMatchObject({ version: VERSION, appVersion: VERSION })
    expect(read('Chart.yaml')).toContain(`image: ghcr.io/5dlabs/cto-operator:${VERSION}`)
  })

  test("brings the repository's CRDs, and leaves them when it goes", async () => {
    const folder = join(packageRoot(), 'crds')
    const crds = readdirSync(folder).map((file) => objectsOf(readFileSync(join(folder, file), 'utf8'))[0]!)
    const rendered = (await render({})).filter(({ kind }) => kind === 'CustomResourceDefinition')
    const specs = (objects: readonly RawObject[]) =>
      Object.fromEntries(objects.map(({ metadata, ...object }) => [metadata.name, object['spec']]))
    expect(specs(rendered)).toEqual(specs(crds))
    for (const { metadata } of rendered) expect(metadata['annotations']).toEqual({ 'helm.sh/resource-policy': 'keep' })
    expect((await render({ crds: { enabled: false } })).map(({ kind }) => kind)).not.toContain(
      'CustomResourceDefinition',
    )
  })

  test.each(['cto-operator', 'cto-operator-crds'])('%s has them as files of its own, or is refused', async (chart) => {
    const folder = join(packageRoot(), 'crds')
    const copy = join(packageRoot(), 'charts', chart, 'files', 'crds')
    // What a link is made of it, a checkout elsewhere decides: Flux leaves it out, Windows makes a text of it.
    for (const path of [join(copy, '..'), copy]) expect(lstatSync(path).isSymbolicLink(), path).toBe(false)
    expect(readdirSync(copy)).toEqual(readdirSync(folder))
    for (const file of readdirSync(folder)) {
      expect(lstatSync(join(copy, file)).isFile(), file).toBe(true)
      expect(readFileSync(join(copy, file), 'utf8'), `cp crds/* ${copy}`).toBe(readFileSync(join(folder, file), 'utf8'))
    }
    const broken = mkdtempSync(join(tmpdir(), 'cto-chart-'))
    cpSync(join(packageRoot(), 'charts', chart), broken, { recursive: true })
    rmSync(join(broken, 'files', 'crds', readdirSync(folder)[0] ?? ''))
    const { code, stderr } = await helm(['template', 'x', broken])
    rmSync(broken, { recursive: true })
    expect(code).not.toBe(0)
    expect(stderr).toContain('the chart is not whole: its files/crds has not the three CRDs')
  })

  test('has the CRDs in a chart of their own too, and its README all values', async () => {
    const crdsChart = join(packageRoot(), 'charts', 'cto-operator-crds')
    const rendered = await helm(['template', 'crds', crdsChart])
    const specs = (objects: readonly RawObject[]) =>
      Object.fromEntries(
        objects
          .filter(({ kind }) => kind === 'CustomResourceDefinition')
          .map(({ metadata, ...object }) => [metadata.name, object['spec']]),
      )
    expect(specs(objectsOf(rendered.stdout))).toEqual(specs(await render({})))
    expect((await helm(['lint', '--strict', crdsChart])).code).toBe(0)
    const { version } = parse(readFileSync(join(crdsChart, 'Chart.yaml'), 'utf8')) as { version: string }
    expect(version).toBe(VERSION)
    expect(read('README.md')).toBe(await readmeWithValues(CHART))
  })

  test('is small enough for the Secret in which Helm keeps it', async () => {
    const { stdout } = await template(DOCUMENTED['observed'] ?? {}, { apiVersions: MONITORING })
    // Helm packs a release, and a Secret holds 1 MiB.
    expect(stdout.length).toBeLessThan(200_000)
  })
})

describe('its values', () => {
  const schema = JSON.parse(read('values.schema.json')) as Schema

  test('are all described, and none is described that is not there', () => {
    expect(keysOf(schema).filter((key) => key !== 'enabled')).toEqual(keysOfValues(values, schema))
    for (const [key, { description }] of walk(schema)) expect(description, key).toMatch(/\S.*\.$/)
  })

  test.each<[problem: string, values: Values]>([
    ["additional properties 'imagee' not allowed", { imagee: {} }],
    ["additional properties 'tagg' not allowed", { image: { tagg: '1' } }],
    ["at '/image/digest'", { image: { digest: 'abc' } }],
    ["at '/image/pullPolicy'", { image: { pullPolicy: 'Sometimes' } }],
    ["at '/ha/replicas'", { ha: { replicas: 1 } }],
    ["at '/operator/logLevel'", { operator: { logLevel: 'loud' } }],
    ["at '/operator/holdNotice'", { operator: { holdNotice: 'soon' } }],
    ["at '/rbac/scope'", { rbac: { scope: 'world' } }],
    ["at '/agents/namespace/name'", { agents: { namespace: { name: 'Not A Name' } } }],
    ["at '/agents/namespace/podSecurity'", { agents: { namespace: { podSecurity: 'strict' } } }],
    ["at '/networkPolicy/apiServer/cidrs/0'", { networkPolicy: { apiServer: { cidrs: ['everywhere'] } } }],
    ["at '/metrics/renderMode'", { metrics: { renderMode: 'maybe' } }],
    ["missing property 'name'", { license: { otherSecrets: [{ namespace: 'a' }] } }],
    ['license.secretName and license.key: give one of them', { license: { secretName: 'a', key: 'lic_a' } }],
    ['must be a license key, which begins with lic_', { license: { key: 'eyJhbGciOiJFZERTQSJ9.secret.part' } }],
  ])('are refused: %s', async (problem, bad) => {
    const { code, stderr } = await template(bad)
    expect(stderr).toContain(problem)
    expect(stderr).not.toContain('secret.part')
    expect(code).not.toBe(0)
  })

  test.each<[what: string, values: Values]>([
    ['global values of other charts', { global: { storageClass: 'fast' } }],
    ["a parent's condition", { enabled: true }],
    ['every documented value', values],
  ])('are taken: %s', async (_what, good) => {
    const { code, stderr } = await template(good)
    expect(stderr).not.toContain('Error')
    expect(code).toBe(0)
  })

  test('put every image into one registry, each with its digest', async () => {
    const digest = `sha256:${'b'.repeat(64)}`
    const objects = await render({
      global: { imageRegistry: 'mirror.example.com:5000', imagePullSecrets: ['pull'] },
      image: { digest },
      agents: { image: { digest } },
      license: { key: 'lic_a' },
    })
    const images = [...JSON.stringify(objects).matchAll(/[\w.:/-]*5dlabs\/[^"]*/g)].map(([image]) => image)
    expect(new Set(images)).toEqual(
      new Set(['operator', 'agent'].map((name) => `mirror.example.com:5000/5dlabs/cto-${name}@${digest}`)),
    )
    const pods = objects.map(podSpecOf).filter((pod) => pod !== undefined)
    expect(pods).toHaveLength(4)
    for (const pod of pods) expect(pod['imagePullSecrets']).toEqual([{ name: 'pull' }])
  })

  test('add objects of your own, with templates in them', async () => {
    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
    const objects = await render({
      extraObjects: [
        map('{{ .Release.Name }}-one'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Namespace }}-two }',
      ],
    })
    const names = objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name)
    expect(names).toEqual(['cto-operator-one', 'cto-system-two'])
  })

  test('refuse an environment in which other code than that of the image runs, and say why', async () => {
    const withEnv = (name: string) => template({ operator: { extraEnv: [{ name, value: 'x' }] } })
    // The image runs on Linux.
    for (const name of ['NODE_OPTIONS', ...LOADS_CODE].filter((one) => !one.startsWith('DYLD_'))) {
      const { code, stderr } = await withEnv(name)
      expect(code, name).not.toBe(0)
      expect(stderr).toContain(`operator.extraEnv: ${name} can run code that is not in the image`)
    }
    expect((await withEnv('NODE_NAME')).stderr).toContain('NODE_NAME is set by the chart, from the pod itself')
    for (const name of ['HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS']) expect((await withEnv(name)).code).toBe(0)
  })

  test('say what to do about monitors that the cluster does not know', async () => {
    const monitors = { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } }
    const kinds = async (renderMode: string) =>
      (await render({ metrics: { ...monitors, renderMode } }))
        .map(({ kind }) => kind)
        .filter((kind) => kind?.endsWith('Monitor') === true)
    expect(await kinds('skipIfMissing')).toEqual([])
    expect(new Set(await kinds('alwaysRender'))).toEqual(new Set(['PodMonitor', 'ServiceMonitor']))
    await expect(kinds('failIfMissing')).rejects.toThrow('the cluster has no monitoring.coreos.com/v1/ServiceMonitor')
  })
})

describe('its objects', () => {
  test('keep to the restricted Pod Security Standard, and choose no user', async () => {
    for (const name of Object.keys(DOCUMENTED)) {
      for (const pod of (await render(DOCUMENTED[name] ?? {})).map(podSpecOf)) {
        if (pod === undefined) continue
        expect(pod['securityContext']).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
        for (const container of pod['containers'] as RawObject[]) {
          expect(container['securityContext']).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
          expect(container['resources']).toHaveProperty('limits.memory')
        }
      }
    }
  })

  test('carry the recommended labels, and selectors that never change', async () => {
    for (const object of await render({ commonLabels: { team: 'platform' } })) {
      expect(object.metadata['labels'], `${object.kind} ${object.metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': 'cto-operator',
        'app.kubernetes.io/instance': 'cto-operator',
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/version': VERSION,
        'helm.sh/chart': `cto-operator-${VERSION}`,
        team: 'platform',
      })
      const selector = (object['spec'] as { selector?: { matchLabels?: object } } | undefined)?.selector
      if (selector !== undefined) {
        expect(Object.keys(selector.matchLabels ?? selector)).toEqual([
          'app.kubernetes.io/name',
          'app.kubernetes.io/instance',
          'app.kubernetes.io/component',
        ])
      }
    }
  })

  test('grant no wildcard, no Secret but by its name, and no right to grant', async () => {
    for (const name of Object.keys(DOCUMENTED)) {
      const roles = (await render(DOCUMENTED[name] ?? {})).filter(
        ({ kind }) => kind === 'Role' || kind === 'ClusterRole',
      )
      for (const rule of roles.flatMap((role) => role['rules'] as Rule[])) {
        const text = JSON.stringify(rule)
        expect(text).not.toContain('*')
        expect(text).not.toMatch(/"(escalate|bind|impersonate|deletecollection)"/)
        if (rule.resources.includes('secrets')) expect(rule.resourceNames?.length, text).toBeGreaterThan(0)
      }
    }
  })

  test('name the policies and Secrets as the operator does', async () => {
    const rules = (await render({})).flatMap(({ kind, ...role }) =>
      kind?.endsWith('Role') === true ? (role['rules'] as Rule[]) : [],
    )
    const policies = rules.filter(({ resources }) => resources.includes('validatingadmissionpolicies'))
    const names = new Set(policyKeys(catalog).map((key) => key.split('/')[1]))
    for (const { resourceNames } of policies.filter((rule) => rule.resourceNames !== undefined)) {
      expect(new Set(resourceNames)).toEqual(names)
    }
    const secrets = rules
      .filter(({ resources }) => resources.includes('secrets'))
      .flatMap(({ resourceNames = [] }) => resourceNames)
    expect(secrets.toSorted()).toEqual(['cto-evidence', 'cto-license', 'cto-revocations'])
    for (const { product, license } of builtInCatalogs()) {
      expect(license.offlineSecret.name).toBe(`${product}-license`)
    }
    const labels = builtInCatalogs().map(({ product, governed }) => [product, governed.label])
    expect(parse(read('files', 'governed-labels.yaml'))).toEqual(Object.fromEntries(labels))
  })

  test('give the operator the rights that cto check asks for', async () => {
    const place = {
      product: 'cto',
      namespace: 'cto-system',
      agentsNamespace: 'cto-agents',
      licenseSecret: 'cto-license',
    }
    const needed = dutiesOf(place).flatMap(({ rights }) =>
      rights.map(({ subresource, resource, ...right }) => ({
        ...right,
        resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      })),
    )
    const given = rightsOf(await render({}), 'cto-system/cto-operator')
    expect(needed.filter((right) => !given.some((one) => allows(one, right))).map(inWords)).toEqual([])
    expect(given.filter((right) => !needed.some((one) => allows(right, one))).map(inWords)).toEqual([])
  })

  test('alert on metrics that the operator has, once each', async () => {
    const metrics = new Set(
      createMetrics({ controllers: () => [], watches: () => [] })
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    )
    const exposed = (name: string) => metrics.has(name) || metrics.has(name.replace(/_(bucket|sum|count)$/, ''))
    const alerts = parse(read('files', 'alerts.yaml')) as { alert: string; expr: string }[]
    const panels = (JSON.parse(read('files', 'dashboard.json')) as { panels: { targets: { expr: string }[] }[] }).panels
    const expressions = [
      ...alerts.map(({ expr }) => expr),
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ]
    for (const expression of expressions) {
      const names = [...expression.matchAll(/\b(?:cto|controller_runtime|rest_client)_\w+/g)].map(([name]) => name)
      expect(names.length, expression).toBeGreaterThan(0)
      for (const name of names) expect(exposed(name), `${name} in ${expression}`).toBe(true)
    }
    const names = alerts.map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(
      expect.arrayContaining(['CtoLicenseExpires30Days', 'CtoNodesOverLimit', 'CtoTampering', 'CtoOperatorDown']),
    )
  })

  test('have no policy where Kubernetes has none', async () => {
    const kinds = (await render({}, { kubeVersion: '1.29.0' })).map(({ kind }) => kind)
    expect(kinds).not.toContain('ValidatingAdmissionPolicy')
    const { stderr } = await template({}, { kubeVersion: '1.27.0' })
    expect(stderr).toContain('chart requires kubeVersion: >=1.28.0-0')
  })

  test('are told to the person in the end', async () => {
    const notes = async (values: Values) =>
      (
        await helm([
          'install',
          'cto-operator',
          CHART,
          '--namespace=cto-system',
          '--dry-run=client',
          `--values=${valuesFile(values)}`,
        ])
      ).stdout.split('NOTES:\n')[1]
    expect(await notes({})).toMatch(
      /none is configured\. The Secret cto-system\/cto-license is used as soon as it is there/,
    )
    expect(await notes({})).toContain('! One replica')
    const notesByKey = await notes({ license: { key: 'lic_abc' }, ha: { enabled: true } })
    expect(notesByKey).toContain('License: the license key of license.key, named by the License cto-operator.')
    expect(notesByKey).not.toContain('lic_abc')
    expect(notesByKey).not.toContain('! One replica')
  })
})

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

function* walk(schema: Schema, path = ''): Generator<[path: string, schema: Schema]> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${name}`, child]
    yield* walk(child, `${path}.${name}`)
  }
}

function keysOf(schema: Schema): string[] {
  return [...walk(schema)].map(([path]) => path.slice(1)).toSorted()
}

/** The keys of the values, as deep as the schema knows them. */
function keysOfValues(values: Values, schema: Schema, path = ''): string[] {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      const child = schema.properties?.[name]
      const deeper = child?.properties === undefined ? [] : keysOfValues(value as Values, child, `${path}${name}.`)
      return [`${path}${name}`, ...deeper]
    })
    .toSorted()
}

function podSpecOf({ kind, ...object }: RawObject): Readonly<Record<string, unknown>> | undefined {
  const spec = object['spec'] as { template?: { spec: Record<string, unknown> } } & Record<string, unknown>
  if (kind === 'Pod') return spec
  return kind === 'Deployment' || kind === 'Job' ? spec.template?.spec : undefined
}
