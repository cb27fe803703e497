const nameEnd = '\u0001'
const valueEnd = '\u0002'

/** `name \x01 value \x02` of one property, to be appended to encoded properties. */
export function encodedProperty(name: string, value: string): string {
  return `${name}${nameEnd}${value}${valueEnd}`
}

/**
 * Sets properties in encoded text. The usual case, none of them present, only appends.
 * @param values undefined removes the property
 */
export function withProperties(text: string, values: Readonly<Record<string, string | undefined>>): string {
  const names = Object.keys(values)
  const isPresent = names.some((name) => text.includes(`${name}${nameEnd}`))
  let result = terminated(isPresent ? without(text, values) : text)
  for (const name of names) {
    const value = values[name]
    if (value !== undefined) result += encodedProperty(name, value)
  }
  return result
}

/** Leaves properties out. The others stay as they are written, whatever a reader makes of them. */
function without(text: string, names: Readonly<Record<string, unknown>>): string {
  return text
    .split(valueEnd)
    .filter((pair) => !Object.hasOwn(names, pair.slice(0, Math.max(0, pair.indexOf(nameEnd)))))
    .join(valueEnd)
}

/** Encoded properties with the separator behind the last one, which old clients leave out. */
function terminated(text: string): string {
  return text === '' || text.endsWith(valueEnd) ? text : `${text}${valueEnd}`
}
