// How each component is started. Paths are relative to the folder of the control plane, in which they run: a path to a
// socket must be short. Nothing listens but kube-apiserver, and that on the loopback interface.

// Sockets in a folder that only the user may enter: this etcd asks nobody who they are, and needs no port.
const ETCD = 'unix://etcd.sock'
const ETCD_PEERS = 'unix://etcd-peers.sock'

/** Where kube-apiserver puts the certificate that it makes for itself, with the one of the authority behind it. */
export const CERTIFICATE = 'tls/apiserver.crt'

export function etcdArgs(): string[] {
  return [
    '--name=etcd',
    '--data-dir=etcd',
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${ETCD_PEERS}`,
    `--initial-advertise-peer-urls=${ETCD_PEERS}`,
    `--initial-cluster=etcd=${ETCD_PEERS}`,
    // What is kept here need not outlive a crash of the machine.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

export function kubeApiserverArgs(options: { address: string; port: number; serviceAccounts: boolean }): string[] {
  const { address, port, serviceAccounts } = options
  return [
    `--etcd-servers=${ETCD.replace('//', '')}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    '--cert-dir=tls',
    // Without kubelets no pod asks for the Service "kubernetes", and its endpoint may not be a loopback address.
    `--advertise-address=${address}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--token-auth-file=tokens.csv',
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-account-key-file=service-accounts.pub',
    '--service-account-signing-key-file=service-accounts.key',
    // As in a real cluster, as long as somebody makes the ServiceAccount "default" that it asks for.
    ...(serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    '--allow-privileged',
    '--profiling=false',
  ]
}

export function controllerManagerArgs({ nodesBeat }: { nodesBeat: boolean }): string[] {
  return [
    '--kubeconfig=controller-manager.kubeconfig',
    // Off: we see that it works by what it does.
    '--secure-port=0',
    '--leader-elect=false',
    // Each controller speaks for itself, as system:serviceaccount:kube-system:deployment-controller.
    '--use-service-account-credentials',
    '--service-account-private-key-file=service-accounts.key',
    `--root-ca-file=${CERTIFICATE}`,
    '--horizontal-pod-autoscaler-sync-period=1s',
    // The default, 20 a second, makes a thousand Deployments take minutes.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    // Without heartbeats it would take every node for dead within a minute.
    ...(nodesBeat ? [] : ['--controllers=*,-node-lifecycle-controller']),
    '--profiling=false',
  ]
}

export function kwokArgs(stages: string): string[] {
  return [
    '--kubeconfig=kwok.kubeconfig',
    `--config=${stages}`,
    '--manage-all-nodes',
    // Renewed every ten seconds: to the node lifecycle controller, a node is alive as long as its lease is.
    '--node-lease-duration-seconds=40',
  ]
}
