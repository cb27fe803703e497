import type { SettingsEnvironment } from './environment.ts'
import type { SettingType } from './setting-type.ts'

/**
 * When a change by a request takes effect: at once, or at the next start. `fixed` marks a key that no request may
 * change, with the reason.
 */
export type SettingEffect = 'live' | 'restart' | { readonly fixed: string }

/** `notServed` marks a key of RocketMQ that is known but has no effect here, with the reason. */
export type SettingStatus = 'applied' | { readonly notServed: string }

/** What a computed default sees: the environment, and the values of other settings. */
export interface ComputeContext extends SettingsEnvironment {
  /** The text of another setting's value. */
  textOf(key: string): string
  /** The value of another setting that is a number. */
  numberOf(key: string): number
}

/** A default that is known only when the process starts. */
export interface ComputedDefault<T> {
  /** What it is, for `--print-config`: `the host name`. */
  readonly described: string
  compute(context: ComputeContext): T
}

/** What one line of a table declares. */
export interface SettingDeclaration<T> {
  readonly type: SettingType<T>
  readonly default: T | ComputedDefault<T>
  /** One sentence, units included. */
  readonly meaning: string
  readonly effect: SettingEffect
}

/** A declaration with its place in the table. */
export interface Setting<T> extends SettingDeclaration<T> {
  readonly group: string
  readonly status: SettingStatus
}

export type SettingsTable = Readonly<Record<string, Setting<unknown>>>

/** The values that a table describes. */
export type SettingsOf<Table extends SettingsTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer Value> ? Value : never
}

/** Declares a setting whose changes take effect at once. */
export function live<T>(
  type: SettingType<T>,
  defaultValue: NoInfer<T> | ComputedDefault<NoInfer<T>>,
  meaning: string,
): SettingDeclaration<T> {
  return { type, default: defaultValue, meaning, effect: 'live' }
}

/** Declares a setting whose changes take effect at the next start. */
export function atRestart<T>(
  type: SettingType<T>,
  defaultValue: NoInfer<T> | ComputedDefault<NoInfer<T>>,
  meaning: string,
): SettingDeclaration<T> {
  return { type, default: defaultValue, meaning, effect: 'restart' }
}

/**
 * Declares a setting that no request may change.
 *
 * @param reason a short sentence: `the files of the store are laid out by it`
 */
export function fixed<T>(
  reason: string,
  type: SettingType<T>,
  defaultValue: NoInfer<T> | ComputedDefault<NoInfer<T>>,
  meaning: string,
): SettingDeclaration<T> {
  return { type, default: defaultValue, meaning, effect: { fixed: reason } }
}

/** @param described what the default is, in words */
export function computed<T>(described: string, compute: (context: ComputeContext) => T): ComputedDefault<T> {
  return { described, compute }
}

type Declarations = Readonly<Record<string, SettingDeclaration<unknown>>>

type TableOf<D extends Declarations> = {
  readonly [Key in keyof D]: D[Key] extends SettingDeclaration<infer Value> ? Setting<Value> : never
}

/** Settings that have an effect, in the group under which `--print-config` shows them. */
export function applied<D extends Declarations>(group: string, declarations: D): TableOf<D> {
  return withPlace(declarations, group, 'applied')
}

/**
 * Settings of RocketMQ that are known but have no effect.
 *
 * @param reason a short sentence: `POP is not served yet`
 */
export function notServed<D extends Declarations>(group: string, reason: string, declarations: D): TableOf<D> {
  return withPlace(declarations, group, { notServed: reason })
}

function withPlace<D extends Declarations>(declarations: D, group: string, status: SettingStatus): TableOf<D> {
  const entries = Object.entries(declarations).map(([key, declaration]) => [key, { ...declaration, group, status }])
  return Object.fromEntries(entries) as TableOf<D>
}

export function isComputed<T>(value: T | ComputedDefault<T>): value is ComputedDefault<T> {
  return typeof value === 'object' && value !== null && 'compute' in value
}
