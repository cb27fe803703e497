import type { JsonValue, Writable } from '../../json/index.ts'
import { BodyError } from '../body-error.ts'

/**
 * One description of a JSON value from which reading, checking and writing follow. `decode` is lenient where the Java
 * peers are (numbers in quotes, null for absent) and strict otherwise; `encode` writes what they write.
 */
export interface Shape<T> {
  /**
   * @param value undefined and null when the field is absent
   * @throws BodyError
   */
  decode(value: JsonValue | undefined): T
  /**
   * @returns undefined for a field that is to be left out
   * @throws BodyError when the value does not fit the wire's type
   */
  encode(value: T): Writable
}

/** A shape whose field may be missing from the typed value as well. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly isOptional: true
}

/** The type that a shape reads and writes. */
export type ShapeValue<S> = S extends Shape<infer T> ? T : never

/** A field that may be absent: undefined when read, left out when undefined. */
export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return {
    isOptional: true,
    decode: (value) => (isAbsent(value) ? undefined : shape.decode(value)),
    encode: (value) => (value === undefined ? undefined : shape.encode(value)),
  }
}

/** A field that is always written, and has a default when it is absent. */
export function withDefault<T>(shape: Shape<T>, makeDefault: () => NoInfer<T>): Shape<T> {
  return {
    decode: (value) => (isAbsent(value) ? makeDefault() : shape.decode(value)),
    encode: (value) => shape.encode(value),
  }
}

/** JSON that is carried along without being looked at. */
export const anyJson: Shape<JsonValue> = {
  decode: (value) => present(value),
  encode: (value) => value as Writable,
}

export function isAbsent(value: JsonValue | undefined): value is undefined | null {
  return value === undefined || value === null
}

export function present(value: JsonValue | undefined): Exclude<JsonValue, null> {
  if (isAbsent(value)) throw new BodyError('is missing')
  return value
}

/** Runs a step of decoding or encoding; a BodyError in it gets the key of the place. */
export function at<T>(key: string | number, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof BodyError ? error.within(key) : error
  }
}
