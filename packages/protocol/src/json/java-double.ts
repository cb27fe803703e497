/**
 * Writes a number as Java writes a `double` in JSON: always with a fraction (`0.0`), with an exponent below 10^-3 and
 * from 10^7 (`1.0E-4`, `1.0E7`), and `null` for what JSON cannot say.
 */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const plain = String(value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}
