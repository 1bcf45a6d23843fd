// The one use of Kubernetes' own client: reading a kubeconfig with all its ways to authenticate. It is large, and loaded
// only where there is a kubeconfig: never in a pod.

export { KubeConfig } from '@kubernetes/client-node'
