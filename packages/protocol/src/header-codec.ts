import { decimalInteger } from './decimal-integer.ts'
import type { FieldKind, Fields, HeaderOf } from './fields.ts'
import { integerBytesMax, putAscii, putBytes, putNumber, putString, stringBytesMax } from './json/put-json.ts'
import { ProtocolError } from './protocol-error.ts'
import { putInt16, putInt32, putUtf8, utf8BytesMax } from './put-bytes.ts'

/** Header fields as they are on the wire. */
export type ExtFields = Record<string, string>

/** Translates between a typed header and extFields; made from a declaration, once. */
export interface HeaderCodec<Header> {
  /** @throws ProtocolError INVALID_PARAMETER naming the field that is missing or malformed */
  decode(extFields: ExtFields | undefined): Header
  encode(header: Header): ExtFields
  /** Room that `writeJson` needs at the most, in bytes. */
  jsonBytesMax(header: Header): number
  /**
   * Writes the header as the inside of a JSON object, without braces; writes nothing for an empty header.
   * @returns the position behind it
   */
  writeJson(target: Buffer, position: number, header: Header): number
  /** Room that `writeBinary` needs at the most, in bytes. */
  binaryBytesMax(header: Header): number
  /**
   * Writes the header as the fields of a ROCKETMQ header: (keyLength 2 | key | valueLength 4 | value)*.
   * @returns the position behind it
   */
  writeBinary(target: Buffer, position: number, header: Header): number
}

const i32Min = -(2 ** 31)
const i32Max = 2 ** 31 - 1

function missing(name: string): never {
  throw new ProtocolError('INVALID_PARAMETER', `the header field ${name} is missing: the request needs it`)
}

function malformed(name: string, value: unknown, wanted: string): never {
  const shown = String(value).slice(0, 64)
  throw new ProtocolError('INVALID_PARAMETER', `the header field ${name} is "${shown}", it must be ${wanted}`)
}

/** Readers of the text of one field, by kind. */
const readers = {
  str: (value: string, _name: string): string => value,
  i32(value: string, name: string): number {
    const number = decimalInteger(value)
    if (number >= i32Min && number <= i32Max) return number
    return malformed(name, value, 'a 32-bit integer')
  },
  i64(value: string, name: string): number {
    const number = decimalInteger(value)
    return Number.isNaN(number) ? malformed(name, value, 'a 64-bit integer') : number
  },
  bool: (value: string, _name: string): boolean => value === 'true' || value.toLowerCase() === 'true',
  boundary: (value: string, _name: string): 'lower' | 'upper' => (value.toLowerCase() === 'upper' ? 'upper' : 'lower'),
}

/** What the generated code writes with. Every value is text on the wire, numbers and booleans in quotes too. */
const writers = { putAscii, putBytes, putInt32, putNumber, putString, putUtf8, stringBytesMax, utf8BytesMax }

/** `false`, `lower` and `upper` are the longest of the other kinds; two quotes. */
const otherBytesMax = Math.max(integerBytesMax, 'false'.length) + 2

/**
 * Compiles a codec: one function a direction with a line for each field, instead of a loop over a declaration for
 * each message. Only names from declarations, quoted as JSON, get into the source.
 * @param wireNames names on the wire where they differ from those of the fields
 */
export function compileHeaderCodec<F extends Fields>(
  fields: F,
  wireNames: Readonly<Record<string, string>> = {},
): HeaderCodec<HeaderOf<F>> {
  const decodeLines: string[] = []
  const encodeLines: string[] = []
  const writeLines: string[] = []
  const roomLines: string[] = []
  const names: Uint8Array[] = []
  const binaryLines: string[] = []
  const binaryRoomLines: string[] = []
  const keys: Uint8Array[] = []
  let roomBytes = 0
  let binaryRoomBytes = 0
  for (const [name, field] of Object.entries(fields)) {
    const key = JSON.stringify(name)
    const wire = JSON.stringify(wireNames[name] ?? name)
    const whenAbsent =
      field.absent === 'required'
        ? `missing(${key})`
        : field.absent === 'optional'
          ? 'undefined'
          : JSON.stringify(field.absent.value)
    decodeLines.push(`const v${decodeLines.length} = ext[${wire}];`)
    const value = `v${decodeLines.length - 1}`
    encodeLines.push(`if (h[${key}] !== undefined) ext[${wire}] = String(h[${key}]);`)
    const putName = `p = putBytes(t, p, names[${names.length}]);`
    names.push(Buffer.from(`${wire}:`))
    const putValue = putStatement(field.kind, `h[${key}]`)
    writeLines.push(`if (h[${key}] !== undefined) { ${putName} ${putValue} t[p++] = 44; }`)
    roomBytes += wire.length + 2
    if (field.kind === 'str') roomLines.push(`if (h[${key}] !== undefined) room += stringBytesMax(h[${key}]);`)
    else roomBytes += otherBytesMax
    const putKey = `p = putBytes(t, p, keys[${keys.length}]) + 4; s = p;`
    const binaryKey = keyOf(wireNames[name] ?? name)
    keys.push(binaryKey)
    const putBinary = `p = ${binaryExpression(field.kind, `h[${key}]`)}; putInt32(t, p - s, s - 4);`
    binaryLines.push(`if (h[${key}] !== undefined) { ${putKey} ${putBinary} }`)
    binaryRoomBytes += binaryKey.length + 4
    if (field.kind === 'str') binaryRoomLines.push(`if (h[${key}] !== undefined) room += utf8BytesMax(h[${key}]);`)
    else binaryRoomBytes += otherBytesMax
    decodeLines[decodeLines.length - 1] +=
      ` const f${decodeLines.length - 1} = ${value} === undefined || ${value} === null ? ${whenAbsent} : ${field.kind}(${value}, ${key});`
  }
  const properties = Object.keys(fields).map((name, index) => `${JSON.stringify(name)}: f${index}`)
  const source = `
    const { str, i32, i64, bool, boundary } = readers;
    const { putAscii, putBytes, putInt32, putNumber, putString, putUtf8, stringBytesMax, utf8BytesMax } = writers;
    return {
      decode(extFields) { const ext = extFields ?? none; ${decodeLines.join('\n')} return { ${properties.join(', ')} }; },
      encode(h) { const ext = {}; ${encodeLines.join('\n')} return ext; },
      jsonBytesMax(h) { let room = ${roomBytes}; ${roomLines.join('\n')} return room; },
      writeJson(t, start, h) { let p = start; ${writeLines.join('\n')} return p === start ? p : p - 1; },
      binaryBytesMax(h) { let room = ${binaryRoomBytes}; ${binaryRoomLines.join('\n')} return room; },
      writeBinary(t, start, h) { let p = start; let s = 0; ${binaryLines.join('\n')} return p; },
    };`
  return new Function('readers', 'missing', 'none', 'writers', 'names', 'keys', source)(
    readers,
    missing,
    Object.freeze({}),
    writers,
    names,
    keys,
  )
}

/** A name as it stands in a ROCKETMQ header, with its length. */
function keyOf(wireName: string): Buffer {
  const name = Buffer.from(wireName, 'utf8')
  const key = Buffer.alloc(2 + name.length)
  name.copy(key, putInt16(key, name.length, 0))
  return key
}

/** Expression of the generated code that writes a value at `p` of `t` without quotes, and gives the position behind it. */
function binaryExpression(kind: FieldKind, value: string): string {
  if (kind === 'str') return `putUtf8(t, p, ${value})`
  return kind === 'i32' || kind === 'i64' ? `putNumber(t, p, ${value})` : `putAscii(t, p, String(${value}))`
}

/** Statements of the generated code that write a value at `p` of `t`. */
function putStatement(kind: FieldKind, value: string): string {
  if (kind === 'str') return `p = putString(t, p, ${value});`
  const text = kind === 'i32' || kind === 'i64' ? `putNumber(t, p, ${value})` : `putAscii(t, p, String(${value}))`
  return `t[p++] = 34; p = ${text}; t[p++] = 34;`
}
