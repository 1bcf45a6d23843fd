// All objects of a kind, for whoever asks once. Whoever wants to know what becomes of them watches (watch.ts).

import type { RawObject } from './object.ts'
import type { Client } from './client.ts'
import { mayRefuseSelector, selects } from './field-selector.ts'
import type { Resource } from './resource.ts'

export interface ListScope {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

const PAGE = '500'

/** @throws KubeError, after some of them too */
export async function* listAll(
  client: Client,
  resource: Resource,
  scope: ListScope,
  signal: AbortSignal,
): AsyncGenerator<RawObject, void> {
  const { fieldSelector, ...wider } = scope
  try {
    yield* pages(client, resource, scope, signal)
  } catch (error) {
    if (fieldSelector === undefined || !mayRefuseSelector(error)) throw error
    for await (const raw of pages(client, resource, wider, signal)) if (selects(fieldSelector, raw)) yield raw
  }
}

async function* pages(
  client: Client,
  resource: Resource,
  { namespace, ...selectors }: ListScope,
  signal: AbortSignal,
): AsyncGenerator<RawObject, void> {
  const place = namespace === undefined ? {} : { namespace }
  let rest = ''
  do {
    const query = { ...selectors, limit: PAGE, ...(rest === '' ? {} : { continue: rest }) }
    const { items, metadata } = await client.list(resource, place, query, signal)
    yield* items ?? []
    rest = metadata.continue ?? ''
  } while (rest !== '')
}
