import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'

/** Turns bodies into bytes and back. Types of producers and consumers follow from it. */
export interface Codec<Input, Output = Input> {
  /** @throws when the value is none that can be sent */
  encode(value: Input): Uint8Array | Promise<Uint8Array>
  /** @throws when the bytes are no such value */
  decode(bytes: Buffer): Output | Promise<Output>
}

/**
 * One that is none, such as `json` without its parentheses, would make dead letters of all messages.
 * @throws RocketMQError INVALID_ARGUMENT
 */
export function checkCodec(codec: Codec<never, unknown> | undefined): void {
  if (codec === undefined || (typeof codec?.encode === 'function' && typeof codec.decode === 'function')) return
  throw invalidArgument('codec is none: give text, json(), or an object with encode and decode')
}

/** What a body may be where no codec is given. */
export type MessageBody = string | Uint8Array

/** The part of Standard Schema (standardschema.dev, version 1) that is used: zod, valibot, arktype and others have it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Bytes as they are; text is sent in UTF-8. What is received is bytes. */
export const bytes: Codec<MessageBody, Buffer> = {
  encode: toBuffer,
  decode: (body) => body,
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Text in UTF-8. */
export const text: Codec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (body) => utf8.decode(body),
}

/** JSON of a type that is believed, not checked. */
export function json<Value>(): Codec<Value>
/**
 * JSON that a schema checks: what is sent before it is encoded, what is received after it is decoded. What the schema
 * makes of a value (defaults, conversions) is what a consumer gets; what is sent is the value as it was given.
 */
export function json<Input, Output>(schema: StandardSchema<Input, Output>): Codec<Input, Output>
export function json(schema?: StandardSchema): Codec<unknown> {
  if (schema === undefined) return { encode: toJson, decode: fromJson }
  return {
    encode(value) {
      const result = schema['~standard'].validate(value)
      if (result instanceof Promise) return result.then((settled) => toJson(accepted(settled, value)))
      return toJson(accepted(result, value))
    },
    decode(body) {
      const result = schema['~standard'].validate(fromJson(body))
      return result instanceof Promise ? result.then((settled) => output(settled)) : output(result)
    },
  }
}

/** A view of the bytes, without a copy. */
export function toBuffer(body: MessageBody): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'utf8')
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

function toJson(value: unknown): Buffer {
  const written = JSON.stringify(value)
  if (written === undefined) throw new TypeError(`${typeof value} is no value of JSON`)
  return Buffer.from(written, 'utf8')
}

function fromJson(body: Buffer): unknown {
  return JSON.parse(utf8.decode(body))
}

function accepted<Value>(result: SchemaResult<unknown>, value: Value): Value {
  if (result.issues !== undefined) throw invalidArgument(misfit(result.issues))
  return value
}

function output<Output>(result: SchemaResult<Output>): Output {
  if (result.issues !== undefined) throw new RocketMQError('UNDECODABLE', misfit(result.issues))
  return result.value
}

function misfit(issues: readonly SchemaIssue[]): string {
  const texts = issues.map(({ message, path = [] }) => {
    const at = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return at === '' ? message : `${at}: ${message}`
  })
  return `the value does not fit its schema: ${texts.join('; ')}`
}
