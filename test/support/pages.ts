// The pages of the documentation, and what stands in them.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/files/package-root.ts'

const INLINE_CODE = /`[^`\n]*`/g

export interface Page {
  /** Path from the root of the project. */
  readonly path: string
  readonly text: string
}

export const pages: readonly Page[] = globSync(['{README,CHANGELOG}.md', '{docs,.github}/**/*.md'], {
  cwd: packageRoot(),
})
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(packageRoot(), path), 'utf8') }))

/** The blocks of a language in a text. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```([a-z]*)\n([^]*?)^```$/gm)].flatMap(([, of, block = '']) =>
    of === language ? block : [],
  )
}

/** What stands in a text as code within a line. */
export function inlineCode(text: string): string[] {
  return [...withoutBlocks(text).matchAll(INLINE_CODE)].map(([code]) => code.slice(1, -1))
}

/** A text without its code, in blocks and in lines. */
export function withoutCode(text: string): string {
  return withoutBlocks(text).replaceAll(INLINE_CODE, '')
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[a-z]*\n[^]*?^```$/gm, '')
}

/** Where links into a page can lead, as GitHub makes them of headings; and what is marked by hand. */
export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = [...withoutBlocks(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading)
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
  const marks = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id)
  return new Set([...headings, ...marks])
}

function slugOf(heading: string): string {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '')
  return plain
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}
