// The baseline: Kubernetes' own client for Node, watching nodes with its informer and doing nothing else.

import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'

const config = new KubeConfig()
config.loadFromFile(process.argv[2] ?? '')
const api = config.makeApiClient(CoreV1Api)
const informer = makeInformer(config, '/api/v1/nodes', () => api.listNode())
await informer.start()
console.log('ready')
