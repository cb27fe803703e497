import { expect, test } from 'vitest'
import { ExpressionCompiler } from '../../src/filters/expression-compiler.ts'

const compiler = () => new ExpressionCompiler(() => true)

test('an expression is compiled once as long as it is used', () => {
  const one = compiler()
  const filter = one.compile('SQL92', 'a = 1')
  for (let other = 0; other < 2_000; other++) {
    one.compile('SQL92', `b = ${other} OR ${"c = 'x' OR ".repeat(80)} TRUE`)
    expect(one.compile('SQL92', 'a = 1')).toBe(filter)
  }
})

test('no number of expressions, long or short, takes more than its share of memory', () => {
  const one = compiler()
  for (let number = 0; number < 300; number++) {
    one.compile('SQL92', `a = '${number}${'x'.repeat(16_000)}'`)
    expect(one.characters).toBeLessThanOrEqual(1024 * 1024)
  }
  for (let number = 0; number < 20_000; number++) one.compile('SQL92', `a = ${number}`)
  expect(one.characters).toBeLessThanOrEqual(10_000 * 'a = 12345'.length)
  expect(one.characters).toBeGreaterThan(0)
})

test('an expression that is wrong says where, and one of another type that there is no such type', () => {
  const refused = (remark: string) =>
    expect.objectContaining({ responseCode: 'SUBSCRIPTION_PARSE_FAILED', message: remark })
  const parsed = "parse the consumer's subscription failed"
  expect(() => compiler().compile('SQL92', 'a = ')).toThrow(
    refused(`${parsed}: the expression ends where a property, a value or ( has to stand (at character 5)`),
  )
  expect(() => compiler().compile('OTHER', 'a = 1')).toThrow(
    refused(`${parsed}: the expression type OTHER is unknown: it is TAG or SQL92`),
  )
})
