// How often each thing is there. What is no longer there is forgotten.

export class Counter<T> {
  readonly #counts = new Map<T, number>()

  get size(): number {
    return this.#counts.size
  }

  of(thing: T): number {
    return this.#counts.get(thing) ?? 0
  }

  /** @param by 1 for one more, -1 for one less */
  add(thing: T, by: 1 | -1): void {
    const count = this.of(thing) + by
    if (count === 0) this.#counts.delete(thing)
    else this.#counts.set(thing, count)
  }

  keys(): T[] {
    return [...this.#counts.keys()]
  }

  entries(): [T, number][] {
    return [...this.#counts]
  }
}
