import type { ExtFields } from '../header-codec.ts'
import { binaryHeaderLayout, eachField, keyLengthBytes, valueLengthBytes } from './binary-header.ts'
import { equalBytes } from './equal-bytes.ts'
import { type Pattern, patternBytesMax } from './pattern-reader.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** A field of the known header. */
interface KnownField {
  name: string
  /** Of the name with its length. */
  nameStart: number
  nameBytes: number
  valueStart: number
  valueBytes: number
}

const { fixedBytes, opaqueStart, flagStart, remarkLengthStart, remarkStart } = binaryHeaderLayout

/**
 * Decodes ROCKETMQ headers that have the same fields as a known one, in the same order. Equal values are compared and
 * not decoded. Anything unexpected is left to the parser.
 */
export class BinaryHeaderPattern implements Pattern {
  readonly #view: DataView
  readonly #command: RemotingCommand
  readonly #values: ExtFields
  readonly #fields: readonly KnownField[]

  private constructor(bytes: Buffer, command: RemotingCommand, values: ExtFields, fields: readonly KnownField[]) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#command = command
    this.#values = values
    this.#fields = fields
  }

  /**
   * @param command what the parser made of the header
   * @returns undefined when headers like this one are not for patterns
   */
  static of(header: Buffer, command: RemotingCommand): BinaryHeaderPattern | undefined {
    const { extFields, remark } = command
    if (extFields === undefined || remark !== undefined || header.length > patternBytesMax) return undefined
    // The parser ignores bytes behind the fields: a pattern must not read them as fields.
    if (header.readInt32BE(remarkStart) !== header.length - fixedBytes) return undefined
    const fields = fieldsOf(header)
    // Of fields with one name the last counts, and this name would set a prototype.
    if (fields.length !== Object.keys(extFields).length || '__proto__' in extFields) return undefined
    return new BinaryHeaderPattern(Buffer.from(header), { ...command, body: undefined }, { ...extFields }, fields)
  }

  /**
   * @param view of the same bytes
   * @returns undefined when the header has to be parsed
   */
  decode(
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    body: Buffer | undefined,
  ): RemotingCommand | undefined {
    if (end - start < fixedBytes || view.getInt32(start + remarkLengthStart) !== 0) return undefined
    const own = this.#view
    if (equalBytes(own, 0, view, start, opaqueStart) < opaqueStart) return undefined
    let at = start + fixedBytes
    if (view.getInt32(start + remarkStart) !== end - at) return undefined
    const extFields = { ...this.#values }
    for (const field of this.#fields) {
      const { nameBytes } = field
      const valueStart = at + nameBytes + valueLengthBytes
      if (valueStart > end || equalBytes(own, field.nameStart, view, at, nameBytes) < nameBytes) return undefined
      const valueBytes = view.getInt32(at + nameBytes)
      if (valueBytes < 0 || valueBytes > end - valueStart) return undefined
      at = valueStart + valueBytes
      if (
        valueBytes === field.valueBytes &&
        equalBytes(own, field.valueStart, view, valueStart, valueBytes) === valueBytes
      )
        continue
      extFields[field.name] = textOf(bytes, valueStart, at)
    }
    if (at !== end) return undefined
    const { code, language, version, remark, serializeType } = this.#command
    const opaque = view.getInt32(start + opaqueStart)
    const flag = view.getInt32(start + flagStart)
    return { code, language, version, opaque, flag, remark, extFields, body, serializeType }
  }
}

/** The places of fields in a header that the parser accepted and that has no remark. */
function fieldsOf(header: Buffer): KnownField[] {
  const fields: KnownField[] = []
  eachField(header, fixedBytes, header.length, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = header.toString('utf8', keyStart, keyEnd)
    const nameStart = keyStart - keyLengthBytes
    fields.push({ name, nameStart, nameBytes: keyEnd - nameStart, valueStart, valueBytes: valueEnd - valueStart })
  })
  return fields
}

function textOf(bytes: Buffer, start: number, end: number): string {
  if (end - start === 1 && bytes[start]! < 0x80) return String.fromCharCode(bytes[start]!)
  return bytes.toString('utf8', start, end)
}
