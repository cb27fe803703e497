import { encodeMessageProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { compileSqlFilter, truth } from '../src/index.ts'

const names = { [truth.no]: 'no', [truth.yes]: 'yes', [truth.unknown]: 'unknown', [truth.failed]: 'failed' }

/** What an expression says of a message with these properties. */
function answer(expression: string, properties: Readonly<Record<string, string>> = {}): string {
  const bytes = Buffer.from(encodeMessageProperties(Object.entries(properties)))
  return names[compileSqlFilter(expression).truthOf(bytes, 0, bytes.length)]
}

function answers(properties: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): void {
  const given = Object.fromEntries(
    Object.keys(expected).map((expression) => [expression, answer(expression, properties)]),
  )
  expect(given).toEqual(expected)
}

describe('a property is compared', () => {
  test('with a text by its characters', () => {
    answers(
      { a: 'x', b: "it's", c: '订单' },
      {
        "a = 'x'": 'yes',
        "a = 'X'": 'no',
        "a <> 'y'": 'yes',
        "b = 'it''s'": 'yes',
        "c = '订单'": 'yes',
        "'x' = a": 'yes',
      },
    )
  })

  test('with a whole number as such, so that a decimal one fails', () => {
    answers(
      { a: '5', b: '5.0', c: 'abc', d: '2147483648', e: '+5', f: '٣' },
      {
        'a = 5': 'yes',
        'a > 4 AND a <= 5': 'yes',
        'b = 5': 'failed',
        'c <> 5': 'failed',
        'd = 2147483648': 'yes',
        'd > 5': 'failed',
        'e = 5': 'yes',
        'f = 3': 'yes',
      },
    )
  })

  test('with a decimal number as such', () => {
    answers(
      { a: '5', b: ' 0x1p3 ', c: 'NaN', d: '1e400', e: '0x1p-1075' },
      {
        'a = 5.0': 'yes',
        'b = 8.0': 'yes',
        'c > 1.5': 'yes',
        'd > 1e308': 'yes',
        'e < 1e-300': 'yes',
        'a < 5.5': 'yes',
      },
    )
  })

  test('with a long number without losing a digit', () => {
    answers(
      { a: '9223372036854775807', b: '9007199254740993' },
      {
        'a = 9223372036854775807': 'yes',
        'b = 9007199254740992': 'no',
        'b > 9007199254740992': 'yes',
        'a < 1.5': 'no',
      },
    )
  })

  test('with TRUE and FALSE by whether it says true', () => {
    answers(
      { a: 'tRue', b: 'no' },
      { 'a = TRUE': 'yes', 'b = TRUE': 'no', 'b = FALSE': 'yes', 'TRUE = a': 'failed', '5 = TRUE': 'no' },
    )
  })

  test('with another property: equal by characters, ordered as decimal numbers', () => {
    answers(
      { a: '5', b: '5.0', c: 'x' },
      { 'a = b': 'no', 'a >= b': 'yes', 'a < b': 'no', 'a > c': 'failed', 'a = a': 'yes', 'a > none': 'unknown' },
    )
  })
})

describe('a property that is missing', () => {
  test('makes a comparison unknown, but for what stands to the right of =', () => {
    answers({}, { 'a = 5': 'unknown', "a <> 'x'": 'unknown', 'a > 5': 'unknown', '5 = a': 'no', '5 < a': 'unknown' })
  })

  test('is null, and nothing else is', () => {
    answers({ a: 'x' }, { 'b IS NULL': 'yes', 'b IS NOT NULL': 'no', 'a IS NULL': 'no', 'a IS NOT NULL': 'yes' })
  })

  test('is unknown to AND, OR and NOT, which decide without it where they can', () => {
    answers(
      { a: 'x' },
      {
        "b = 1 AND a = 'x'": 'unknown',
        "b = 1 AND a = 'y'": 'no',
        "b = 1 OR a = 'x'": 'yes',
        "b = 1 OR a = 'y'": 'unknown',
        'NOT b = 1': 'unknown',
        b: 'unknown',
        a: 'no',
      },
    )
  })
})

describe('what fails', () => {
  test('makes all of the expression fail, unless it was decided before', () => {
    answers(
      { a: 'x' },
      {
        'a = 5 OR TRUE': 'failed',
        'TRUE OR a = 5': 'yes',
        'FALSE AND a = 5': 'no',
        'NOT (a = 5)': 'failed',
        'NOT a = 5': 'no',
        'a = 5 IS NULL': 'failed',
      },
    )
  })
})

describe('lists and parts of texts', () => {
  test('CONTAINS, STARTSWITH and ENDSWITH find a part, and of what is missing neither they nor their opposites are true', () => {
    answers(
      { a: 'xabcx', b: '订单' },
      {
        "a CONTAINS 'abc'": 'yes',
        "a NOT CONTAINS 'abc'": 'no',
        "a STARTSWITH 'xa' AND a ENDSWITH 'cx'": 'yes',
        "a NOT STARTSWITH 'b'": 'yes',
        "b CONTAINS '单'": 'yes',
        "c CONTAINS 'x' OR c NOT CONTAINS 'x'": 'no',
        "a CONTAINS '' OR a NOT CONTAINS ''": 'no',
        "5 CONTAINS '5'": 'no',
      },
    )
  })

  test('IN finds a text among few and among many', () => {
    const many = Array.from({ length: 50 }, (_, index) => `'v${index}'`).join(', ')
    answers(
      { a: 'v7', b: '订单' },
      {
        "a IN ('v7')": 'yes',
        "a NOT IN ('v7', 'x')": 'no',
        [`a IN (${many})`]: 'yes',
        "b IN ('x', '订单')": 'yes',
        "c IN ('x')": 'unknown',
      },
    )
  })

  test('BETWEEN takes both ends, and NOT BETWEEN neither', () => {
    answers(
      { a: '5' },
      {
        'a BETWEEN 5 AND 6': 'yes',
        'a BETWEEN 4 AND 5': 'yes',
        'a NOT BETWEEN 5 AND 6': 'no',
        'a BETWEEN 6 AND 7 OR a = 5': 'yes',
      },
    )
  })
})

describe('a sentence', () => {
  test('is written in any case, over lines, with comments', () => {
    answers({ a: '5' }, { '/* all */ a\n>= 5 -- enough\n aNd Not (a is null)': 'yes' })
  })

  test('binds NOT before comparisons, those before AND, AND before OR', () => {
    answers(
      { a: '1', b: '2' },
      { 'a = 1 OR b = 1 AND a = 2': 'yes', '(a = 1 OR b = 1) AND a = 2': 'no', 'NOT (a = 2)': 'yes' },
    )
  })

  test.each([
    ['', 1, 'the expression ends where'],
    ['a =', 4, 'the expression ends where'],
    ['a = = 5', 5, '= stands where'],
    ["a = 'x", 5, 'a text has no end'],
    ['a > TRUE', 5, 'only numbers and properties'],
    ["a > 'x'", 5, 'only numbers and properties'],
    ['a = NULL', 5, 'write IS NULL'],
    ['a BETWEEN 9 AND 5', 11, 'lower value first'],
    ['a = 9223372036854775808', 5, 'at most 9223372036854775807'],
    ['a = 0.0', 5, 'write 0'],
    ['5', 1, 'a value stands where a condition has to'],
    ["5 IN ('x')", 1, 'IN needs a property'],
    ['a CONTAINS 5', 12, '5 stands where a text'],
    ['a NOT xyz', 7, 'xyz stands where BETWEEN'],
    ['a IS 5', 6, '5 stands where NULL has to stand'],
    ['a # 5', 3, 'no part of an expression starts with "#"'],
    [`${'('.repeat(200)}a`, 101, 'at most 100 deep'],
    [`a${' IS NULL'.repeat(200)}`, 1, 'at most 100 deep'],
    [`a = '${'x'.repeat(20_000)}'`, 16_385, 'at most 16384 characters'],
  ])('that is wrong is refused with the place: %s', (expression, position, reason) => {
    expect(() => compileSqlFilter(expression)).toThrow(reason)
    expect(() => compileSqlFilter(expression)).toThrow(expect.objectContaining({ position }))
  })
})

describe('tags', () => {
  const codes = (expression: string) => {
    const { tagsCodes } = compileSqlFilter(expression)
    return tagsCodes && [...tagsCodes].sort()
  }

  test('that an expression asks for are told by their codes', () => {
    expect(codes("TAGS = 'A'")).toEqual([65])
    expect(codes("a > 1 AND ('B' = TAGS OR TAGS IN ('A', 'C'))")).toEqual([65, 66, 67])
    expect(codes("TAGS IN ('A', 'B') AND TAGS IN ('B', 'C')")).toEqual([66])
  })

  test('are not told when messages of others, or of none, could match too', () => {
    for (const open of [
      "TAGS <> 'A'",
      "TAGS = 'A' OR a = 1",
      'TAGS IS NULL',
      "NOT TAGS = 'A'",
      "TAGS STARTSWITH 'A'",
      'a = 1',
    ]) {
      expect(codes(open), open).toBeUndefined()
    }
  })
})
