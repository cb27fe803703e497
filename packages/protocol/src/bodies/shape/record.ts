import { type JsonValue, shown, type Writable } from '../../json/index.ts'
import { BodyError } from '../body-error.ts'
import { at, type OptionalShape, present, type Shape, type ShapeValue } from './shape.ts'

type Fields = Readonly<Record<string, Shape<unknown>>>

type OptionalNames<F> = { [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never }[keyof F]

/** The type of an object with these fields; those with an optional shape may be left out. */
export type RecordValue<F> = { [K in Exclude<keyof F, OptionalNames<F>>]: ShapeValue<F[K]> } & {
  [K in OptionalNames<F>]?: ShapeValue<F[K]>
} extends infer T
  ? { [K in keyof T]: T[K] }
  : never

/** A shape of an object, whose fields other shapes can include. */
export interface RecordShape<F extends Fields> extends Shape<RecordValue<F>> {
  readonly fields: F
}

/** An object with named fields. Fields that are not named are ignored when read; fields are written sorted by name. */
export function record<const F extends Fields>(fields: F): RecordShape<F> {
  const entries = Object.entries<Shape<unknown>>(fields).sort(([left], [right]) => (left < right ? -1 : 1))
  return {
    fields,
    decode(value) {
      const source = objectOf(value)
      const result: Record<string, unknown> = {}
      for (const [name, shape] of entries) {
        const decoded = at(name, () => shape.decode(Object.hasOwn(source, name) ? source[name] : undefined))
        if (decoded !== undefined) result[name] = decoded
      }
      return result as RecordValue<F>
    },
    encode(value) {
      const source = value as Readonly<Record<string, unknown>>
      const result: Record<string, Writable> = {}
      for (const [name, shape] of entries) result[name] = at(name, () => shape.encode(source[name]))
      return result
    },
  }
}

function objectOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  const given = present(value)
  if (given instanceof Map) throw new BodyError('has an object as a key where names are meant')
  if (typeof given !== 'object' || Array.isArray(given)) throw new BodyError(`must be an object, is ${shown(given)}`)
  return given
}
