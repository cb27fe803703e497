/**
 * Message properties as text: `name \x01 value \x02`, repeated. The last \x02 may be
 * missing in what is read and is always written. Order has no meaning.
 */
const NAME_END = '\u0001'
const VALUE_END = '\u0002'
const NAME_END_UNIT = 1
const VALUE_END_UNIT = 2

/** A property that cannot be written: its name or value holds a separator, or its name is empty. */
export class MessagePropertyError extends Error {
  override readonly name = 'MessagePropertyError'
}

/**
 * Decodes properties as the official decoder does: a pair without a name, without a value or without \x01 is skipped;
 * the value runs from the first \x01 of its pair; of a repeated name the last value counts.
 */
export function decodeMessageProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  let start = 0
  while (start < text.length) {
    const end = pairEnd(text, start)
    const separator = nameEnd(text, start, end)
    if (separator > start && separator < end - 1) {
      properties.set(text.slice(start, separator), text.slice(separator + 1, end))
    }
    start = end + 1
  }
  return properties
}

/**
 * Encodes properties, each closed by \x02. Properties with an empty value are left out: no reader sees them.
 *
 * @throws MessagePropertyError when a name is empty, or a name or value holds \x01 or \x02
 */
export function encodeMessageProperties(properties: Iterable<readonly [name: string, value: string]>): string {
  let text = ''
  for (const [name, value] of properties) {
    if (name === '' || hasSeparator(name) || hasSeparator(value)) {
      throw new MessagePropertyError(
        `property ${JSON.stringify(name)} must have a name, and no \\x01 or \\x02 in name and value`,
      )
    }
    if (value !== '') text += name + NAME_END + value + VALUE_END
  }
  return text
}

/**
 * Reads one property from the text without decoding the others; agrees with `decodeMessageProperties`.
 *
 * @returns undefined when the property is absent or empty
 */
export function findMessageProperty(text: string, name: string): string | undefined {
  for (let at = text.lastIndexOf(name); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(name, at - 1)) {
    const separator = at + name.length
    if (text.charCodeAt(separator) !== NAME_END_UNIT) continue
    if (at > 0 && text.charCodeAt(at - 1) !== VALUE_END_UNIT) continue
    const end = pairEnd(text, separator + 1)
    if (end > separator + 1) return text.slice(separator + 1, end)
  }
  return undefined
}

function pairEnd(text: string, start: number): number {
  const end = text.indexOf(VALUE_END, start)
  return end < 0 ? text.length : end
}

/** The position of the \x01 that ends the name, or `end` when the pair has none. Never looks behind the pair. */
function nameEnd(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) === NAME_END_UNIT) return at
  }
  return end
}

function hasSeparator(text: string): boolean {
  return text.includes(NAME_END) || text.includes(VALUE_END)
}
