import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSqlFilter, FilterExpressionError, filterLimits } from '../src/index.ts'

const words = [
  ...[
    'a',
    'TAGS',
    '5',
    '5.5',
    '9223372036854775808',
    '1e999',
    "'x'",
    "'",
    '(',
    ')',
    ',',
    '=',
    '<>',
    '<',
    '>=',
    '+',
    '-',
    '--',
    '/*',
    '*/',
  ],
  ...['AND', 'OR', 'NOT', 'BETWEEN', 'IN', 'IS', 'NULL', 'TRUE', 'CONTAINS', ' ', '\n', '\u0000', '\ud83d', '😀'],
]
const records = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes))

test('any text is an expression or is refused with its place, and any bytes are asked about without harm', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((all) => all.join(' ')),
  )
  fc.assert(
    fc.property(texts, records, (text, record) => {
      try {
        const filter = compileSqlFilter(text)
        expect([0, 1, 2, 3]).toContain(filter.truthOf(record, 0, record.length))
      } catch (error) {
        if (!(error instanceof FilterExpressionError)) throw error
        expect(error.position).toBeGreaterThan(0)
        expect(error.position).toBeLessThanOrEqual(text.length + 1)
      }
    }),
    { numRuns: 5000 },
  )
})

test('the longest expressions of each kind are compiled and asked without running out of stack', () => {
  const { lengthMax, depthMax } = filterLimits
  const filled = (part: string, end: string) => part.repeat(Math.floor((lengthMax - end.length) / part.length)) + end
  const record = Buffer.from('a\u00015\u0002')
  const expressions = [
    filled('a=1 OR ', 'a=5'),
    filled('a=5 AND ', 'a=5'),
    `a IN (${"'x',".repeat(4000)}'5')`,
    `${'('.repeat(depthMax)}a=5${')'.repeat(depthMax)}`,
    `a=5${' = TRUE'.repeat(depthMax)}`,
  ]
  for (const expression of expressions) {
    expect(compileSqlFilter(expression).matches(record, 0, record.length), expression.slice(0, 40)).toBe(true)
  }
})

test('expressions one past a limit are refused with the place where they pass it', () => {
  const { lengthMax, depthMax } = filterLimits
  const nested = depthMax + 1
  const refused: [expression: string, position: number][] = [
    [`a=5${' '.repeat(lengthMax - 2)}`, lengthMax + 1],
    [`${'('.repeat(nested)}a=5${')'.repeat(nested)}`, nested],
    [`${'NOT '.repeat(nested)}a`, depthMax * 4 + 1],
    [`a = ${'-'.repeat(nested)}5`, 4 + nested],
    [`a=5${' = TRUE'.repeat(nested)}`, 1],
  ]
  for (const [expression, position] of refused) {
    expect(() => compileSqlFilter(expression), expression.slice(0, 40)).toThrow(
      expect.objectContaining({ name: 'FilterExpressionError', position }),
    )
  }
})
