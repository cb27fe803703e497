import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commands,
  encodeFrame,
  FrameDecoder,
  FrameError,
  flags,
  frameBytesMax,
  type RemotingCommand,
} from '../../src/index.ts'

function decodeAll(bytes: Buffer, cuts: readonly number[] = []): RemotingCommand[] {
  const decoded: RemotingCommand[] = []
  const decoder = new FrameDecoder((command) => decoded.push(command))
  let start = 0
  for (const cut of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(start, cut))
    start = cut
  }
  return decoded
}

const officialJson =
  '{"code":105,"extFields":{"topic":"T1","acceptStandardJsonOnly":"true"},"flag":0,"language":"JAVA","opaque":0,"serializeTypeCurrentRPC":"JSON","version":513}'
const officialBinary = Buffer.from(
  `00000046010000420069000201000000070000000000000000` +
    `0000002d0005746f706963000000025431001661636365707453746` +
    `16e646172644a736f6e4f6e6c790000000474727565`,
  'hex',
)

describe('frames', () => {
  test('of an official client with a JSON header are read', () => {
    const bytes = Buffer.concat([Buffer.from('000000a00000009c', 'hex'), Buffer.from(officialJson)])
    const [command] = decodeAll(bytes)
    expect(command).toMatchObject({ code: 105, language: 'JAVA', version: 513, opaque: 0, serializeType: 'JSON' })
    expect(commands.getRouteinfoByTopic.requestCodec.decode(command!.extFields)).toMatchObject({
      topic: 'T1',
      acceptStandardJsonOnly: true,
    })
  })

  test('of an official client with a ROCKETMQ header are read', () => {
    const [command] = decodeAll(officialBinary)
    expect(command).toMatchObject({
      code: 105,
      language: 'JAVA',
      version: 513,
      opaque: 7,
      extFields: { topic: 'T1', acceptStandardJsonOnly: 'true' },
      serializeType: 'ROCKETMQ',
    })
  })

  test.each(['JSON', 'ROCKETMQ'] as const)(
    'say Node.js in requests, and in answers what every client knows: %s',
    (serializeType) => {
      const languageOf = (flag: number) =>
        decodeAll(encodeFrame({ code: 1, opaque: 1, flag, serializeType }))[0]!.language
      expect([0, flags.oneWay].map(languageOf)).toEqual(['NODE_JS', 'NODE_JS'])
      expect(languageOf(flags.response)).toBe('OTHER')
    },
  )

  test('are read whatever pieces they arrive in', () => {
    const frame = fc.record({
      code: fc.integer({ min: 0, max: 32_767 }),
      opaque: fc.integer({ min: 0, max: 0x7fffffff }),
      flag: fc.constantFrom(0, flags.response, flags.oneWay),
      remark: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
      extFields: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), { minKeys: 1 }),
      body: fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
      serializeType: fc.constantFrom('JSON' as const, 'ROCKETMQ' as const),
    })
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), fc.array(fc.nat()), (frames, marks) => {
        const bytes = Buffer.concat(
          frames.map((one) => encodeFrame({ ...one, body: one.body && Buffer.from(one.body) })),
        )
        const cuts = marks.map((mark) => mark % bytes.length).sort((a, b) => a - b)
        const decoded = decodeAll(bytes, cuts)
        expect(decoded.length).toBe(frames.length)
        for (const [index, sent] of frames.entries()) {
          const { extFields, body, ...rest } = decoded[index]!
          expect(rest).toMatchObject({ code: sent.code, opaque: sent.opaque, flag: sent.flag, remark: sent.remark })
          expect(Object.entries(extFields ?? {}).sort()).toEqual(Object.entries(sent.extFields).sort())
          expect(body === undefined ? undefined : [...body]).toEqual(sent.body && [...sent.body])
        }
      }),
    )
  })

  test('that are large and arrive byte by byte are read, and what follows them too', () => {
    const frame = (opaque: number, bodyBytes: number): Buffer =>
      encodeFrame({ code: 1, opaque, flag: 0, body: Buffer.alloc(bodyBytes, opaque), serializeType: 'JSON' })
    const bytes = Buffer.concat([frame(1, 100_000), frame(2, 10), frame(3, 3000)])
    const decoded = decodeAll(bytes, Array.from(bytes.keys()))
    expect(decoded.map(({ opaque, body }) => [opaque, body!.length, body!.every((byte) => byte === opaque)])).toEqual([
      [1, 100_000, true],
      [2, 10, true],
      [3, 3000, true],
    ])
  })

  test('that announce much and bring little take little memory', () => {
    const head = Buffer.from([0, 0xff, 0, 0, 0, 0, 0, 9])
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 200 }, () => new FrameDecoder(() => {}))
    for (const decoder of decoders) {
      decoder.push(head)
      decoder.push(Buffer.alloc(100))
    }
    expect(decoders.map(({ bufferedBytes }) => bufferedBytes)).toEqual(decoders.map(() => 108))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 16 * 1024)
  })

  test('that are larger than allowed are refused before they are gathered', () => {
    const head = Buffer.alloc(4)
    head.writeInt32BE(frameBytesMax + 1)
    expect(() => decodeAll(head)).toThrow(FrameError)
  })

  test('of any bytes are decoded or refused, never anything else', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(
          officialBinary,
          Buffer.concat([Buffer.from('000000a00000009c', 'hex'), Buffer.from(officialJson)]),
        ),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      )
      .map(([valid, changes]) => {
        const bytes = Buffer.from(valid)
        for (const [position, value] of changes) bytes[position % bytes.length] = value
        return bytes
      })
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          try {
            decodeAll(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
