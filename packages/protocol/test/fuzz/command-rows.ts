import { type FuzzRow, fuzzRow, looseText, sameValue } from '@rocketmq-ts/platform/test-kit'
import { decodeJsonHeader } from '../../src/frame/json-header.ts'
import {
  type AnyCommand,
  commands,
  type ExtFields,
  FrameError,
  type HeaderCodec,
  ProtocolError,
} from '../../src/index.ts'
import { headerJson } from '../header-json.ts'
import { exampleHeaders } from './example-headers.ts'

type Codec = HeaderCodec<unknown>

function checkComesBack(codec: Codec, header: unknown): void {
  const fromJson = codec.decode(JSON.parse(headerJson(codec, header)))
  if (!sameValue(fromJson, header)) throw new Error('the header does not come back from JSON')
  if (!sameValue(codec.decode(codec.encode(header)), header)) throw new Error('the header does not come back')
}

/** As both codecs of a command see them: the fields of a header are as free as JSON lets them be. */
function rowOf(command: AnyCommand): FuzzRow {
  const codecs: readonly Codec[] = [command.requestCodec, command.responseCodec]
  return fuzzRow({
    name: `${command.name} header`,
    grammar: 'json',
    refusals: [FrameError, ProtocolError],
    seeds: () =>
      [command.request, command.response].flatMap((fields, index) =>
        exampleHeaders(fields).map((header) => Buffer.from(headerJson(codecs[index]!, header))),
      ),
    decode(input) {
      const { extFields } = decodeJsonHeader(`{"code":${command.code},"extFields":${looseText(input)}}`, undefined)
      const headers = codecs.map((codec) => decoded(codec, extFields))
      // Refused only when neither is meant.
      if (headers.every((header) => header instanceof ProtocolError)) throw headers[0]
      return headers
    },
    check(headers) {
      headers.forEach((header, index) => {
        if (!(header instanceof ProtocolError)) checkComesBack(codecs[index]!, header)
      })
    },
  })
}

function decoded(codec: Codec, extFields: ExtFields | undefined): unknown {
  try {
    return codec.decode(extFields)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

export const commandRows: readonly FuzzRow[] = Object.values(commands).map(rowOf)
