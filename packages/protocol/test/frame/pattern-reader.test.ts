import { describe, expect, test } from 'vitest'
import { HeaderPattern } from '../../src/frame/header-pattern.ts'
import { jsonHeaderForm } from '../../src/frame/json-header-form.ts'
import { PatternReader } from '../../src/frame/pattern-reader.ts'
import { FrameError, HeaderPatterns, type RemotingCommand } from '../../src/index.ts'

function headerOf(code: number, opaque: number, extra = ''): string {
  return `{"code":${code},"extFields":{"topic":"T${opaque}"${extra}},"flag":0,"language":"JAVA","opaque":${opaque},"version":1}`
}

function decode(reader: PatternReader, header: string): RemotingCommand {
  const bytes = Buffer.from(header)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return reader.decode(bytes, view, 0, bytes.length, undefined)
}

/** Decodes headers and tells how many of them a pattern decoded. */
function countDecodedByPattern(work: () => void): number {
  const { decode: original } = HeaderPattern.prototype
  let count = 0
  HeaderPattern.prototype.decode = function (...parameters) {
    const decoded = original.apply(this, parameters)
    if (decoded !== undefined) count++
    return decoded
  }
  try {
    work()
  } finally {
    HeaderPattern.prototype.decode = original
  }
  return count
}

describe('a reader of JSON headers', () => {
  test('makes a pattern of what comes again and again, for several commands of one peer', () => {
    const reader = new PatternReader(jsonHeaderForm, new HeaderPatterns(10))
    const decodedByPattern = countDecodedByPattern(() => {
      for (let opaque = 0; opaque < 100; opaque++) {
        for (const code of [310, 11, 15]) {
          expect(decode(reader, headerOf(code, opaque))).toMatchObject({
            code,
            opaque,
            extFields: { topic: `T${opaque}` },
          })
        }
      }
    })
    expect(decodedByPattern).toBe(3 * 92)
  })

  test('parses each header without a place for patterns', () => {
    const reader = new PatternReader(jsonHeaderForm, undefined)
    expect(countDecodedByPattern(() => void Array.from({ length: 50 }, () => decode(reader, headerOf(310, 1))))).toBe(0)
  })

  test('makes no more patterns for a peer whose headers are never alike', () => {
    const reader = new PatternReader(jsonHeaderForm, new HeaderPatterns(10))
    const made: unknown[] = []
    const { of } = HeaderPattern
    HeaderPattern.of = (header, command) => {
      const pattern = of(header, command)
      made.push(pattern)
      return pattern
    }
    try {
      for (let opaque = 0; opaque < 1000; opaque++) decode(reader, headerOf(310, opaque, `,"field${opaque}":"1"`))
    } finally {
      HeaderPattern.of = of
    }
    expect(made.length).toBe(4)
  })

  test('gives up the oldest pattern when there are too many, and makes it again when it is needed', () => {
    const patterns = new HeaderPatterns(2)
    const readers = ['a', 'b', 'c'].map((field) => ({ field, reader: new PatternReader(jsonHeaderForm, patterns) }))
    const countFor = ({ field, reader }: (typeof readers)[number], headers: number): number =>
      countDecodedByPattern(
        () => void Array.from({ length: headers }, (_, at) => decode(reader, headerOf(310, at, `,"${field}":"1"`))),
      )
    expect(readers.map((one) => countFor(one, 100))).toEqual([92, 92, 92])
    expect(readers.toReversed().map((one) => countFor(one, 10))).toEqual([10, 10, 2])
  })

  test('tells commands apart whose codes differ in the last of six digits', () => {
    const reader = new PatternReader(jsonHeaderForm, new HeaderPatterns(10))
    const decodedByPattern = countDecodedByPattern(() => {
      for (let opaque = 0; opaque < 100; opaque++) {
        for (const code of [200_050, 200_051]) {
          const extra = code === 200_050 ? ',"maxMsgNums":"1"' : ',"offset":"7"'
          const { extFields } = decode(reader, headerOf(code, opaque, extra))
          expect(Object.keys(extFields!)).toEqual(['topic', code === 200_050 ? 'maxMsgNums' : 'offset'])
        }
      }
    })
    expect(decodedByPattern).toBe(2 * 92)
  })

  test('uses the newest pattern of other peers, and makes its own where its headers are not like that', () => {
    const patterns = new HeaderPatterns(10)
    const first = new PatternReader(jsonHeaderForm, patterns)
    for (let opaque = 0; opaque < 20; opaque++) decode(first, headerOf(310, opaque))
    const countFor = (reader: PatternReader, extra: string): number =>
      countDecodedByPattern(() => {
        for (let opaque = 100; opaque < 120; opaque++) {
          const { extFields } = decode(reader, headerOf(310, opaque, extra))
          expect({ ...extFields }).toEqual({ topic: `T${opaque}`, ...(extra === '' ? {} : { lo: 'x' }) })
        }
      })
    expect(countFor(new PatternReader(jsonHeaderForm, patterns), '')).toBe(20)
    expect(countFor(new PatternReader(jsonHeaderForm, patterns), ',"lo":"x"')).toBe(12)
    // The newest one counts.
    expect(countFor(new PatternReader(jsonHeaderForm, patterns), ',"lo":"x"')).toBe(20)
  })

  test('makes its own pattern where it sends many headers like those of others', () => {
    const patterns = new HeaderPatterns(10)
    const first = new PatternReader(jsonHeaderForm, patterns)
    for (let opaque = 0; opaque < 20; opaque++) decode(first, headerOf(310, opaque))
    const { of } = HeaderPattern
    const made: Buffer[] = []
    HeaderPattern.of = (header, command) => {
      made.push(header)
      return of(header, command)
    }
    try {
      const reader = new PatternReader(jsonHeaderForm, patterns)
      for (let opaque = 100; opaque < 131; opaque++) decode(reader, headerOf(310, opaque))
      expect(made.length).toBe(0)
      for (let opaque = 131; opaque < 1000; opaque++) decode(reader, headerOf(310, opaque))
      expect(made.map(String)).toEqual([headerOf(310, 131)].map(String))
    } finally {
      HeaderPattern.of = of
    }
  })

  test.each(['', '{', '{"code":310,"extFields":{"topic":1e999}}{', '{"code":"0x136"}'])(
    'refuses %j as the parser does, also when it has a pattern',
    (header) => {
      const reader = new PatternReader(jsonHeaderForm, new HeaderPatterns(10))
      for (let opaque = 0; opaque < 20; opaque++) decode(reader, headerOf(310, opaque))
      expect(() => decode(reader, header)).toThrow(FrameError)
    },
  )

  test.each([
    ['"opaque":"7"', 7],
    ['"opaque":"-7"', -7],
    ['"opaque":007', 7],
    ['"opaque":null', 0],
  ])('reads %s as the parser does, also when it has a pattern of numbers', (opaque, number) => {
    const reader = new PatternReader(jsonHeaderForm, new HeaderPatterns(10))
    for (let other = 0; other < 20; other++) decode(reader, headerOf(310, other))
    const header = headerOf(310, 3).replace('"opaque":3', opaque)
    expect(decode(reader, header)).toMatchObject({ code: 310, opaque: number, extFields: { topic: 'T3' } })
  })
})
