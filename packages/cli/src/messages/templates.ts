import { randomBytes, randomUUID } from 'node:crypto'
import { UsageError } from '../usage-error.ts'

const lengthMax = 4 * 1024 * 1024

type Part = (count: number, nowMs: number) => string

const simpleParts: Readonly<Record<string, Part>> = {
  count: (count) => String(count),
  time: (_, nowMs) => new Date(nowMs).toISOString(),
  timestamp: (_, nowMs) => String(nowMs),
  uuid: () => randomUUID(),
}

export const templateHelp = '{{count}} {{time}} {{timestamp}} {{uuid}} {{random 16}}'

/**
 * A text in which `{{count}}` and the like are replaced, anew for each message.
 * @returns what makes the text of the nth message, from 1 on
 * @throws UsageError for a placeholder that nobody knows
 */
export function parseTemplate(text: string): (count: number, nowMs: number) => string {
  const parts: Part[] = []
  for (const [piece, inside] of text.matchAll(/\{\{(.*?)\}\}|(?:(?!\{\{.*?\}\}).)+/gs)) {
    parts.push(inside === undefined ? () => piece : partOf(inside.trim()))
  }
  return (count, nowMs) => parts.map((part) => part(count, nowMs)).join('')
}

function partOf(name: string): Part {
  const simple = simpleParts[name]
  if (simple !== undefined) return simple
  const length = Number(/^random (\d{1,7})$/.exec(name)?.[1] ?? 'none')
  if (length > 0 && length <= lengthMax) return () => randomText(length)
  throw new UsageError(`there is no {{${name}}}; there are ${templateHelp}`)
}

function randomText(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length)
}
