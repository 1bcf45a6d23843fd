// The alerts, judged by Prometheus' own promtool where the machine has one: when each fires, and when it does not.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { render } from '../support/chart.ts'

const promtool = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'promtool'))
  .find((path) => existsSync(path))

const DAY = 86_400
const series = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([series, values]) => ({ series, values }))
const fires = (eval_time: string, alertname: string, ...labels: object[]) => ({
  eval_time,
  alertname,
  exp_alerts: labels.map((exp_labels) => ({ exp_labels })),
})

const INFO = 'cto_license_info'
const CASES = [
  {
    name: 'a license that ends in twenty days, and nine of ten nodes',
    interval: '4m',
    input_series: series({
      cto_license_expiry_timestamp_seconds: `${20 * DAY}+0x7500`,
      [`${INFO}{verdict="Valid",degradation="None"}`]: '1x7500',
      'cto_nodes{kind="counted"}': '9x7500',
      'cto_nodes{kind="limit"}': '10x7500',
    }),
    alert_rule_test: [
      fires('1h', 'CtoLicenseExpires30Days', { severity: 'info' }),
      fires('1h', 'CtoLicenseExpires14Days'),
      fires('200h', 'CtoLicenseExpires30Days'),
      fires('200h', 'CtoLicenseExpires14Days', { severity: 'warning' }),
      fires('400h', 'CtoLicenseExpires7Days', { severity: 'warning' }),
      fires('470h', 'CtoLicenseExpires1Day', { severity: 'critical' }),
      fires('490h', 'CtoLicenseExpires1Day'),
      fires('1h', 'CtoNodesNearLimit', { severity: 'info' }),
      ...['CtoNodesOverLimit', 'CtoDegraded', 'CtoNotInForce', 'CtoOperatorDown'].map((name) => fires('1h', name)),
    ],
  },
  {
    name: 'the free plan; then everything at once; then nothing at all',
    interval: '1m',
    input_series: series({
      [`${INFO}{verdict="Valid",degradation="None"}`]: '1x30 _x100',
      [`${INFO}{verdict="Expired",degradation="ReadOnly"}`]: '_x31 1x30 _x60',
      [`${INFO}{verdict="ClusterTypeNotAllowed",degradation="None"}`]: '_x31 1x30 _x60',
      'cto_nodes{kind="counted"}': '5x30 12x90',
      'cto_nodes{kind="limit"}': '-1x30 10x90',
      'cto_agents{state="held"}': '0x30 2x90',
      'cto_tampering_restored_total{kind="ValidatingAdmissionPolicy",name="cto-agents"}': '_x40 1x90',
      'controller_runtime_reconcile_total{controller="hold",result="error"}': '0x30 0+1x90',
    }),
    alert_rule_test: [
      ...[
        'LicenseExpires30Days',
        'LicenseExpires1Day',
        'NodesNearLimit',
        'NodesOverLimit',
        'AgentsHeld',
        'Tampering',
      ].map((name) => fires('20m', `Cto${name}`)),
      fires('45m', 'CtoDegraded', { severity: 'warning', degradation: 'ReadOnly' }),
      fires('45m', 'CtoNotInForce', { severity: 'warning', verdict: 'ClusterTypeNotAllowed' }),
      fires('45m', 'CtoNodesOverLimit', { severity: 'warning' }),
      fires('45m', 'CtoAgentsHeld', { severity: 'warning' }),
      fires('45m', 'CtoTampering', { severity: 'warning', kind: 'ValidatingAdmissionPolicy', name: 'cto-agents' }),
      fires('55m', 'CtoOperatorFails', { severity: 'warning', controller: 'hold' }),
      fires('75m', 'CtoOperatorDown', { severity: 'critical' }),
    ],
  },
]

interface Group {
  readonly name: string
  readonly rules: readonly object[]
}

test.skipIf(promtool === undefined)('alerts fire when they should (needs promtool in PATH)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cto-alerts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const objects = await render({ metrics: { prometheusRule: { enabled: true }, renderMode: 'alwaysRender' } })
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule')
  const { groups } = (rule?.['spec'] ?? {}) as { groups: readonly Group[] }
  await writeFile(join(folder, 'whole.yaml'), stringify({ groups }))
  await promisify(execFile)(promtool ?? '', ['check', 'rules', 'whole.yaml'], { cwd: folder })
  // promtool compares words too; these are for people.
  const bare = groups.map(({ rules, ...group }) => ({
    ...group,
    rules: rules.map((one) => ({ ...one, annotations: {} })),
  }))
  await writeFile(join(folder, 'rules.yaml'), stringify({ groups: bare }))
  const cases = { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: CASES }
  await writeFile(join(folder, 'cases.yaml'), stringify(cases))
  const { stdout } = await promisify(execFile)(promtool ?? '', ['test', 'rules', 'cases.yaml'], { cwd: folder })
  expect(stdout).toContain('SUCCESS')
})
