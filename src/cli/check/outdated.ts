// Whether CRDs are older than what uses them: the API server drops the fields that they do not know, without a word, and an
// operator sees its own writes undone.

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

interface Crd {
  readonly metadata?: { readonly name?: string }
  readonly spec?: {
    readonly versions?: readonly {
      readonly name?: string
      readonly schema?: { readonly openAPIV3Schema?: Schema }
    }[]
  }
}

/** The fields of the versions of ours that the other one does not have, such as `status.gate.slots`. Pure. */
export function fieldsMissingIn(served: unknown, ours: unknown): string[] {
  const [theirVersions, ourVersions] = [served, ours].map((crd) => (crd as Crd).spec?.versions ?? [])
  return (ourVersions ?? []).flatMap(({ name, schema }) => {
    const theirs = theirVersions?.find((version) => version.name === name)
    if (theirs === undefined) return [`version ${name}`]
    return missing(schema?.openAPIV3Schema, theirs.schema?.openAPIV3Schema, '')
  })
}

/** The name of a CRD. */
export function nameOfCrd(crd: unknown): string {
  return (crd as Crd).metadata?.name ?? ''
}

function missing(ours: Schema | undefined, theirs: Schema | undefined, path: string): string[] {
  if (ours?.items !== undefined) return missing(ours.items, theirs?.items, path)
  return Object.entries(ours?.properties ?? {}).flatMap(([field, schema]) => {
    const inner = path === '' ? field : `${path}.${field}`
    const other = theirs?.properties?.[field]
    return other === undefined ? [inner] : missing(schema, other, inner)
  })
}
