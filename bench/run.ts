// `npm run bench`: how long it takes and what it costs, beside a baseline in the same run. Figures are printed and never
// asserted: the machine is shared, so that only ratios of one run mean something.

import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { admissionRows } from './admission.ts'
import { churnRows } from './churn.ts'
import { detectionRows } from './detection.ts'
import { idleRows } from './idle.ts'
import { informerRows } from './informer.ts'
import { licenseCheckRows } from './license-check.ts'
import { scaleRows } from './scale.ts'
import { setStage } from './stage.ts'
import { printTable, type Row } from './table.ts'

const PARTS = ['licenses', 'detection', 'informer', 'scale', 'churn', 'admission', 'idle'] as const

type Part = (typeof PARTS)[number]

const USAGE = `npm run bench -- [options]
  --only PARTS     some of ${PARTS.join(', ')}
  --full           the size of the published figures: --nodes 15000 --agents 1000 --seconds 30 --minutes 3
  --nodes N        nodes of 11 KB (3000)
  --agents N       running agents (300)
  --rounds N       rounds of what is measured in turn (3)
  --seconds N      how long nodes report in each round of churn (10)
  --minutes N      how long each contender is looked at when idle (1)`

const SMALL = { nodes: '3000', agents: '300', rounds: '3', seconds: '10', minutes: '1' }
const FULL = { ...SMALL, nodes: '15000', agents: '1000', seconds: '30', minutes: '3' }

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    full: { type: 'boolean', default: false },
    nodes: { type: 'string' },
    agents: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const only = values.only.split(',')
const unknown = only.filter((part) => !(PARTS as readonly string[]).includes(part))
if (unknown.length > 0) throw new Error(`--only takes ${PARTS.join(', ')}, not ${unknown.join(', ')}`)

const log = (line: string) => console.error(line)
const wanted = { ...(values.full ? FULL : SMALL), ...values }
const [nodes, agents, rounds, seconds, minutes] = [
  Number(wanted.nodes),
  Number(wanted.agents),
  Number(wanted.rounds),
  Number(wanted.seconds),
  Number(wanted.minutes),
]
const size = { nodes, agents, rounds, seconds, log }

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
  churn: async () => {
    await using stage = await setStage(size)
    return await churnRows(stage, size)
  },
  admission: async () => {
    // Those that are there already are part of what the policy is told.
    await using stage = await setStage({ ...size, nodes: 100 })
    return await admissionRows(stage, size)
  },
  idle: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cto-bench-'))
    try {
      // Nothing happens to them: how many there are makes no difference.
      return await idleRows(folder, { ...size, nodes: 100, minutes })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

console.log(`${cpus().length} cores, ${nodes} nodes of 11 KB, ${agents} agents, ${rounds} rounds`)
for (const part of PARTS.filter((one) => only.includes(one))) {
  log(`— ${part}`)
  const rows = await parts[part]()
  console.log(`\n${part}`)
  printTable(rows)
}
process.exit(0)
