import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { binaryHeaderForm } from '../../src/frame/binary-header-form.ts'
import { BinaryHeaderPattern } from '../../src/frame/binary-header-pattern.ts'
import { PatternReader } from '../../src/frame/pattern-reader.ts'
import {
  commandOfCode,
  commands,
  encodeFrame,
  encodeFrameHead,
  FrameDecoder,
  FrameError,
  HeaderPatterns,
  type RemotingCommand,
} from '../../src/index.ts'
import { exampleHeaders } from '../fuzz/example-headers.ts'
import { sendFields } from './send-fields.ts'

function header(extFields: Record<string, string>, opaque = 1, remark?: string): Buffer {
  return encodeFrameHead({ code: 310, opaque, flag: 0, remark, extFields, serializeType: 'ROCKETMQ' }, 0).subarray(8)
}

/** As the decoder of frames does it: the header is somewhere within a chunk. */
function read(reader: PatternReader, bytes: Buffer): RemotingCommand {
  const chunk = Buffer.concat([Buffer.from('--'), bytes, Buffer.from('--')])
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  return reader.decode(chunk, view, 2, 2 + bytes.length, undefined)
}

function readerWithPattern(): PatternReader {
  const reader = new PatternReader(binaryHeaderForm, new HeaderPatterns(10))
  for (let opaque = 0; opaque < 20; opaque++) read(reader, header(sendFields, opaque))
  return reader
}

describe('a ROCKETMQ header', () => {
  const names = Object.values(commands).map(({ name, code }) => [name, code] as const)

  test.each(names)('of %s comes back', (_, code) => {
    const { request, requestCodec: codec } = commandOfCode(code)!
    for (const example of exampleHeaders(request)) {
      const decoded: RemotingCommand[] = []
      const frame = { code, opaque: 2, flag: 0, header: example, codec, serializeType: 'ROCKETMQ' as const }
      new FrameDecoder((one) => decoded.push(one)).push(encodeFrame(frame))
      expect({ ...decoded[0]!.extFields }).toEqual(codec.encode(example))
    }
  })

  test('is decoded as the parser does when it is like those before it, whatever its values are', () => {
    const reader = readerWithPattern()
    const parser = new PatternReader(binaryHeaderForm, undefined)
    const values = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '订', '\u0000', 'x'.repeat(300)),
    )
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'e', 'g', 'i', 'm', 'z', 'constructor'), values),
        fc.nat(),
        fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        (changes, opaque, remark) => {
          const bytes = header({ ...sendFields, ...changes }, opaque, remark)
          const { extFields, ...rest } = read(reader, bytes)
          const { extFields: expected, ...expectedRest } = read(parser, bytes)
          expect([{ ...extFields }, rest]).toEqual([{ ...expected }, expectedRest])
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('is decoded by a pattern when its values differ only', () => {
    const reader = readerWithPattern()
    const decode = vi.spyOn(BinaryHeaderPattern.prototype, 'decode')
    try {
      const { extFields } = read(reader, header({ ...sendFields, e: '4', g: '1', i: '订单' }))
      expect(extFields).toEqual({ ...sendFields, e: '4', g: '1', i: '订单' })
      expect(Object.getPrototypeOf(extFields)).toBe(Object.prototype)
      expect(decode.mock.results.map(({ value }) => value !== undefined)).toEqual([true])
      read(reader, header({ a: 'group' }))
      expect(decode.mock.results.at(-1)!.value).toBeUndefined()
    } finally {
      decode.mockRestore()
    }
  })

  test('that is damaged is decoded or refused as without a pattern', () => {
    const reader = readerWithPattern()
    const outcome = (by: PatternReader, bytes: Buffer): unknown => {
      try {
        const { extFields, ...rest } = read(by, bytes)
        return [rest, { ...extFields }]
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
        return (error as Error).message
      }
    }
    const valid = header(sendFields)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(3), (changes, cut) => {
        const bytes = Buffer.from(valid.subarray(0, valid.length - cut))
        for (const [position, value] of changes) bytes[position % bytes.length] = value
        expect(outcome(reader, bytes)).toEqual(outcome(new PatternReader(binaryHeaderForm, undefined), bytes))
      }),
      { numRuns: 5000 },
    )
  })

  test('with more bytes than its fields take is decoded each time it comes', () => {
    const bytes = Buffer.concat([header(sendFields), Buffer.from('more')])
    const reader = new PatternReader(binaryHeaderForm, new HeaderPatterns(10))
    for (let round = 0; round < 20; round++) expect({ ...read(reader, bytes).extFields }).toEqual(sendFields)
  })

  test('with a field named __proto__ is left to the parser', () => {
    const reader = new PatternReader(binaryHeaderForm, new HeaderPatterns(10))
    const bytes = encodeFrameHead(
      { code: 1, opaque: 1, flag: 0, extFields: JSON.parse('{"__proto__":"x","a":"1"}'), serializeType: 'ROCKETMQ' },
      0,
    ).subarray(8)
    for (let round = 0; round < 20; round++) {
      const { extFields } = read(reader, bytes)
      expect(Object.entries(extFields!)).toEqual([
        ['__proto__', 'x'],
        ['a', '1'],
      ])
    }
  })
})
