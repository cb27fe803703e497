import { InvalidArgumentError } from 'commander'

/** A port; 0 takes a free one. */
export function parsePort(text: string): number {
  return parseWholeNumber(text, 0, 65_535)
}

/** A number of brokers. */
export function parseBrokerCount(text: string): number {
  return parseWholeNumber(text, 1, 1000)
}

/** A text that is not blank. */
export function parseNonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.')
  return text
}

function parseWholeNumber(text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new InvalidArgumentError(`Allowed is a whole number from ${min} to ${max}.`)
}
