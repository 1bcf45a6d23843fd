// What the trial applies: the PlatformConfig as the vendor's portal generates it, and small things of its own.

import { AGENT_LABEL, API_VERSION, DEFAULT_SECRET_KEY } from '../../api/names.ts'
import type { RawObject } from '../../kube/object.ts'

const on = { enabled: true }
const off = { enabled: false }
const claude = (name: string) => ({ name, cli: 'claude', model: 'claude-sonnet-4-20250514' })

/** Three agents are wanted, on a plan that has not been bought. */
export const platformConfig: RawObject = {
  apiVersion: API_VERSION,
  kind: 'PlatformConfig',
  metadata: {
    name: 'acme-corp-deployment',
    annotations: {
      'cto.5dlabs.io/generated-at': '2025-12-07T15:30:00Z',
      'cto.5dlabs.io/portal-version': '1.0.0',
    },
  },
  spec: {
    license: { key: 'lic_abc123def456...', tier: 'starter', organization: 'Acme Corp' },
    deployment: { type: 'bare-metal', provider: null, nodes: 1 },
    services: {
      databases: {
        postgresql: { ...on, operator: 'cnpg', instances: 1, storage: '50Gi' },
        mysql: off,
        mongodb: off,
      },
      cache: { redis: { ...on, mode: 'standalone', memory: '1Gi' } },
      messaging: { nats: { ...on, jetstream: true } },
      search: { meilisearch: { ...on, storage: '10Gi' } },
    },
    agents: { enabled: [claude('rex'), claude('blaze'), claude('tess')], localModels: off },
    integrations: { github: on, linear: on, slack: off },
    secrets: { provider: 'vault', byok: true },
    addons: {
      designSystem: {
        ...on,
        theme: 'dark',
        components: ['shadcn-base', 'forms'],
        templates: ['dashboard', 'landing', 'admin'],
      },
      agentBuilder: off,
      analytics: off,
      projectManagement: on,
    },
    guardian: {
      ...on,
      mode: 'full',
      autoRemediation: {
        ...on,
        scope: ['certificate-renewal', 'log-cleanup', 'service-restart'],
        rateLimit: { maxActionsPerHour: 3 },
      },
    },
    observability: { prometheus: { ...on, retention: '15d' }, grafana: on, loki: { ...on, retention: '7d' } },
  },
}

export const LICENSE = 'acme'

export function licenseSecret(namespace: string, license: string): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cto-license', namespace },
    stringData: { [DEFAULT_SECRET_KEY]: license },
  }
}

export function licenseFor(namespace: string): RawObject {
  return {
    apiVersion: API_VERSION,
    kind: 'License',
    metadata: { name: LICENSE },
    spec: { secretRef: { namespace, name: 'cto-license' } },
  }
}

/** An agent as somebody might create it by hand, past the PlatformConfig. */
export function agentDeployment(name: string, namespace: string): RawObject {
  const labels = { [AGENT_LABEL]: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'example.com/agent' }] } },
    },
  }
}
