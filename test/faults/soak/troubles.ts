// One fault after the other, of any kind, on one replica or on all.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  answers,
  cut,
  eachLine,
  goneInStream,
  isRead,
  isWrite,
  listOf,
  shuffled,
  stall,
  timesEach,
  when,
} from '../faults.ts'
import type { Asked, Fault, FaultProxy, Rule } from '../proxy.ts'
import type { Chance } from './chance.ts'
import type { Replica } from './replicas.ts'

const LONGEST_MS = 2_500
const isWatch = ({ verb }: Asked) => verb === 'watch'
const isList = ({ verb, resource }: Asked) => verb === 'list' && resource !== ''
const any = () => true
const DROPPED = eachLine((line, index) => (index % 3 === 0 ? [] : [line]))
const EMPTY = listOf(() => [])
const targetOf = ({ door, resource, namespace, query }: Asked) =>
  [door, resource, namespace, query.get('fieldSelector'), query.get('labelSelector')].join(' ')

export interface Troubles {
  /** Makes trouble for a while; says which. */
  make(): Promise<string>
  /** Nothing that a server may do only once in a while has been done yet. */
  newRound(): void
}

export function someTroubles(proxy: FaultProxy, replicas: readonly Replica[], chance: Chance): Troubles {
  let mayForget = true
  // Who was told something wrong is told later that he has to read anew: nobody could know otherwise.
  const misled = new Set<string>()
  const misleading =
    (rule: Rule): Rule =>
    (asked) => {
      const fault = rule(asked)
      if (fault !== undefined) misled.add(targetOf(asked))
      return fault
    }
  proxy.rule((asked) => (isWatch(asked) && misled.delete(targetOf(asked)) ? goneInStream : undefined))
  const sometimes = (which: (asked: Asked) => boolean, fault: Fault): Rule => {
    const percent = chance.oneOf([30, 70, 100])
    return when(which, () => (chance.below(100) < percent ? fault : undefined))
  }
  const rules: Readonly<Record<string, () => Rule>> = {
    '429': () => sometimes(any, answers(429, 'TooManyRequests', 1)),
    '500': () => sometimes(any, answers(500, 'InternalError')),
    '503': () => sometimes(any, answers(503, 'ServiceUnavailable')),
    '403 for reading': () => sometimes(isRead, answers(403, 'Forbidden')),
    '409 for writing': () => sometimes(isWrite, answers(409, 'Conflict')),
    'connections cut': () => sometimes(any, cut),
    'answers lost': () => sometimes(isWrite, { kind: 'lose-answer' }),
    silence: () => sometimes(any, stall),
    slowness: () => sometimes(any, { kind: 'delay', ms: chance.below(800) }),
    'events dropped': () => misleading(sometimes(isWatch, DROPPED)),
    'events three times': () =>
      sometimes(
        isWatch,
        eachLine((line) => [line, line, line]),
      ),
    'events in another order': () =>
      sometimes(
        isWatch,
        shuffled(() => chance.below(1_000), 20),
      ),
    '410 in the stream': () => timesEach(2, isWatch, goneInStream),
  }

  const forAWhile = () => sleep(200 + chance.below(LONGEST_MS))
  async function underRule(name: string): Promise<string> {
    const rule = rules[name]!()
    const whose = chance.oneOf(['all', ...replicas.map((replica) => replica.name)])
    const concerns = ({ door }: Asked) => whose === 'all' || door === whose
    const lift = proxy.rule((asked) => (concerns(asked) ? rule(asked) : undefined))
    proxy.cutWatches(concerns)
    await forAWhile()
    lift()
    proxy.blind(any)()
    return `${name} for ${whose}`
  }
  const others: Readonly<Record<string, () => Promise<string>>> = {
    async 'watches blind'() {
      const see = proxy.blind(any)
      await forAWhile()
      see()
      return 'watches blind'
    },
    async 'a replica stopped'() {
      const replica = chance.oneOf(replicas)
      replica.signal('SIGSTOP')
      await forAWhile()
      replica.signal('SIGCONT')
      return `${replica.name} stopped`
    },
    async 'empty lists, once'() {
      // Twice in a row they would be believed, as they have to be.
      if (!mayForget) return 'nothing'
      mayForget = false
      const lift = proxy.rule(misleading(timesEach(1, isList, EMPTY)))
      proxy.blind(any)()
      await forAWhile()
      lift()
      proxy.blind(any)()
      return 'empty lists, once'
    },
  }
  const names = [...Object.keys(rules), ...Object.keys(others)]
  return {
    make() {
      const name = chance.oneOf(names)
      return others[name]?.() ?? underRule(name)
    },
    newRound() {
      mayForget = true
    },
  }
}
