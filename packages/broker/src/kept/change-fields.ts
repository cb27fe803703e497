import { type Body, BodyError, JsonError, type JsonValue, parseJson, stringifyStandard } from '@rocketmq-ts/protocol'

/** The fields of a line of a journal, which is one JSON object. */
export type ChangeFields = Readonly<Record<string, JsonValue>>

/** @throws BodyError when the line is no JSON object */
export function changeFields(line: string): ChangeFields {
  const value = parsed(line)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
    throw new BodyError('is no object', { body: 'change in a journal' })
  }
  return value
}

/** A field that holds such a body. @throws BodyError */
export function bodyIn<T>(body: Body<T>, value: JsonValue | undefined): T {
  // As text and not as it is: integers of 64 bits are read by the rules of the body.
  return body.parse(stringifyStandard(value))
}

/** @throws BodyError when the field is no list */
export function listIn(fields: ChangeFields, name: string): JsonValue[] {
  const value = fields[name]
  if (!Array.isArray(value)) throw wrong(name, 'must be a list')
  return value
}

/** A pair of a list of pairs. @throws BodyError when it is something else */
export function pairIn(name: string, value: JsonValue): [key: string, value: JsonValue] {
  if (!Array.isArray(value) || value.length !== 2) throw wrong(name, 'must hold pairs')
  return [textIn(name, value[0]), value[1]!]
}

/** @throws BodyError when the value is no text */
export function textIn(name: string, value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw wrong(name, 'must hold texts')
  return value
}

/** @throws BodyError when the value is no whole number */
export function integerIn(name: string, value: JsonValue | undefined): number {
  if (!Number.isSafeInteger(value)) throw wrong(name, 'must hold whole numbers')
  return value as number
}

function wrong(name: string, reason: string): BodyError {
  return new BodyError(reason, { path: [name], body: 'change in a journal' })
}

function parsed(line: string): JsonValue {
  try {
    return parseJson(line)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new BodyError(error.message, { body: 'change in a journal', cause: error })
  }
}
