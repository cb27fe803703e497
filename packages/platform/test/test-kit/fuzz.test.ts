import { describe, expect, test } from 'vitest'
import {
  AllocationError,
  FuzzFailure,
  type FuzzOptions,
  type FuzzRow,
  fuzzOptions,
  fuzzRow,
  HangError,
  runFuzzRow,
  sameValue,
} from '../../src/test-kit/index.ts'

class Refused extends Error {}
class RefusedElsewhere extends Refused {}

/** A decoder of `length 4 | flags 1 | text`, and what may be wrong with it. */
interface Broken {
  onFlags?(flags: number): void
  alsoRefuses?(text: string): void
  encode?(value: { flags: number; text: string }): Buffer
  allocates?(length: number): void
  refusesAll?: boolean
}

function encode({ flags, text }: { flags: number; text: string }): Buffer {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(text, 'latin1'))
  bytes.writeInt32BE(bytes.length - 5, 0)
  bytes[4] = flags
  bytes.write(text, 5, 'latin1')
  return bytes
}

function rowOf(broken: Broken): FuzzRow {
  return fuzzRow({
    name: 'example',
    seeds: () => ['', 'a', 'some text'].map((text) => encode({ flags: 1, text })),
    refusals: [Refused],
    decode(input) {
      if (broken.refusesAll === true || input.length < 5) throw new Refused('too short')
      const length = input.readInt32BE(0)
      broken.allocates?.(length)
      if (length !== input.length - 5) throw new Refused('the length is wrong')
      broken.onFlags?.(input[4]!)
      const text = input.toString('latin1', 5)
      broken.alsoRefuses?.(text)
      return { flags: input[4]!, text }
    },
    check(value, input) {
      const encoded = (broken.encode ?? encode)(value)
      if (!encoded.equals(input)) throw new Error('it is encoded differently')
    },
    repair(input) {
      if (input.length >= 5) input.writeInt32BE(input.length - 5, 0)
      return input
    },
  })
}

const options: FuzzOptions = { ...fuzzOptions('packages/example.test.ts', {}), count: 150, seed: 1 }

async function failureOf(broken: Broken, changes: Partial<FuzzOptions> = {}): Promise<FuzzFailure> {
  const failure = await runFuzzRow(rowOf(broken), { ...options, ...changes }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(FuzzFailure)
  return failure as FuzzFailure
}

describe('a short run', () => {
  test('lets a decoder pass that keeps its promises, and counts what it did', async () => {
    const report = await runFuzzRow(rowOf({}), options)
    expect(report).toMatchObject({ row: 'example', inputs: 150 })
    expect(report.taken).toBeGreaterThan(10)
    expect(report.refused).toBeGreaterThan(10)
    expect(report.taken + report.refused).toBe(150)
  })

  test('finds a planted error that is not documented', async () => {
    const failure = await failureOf({
      onFlags(flags) {
        if (flags > 0x80) throw new TypeError('flags')
      },
    })
    expect(failure.message).toMatch(/example threw in decode: TypeError: flags/)
    const { input, shortest } = failure.defects[0]!
    expect(shortest.length).toBeGreaterThanOrEqual(5)
    expect(shortest.length).toBeLessThanOrEqual(input.length)
  })

  test('finds an error of a class that is only derived from a documented one', async () => {
    const failure = await failureOf({
      alsoRefuses(text) {
        if (text.length > 12) throw new RefusedElsewhere('long')
      },
    })
    expect(failure.defects[0]!.attempt.error).toBeInstanceOf(RefusedElsewhere)
  })

  test('finds memory that is asked for because of a lying length, before it is gone', async () => {
    const failure = await failureOf({ allocates: (length) => void Buffer.alloc(Math.max(0, length)) })
    expect(failure.defects[0]!.attempt.error).toBeInstanceOf(AllocationError)
  })

  test('finds memory that is asked for by someone who hides the error', async () => {
    const failure = await failureOf({
      allocates(length) {
        try {
          Buffer.allocUnsafe(Math.max(0, length))
        } catch {
          throw new Refused('no memory')
        }
      },
    })
    expect(failure.defects[0]!.attempt.error).toBeInstanceOf(AllocationError)
  })

  test('finds an input that keeps the decoder busy for ever', async () => {
    const failure = await failureOf(
      {
        onFlags(flags) {
          while (flags > 0x80);
        },
      },
      { hangMs: 100 },
    )
    expect(failure.defects[0]!.attempt.error).toBeInstanceOf(HangError)
  })

  test('finds what is lost when a value is encoded again', async () => {
    const failure = await failureOf({ encode: ({ flags, text }) => encode({ flags: flags & 0x7f, text }) })
    expect(failure.message).toMatch(/threw in check/)
  })

  test('finds a decoder that refuses what is valid', async () => {
    expect((await failureOf({ refusesAll: true })).message).toMatch(/refused a valid input/)
  })

  test('tells how to repeat the input, and repeats just this one', async () => {
    const broken: Broken = {
      onFlags(flags) {
        if (flags > 0x80) throw new TypeError('flags')
      },
    }
    const failure = await failureOf(broken)
    const { index, input } = failure.defects[0]!
    expect(failure.message).toContain(`FUZZ_SEED=1 FUZZ_INDEX=${index} npx vitest run packages/example.test.ts -t`)
    const only = fuzzOptions('', { FUZZ_SEED: '1', FUZZ_INDEX: String(index) })
    expect((await failureOf(broken, only)).defects[0]!.input.equals(input)).toBe(true)
    const given = fuzzOptions('', { FUZZ_INPUT: input.toString('hex') })
    expect((await failureOf(broken, given)).defects).toHaveLength(1)
  })

  test('goes on to further defects when it is asked to', async () => {
    const failure = await failureOf(
      {
        onFlags(flags) {
          if (flags > 0xc0) throw new TypeError('more')
          if (flags > 0x80) throw new RangeError('flags')
        },
      },
      { defectsMax: 5 },
    )
    expect(failure.defects).toHaveLength(2)
  })
})

test('the same seed gives the same inputs, another one gives others', async () => {
  const inputsWith = async (seed: number): Promise<string[]> => {
    const inputs: string[] = []
    const row = fuzzRow({
      ...rowOf({}),
      check: undefined,
      decode: (input) => inputs.push(input.toString('hex')),
    })
    await runFuzzRow(row, { ...options, seed })
    return inputs
  }
  expect(await inputsWith(7)).toEqual(await inputsWith(7))
  expect(await inputsWith(7)).not.toEqual(await inputsWith(8))
})

test('values are the same when they mean the same on the wire', () => {
  const left = new Map<unknown, unknown>([['a', { x: 0, gone: null, bytes: Buffer.from('b') }]])
  const right = new Map<unknown, unknown>([['a', { x: -0, bytes: Buffer.from('b'), never: undefined }]])
  expect(sameValue(left, right)).toBe(true)
  expect(sameValue({ a: [1] }, { a: [1, 2] })).toBe(false)
  expect(sameValue({ a: 1 }, { b: 1 })).toBe(false)
  expect(sameValue(new Map([['a', 1]]), { a: 1 })).toBe(true)
  expect(sameValue(new Map([[1, 1]]), new Map([['1', 1]]))).toBe(false)
  expect(sameValue([1], { 0: 1 })).toBe(false)
  expect(sameValue(1, 1n)).toBe(false)
  expect(sameValue(Object.fromEntries([['__proto__', 1]]), {})).toBe(false)
})
