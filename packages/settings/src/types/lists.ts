import type { ParsedValue, SettingType } from '../setting-type.ts'

function listType<T>(
  allowed: string,
  split: (text: string) => string[],
  parseItem: (item: string) => T | undefined,
  formatItem: (item: T) => string,
  { separator = ';', countMin = 0 } = {},
): SettingType<readonly T[]> {
  return {
    allowed,
    parse(text): ParsedValue<readonly T[]> {
      const values: T[] = []
      for (const item of split(text)) {
        const value = parseItem(item)
        if (value === undefined) return { ok: false, reason: `"${item}" does not fit` }
        values.push(value)
      }
      if (values.length < countMin) return { ok: false, reason: 'there is none in it' }
      return { ok: true, value: values }
    },
    format: (values) => values.map(formatItem).join(separator),
  }
}

function splitAtSemicolons(text: string): string[] {
  return text
    .split(';')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Names separated by semicolons. */
export const names: SettingType<readonly string[]> = listType(
  'names separated by semicolons',
  splitAtSemicolons,
  (item) => item,
  (item) => item,
)

/** `host:port` addresses separated by semicolons; an IPv6 host stands in brackets. */
export const addresses: SettingType<readonly string[]> = listType(
  'addresses like 127.0.0.1:9876, separated by semicolons',
  splitAtSemicolons,
  (item) => (isAddress(item) ? item : undefined),
  (item) => item,
)

function isAddress(text: string): boolean {
  const match = /^([^\s[\]:]+|\[[0-9a-fA-F:.%]+\]):(\d{1,5})$/.exec(text)
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535
}

/** Hours of the day, `04;05`. */
export const hours: SettingType<readonly number[]> = listType(
  'hours from 00 to 23, separated by semicolons',
  splitAtSemicolons,
  (item) => (/^\d{1,2}$/.test(item) && Number(item) <= 23 ? Number(item) : undefined),
  (item) => String(item).padStart(2, '0'),
)

/** Milliseconds of a unit, the longest first. */
const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** Lengths of time in milliseconds, written `1s 5m 2h 1d`. */
export const durations: SettingType<readonly number[]> = listType(
  'lengths of time like 1s 5m 2h 1d, separated by blanks',
  (text) => text.split(/\s+/).filter((item) => item !== ''),
  parseDuration,
  formatDuration,
  { separator: ' ', countMin: 1 },
)

function parseDuration(item: string): number | undefined {
  const match = /^(\d{1,9})([smhd])$/.exec(item)
  const unit = durationUnits.find(([letter]) => letter === match?.[2])
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit[1]
}

function formatDuration(durationMs: number): string {
  const [letter, unitMs] = durationUnits.find(([, ms]) => durationMs > 0 && durationMs % ms === 0) ?? ['s', 1000]
  return `${durationMs / unitMs}${letter}`
}
