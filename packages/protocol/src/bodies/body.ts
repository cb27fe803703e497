import { Buffer } from 'node:buffer'
import { JsonError, parseJson, stringifyJava, stringifyStandard, type Writable } from '../json/index.ts'
import { BodyError } from './body-error.ts'
import type { Shape } from './shape/index.ts'

/** `java`: integer keys bare and objects as keys raw. `standard`: keys quoted and sorted, readable by any JSON parser. */
export type JsonForm = 'java' | 'standard'

/** A JSON body of the protocol: one type, its reader and its writer. */
export interface Body<T> {
  /** The Java peers' name of the body. */
  readonly name: string
  /**
   * Reads a body in either form.
   *
   * @throws BodyError naming the field, or the position when it is no JSON
   */
  decode(bytes: Uint8Array): T
  /** Reads the text of such a body, as a configuration file holds it; throws as `decode` does. */
  parse(text: string): T
  /**
   * @param form default `java`
   * @throws BodyError when a value does not fit the wire's type
   */
  encode(value: T, form?: JsonForm): Buffer
  /** The value for a JSON writer, such as the one of configuration files. */
  toWritable(value: T): Writable
}

export function defineBody<T>(name: string, shape: Shape<T>): Body<T> {
  const parse = (text: string): T => {
    try {
      return shape.decode(parseJson(text))
    } catch (error) {
      if (error instanceof BodyError) throw error.inBody(name)
      if (error instanceof JsonError) throw new BodyError(error.message, { body: name, cause: error })
      throw error
    }
  }
  const toWritable = (value: T): Writable => {
    try {
      return shape.encode(value)
    } catch (error) {
      throw error instanceof BodyError ? error.inBody(name) : error
    }
  }
  return {
    name,
    parse,
    decode(bytes) {
      return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
    },
    encode(value, form = 'java') {
      const writable = toWritable(value)
      return Buffer.from(form === 'java' ? stringifyJava(writable) : stringifyStandard(writable), 'utf8')
    },
    toWritable,
  }
}
