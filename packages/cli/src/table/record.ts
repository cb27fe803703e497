import { formatBytes, formatDuration } from '../values.ts'

/**
 * What a command tells, declared once: the columns of its table, and the fields of its JSON.
 * Times are ISO 8601 in JSON, durations milliseconds, sizes bytes.
 */
export interface Field<Value> {
  /** Its heading. */
  readonly title: string
  /** JSON Schema of its value. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly isRight?: boolean
  /** Only in JSON. */
  readonly isHidden?: boolean
  /** For people. */
  show(value: Value): string
  /** For programs. */
  json(value: Value): unknown
  /** Of a list of records: what each is. */
  readonly inner?: RecordType
}

// biome-ignore lint/suspicious/noExplicitAny: a field's own type is not known here
export type Fields = Readonly<Record<string, Field<any>>>

export interface RecordType<F extends Fields = Fields> {
  readonly fields: F
}

export type RowOf<R extends RecordType> = {
  readonly [Name in keyof R['fields']]: R['fields'][Name] extends Field<infer Value> ? Value : never
}

export function record<F extends Fields>(fields: F): RecordType<F> {
  return { fields }
}

const same = (value: unknown): unknown => value

export function text(title: string): Field<string> {
  return { title, schema: { type: 'string' }, show: (value) => value, json: same }
}

export function whole(title: string): Field<number> {
  return { title, schema: { type: 'integer' }, isRight: true, show: String, json: same }
}

export function decimal(title: string, digits = 1): Field<number> {
  return { title, schema: { type: 'number' }, isRight: true, show: (value) => value.toFixed(digits), json: same }
}

export function yesNo(title: string): Field<boolean> {
  return { title, schema: { type: 'boolean' }, show: (value) => (value ? 'yes' : 'no'), json: same }
}

/** Milliseconds since 1970. */
export function time(title: string): Field<number> {
  return {
    title,
    schema: { type: 'string', format: 'date-time' },
    show: (value) => isoTime(value).replace('T', ' ').replace('Z', ''),
    json: isoTime,
  }
}

/** A date of JavaScript reaches 8.64e15 ms; brokers may tell any number. */
function isoTime(ms: number): string {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, Math.trunc(ms)))).toISOString()
}

/** Milliseconds. */
export function duration(title: string): Field<number> {
  return { title, schema: { type: 'number' }, isRight: true, show: formatDuration, json: same }
}

export function size(title: string): Field<number> {
  return { title, schema: { type: 'integer' }, isRight: true, show: formatBytes, json: same }
}

/** A part of a whole, from 0 to 1. */
export function share(title: string): Field<number> {
  return {
    title,
    schema: { type: 'number' },
    isRight: true,
    show: (value) => `${(value * 100).toFixed(1)}%`,
    json: same,
  }
}

export function texts(title: string): Field<readonly string[]> {
  return {
    title,
    schema: { type: 'array', items: { type: 'string' } },
    show: (values) => (values.length === 0 ? '-' : values.join(', ')),
    json: same,
  }
}

export function map(title: string): Field<Readonly<Record<string, string>>> {
  return {
    title,
    schema: { type: 'object', additionalProperties: { type: 'string' } },
    show: (values) =>
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    json: same,
  }
}

export function list<R extends RecordType>(title: string, inner: R): Field<readonly RowOf<R>[]> {
  return {
    title,
    schema: { type: 'array', items: schemaOf(inner) },
    show: (rows) => String(rows.length),
    json: (rows) => rows.map((row) => jsonOf(inner, row)),
    inner,
  }
}

/** What may be missing: null in JSON. */
export function maybe<Value>(field: Field<Value>): Field<Value | undefined> {
  const { schema } = field
  return {
    ...field,
    schema: { anyOf: [schema, { type: 'null' }] },
    show: (value) => (value === undefined ? '-' : field.show(value)),
    json: (value) => (value === undefined ? null : field.json(value)),
  }
}

/** Too much for a table. */
export function inJson<Value>(field: Field<Value>): Field<Value> {
  return { ...field, isHidden: true }
}

export function jsonOf<R extends RecordType>({ fields }: R, row: RowOf<R>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.json((row as Record<string, unknown>)[name])]),
  )
}

/** JSON Schema of a record: everything is there, and nothing else. */
export function schemaOf({ fields }: RecordType): Record<string, unknown> {
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, { title, schema }]) => [name, { description: title, ...schema }]),
    ),
    required: Object.keys(fields),
    additionalProperties: false,
  }
}
