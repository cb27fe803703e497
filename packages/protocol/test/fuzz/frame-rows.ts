import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { type FuzzRow, fuzzRow, looseText, sameValue } from '@rocketmq-ts/platform/test-kit'
import { binaryHeaderBytesMax, decodeBinaryHeader, writeBinaryHeader } from '../../src/frame/binary-header.ts'
import { BinaryHeaderPattern } from '../../src/frame/binary-header-pattern.ts'
import { HeaderPattern } from '../../src/frame/header-pattern.ts'
import { decodeJsonHeader, jsonHeaderBytesMax, writeJsonHeader } from '../../src/frame/json-header.ts'
import {
  commandOfCode,
  encodeFrame,
  FrameDecoder,
  FrameError,
  HeaderPatterns,
  type RemotingCommand,
} from '../../src/index.ts'
import { exampleHeaders } from './example-headers.ts'

const headerWords = [
  '"code":',
  '"extFields":',
  '"opaque":',
  '"flag":',
  '"remark":',
  '{',
  '}',
  '"',
  ',',
  '\u0000',
  '\ud83d\ude00',
]

/** Frames of the commands that have most fields, with and without a body, in both forms. */
function frames(): Buffer[] {
  return [10, 310, 11, 34, 105, 103, 17, 200].flatMap((code, index) => {
    const command = commandOfCode(code)!
    const [header] = exampleHeaders(command.request)
    const body = index % 2 === 0 ? Buffer.from('{"body":1}') : undefined
    return (['JSON', 'ROCKETMQ'] as const).map((serializeType) =>
      encodeFrame({
        code,
        opaque: index,
        flag: index % 3,
        remark: 'why',
        header,
        codec: command.requestCodec,
        body,
        serializeType,
      }),
    )
  })
}

/** @param serializeType 0: JSON, 1: ROCKETMQ */
function headersOf(serializeType: 0 | 1): Buffer[] {
  return frames()
    .filter((frame) => frame[4] === serializeType)
    .map((frame) => frame.subarray(8, 8 + (frame.readInt32BE(4) & 0xff_ffff)))
}

const jsonHeaders = (): Buffer[] => headersOf(0)

/** The header in the ROCKETMQ form, as it is sent. */
function binaryHeaderOf({ code, opaque, flag, remark, extFields }: RemotingCommand): Buffer {
  const command = { code, opaque, flag, remark, extFields, serializeType: 'ROCKETMQ' as const }
  const header = Buffer.alloc(binaryHeaderBytesMax(command))
  return header.subarray(0, writeBinaryHeader(header, 0, command))
}

const parsedBinary = (header: Buffer): RemotingCommand => decodeBinaryHeader(header, 0, header.length, undefined)

/** The same header without its remark, which those for patterns do not have. */
const withoutRemark = (header: Buffer): Buffer => binaryHeaderOf({ ...parsedBinary(header), remark: undefined })

function binaryPatterns(): BinaryHeaderPattern[] {
  madeBinaryPatterns ??= headersOf(1).flatMap((header) => {
    const plain = withoutRemark(header)
    return BinaryHeaderPattern.of(plain, parsedBinary(plain)) ?? []
  })
  return madeBinaryPatterns
}

let madeBinaryPatterns: BinaryHeaderPattern[] | undefined
let madePatterns: HeaderPattern[] | undefined

function patterns(): HeaderPattern[] {
  madePatterns ??= jsonHeaders().map((header) => HeaderPattern.of(header, decodeJsonHeader(String(header), undefined))!)
  return madePatterns
}

function parsedOrUndefined(input: Buffer, parse: (input: Buffer) => RemotingCommand): RemotingCommand | undefined {
  try {
    return parse(input)
  } catch (error) {
    if (!(error instanceof FrameError)) throw error
    return undefined
  }
}

/** What came out of a decoder that was fed in pieces, and whether it refused. */
interface Decoded {
  commands: RemotingCommand[]
  isRefused: boolean
}

function decodeInPieces(input: Buffer, pieceBytes: () => number): Decoded {
  const commands: RemotingCommand[] = []
  const decoder = new FrameDecoder((command) => void commands.push(command), undefined, new HeaderPatterns(10))
  try {
    for (let at = 0; at < input.length; ) {
      const piece = input.subarray(at, at + pieceBytes())
      at += piece.length
      // Whoever reads from a socket uses its buffer again only after the decoder is done with it: pieces are copies.
      decoder.push(Buffer.from(piece))
    }
    return { commands, isRefused: false }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error
    return { commands, isRefused: true }
  }
}

function checkHeaderOfAnyCommand({ code, extFields }: RemotingCommand): void {
  // Whatever the fields are: their codec takes them or refuses them.
  const command = commandOfCode(code)
  for (const codec of [command?.requestCodec, command?.responseCodec]) {
    try {
      codec?.decode(extFields)
    } catch (error) {
      if ((error as Error).name !== 'ProtocolError') throw error
    }
  }
}

/** Sets the lengths of the first frame to what there is. */
function withRightLengths(input: Buffer, random: SeededRandom): Buffer {
  if (input.length < 8) return input
  input.writeInt32BE(input.length - 4, 0)
  const serializeType = random.pick([0, 0, 1, 1, 1, 2])
  const headerLength = random.oneIn(2) ? input.length - 8 : random.below(input.length - 7)
  input.writeUInt32BE(serializeType * 0x100_0000 + headerLength, 4)
  return input
}

export const frameRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'FrameDecoder, in pieces of any size',
    seeds: () => [...frames(), Buffer.concat(frames().slice(0, 5))],
    words: headerWords,
    repair: withRightLengths,
    decode: (input, random) => ({
      whole: decodeInPieces(input, () => input.length),
      inPieces: decodeInPieces(input, () => 1 + random.below(random.oneIn(3) ? input.length : 20)),
      byteByByte: input.length < 400 ? decodeInPieces(input, () => 1) : undefined,
    }),
    check({ whole, inPieces, byteByByte }) {
      for (const other of [inPieces, byteByByte]) {
        if (other !== undefined && !sameValue(whole, other)) throw new Error('pieces are decoded to something else')
      }
      for (const command of whole.commands) checkHeaderOfAnyCommand(command)
    },
    allocatedBytesMax: 16 * 1024 * 1024,
  }),
  fuzzRow({
    name: 'JSON header',
    covers: ['decodeJsonHeader'],
    grammar: 'json',
    words: headerWords,
    refusals: [FrameError],
    seeds: jsonHeaders,
    decode: (input) => decodeJsonHeader(looseText(input), undefined),
    check(command) {
      const target = Buffer.alloc(jsonHeaderBytesMax(command))
      const end = writeJsonHeader(target, 0, command)
      if (end > target.length) throw new Error('the header takes more room than is asked for')
      const again = decodeJsonHeader(target.toString('utf8', 0, end), undefined)
      const { language, version } = command
      if (!sameValue({ ...again, language, version }, command)) throw new Error('the header does not come back')
      checkHeaderOfAnyCommand(command)
    },
  }),
  fuzzRow({
    name: 'JSON header like one before',
    covers: ['HeaderPattern'],
    grammar: 'json',
    words: headerWords,
    seeds: jsonHeaders,
    decode: (input) => ({
      input,
      parsed: parsedOrUndefined(input, (header) => decodeJsonHeader(header.toString('utf8'), undefined)),
      decoded: patterns().map((pattern) =>
        pattern.decode(input, new DataView(input.buffer, input.byteOffset, input.length), 0, input.length, undefined),
      ),
    }),
    check({ parsed, decoded }) {
      for (const one of decoded) {
        if (one !== undefined && !sameValue(one, parsed)) throw new Error('a pattern decodes to something else')
      }
    },
  }),
  fuzzRow({
    name: 'ROCKETMQ header',
    covers: ['decodeBinaryHeader'],
    refusals: [FrameError],
    seeds: () => headersOf(1),
    repair(input, random) {
      // The length of the fields fits again, as far as the remark lets it.
      const at = input.length < 21 ? input.length : 17 + Math.max(0, input.readInt32BE(13))
      if (at + 4 <= input.length && !random.oneIn(4)) input.writeInt32BE(input.length - at - 4, at)
      return input
    },
    decode: parsedBinary,
    check(command) {
      const { extFields, language, version } = command
      checkHeaderOfAnyCommand(command)
      // What was no UTF-8 takes more bytes now, and may be too long for a key.
      if (Object.keys(extFields ?? {}).some((key) => Buffer.byteLength(key) > 0x7fff)) return
      const again = parsedBinary(binaryHeaderOf(command))
      if (!sameValue({ ...again, language, version }, command)) throw new Error('the header does not come back')
    },
  }),
  fuzzRow({
    name: 'ROCKETMQ header by a pattern',
    refusals: [],
    seeds: () => headersOf(1).map(withoutRemark),
    decode: (input) => ({
      parsed: parsedOrUndefined(input, parsedBinary),
      decoded: binaryPatterns().map((pattern) =>
        pattern.decode(input, new DataView(input.buffer, input.byteOffset, input.length), 0, input.length, undefined),
      ),
    }),
    check({ parsed, decoded }) {
      for (const one of decoded) {
        if (one !== undefined && !sameValue(one, parsed)) throw new Error('a pattern decodes to something else')
      }
    },
  }),
]
