/** States of Nagios, in the order of their exit codes. */
export type CheckState = 'OK' | 'WARNING' | 'CRITICAL'

export interface Metric {
  /** The group, broker or topic. */
  readonly name: string
  readonly value: number
  readonly warning: number | undefined
  readonly critical: number | undefined
}

export interface CheckResult {
  readonly check: string
  readonly state: CheckState
  readonly summary: string
  /** What names of metrics are: the label of Prometheus. */
  readonly label: string
  /** Of Nagios' performance data. */
  readonly unit: string
  readonly help: string
  readonly metrics: readonly Metric[]
}

const states: readonly CheckState[] = ['OK', 'WARNING', 'CRITICAL']

/** Limits that are not given do not count. */
export function stateOf(value: number, warning: number | undefined, critical: number | undefined): CheckState {
  if (critical !== undefined && value >= critical) return 'CRITICAL'
  return warning !== undefined && value >= warning ? 'WARNING' : 'OK'
}

export function worst(given: readonly CheckState[]): CheckState {
  return states.findLast((state) => given.includes(state)) ?? 'OK'
}

/** `STATE - summary | 'name'=value;warning;critical` */
export function nagiosText({ check, state, summary, metrics, unit }: CheckResult): string {
  const data = metrics.map(({ name, value, warning = '', critical = '' }) => {
    // Quotes and equals signs would end the name.
    return `'${name.replaceAll(/['=]/g, '_')}'=${value}${unit};${warning};${critical}`
  })
  const line = `${check.toUpperCase()} ${state} - ${summary.replaceAll('|', '/')}`
  return `${line}${data.length === 0 ? '' : ` | ${data.join(' ')}`}\n`
}

/** Prometheus' text format: the values, and the state as a number. */
export function prometheusText({ check, state, metrics, label, help }: CheckResult): string {
  const name = `rocketmq_check_${check}`
  const values = metrics.map((metric) => `${name}{${label}="${labelValue(metric.name)}"} ${metric.value}\n`)
  return [
    `# HELP ${name} ${help}\n`,
    `# TYPE ${name} gauge\n`,
    ...values,
    `# HELP ${name}_state 0 is OK, 1 a warning, 2 critical.\n`,
    `# TYPE ${name}_state gauge\n`,
    `${name}_state ${states.indexOf(state)}\n`,
  ].join('')
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
