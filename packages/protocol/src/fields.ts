/**
 * The types of header fields. On the wire every one is text (extFields); a field that is absent is undefined.
 */
export type FieldKind = 'str' | 'i32' | 'i64' | 'bool' | 'boundary'

type ValueOfKind = { str: string; i32: number; i64: number; bool: boolean; boundary: 'lower' | 'upper' }

export interface Field<Kind extends FieldKind = FieldKind, Absent = unknown> {
  readonly kind: Kind
  /** When the field is absent: `required` refuses the header, `optional` gives undefined, otherwise the default. */
  readonly absent: 'required' | 'optional' | { readonly value: Absent }
}

export type Fields = Readonly<Record<string, Field>>

type RequiredKey<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly absent: 'optional' } ? never : K
}[keyof F]

/** The header that a set of fields describes. */
export type HeaderOf<F extends Fields> = {
  [K in RequiredKey<F>]: ValueOfKind[F[K]['kind']]
} & {
  [K in Exclude<keyof F, RequiredKey<F>>]?: ValueOfKind[F[K]['kind']] | undefined
}

export interface RequiredField<Kind extends FieldKind> extends Field<Kind> {
  readonly absent: 'required'
}
export interface OptionalField<Kind extends FieldKind> extends Field<Kind> {
  readonly absent: 'optional'
}
export interface DefaultedField<Kind extends FieldKind> extends Field<Kind> {
  readonly absent: { readonly value: ValueOfKind[Kind] }
}

function required<Kind extends FieldKind>(kind: Kind): RequiredField<Kind> {
  return { kind, absent: 'required' }
}

export const str = required('str')
/** A 32-bit signed integer. */
export const i32 = required('i32')
/** A 64-bit signed integer; values beyond 2^53 are clamped to it: they mean "no limit" wherever they occur. */
export const i64 = required('i64')
export const bool = required('bool')
/** Which end of a run of equal timestamps is meant. */
export const boundary = required('boundary')

export function optional<Kind extends FieldKind>(field: Field<Kind>): OptionalField<Kind> {
  return { kind: field.kind, absent: 'optional' }
}

export function withDefault<Kind extends FieldKind>(
  field: Field<Kind>,
  value: ValueOfKind[Kind],
): DefaultedField<Kind> {
  return { kind: field.kind, absent: { value } }
}

/** Fields that any request may carry besides its own. */
export const rpcFields = {
  ns: optional(str),
  nsd: optional(bool),
  bname: optional(str),
  oway: optional(bool),
} as const

/** Fields that any request about a topic may carry besides its own. */
export const topicFields = { ...rpcFields, lo: optional(bool) } as const
