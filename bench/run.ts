// `npm run bench`: how long it takes and what it costs, beside a baseline in the same run. Figures are printed and never
// asserted: the machine is shared, so that only ratios of one run mean something.

import { parseArgs } from 'node:util'
import { detectionRows } from './detection.ts'
import { informerRows } from './informer.ts'
import { licenseCheckRows } from './license-check.ts'
import { scaleRows } from './scale.ts'
import { setStage } from './stage.ts'
import { printTable, type Row } from './table.ts'

const PARTS = ['licenses', 'detection', 'informer', 'scale'] as const

type Part = (typeof PARTS)[number]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    nodes: { type: 'string', default: '15000' },
    agents: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
  },
})
const only = values.only.split(',')
const unknown = only.filter((part) => !(PARTS as readonly string[]).includes(part))
if (unknown.length > 0) throw new Error(`--only takes ${PARTS.join(', ')}, not ${unknown.join(', ')}`)
const log = (line: string) => console.error(line)
const size = { nodes: Number(values.nodes), agents: Number(values.agents), rounds: Number(values.rounds), log }

const parts: Record<Part, () => Promise<Row[]>> = {
  licenses: licenseCheckRows,
  detection: async () => detectionRows(),
  informer: async () => {
    await using stage = await setStage(size)
    return await informerRows(stage, size)
  },
  scale: async () => {
    await using stage = await setStage(size)
    return await scaleRows(stage, size)
  },
}

const rows: Row[] = []
for (const part of PARTS.filter((one) => only.includes(one))) {
  log(`— ${part}`)
  rows.push(...(await parts[part]()))
}
printTable(rows)
process.exit(0)
