import { compareDoubles, javaDouble, javaInteger, javaLong } from './java-numbers.ts'

/** Types of values, as Java has them: properties are texts, conditions are booleans. */
export type ValueType = 'int' | 'long' | 'double' | 'text' | 'boolean'
export type Value = number | bigint | string | boolean

/** What a value of one type is, next to one of another type, when neither is made the other: less, whatever they are. */
const incomparable = -1

/**
 * Compares two values like the official broker. A text that meets a number is read as a number of the same type, one
 * that meets a boolean is a boolean.
 * @returns below, at or above 0, or undefined when a text is no such number
 */
export function compareValues(
  leftType: ValueType,
  left: Value,
  rightType: ValueType,
  right: Value,
): number | undefined {
  if (leftType === 'boolean' || rightType === 'boolean') return compareBooleans(leftType, left, rightType, right)
  if (leftType === 'text' && rightType === 'text') return left === right ? 0 : left < right ? -1 : 1
  if (leftType === 'text')
    return compareNumbers(rightType, numberOf(left as string, rightType), right as number | bigint)
  if (rightType === 'text')
    return compareNumbers(leftType, left as number | bigint, numberOf(right as string, leftType))
  const type = leftType === 'double' || rightType === 'double' ? 'double' : 'long'
  return compareNumbers(type, left as number | bigint, right as number | bigint)
}

function compareBooleans(leftType: ValueType, left: Value, rightType: ValueType, right: Value): number | undefined {
  if (leftType === 'boolean') {
    // The official broker reads the wrong side as the boolean here, and fails.
    if (rightType === 'text') return undefined
    return rightType === 'boolean' ? Number(left) - Number(right) : incomparable
  }
  if (leftType !== 'text') return incomparable
  return Number(isTrueText(left as string)) - Number(right)
}

function isTrueText(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true'
}

function numberOf(text: string, type: ValueType): number | bigint | undefined {
  if (type === 'double') return javaDouble(text)
  if (type === 'long') return javaLong(text)
  const value = javaInteger(text)
  return Number.isNaN(value) ? undefined : value
}

function compareNumbers(
  type: ValueType,
  left: number | bigint | undefined,
  right: number | bigint | undefined,
): number | undefined {
  if (left === undefined || right === undefined) return undefined
  if (type === 'double') return compareDoubles(Number(left), Number(right))
  return left < right ? -1 : left > right ? 1 : 0
}
