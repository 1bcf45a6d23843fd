// The chart as Helm renders it.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { packageRoot } from '../../src/files/package-root.ts'
import type { RawObject } from '../../src/kube/object.ts'
import type { CommandResult } from './kubectl.ts'

export const CHART = join(packageRoot(), 'charts', 'cto-operator')
/** What the snapshots are rendered for: other versions of Helm say another one by default. */
const KUBE_VERSION = '1.36.0'

export type Values = Readonly<Record<string, unknown>>

/** The values that documents show, each with its snapshot. */
export const DOCUMENTED: Readonly<Record<string, Values>> = {
  default: {},
  'high-availability': { ha: { enabled: true }, priorityClassName: 'important', hostUsers: false },
  'license-by-secret': {
    license: { secretName: 'acme', secretKey: 'acme.lic', otherSecrets: [{ namespace: 'team-a', name: 'extra' }] },
  },
  'license-by-key': {
    license: { key: 'lic_abc123' },
    platformConfig: { name: 'acme', spec: { agents: { enabled: [{ name: 'rex' }] } } },
  },
  'air-gapped': {
    ...(parse(readFileSync(join(CHART, 'values.airgapped.yaml'), 'utf8')) as Values),
    image: { digest: `sha256:${'a'.repeat(64)}` },
  },
  observed: {
    metrics: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      podMonitor: { enabled: true },
      prometheusRule: { enabled: true, runbookUrl: 'https://docs.example.com/runbooks#' },
      dashboard: { enabled: true },
    },
  },
  confined: {
    rbac: { scope: 'namespaces', namespaces: ['team-a', 'team-b'] },
    networkPolicy: { enabled: true, flavor: 'cilium', dns: true },
    crds: { keep: false },
  },
}

/** Runs Helm with nothing of the user's. */
export function helm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const problem = inject('controlPlaneProblem')
  if (problem) throw new Error(problem)
  const home = mkdtempSync(join(tmpdir(), 'cto-helm-'))
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], HOME: home, ...env }, maxBuffer: 64 * 1024 * 1024 }
    execFile(inject('helm'), [...args], options, (error, stdout, stderr) => {
      rmSync(home, { recursive: true, force: true })
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    })
  })
}

export interface RenderOptions {
  /** Kinds that the cluster has besides Kubernetes' own, as `group/version/Kind`. */
  readonly apiVersions?: readonly string[]
  readonly kubeVersion?: string
  readonly namespace?: string
}

/** What `helm template` answers for these values. */
export function template(values: Values, options: RenderOptions = {}): Promise<CommandResult> {
  const { apiVersions = [], kubeVersion = KUBE_VERSION, namespace = 'cto-system' } = options
  return helm([
    'template',
    'cto-operator',
    CHART,
    `--namespace=${namespace}`,
    `--kube-version=${kubeVersion}`,
    `--values=${valuesFile(values)}`,
    ...apiVersions.map((one) => `--api-versions=${one}`),
  ])
}

/** The objects of the chart for these values, hooks included. */
export async function render(values: Values, options: RenderOptions = {}): Promise<RawObject[]> {
  const { code, stdout, stderr } = await template(values, options)
  if (code !== 0) throw new Error(stderr)
  return objectsOf(stdout)
}

/** The objects in a rendered chart; read as Helm and Kubernetes do. */
export function objectsOf(text: string): RawObject[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as RawObject | null)
    .filter((object) => object !== null)
}

/** A file with the values, for as long as the test runs. */
export function valuesFile(values: Values): string {
  const folder = mkdtempSync(join(tmpdir(), 'cto-values-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'values.yaml')
  writeFileSync(path, stringify(values))
  return path
}
