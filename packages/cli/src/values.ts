import { UsageError } from './usage-error.ts'

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const unitsBytes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, kb: 1024, m: 1024 ** 2, mb: 1024 ** 2 }

/** `500ms`, `10s`, `5m`, `1h`, `2d`, or parts one after the other: `1h30m`. @throws UsageError */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  const isWhole = parts.length > 0 && parts.reduce((length, [part]) => length + part.length, 0) === text.length
  if (!isWhole) throw new UsageError(`"${text}" is no duration: write 500ms, 10s, 5m, 1h, 2d or 1h30m`)
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitsMs[unit!]!, 0)
}

/** `1024`, `16k`, `4m`. @throws UsageError */
export function parseBytes(text: string): number {
  const match = /^(\d+)([a-z]{0,2})$/i.exec(text)
  const unit = unitsBytes[match?.[2]?.toLowerCase() ?? 'none']
  if (unit === undefined) throw new UsageError(`"${text}" is no size: write bytes, or 16k, 4m`)
  return Number(match![1]) * unit
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw new UsageError(`"${text}" is not possible: give a whole number ${range}`)
  }
}

/** @throws UsageError */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new UsageError('it is empty: give a text')
  return text
}

/** `name=value` @throws UsageError */
export function parseAssignment(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  if (equals <= 0) throw new UsageError(`"${text}" is not possible: write name=value`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** A point in time, when all is known: some forms are meant from now. */
export type TimeText = (nowMs: number) => number

/** `now`, `-1h`, `+10m`, milliseconds since 1970, or a date as `2026-11-27T14:00`. @throws UsageError */
export function parseTime(text: string): TimeText {
  if (text === 'now') return (nowMs) => nowMs
  if (/^[+-]\d/.test(text) && /[a-z]$/.test(text)) {
    const durationMs = parseDuration(text.slice(1))
    return text.startsWith('-') ? (nowMs) => nowMs - durationMs : (nowMs) => nowMs + durationMs
  }
  if (/^\d{10,15}$/.test(text)) return () => Number(text)
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) {
    const forms = 'now, -1h, +10m, milliseconds since 1970, or a date such as 2026-11-27T14:00'
    throw new UsageError(`"${text}" is no time: write ${forms}`)
  }
  return () => ms
}

/** Where to begin or to end in a topic. */
export type Place =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly time: TimeText }

/** `earliest`, `latest`, `-100` for the last hundred, `offset:7`, or a time. @throws UsageError */
export function parsePlace(text: string): Place {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^-\d+$/.test(text)) return { kind: 'last', count: Number(text.slice(1)) }
  const offset = /^offset:(\d+)$/.exec(text)
  if (offset !== null) return { kind: 'offset', offset: Number(offset[1]) }
  try {
    return { kind: 'time', time: parseTime(text) }
  } catch {
    const forms = 'earliest, latest, -100 (the last 100), offset:7, -1h, or a date such as 2026-11-27T14:00'
    throw new UsageError(`"${text}" is no place in a topic: write ${forms}`)
  }
}

/** `90s`, `1h5m`: the two largest units. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)}ms`
  let rest = Math.round(durationMs / 1000)
  const parts: string[] = []
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
  }
  return parts.slice(0, 2).join('')
}

/** `1.5 GiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** `1 message`, `2 messages` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
