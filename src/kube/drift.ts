// Whether an object already is as it is wanted: then nothing has to be written.

/** One step on the way to a field: the name of a field, or the item of a list that has that name. */
export type Step = string | { readonly name: string }

/** The way from the object to one of its fields. */
export type Path = readonly Step[]

/**
 * Whether each wanted field has that value in the live object, which may have more. Lists of objects with names are
 * compared by name, all other lists as a whole.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  return firstDifference(live, wanted) === undefined
}

/** The way to the first wanted field that does not have that value in the live object; undefined when all have it. */
export function firstDifference(live: unknown, wanted: unknown): Path | undefined {
  if (Array.isArray(wanted)) return isNamedList(wanted) ? inNamed(live, wanted) : inPlain(live, wanted)
  if (isObject(wanted)) return isObject(live) ? inFields(live, wanted) : []
  return live === wanted ? undefined : []
}

/** Of the object, the fields that `shape` has too: what `shape` has to be compared with once somebody has changed it. */
export function partOf(object: unknown, shape: unknown): unknown {
  if (Array.isArray(shape)) {
    if (!isNamedList(shape)) return object
    const items = shape.map((item) => itemOf(object, item.name))
    // Where an item has gone, the list itself is another one.
    return items.includes(undefined) ? object : items.map((item, index) => partOf(item, shape[index]))
  }
  if (!isObject(shape) || !isObject(object)) return object
  return Object.fromEntries(Object.entries(shape).map(([name, value]) => [name, partOf(object[name], value)]))
}

/** The path as people write it: `spec.template.spec.containers[agent].image`. */
export function pathInWords(path: Path): string {
  return path.reduce<string>((words, step) => {
    if (typeof step !== 'string') return `${words}[${step.name}]`
    if (!/^\w+$/.test(step)) return `${words}[${step}]`
    return words === '' ? step : `${words}.${step}`
  }, '')
}

function inNamed(live: unknown, wanted: readonly Named[]): Path | undefined {
  if (!Array.isArray(live)) return []
  for (const item of wanted) {
    const rest = firstDifference(itemOf(live, item.name), item)
    if (rest !== undefined) return [{ name: item.name }, ...rest]
  }
  return undefined
}

function inPlain(live: unknown, wanted: readonly unknown[]): Path | undefined {
  if (!Array.isArray(live) || live.length !== wanted.length) return []
  return wanted.every((item, index) => covers(live[index], item)) ? undefined : []
}

function inFields(live: Fields, wanted: Fields): Path | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const rest = firstDifference(live[name], value)
    if (rest !== undefined) return [name, ...rest]
  }
  return undefined
}

type Fields = Readonly<Record<string, unknown>>
type Named = Fields & { readonly name: string }

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNamedList(list: readonly unknown[]): list is readonly Named[] {
  return list.length > 0 && list.every((item) => isObject(item) && typeof item['name'] === 'string')
}

function itemOf(list: unknown, name: string): unknown {
  return Array.isArray(list) ? list.find((item) => isObject(item) && item['name'] === name) : undefined
}
