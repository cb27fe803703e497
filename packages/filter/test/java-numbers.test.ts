import { describe, expect, test } from 'vitest'
import { compareDoubles, javaDouble, javaInteger, javaLong } from '../src/java-numbers.ts'

describe('like Java', () => {
  test('an Integer has 32 bits, at most one sign, and digits of any script', () => {
    const read = (...texts: string[]) => texts.map(javaInteger)
    expect(read('0', '-0', '+7', '2147483647', '-2147483648', '000000000000000000001')).toEqual([
      0, 0, 7, 2147483647, -2147483648, 1,
    ])
    expect(read('٣٤', '５', '१')).toEqual([34, 5, 1])
    for (const text of ['', '+', '-', '2147483648', '-2147483649', '5.0', ' 5', '5 ', '𝟓', '0x1', '--1', '1_0']) {
      expect(javaInteger(text), text).toBeNaN()
    }
  })

  test('a Long has 64 bits', () => {
    expect(javaLong('9223372036854775807')).toBe(2n ** 63n - 1n)
    expect(javaLong('-9223372036854775808')).toBe(-(2n ** 63n))
    for (const text of ['9223372036854775808', '-9223372036854775809', '1L', ''])
      expect(javaLong(text), text).toBeUndefined()
  })

  test('a Double may stand between blanks, end in f or d, and be written in hexadecimal', () => {
    const read = (...texts: string[]) => texts.map(javaDouble)
    expect(read(' 5 ', '5.', '.5', '5e2', '5f', '5.5D', '-Infinity', '1e400', '\t-0.0\n')).toEqual([
      5,
      5,
      0.5,
      500,
      5,
      5.5,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      -0,
    ])
    expect(read('0x1p3', '0x1.8p1', '0X.8P1d', '-0x0p0', '0x1p-1074', '0x1p-1075', '0x1.8p-1075', '0x1p1024')).toEqual([
      8,
      3,
      1,
      -0,
      Number.MIN_VALUE,
      0,
      Number.MIN_VALUE,
      Number.POSITIVE_INFINITY,
    ])
    expect(read('0x1.fffffffffffff8p0', '0x1.fffffffffffff7p0', '0x1.00000000000008p0')).toEqual([2, 2 - 2 ** -52, 1])
    expect(javaDouble('+NaN')).toBeNaN()
    for (const text of ['', ' ', '.', 'e5', '5e', '0x1', '5l', 'nan', 'infinity', '1 2', '１', '0xp1', '5ff']) {
      expect(javaDouble(text), text).toBeUndefined()
    }
  })

  test('doubles are ordered with -0 below 0, and NaN above all', () => {
    const ordered = [Number.NEGATIVE_INFINITY, -1, -0, 0, Number.MIN_VALUE, 1, Number.POSITIVE_INFINITY, Number.NaN]
    for (const [left, a] of ordered.entries()) {
      for (const [right, b] of ordered.entries()) expect(Math.sign(compareDoubles(a, b))).toBe(Math.sign(left - right))
    }
  })
})
