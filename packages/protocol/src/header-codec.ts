import type { Fields, HeaderOf } from './fields.ts'
import { ProtocolError } from './protocol-error.ts'

/** Header fields as they are on the wire. */
export type ExtFields = Record<string, string>

/** Translates between a typed header and extFields; made from a declaration, once. */
export interface HeaderCodec<Header> {
  /** @throws ProtocolError INVALID_PARAMETER naming the field that is missing or malformed */
  decode(extFields: ExtFields | undefined): Header
  encode(header: Header): ExtFields
  /** The header as the inside of a JSON object, without braces; empty when there is nothing in it. */
  encodeJson(header: Header): string
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

/** Readers of the text of one field, by kind. Some peers write numbers and booleans unquoted: they are taken too. */
const readers = {
  str: (value: unknown, _name: string): string => (typeof value === 'string' ? value : String(value)),
  i32(value: unknown, name: string): number {
    const number = value === '' ? Number.NaN : Number(value)
    if (Number.isInteger(number) && number >= i32Min && number <= i32Max) return number
    return malformed(name, value, 'a 32-bit integer')
  },
  i64(value: unknown, name: string): number {
    const number = value === '' ? Number.NaN : Number(value)
    if (Number.isSafeInteger(number)) return number
    if (!Number.isInteger(number) || Math.abs(number) > 2 ** 63) return malformed(name, value, 'a 64-bit integer')
    return number > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
  },
  bool: (value: unknown, _name: string): boolean => value === 'true' || String(value).toLowerCase() === 'true',
  boundary: (value: unknown, _name: string): 'lower' | 'upper' =>
    String(value).toLowerCase() === 'upper' ? 'upper' : 'lower',
}

/** Text of which JSON is the text in quotes. */
const plainText = /^[\w .,:;|/@#%$+=~*()[\]-]*$/

/** A string in JSON: names and ids, which most are, need no search for what has to be escaped. */
function quoted(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text)
}

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
  const jsonLines: string[] = []
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
    const text = field.kind === 'str' ? `quoted(h[${key}])` : `'"' + h[${key}] + '"'`
    jsonLines.push(`if (h[${key}] !== undefined) s += (s === '' ? '' : ',') + ${JSON.stringify(`${wire}:`)} + ${text};`)
    decodeLines[decodeLines.length - 1] +=
      ` const f${decodeLines.length - 1} = ${value} === undefined || ${value} === null ? ${whenAbsent} : ${field.kind}(${value}, ${key});`
  }
  const names = Object.keys(fields).map((name, index) => `${JSON.stringify(name)}: f${index}`)
  const source = `
    const { str, i32, i64, bool, boundary } = readers;
    return {
      decode(extFields) { const ext = extFields ?? none; ${decodeLines.join('\n')} return { ${names.join(', ')} }; },
      encode(h) { const ext = {}; ${encodeLines.join('\n')} return ext; },
      encodeJson(h) { let s = ''; ${jsonLines.join('\n')} return s; },
    };`
  return new Function('readers', 'missing', 'none', 'quoted', source)(readers, missing, Object.freeze({}), quoted)
}
