import type { ParsedValue, SettingType } from '../setting-type.ts'

export interface NumberLimits {
  /** Smallest value, 0 by default. */
  min?: number
  /** Largest value; by default that of the type. */
  max?: number
  /** The unit: `ms`, `bytes`, `percent` ... */
  unit?: string
  /** Replaces a value beyond a limit by the limit, with a note, instead of refusing it. */
  clamp?: boolean
}

/** A whole number of 32 bits. */
export function int(limits: NumberLimits = {}): SettingType<number> {
  return numberType('a whole number', wholeNumber, { max: 2 ** 31 - 1, ...limits })
}

/** A whole number of 64 bits, as far as JavaScript counts exactly. */
export function long(limits: NumberLimits = {}): SettingType<number> {
  return numberType('a whole number', wholeNumber, { max: Number.MAX_SAFE_INTEGER, ...limits })
}

/** A number that may have a fraction. */
export function double(limits: NumberLimits = {}): SettingType<number> {
  return numberType('a number', anyNumber, { max: Number.MAX_VALUE, ...limits })
}

const wholeNumber = /^[+-]?\d{1,20}$/
const anyNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

function numberType(name: string, grammar: RegExp, limits: NumberLimits): SettingType<number> {
  const { min = 0, max = Number.MAX_VALUE, clamp = false } = limits
  const unit = limits.unit === undefined ? '' : ` of ${limits.unit}`
  const range = max >= Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`
  return {
    allowed: `${name}${unit} ${range}`,
    parse(text): ParsedValue<number> {
      if (!grammar.test(text)) return { ok: false }
      const value = Number(text)
      if (value >= min && value <= max) return { ok: true, value: value === 0 ? 0 : value }
      if (!clamp) return { ok: false }
      const nearest = value < min ? min : max
      return { ok: true, value: nearest, note: `is beyond what is allowed (${range}), so ${nearest} is used` }
    },
    format: (value) => String(value),
  }
}
