// Questions that wait and answers that are remembered, bounded and fair. Where a namespace is full of references to owners
// that do not exist, nothing more is asked there: the answers would push each other out, and asking would never end.

const MOST_ANSWERS = 2_000
const MOST_WAITING_IN_ONE = 50
/** Answers that are not worth keeping, in one namespace. */
const MOST_OTHERS_IN_ONE = 200

export interface Waiting<Question> {
  readonly namespace: string
  readonly key: string
  readonly question: Question
}

/** What is known of one namespace: the oldest first. */
interface Neighbourhood<Question, Answer> {
  readonly kept: Map<string, Answer>
  readonly others: Map<string, Answer>
  readonly waiting: Map<string, Question>
}

export interface MemoryRules<Answer> {
  /** Whether the others make room for this one. */
  readonly isWorthKeeping: (answer: Answer) => boolean
  /** Whether nobody has wanted to know it for so long that it may be forgotten. */
  readonly isForgotten: (answer: Answer) => boolean
}

export class OwnerMemory<Question, Answer> {
  readonly #rules: MemoryRules<Answer>
  /** Whose turn it is comes first. */
  readonly #namespaces = new Map<string, Neighbourhood<Question, Answer>>()
  readonly #asked = new Set<string>()
  #answers = 0
  #waiting = 0

  constructor(rules: MemoryRules<Answer>) {
    this.#rules = rules
  }

  get size(): number {
    return this.#answers
  }

  answers(): Answer[] {
    return [...this.#namespaces.values()].flatMap(({ kept, others }) => [...kept.values(), ...others.values()])
  }

  get(namespace: string, key: string): Answer | undefined {
    const { kept, others } = this.#namespaces.get(namespace) ?? {}
    for (const answers of [kept, others]) {
      const answer = answers?.get(key)
      if (answers === undefined || answer === undefined) continue
      // What is asked for is young again.
      answers.delete(key)
      answers.set(key, answer)
      return answer
    }
    return undefined
  }

  /** Lets the question wait for its turn. False: it waits already, it is being asked, or there is no room for an answer. */
  ask(namespace: string, key: string, question: Question): boolean {
    if (this.#asked.has(idOf(namespace, key))) return false
    const known = this.#namespaces.get(namespace)
    if (known?.waiting.has(key) === true || (known?.waiting.size ?? 0) >= MOST_WAITING_IN_ONE) return false
    const isKnown = known !== undefined && (known.kept.has(key) || known.others.has(key))
    if (!isKnown && !this.#hasRoom(namespace, known)) return false
    this.#neighbourhood(namespace).waiting.set(key, question)
    this.#waiting++
    return true
  }

  #hasRoom(namespace: string, known: Neighbourhood<Question, Answer> | undefined): boolean {
    const others = (known?.others.size ?? 0) + (known?.waiting.size ?? 0)
    if (known !== undefined && others >= MOST_OTHERS_IN_ONE && !this.#forgetOldest(namespace, known)) return false
    const all = this.#answers + this.#waiting + this.#asked.size
    return all < MOST_ANSWERS || this.#forgetOldest(...this.#fullest())
  }

  /** The next question: each namespace in turn. Each one taken must be answered. */
  next(): Waiting<Question> | undefined {
    if (this.#waiting === 0) return undefined
    for (const [namespace, neighbourhood] of this.#namespaces) {
      const [first] = neighbourhood.waiting
      if (first === undefined) continue
      const [key, question] = first
      neighbourhood.waiting.delete(key)
      this.#waiting--
      this.#asked.add(idOf(namespace, key))
      // To the end of the queue.
      this.#namespaces.delete(namespace)
      this.#namespaces.set(namespace, neighbourhood)
      return { namespace, key, question }
    }
    return undefined
  }

  answer(namespace: string, key: string, answer: Answer): void {
    this.#asked.delete(idOf(namespace, key))
    const { kept, others } = this.#neighbourhood(namespace)
    if (kept.delete(key) || others.delete(key)) this.#answers--
    const answers = this.#rules.isWorthKeeping(answer) ? kept : others
    answers.set(key, answer)
    this.#answers++
  }

  #neighbourhood(namespace: string): Neighbourhood<Question, Answer> {
    const known = this.#namespaces.get(namespace)
    if (known !== undefined) return known
    const neighbourhood = { kept: new Map(), others: new Map(), waiting: new Map() }
    this.#namespaces.set(namespace, neighbourhood)
    return neighbourhood
  }

  /** Makes room for one. False: each answer is still wanted. */
  #forgetOldest(namespace: string, { kept, others, waiting }: Neighbourhood<Question, Answer>): boolean {
    for (const answers of [others, kept]) {
      const [oldest] = answers
      if (oldest === undefined || !this.#rules.isForgotten(oldest[1])) continue
      answers.delete(oldest[0])
      this.#answers--
      if (kept.size + others.size + waiting.size === 0) this.#namespaces.delete(namespace)
      return true
    }
    return false
  }

  #fullest(): [string, Neighbourhood<Question, Answer>] {
    const all = [...this.#namespaces]
    return all.reduce((most, one) => (sizeOf(one[1]) > sizeOf(most[1]) ? one : most))
  }
}

function sizeOf({ kept, others }: Neighbourhood<unknown, unknown>): number {
  return kept.size + others.size
}

function idOf(namespace: string, key: string): string {
  return `${namespace}/${key}`
}
