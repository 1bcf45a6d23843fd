// A support bundle: what was collected, made harmless, and packed. Pure.

import { gzipSync } from 'node:zlib'
import type { Collection } from './collect.ts'
import type { Pseudonyms } from './anonymize.ts'
import { redactText } from '../../kube/redact.ts'
import { sanitizeFile } from './sanitize.ts'
import { tar } from '../../archive/tar-gzip.ts'

export interface BundleOptions {
  readonly version: string
  readonly now: number
  /** Who is to be hidden, if anybody. */
  readonly pseudonyms?: Pseudonyms
}

const README = `What this is: how the license operator stands in a cluster, for whoever helps.
What is in it: manifest.json lists the files, and what could not be read and why.
What is not in it: no content of Secrets, no license, no license key, no values of environment variables, no arguments, no
annotations, messages or logs of others. Of every object only those fields are kept that are known to be harmless.
Look through it before you hand it on: it is a tar archive of JSON and text.
`

/** The archive, and the names of the files in it. */
export function packBundle(
  { files, missing }: Collection,
  { version, now, pseudonyms }: BundleOptions,
): { readonly archive: Buffer; readonly names: readonly string[] } {
  const hide = (text: string) => pseudonyms?.hide(text) ?? text
  const harmless = files.map(({ name, content }) => ({
    name: hide(name),
    text: hide(typeof content === 'string' ? redactText(content) : toJson(sanitizeFile(name, content))),
  }))
  const manifest = {
    madeAt: new Date(now).toISOString(),
    cto: version,
    anonymized: pseudonyms !== undefined,
    files: harmless.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) })),
    notCollected: missing,
  }
  const entries = [
    { name: 'README.txt', text: README },
    { name: 'manifest.json', text: hide(redactText(toJson(manifest))) },
    ...harmless,
  ]
  const archive = tar(
    entries.map(({ name, text }) => ({ name: `cto-support/${name}`, content: Buffer.from(text, 'utf8') })),
    now,
  )
  return { archive: gzipSync(archive), names: entries.map(({ name }) => name) }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
