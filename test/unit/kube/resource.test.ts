// Paths are those of Kubernetes, and no name leads astray.

import { expect, test } from 'vitest'
import { deployments, nodes, resourcePath, secrets } from '../../../src/kube/resource.ts'

test('of kinds, objects and their parts', () => {
  expect(resourcePath(nodes)).toBe('/api/v1/nodes')
  expect(resourcePath(deployments, {}, { limit: '5', labelSelector: 'a=b,c' })).toBe(
    '/apis/apps/v1/deployments?limit=5&labelSelector=a%3Db%2Cc',
  )
  expect(resourcePath(deployments, { namespace: 'n', name: 'd', subresource: 'scale' })).toBe(
    '/apis/apps/v1/namespaces/n/deployments/d/scale',
  )
  expect(resourcePath(nodes, { name: 'a/b?c' })).toBe('/api/v1/nodes/a%2Fb%3Fc')
})

test.each([{ namespace: '..' }, { namespace: 'n', name: '.' }, { namespace: 'n', name: '' }])(
  '%j is no place',
  (place) => {
    expect(() => resourcePath(secrets, place)).toThrow('is not a name in Kubernetes')
  },
)
