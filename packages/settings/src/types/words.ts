import type { ParsedValue, SettingType } from '../setting-type.ts'

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

export const boolean: SettingType<boolean> = {
  allowed: 'true or false',
  parse(text) {
    const value = booleanWords.get(text.toLowerCase())
    return value === undefined ? { ok: false } : { ok: true, value }
  },
  format: (value) => String(value),
}

/**
 * A switch that can only be off: turning it on would promise protection or a file layout that does not exist.
 *
 * @param reason completes the sentence "true is not possible: ..."
 */
export function falseOnly(reason: string): SettingType<boolean> {
  return {
    ...boolean,
    allowed: 'false',
    parse(text) {
      const parsed = boolean.parse(text)
      return parsed.ok && parsed.value ? { ok: false, reason } : parsed
    },
  }
}

/** Cannot stand in a line of a file, a message's property and a terminal: control characters, lone surrogates. */
const uncarried = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/** Any text on one line, the empty one included. */
export const text: SettingType<string> = {
  allowed: 'text on one line, without control characters',
  parse: (value) => (uncarried.test(value) ? { ok: false } : { ok: true, value }),
  format: (value) => value,
}

/** @param what completes the sentence "allowed is ...": `a name`, `a folder` */
export function nonEmptyText(what: string): SettingType<string> {
  return {
    ...text,
    allowed: `${what}, on one line without control characters`,
    parse: (value) => (value === '' ? { ok: false, reason: 'it is empty' } : text.parse(value)),
  }
}

/**
 * One of several words, in exactly this spelling.
 *
 * @param refused words of RocketMQ that are not served here, with the reason
 */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  refused: Readonly<Record<string, string>> = {},
): SettingType<Word> {
  return {
    allowed: words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`,
    parse(value): ParsedValue<Word> {
      const word = words.find((candidate) => candidate === value)
      if (word !== undefined) return { ok: true, value: word }
      return { ok: false, reason: Object.hasOwn(refused, value) ? refused[value] : undefined }
    },
    format: (value) => value,
  }
}
