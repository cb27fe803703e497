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
