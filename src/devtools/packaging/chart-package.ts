// The chart as one file, as `helm package` makes it, and the same each time: Helm's own carries the time of its making.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { filesOf } from './files.ts'
import { gzip } from '../../archive/gzip.ts'
import { tar } from '../../archive/tar.ts'

export interface ChartPackage {
  /** `cto-operator-0.1.0.tgz`. */
  readonly fileName: string
  readonly archive: Buffer
}

/** Packages the chart in the folder; links in it are followed. */
export async function packageChart(folder: string, date: Date): Promise<ChartPackage> {
  const { name, version } = parse(await readFile(join(folder, 'Chart.yaml'), 'utf8')) as Record<string, string>
  const entries = await filesOf(folder, name ?? '')
  return { fileName: `${name}-${version}.tgz`, archive: gzip(tar(entries, { modified: date })) }
}
