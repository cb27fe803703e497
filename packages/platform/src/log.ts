/** Writes one line: facts for programs, and a sentence for people. */
export type LogLine = (fields: Record<string, unknown>, message: string) => void

/** Where log lines go. A line says what happened and, when someone has to act, what to do. */
export interface Log {
  debug: LogLine
  info: LogLine
  warn: LogLine
  error: LogLine
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
