const levelNames: Readonly<Record<number, string>> = { 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR' }

/**
 * Makes a readable line from a JSON line of pino: `time level part message key=value`.
 *
 * @param json a line of JSON with `level`, `time` in ms, `part`, `msg` and further fields
 */
export function formatLogLine(json: string): string {
  const { level, time, part, msg, err, ...fields } = JSON.parse(json)
  const shown = Object.entries(fields).map(([key, value]) => ` ${key}=${formatField(value)}`)
  const error = err === undefined ? '' : `\n${err.stack ?? err.message ?? formatField(err)}`
  const levelName = (levelNames[level] ?? String(level)).padEnd(5)
  return `${new Date(time).toISOString()} ${levelName} ${part}: ${msg ?? ''}${shown.join('')}${error}\n`
}

function formatField(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value
  return JSON.stringify(value)
}
