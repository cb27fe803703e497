import type { Log } from '@rocketmq-ts/platform'
import type { Trace } from '@rocketmq-ts/platform/test-kit'

export interface LoggedLine {
  readonly level: keyof Log
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** The log of a node: into the trace, and kept for tests. */
export class NodeLog {
  readonly lines: LoggedLine[] = []
  readonly log: Log

  constructor(name: string, trace: Trace) {
    const line =
      (level: keyof Log) =>
      (fields: Record<string, unknown>, message: string): void => {
        this.lines.push({ level, message, fields })
        const text = `${name} ${level}: ${message} ${described(fields)}`
        if (level === 'warn' || level === 'error') trace.tell(text)
        else trace.note(text)
      }
    this.log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }
}

/** Without stacks: they hold paths of the machine. */
function described(fields: Record<string, unknown>): string {
  return JSON.stringify(fields, (_, value: unknown) => {
    if (value instanceof Error) return `${value.name}: ${value.message}`
    return typeof value === 'bigint' ? String(value) : value
  })
}
