// Instead of a scheduler: each pod is bound to one node the moment it is created, so that KWOK has it run.

/** An admission policy and its binding. With another node, apply them again. */
export function podPlacement(node: string) {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const metadata = { name: 'cto-control-plane-pod-placement' }
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        matchConditions: [{ name: 'nowhere-yet', expression: '!has(object.spec.nodeName)' }],
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: `Object{spec: Object.spec{nodeName: ${JSON.stringify(node)}}}` },
          },
        ],
      },
    },
    { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: metadata.name } },
  ]
}
