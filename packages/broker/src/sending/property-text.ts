import { decodeMessageProperties, encodeMessageProperties } from '@rocketmq-ts/protocol'

/** `name \x01 value \x02` of one property, to be appended to encoded properties. */
export function encodedProperty(name: string, value: string): string {
  return `${name}\u0001${value}\u0002`
}

/**
 * Sets properties in encoded text. The usual case, none of them present, only appends.
 * @param values undefined removes the property
 */
export function withProperties(text: string, values: Readonly<Record<string, string | undefined>>): string {
  const names = Object.keys(values)
  if (names.some((name) => text.includes(`${name}\u0001`))) {
    const decoded = decodeMessageProperties(text)
    for (const name of names) {
      const value = values[name]
      if (value === undefined) decoded.delete(name)
      else decoded.set(name, value)
    }
    return encodeMessageProperties(decoded)
  }
  let result = terminated(text)
  for (const name of names) {
    const value = values[name]
    if (value !== undefined) result += encodedProperty(name, value)
  }
  return result
}

/** Old clients leave out the separator behind the last property. */
function terminated(text: string): string {
  return text === '' || text.endsWith('\u0002') ? text : `${text}\u0002`
}
