// What the policies are told of single workloads, in an amount that any number of workloads keeps. A Scale shows no labels,
// so that the policy knows an agent's workload by its name; what is made anew is known by its name, too.

export interface GateEntry {
  /** `RESOURCE/NAMESPACE/NAME` */
  readonly key: string
  readonly namespace: string
  /** `admitted`: it runs, or may start by name. `stopped`: to start, it takes a place. `refused`: it may not grow. */
  readonly state: 'admitted' | 'stopped' | 'refused'
  readonly agent: string
  /** Images of its containers, joined by commas. */
  readonly images: string
  /** Whether somebody is about to make it: it is listed even where there is no room for its neighbours. There are few of these. */
  readonly expected?: boolean
}

export interface GateWorkloads {
  /** By key: `STATE AGENT`, and `STATE AGENT IMAGES` where the platform is read-only. */
  readonly workloads: Readonly<Record<string, string>>
  /** Governed namespaces of which not all workloads are listed; `*`: more of them than can be named. */
  readonly crowded: readonly string[]
}

/** In bytes. With all the rest, the Entitlement stays below 256 KiB. */
const ROOM = 96 * 1024
const MOST_CROWDED = 500
/** Quotes, colon and comma of an entry in JSON. */
const PUNCTUATION = 6

/**
 * Whole namespaces are listed or none of their workloads, the smallest first: whoever makes thousands of workloads crowds
 * out his own namespace and no other.
 */
export function gateWorkloads(entries: Iterable<GateEntry>, withImages: boolean): GateWorkloads {
  const namespaces = new Map<string, { size: number; entries: GateEntry[] }>()
  const workloads: Record<string, string> = {}
  let room = ROOM
  for (const entry of entries) {
    if (entry.expected === true) {
      workloads[entry.key] = textOf(entry, withImages)
      room -= sizeOf(entry, withImages)
      continue
    }
    let namespace = namespaces.get(entry.namespace)
    if (namespace === undefined) namespaces.set(entry.namespace, (namespace = { size: 0, entries: [] }))
    namespace.size += sizeOf(entry, withImages)
    // More than there is room for need not be kept either.
    if (namespace.size <= ROOM) namespace.entries.push(entry)
  }
  const crowded: string[] = []
  for (const [name, { size, entries: all }] of [...namespaces].toSorted(smallestFirst)) {
    room -= size
    if (room < 0) crowded.push(name)
    else for (const entry of all) workloads[entry.key] = textOf(entry, withImages)
  }
  return { workloads, crowded: crowded.length > MOST_CROWDED ? ['*'] : crowded.toSorted() }
}

function sizeOf(entry: GateEntry, withImages: boolean): number {
  return entry.key.length + textOf(entry, withImages).length + PUNCTUATION
}

function textOf({ state, agent, images }: GateEntry, withImages: boolean): string {
  return withImages ? `${state} ${agent} ${images}` : `${state} ${agent}`
}

function smallestFirst(
  [a, { size }]: readonly [string, { size: number }],
  [b, other]: readonly [string, { size: number }],
) {
  return size - other.size || (a < b ? -1 : 1)
}
