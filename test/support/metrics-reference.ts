// The metrics as a Markdown table, from the registry that serves them.

import type { Registry } from 'prom-client'

const BEGIN = '<!-- metrics -->\n'
const END = '<!-- /metrics -->\n'

/** The page with the metrics as they are. */
export function withMetrics(page: string, registry: Registry): string {
  const [before, rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  const rows = registry
    .getMetricsAsArray()
    .map((metric) => {
      const { labelNames = [] } = metric as { labelNames?: readonly string[] }
      const labels = labelNames.map((label) => `\`${label}\``).join(', ')
      return [`\`${metric.name}\``, metric.type.toString(), labels, metric.help]
    })
    .toSorted(([a = ''], [b = '']) => order(a) - order(b) || a.localeCompare(b))
  const lines = [['metric', 'type', 'labels', 'what it says'], ['---', '---', '---', '---'], ...rows]
  return [before, BEGIN, ...lines.map((cells) => `| ${cells.join(' | ')} |\n`), END, after].join('')
}

// What is the product's own first, then what every controller and process has.
const order = (name: string) => (name.startsWith('`cto_') ? 0 : name.startsWith('`process_') ? 2 : 1)
