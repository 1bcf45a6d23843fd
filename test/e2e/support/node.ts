// A real node beside a real control plane: kubelet, containerd, kube-proxy and the bridge CNI, in the namespaces that
// run.ts made. Nothing of it is seen from outside, and all of it ends with them.

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { apiRequester, type ApiRequest } from '../../../src/devtools/control-plane/api-request.ts'
import { NODE } from '../../../src/devtools/control-plane/artifacts.ts'
import { locateBinaries } from '../../../src/devtools/control-plane/binaries.ts'
import { Component } from '../../../src/devtools/control-plane/component.ts'
import { type ControlPlane, startControlPlane } from '../../../src/devtools/control-plane/control-plane.ts'
import { writeKubeconfig } from '../../../src/devtools/control-plane/credentials.ts'
import { kubeadmConfigMap } from '../../../src/devtools/control-plane/kind-nodes.ts'
import { auditArgs } from '../../support/audit.ts'
import { untilReady } from '../../../src/devtools/control-plane/readiness.ts'

const run = promisify(execFile)

export const NODE_NAME = 'kind-control-plane'
/** Where pods get their addresses from. */
export const POD_NETWORK = '10.244.0.0/24'
/** The Service of the API server, as pods see it. */
export const API_SERVICE = '10.0.0.1'
// The address of the node: of an interface that leads nowhere.
const NODE_ADDRESS = '172.31.255.1'
export const SANDBOX_IMAGE = 'localhost/pause:1'

export interface NodeOptions {
  /** A folder on a file system that overlays can be made on. */
  readonly folder: string
  readonly cgroup: string
  readonly log: (line: string) => void
}

export interface RealCluster {
  readonly plane: ControlPlane
  readonly request: ApiRequest
  /** Where the API server writes down who asked for what. */
  readonly auditLog: string
  /** The socket of containerd. */
  readonly containerd: string
  /** Makes an image known to the node, from an archive; also by its digest, if that is given. */
  importImage(archive: string, by?: { readonly name: string; readonly digest: string }): Promise<void>
  stop(): Promise<void>
}

export async function startRealCluster({ folder, cgroup, log }: NodeOptions): Promise<RealCluster> {
  const binaries = await locateBinaries(NODE, { log })
  await mkdir(folder, { recursive: true })
  await run('ip', ['link', 'set', 'lo', 'up'])
  // There is no type "dummy" everywhere; a bridge without ports is as good.
  await run('ip', ['link', 'add', 'node0', 'type', 'bridge'])
  await run('ip', ['address', 'add', `${NODE_ADDRESS}/32`, 'dev', 'node0'])
  await run('ip', ['link', 'set', 'node0', 'up'])

  const auditLog = join(folder, 'audit.log')
  const kubelet = `system:node:${NODE_NAME}`
  const plane = await startControlPlane({
    log,
    folder: join(folder, 'plane'),
    address: NODE_ADDRESS,
    components: { controllerManager: true, kubelets: true },
    users: { [kubelet]: 'system:nodes', 'system:kube-scheduler': '', 'system:kube-proxy': '' },
    apiserverArgs: [
      '--endpoint-reconciler-type=lease',
      '--kubelet-preferred-address-types=InternalIP',
      ...auditArgs(join(folder, 'audit-policy.yaml'), auditLog),
    ],
  })
  const components: Component[] = []
  const start = (name: keyof typeof binaries, args: readonly string[]) => {
    components.push(new Component({ name, command: binaries[name], args, folder, disposable: false, log }))
  }
  const stop = async () => {
    for (const component of components.toReversed()) await component.stop()
    await plane.stop()
  }
  const request = apiRequester(plane)
  const containerd = join(folder, 'containerd.sock')
  const ctr = (...args: string[]) => run(binaries.ctr, ['--address', containerd, '--namespace', 'k8s.io', ...args])
  try {
    const kubeconfig = (user: string) => {
      const path = join(folder, `${user.replaceAll(':', '-')}.kubeconfig`)
      writeKubeconfig(path, { server: plane.server, caPath: plane.caPath, token: plane.userTokens[user] ?? '' })
      return path
    }
    await writeFile(join(folder, 'containerd.toml'), containerdConfig(folder, binaries.bridge.replace(/\/bridge$/, '')))
    await mkdir(join(folder, 'cni'))
    await writeFile(join(folder, 'cni', '10-bridge.conflist'), JSON.stringify(cniConfig(folder)))
    await writeFile(join(folder, 'kubelet.yaml'), stringify(kubeletConfig(folder, cgroup)))
    start('containerd', ['--config', 'containerd.toml'])
    start('kube-scheduler', [
      `--kubeconfig=${kubeconfig('system:kube-scheduler')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ])
    start('kube-proxy', [
      `--kubeconfig=${kubeconfig('system:kube-proxy')}`,
      `--hostname-override=${NODE_NAME}`,
      `--cluster-cidr=${POD_NETWORK}`,
      '--proxy-mode=iptables',
      // The table of connections belongs to the machine: its size is left as it is.
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ])
    await untilReady(components, async () => await ctr('version').then(() => true))
    start('kubelet', [
      `--kubeconfig=${kubeconfig(kubelet)}`,
      '--config=kubelet.yaml',
      `--root-dir=${join(folder, 'kubelet')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${NODE_ADDRESS}`,
    ])
    await request('POST', '/api/v1/namespaces/kube-system/configmaps', kubeadmConfigMap('kind'))
    await untilReady(components, async () => isNodeReady((await request('GET', `/api/v1/nodes/${NODE_NAME}`)).body))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    plane,
    request,
    auditLog,
    stop,
    containerd,
    async importImage(archive, by) {
      await ctr('images', 'import', archive)
      if (by === undefined) return
      const { name, digest } = by
      await ctr('images', 'tag', name, `${name.slice(0, name.lastIndexOf(':'))}@${digest}`)
    },
  }
}

function isNodeReady(node: unknown): boolean {
  const { status, spec } = node as {
    status?: { conditions?: { type: string; status: string }[] }
    spec?: { taints?: unknown[] }
  }
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')
  return ready === true && spec?.taints === undefined
}

function containerdConfig(folder: string, cni: string): string {
  return `version = 3
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${SANDBOX_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  # Root may be without the right to lower it.
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["${cni}"]
  conf_dir = "${folder}/cni"
`
}

function cniConfig(folder: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: `${folder}/addresses`,
          ranges: [[{ subnet: POD_NETWORK }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  }
}

function kubeletConfig(folder: string, cgroup: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Nobody but this suite can reach it.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
    providerID: `kind://docker/kind/${NODE_NAME}`,
    cgroupRoot: cgroup,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    podLogsDir: `${folder}/pod-logs`,
    volumePluginDir: `${folder}/volume-plugins`,
    clusterDNS: ['10.0.0.10'],
    clusterDomain: 'cluster.local',
    // There is nobody to ask for names.
    resolvConf: '',
    // A machine that is nearly full is no reason to evict.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'nodefs.available': '0%', 'imagefs.available': '0%', 'nodefs.inodesFree': '0%' },
  }
}
