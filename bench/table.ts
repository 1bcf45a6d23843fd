// Figures beside their baseline: the medians, the spread, and the ratio that counts.

export interface Row {
  readonly what: string
  readonly unit: 'µs' | 'ms' | 's' | 'MB' | 'KB/h' | '/h'
  readonly ours: readonly number[]
  readonly baseline: readonly number[]
  readonly against: string
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Between two values, in proportion. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [below = 0, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at % 1)
}

function spread(values: readonly number[], unit: string): string {
  return `${shown(median(values))} ${unit} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`
}

function shown(value: number): string {
  return value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : String(Math.round(value))
}

export function printTable(rows: readonly Row[]): void {
  const cells = [
    ['figure', 'median (min–max)', 'baseline', 'ratio', 'baseline is'],
    ...rows.map(({ what, unit, ours, baseline, against }) => [
      what,
      spread(ours, unit),
      spread(baseline, unit),
      median(baseline) === 0 ? '–' : (median(ours) / median(baseline)).toFixed(2),
      against,
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of cells)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
}
