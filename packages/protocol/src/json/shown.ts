/**
 * A JSON value as an error message shows it. An object is not converted to text: it may have a field `toString` that is
 * no function.
 */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}
