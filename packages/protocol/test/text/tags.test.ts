import { describe, expect, test } from 'vitest'
import { javaStringHash, parseTagExpression, TagExpressionError } from '../../src/text/index.ts'

test.each([
  ['TagA', 2598919],
  ['订单', 1129459],
  ['A', 65],
  ['', 0],
  ['T1#k1', 79072524],
  ['polygenelubricants', -2147483648],
  ['😀', 1772899],
])('the hash of %j is %d', (text, hash) => {
  expect(javaStringHash(text)).toBe(hash)
})

describe('tag expressions are read as the Java peers read them', () => {
  test.each([undefined, '', '*'])('%j is every tag', (expression) => {
    expect(parseTagExpression(expression)).toEqual({ kind: 'all' })
  })

  test.each([
    ['A||B', ['A', 'B'], [65, 66]],
    [' A || || B ', ['A', 'B'], [65, 66]],
    ['A||A', ['A'], [65]],
    ['A|B', ['A|B'], [66375]],
    [' * ', ['*'], [42]],
    ['*||A', ['*', 'A'], [42, 65]],
    [' || ', [], []],
    ['||A', ['A'], [65]],
  ])('%j is the tags %j', (expression, tags, codes) => {
    expect(parseTagExpression(expression)).toEqual({ kind: 'tags', tags, codes })
  })

  test.each(['||', '||||'])('%j is refused', (expression) => {
    expect(() => parseTagExpression(expression)).toThrow(TagExpressionError)
  })
})
