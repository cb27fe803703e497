import { describe, expect, test } from 'vitest'
import { type BenchOptions, parseBenchOptions } from '../src/options.ts'

function parsed(...argv: string[]): BenchOptions {
  const options = parseBenchOptions(argv, () => {})
  if ('exitCode' in options) throw new Error(`exit code ${options.exitCode}`)
  return options
}

function refusal(...argv: string[]): string {
  let text = ''
  const options = parseBenchOptions(argv, (part) => {
    text += part
  })
  expect(options).toMatchObject({ exitCode: 1 })
  return text
}

describe('arguments', () => {
  test('none: all rows, three slices of five seconds, both brokers, kept', () => {
    expect(parsed()).toMatchObject({
      only: undefined,
      seconds: 5,
      rounds: 3,
      target: 'both',
      quick: false,
      record: true,
    })
  })

  test('--quick is shorter and keeps nothing; what is given explicitly wins', () => {
    expect(parsed('--quick')).toMatchObject({ quick: true, seconds: 2, rounds: 1, record: false })
    expect(parsed('--quick', '--seconds', '0.5', '--rounds', '2')).toMatchObject({ seconds: 0.5, rounds: 2 })
  })

  test('--only takes rows with commas and blanks', () => {
    expect(parsed('--only', 'send, pull,').only).toEqual(['send', 'pull'])
  })

  test('--no-record keeps nothing', () => {
    expect(parsed('--no-record').record).toBe(false)
  })

  test('--steady takes minutes, ten without', () => {
    expect(parsed()).toMatchObject({ steady: undefined, steadyRate: 0 })
    expect(parsed('--steady')).toMatchObject({ steady: 10, steadyRate: 0 })
    expect(parsed('--steady', '2.5', '--steady-rate', '20000')).toMatchObject({ steady: 2.5, steadyRate: 20_000 })
  })

  test.each([
    [['--steady', '1'], 'from 2 to 120'],
    [['--steady', 'long'], 'from 2 to 120'],
    [['--steady-rate', '-1'], 'from 0 to 1,000,000'],
    [['--seconds', '0'], 'above 0'],
    [['--seconds', 'ten'], 'above 0'],
    [['--rounds', '1.5'], 'whole number'],
    [['--only', ' , '], 'name one row'],
    [['--target', 'theirs'], 'Allowed choices are ours, official, both'],
    [['--fast'], "unknown option '--fast'"],
    [['send'], 'too many arguments'],
  ])('%j is refused with a reason', (argv, reason) => {
    expect(refusal(...argv)).toContain(reason)
  })

  test('--help is no error', () => {
    expect(parseBenchOptions(['--help'], () => {})).toEqual({ exitCode: 0 })
  })
})
