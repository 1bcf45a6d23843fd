// Figures beside their baseline: the medians, the spread, and the ratio that counts.

export interface Row {
  readonly what: string
  readonly unit: 'µs' | 'ms' | 'MB'
  readonly ours: readonly number[]
  readonly baseline: readonly number[]
  readonly against: string
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

function spread(values: readonly number[], unit: string): string {
  return `${Math.round(median(values))} ${unit} (${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))})`
}

export function printTable(rows: readonly Row[]): void {
  const cells = [
    ['figure', 'median (min–max)', 'baseline', 'ratio', 'baseline is'],
    ...rows.map(({ what, unit, ours, baseline, against }) => [
      what,
      spread(ours, unit),
      spread(baseline, unit),
      (median(ours) / median(baseline)).toFixed(2),
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
