import type { Session } from '../session.ts'
import type { RecordType, RowOf } from './record.ts'

/** What the shell completes. */
export type Completion = 'topic' | 'group' | 'broker' | 'context' | 'file'

/** An option of a command: `--name value`, or `--name` alone when it has no placeholder. */
export interface Option<Value> {
  readonly about: string
  readonly short?: string
  /** Of its value, as help shows it. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  /** What counts when it is not given. */
  readonly fallback?: Value
  /** May be given several times. */
  readonly isMany?: boolean
  readonly completes?: Completion
  /** @throws UsageError */
  parse?(text: string): unknown
}

interface ValueOption<Value> {
  readonly about: string
  readonly short?: string
  readonly placeholder: string
  readonly completes?: Completion
  readonly choices?: readonly string[]
  parse(text: string): Value
}

/** An option with a value of its own type. */
export function option<Value>(given: ValueOption<Value> & { readonly fallback: Value }): Option<Value>
export function option<Value>(given: ValueOption<Value>): Option<Value | undefined>
export function option<Value>(given: ValueOption<Value> & { readonly fallback?: Value }): Option<Value | undefined> {
  return given
}

export function textOption(
  placeholder: string,
  about: string,
  more: { readonly short?: string; readonly completes?: Completion } = {},
): Option<string | undefined> {
  return { placeholder, about, ...more, parse: (text) => text }
}

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  about: string,
  fallback: Choice,
): Option<Choice> {
  return { placeholder: 'value', about, choices, fallback }
}

export function optionalChoice<const Choice extends string>(
  choices: readonly Choice[],
  about: string,
): Option<Choice | undefined> {
  return { placeholder: 'value', about, choices }
}

export function flag(about: string, short?: string): Option<boolean> {
  return { about, ...(short === undefined ? {} : { short }), fallback: false }
}

/** May be given several times. */
export function many<Value>(given: ValueOption<Value>): Option<readonly Value[]> {
  return { ...given, isMany: true, fallback: [] } as Option<readonly Value[]>
}

/** An argument of a command, by its place. */
export interface Argument<Value> {
  readonly about: string
  readonly isOptional?: boolean
  readonly isMany?: boolean
  readonly completes?: Completion
  readonly choices?: readonly string[]
  /** @throws UsageError */
  parse?(text: string): unknown
  /** Only for the type. */
  readonly value?: Value
}

export function argument(about: string, completes?: Completion): Argument<string> {
  return { about, ...(completes === undefined ? {} : { completes }) }
}

export function optionalArgument(about: string, completes?: Completion): Argument<string | undefined> {
  return { ...argument(about, completes), isOptional: true }
}

export function choiceArgument<const Choice extends string>(
  choices: readonly Choice[],
  about: string,
): Argument<Choice> {
  return { about, choices }
}

export function manyArguments<Value>(
  about: string,
  parse: (text: string) => Value,
  more: { readonly isOptional?: boolean; readonly completes?: Completion } = {},
): Argument<readonly Value[]> {
  return { about, isMany: true, parse, ...more }
}

// biome-ignore lint/suspicious/noExplicitAny: the type of each is its own
export type Options = Readonly<Record<string, Option<any>>>
// biome-ignore lint/suspicious/noExplicitAny: the type of each is its own
export type Arguments = Readonly<Record<string, Argument<any>>>

export type ValuesOf<A extends Arguments, O extends Options> = {
  readonly [Name in keyof A]: A[Name] extends Argument<infer Value> ? Value : never
} & {
  readonly [Name in keyof O]: O[Name] extends Option<infer Value> ? Value : never
}

/** What a command gives out. */
export type Output<Result = unknown> =
  | { readonly kind: 'rows'; readonly record: RecordType; readonly none: string; readonly result?: Result }
  | {
      readonly kind: 'one'
      readonly record: RecordType
      readonly result?: Result
      /** For people, in place of its fields. */
      // biome-ignore lint/suspicious/noExplicitAny: the row's type is that of the record
      say?(row: any): string
    }
  | {
      /** The command writes itself; in JSON a list, an object, or an object a line. */
      readonly kind: 'own' | 'ownRows' | 'ownObject' | 'ownLines'
      readonly record?: RecordType
      readonly result?: Result
    }

/** A table; a list in JSON. @param none said to people when it is empty */
export function rows<R extends RecordType>(record: R, none: string): Output<readonly RowOf<R>[]> {
  return { kind: 'rows', record, none }
}

/** Fields with their values, or a sentence; an object in JSON. */
export function one<R extends RecordType>(record: R, say?: (row: RowOf<R>) => string): Output<RowOf<R>> {
  return { kind: 'one', record, ...(say === undefined ? {} : { say }) }
}

/** The command writes itself; it returns its exit code. */
export const own: Output<number> = { kind: 'own' }

/** Like `own`; in JSON a list of records. */
export function ownRows(record: RecordType): Output<number> {
  return { kind: 'ownRows', record }
}

/** Like `own`; in JSON an object. */
export function ownObject(record: RecordType): Output<number> {
  return { kind: 'ownObject', record }
}

/** Like `own`; in JSON an object a line. */
export function ownLines(record: RecordType): Output<number> {
  return { kind: 'ownLines', record }
}

export interface Command {
  readonly name: string
  readonly about: string
  /** More about it, in a few sentences. */
  readonly details?: string
  readonly example: string
  readonly arguments: Arguments
  readonly options: Options
  readonly output: Output
  /** It needs no cluster: options of the connection are not offered. */
  readonly isLocal: boolean
  /** Everything behind its name is its own business. */
  readonly takesAll: boolean
  readonly isHidden: boolean
  /** When it fails, or is used wrongly; 1 and 2 without it. */
  readonly failureExitCode: number | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the values' types are those of the declaration
  run(session: Session, values: any): unknown
}

interface CommandDeclaration<A extends Arguments, O extends Options, Result> {
  readonly name: string
  readonly about: string
  readonly details?: string
  readonly example: string
  readonly arguments?: A
  readonly options?: O
  readonly output: Output<Result>
  readonly isLocal?: boolean
  readonly takesAll?: boolean
  readonly isHidden?: boolean
  readonly failureExitCode?: number
  run(session: Session, values: ValuesOf<A, O>): Result | Promise<Result>
}

type Nothing = Readonly<Record<never, never>>

export function command<Result, A extends Arguments = Nothing, O extends Options = Nothing>(
  declared: CommandDeclaration<A, O, Result>,
): Command {
  const { isLocal = false, takesAll = false, isHidden = false, failureExitCode } = declared
  const { arguments: args = {}, options = {} } = declared
  return { ...declared, arguments: args, options, isLocal, takesAll, isHidden, failureExitCode }
}

/** Commands about one thing: `rocketmq topic …`. */
export interface CommandGroup {
  readonly name: string
  readonly about: string
  readonly commands: readonly Command[]
}

export function isGroup(entry: Command | CommandGroup): entry is CommandGroup {
  return 'commands' in entry
}
