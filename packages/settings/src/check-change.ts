import { nearestWord } from '@rocketmq-ts/base'
import { JavaPropertiesError, parseJavaPropertyLines, type ResponseCodeName } from '@rocketmq-ts/protocol'
import type { OtherKnownKeys } from './check-properties.ts'
import type { SettingsResult } from './read-settings.ts'
import type { Setting, SettingsOf, SettingsTable } from './setting.ts'
import { describeProblem, shownSetting } from './settings-error.ts'

/** What decides whether settings may change while the process runs. */
export interface ChangeRules<Table extends SettingsTable> {
  readonly table: Table
  /** Keys that RocketMQ knows beside the table. */
  readonly otherKnownKeys: OtherKnownKeys
  /** Adjusts settings that depend on each other, as a start does. */
  settle?(values: SettingsOf<Table>): SettingsResult<SettingsOf<Table>>
  /** Keys that no request may name. */
  blackList(current: SettingsOf<Table>): readonly string[]
  /** Keys that something other than the file decides at each start, with what that is: `-n`. */
  readonly decidedKeys: ReadonlyMap<string, string>
}

/** The values of settings while the process runs. */
export interface RunningValues<Values> {
  /** In force now. */
  readonly current: Values
  /** In force after a restart. */
  readonly next: Values
}

/** The result of a request to change settings. A refused request changes nothing. */
export type CheckedChange<Values> =
  | {
      readonly outcome: 'refused'
      readonly code: Extract<ResponseCodeName, 'NO_PERMISSION' | 'INVALID_PARAMETER'>
      /** Names key, value, and what is allowed. */
      readonly remark: string
    }
  | {
      readonly outcome: 'taken'
      readonly values: RunningValues<Values>
      /** Text of values to keep: those of the request's keys that have an effect, and of changed keys. */
      readonly given: ReadonlyMap<string, string>
      /** Keys with another value now or after a restart. */
      readonly changedKeys: readonly string[]
      /** The changed keys that take effect at the next start. */
      readonly restartKeys: readonly string[]
      /** Sentences for the user, such as about a value that was replaced by the nearest allowed one. */
      readonly notes: readonly string[]
    }

/** A request names some keys; a file with all settings has 25 KiB. */
const bodyBytesMax = 256 * 1024
const keysMax = 1000
/** The most problems that an answer names. */
const problemsMax = 5

type Refused = Extract<CheckedChange<unknown>, { outcome: 'refused' }>

function invalid(remark: string): Refused {
  return { outcome: 'refused', code: 'INVALID_PARAMETER', remark }
}

/**
 * Decides about a request to change settings of a running process (UPDATE_BROKER_CONFIG 25, UPDATE_NAMESRV_CONFIG 318):
 * all of its keys are taken, or none.
 *
 * @param before the values so far; not changed
 * @param body the request's body, a .properties text in UTF-8
 */
export function checkChange<Table extends SettingsTable>(
  rules: ChangeRules<Table>,
  before: RunningValues<SettingsOf<Table>>,
  body: Buffer,
): CheckedChange<SettingsOf<Table>> {
  const read = readChanges(body)
  if ('outcome' in read) return read
  const blackList = rules.blackList(before.current)
  const blackListed = [...read.keys()].filter((key) => blackList.includes(key))
  if (blackListed.length > 0) {
    const remark = `Can not update config in black list. ${blackListed.join(', ')}: configBlackList does not allow to change this while running`
    return { outcome: 'refused', code: 'NO_PERMISSION', remark }
  }
  const problems: string[] = []
  const notes: string[] = []
  const given = new Map<string, unknown>()
  for (const [key, text] of read) {
    if (problems.length >= problemsMax) break
    const problem = checkKey(rules, before.next, key, text, given, notes)
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0) return invalid(problems.join('; '))
  return taken(rules, before, given, notes)
}

/** The keys and values of the body, or why they cannot be taken. */
function readChanges(body: Buffer): ReadonlyMap<string, string> | Refused {
  if (body.length > bodyBytesMax) {
    return invalid(`the body has ${body.length} bytes: a change of settings has at most ${bodyBytesMax}`)
  }
  const changes = new Map<string, string>()
  try {
    for (const { key, value, line } of parseJavaPropertyLines(body.toString('utf8'))) {
      const text = value.trim()
      if (key === '') return invalid(`line ${line} has no key: a change is written key=value`)
      const earlier = changes.get(key)
      if (earlier !== undefined && earlier !== text) {
        const values = `${shownSetting(key, earlier)} and ${shownSetting(key, text)}`
        return invalid(`${values} are given: name each key once`)
      }
      changes.set(key, text)
    }
  } catch (error) {
    if (!(error instanceof JavaPropertiesError)) throw error
    return invalid(`the body is not a .properties text: ${error.message}; write a backslash as \\\\`)
  }
  if (changes.size > keysMax) return invalid(`${changes.size} keys are given: a change has at most ${keysMax}`)
  return changes
}

/**
 * Adds the key's value to `given`, unless it has no effect and equals the current value.
 * @returns why the key cannot have this value, or undefined
 */
function checkKey<Table extends SettingsTable>(
  rules: ChangeRules<Table>,
  before: SettingsOf<Table>,
  key: string,
  text: string,
  given: Map<string, unknown>,
  notes: string[],
): string | undefined {
  const refused = (why: string) => `${shownSetting(key, text)} is not possible: ${why}`
  const { table, otherKnownKeys, decidedKeys } = rules
  const setting = Object.hasOwn(table, key) ? table[key] : undefined
  if (setting === undefined) {
    const initial = otherKnownKeys.get(key)
    if (initial === text) return undefined
    if (initial !== undefined) return refused('it is a setting of RocketMQ that has no effect here')
    const nearest = nearestWord(key.slice(0, 100), Object.keys(table))
    const hint = nearest === undefined ? 'getBrokerConfig and getNamesrvConfig list them' : `did you mean ${nearest}?`
    return refused(`there is no setting of this name; ${hint}`)
  }
  const { type, status, effect } = setting
  const parsed = type.parse(text)
  if (!parsed.ok) return describeProblem({ key, value: text, allowed: type.allowed, reason: parsed.reason, source: '' })
  const isSame = type.format(parsed.value) === type.format(before[key])
  const never = whyNever(setting, decidedKeys.get(key))
  if (never !== undefined) return isSame ? undefined : refused(never)
  if (typeof effect === 'object') return isSame ? undefined : refused(`${effect.fixed}`)
  if (status === 'applied') given.set(key, parsed.value)
  if (parsed.note !== undefined) notes.push(`${shownSetting(key, text)} ${parsed.note}`)
  return undefined
}

function whyNever({ status }: Setting<unknown>, decidedBy: string | undefined): string | undefined {
  if (status !== 'applied') return `it would have no effect, since ${status.notServed}`
  return decidedBy === undefined ? undefined : `${decidedBy} decides about it at each start`
}

function taken<Table extends SettingsTable>(
  { table, settle }: ChangeRules<Table>,
  before: RunningValues<SettingsOf<Table>>,
  given: ReadonlyMap<string, unknown>,
  notes: string[],
): CheckedChange<SettingsOf<Table>> {
  type Values = SettingsOf<Table>
  const textOf = (values: Values, key: string) => table[key]!.type.format(values[key])
  const wanted = { ...before.next, ...Object.fromEntries(given) } as Values
  const settled = settle === undefined ? { values: wanted, warnings: [] } : settle(wanted)
  const next = settled.values
  for (const key of given.keys()) {
    const text = textOf(wanted, key)
    if (textOf(next, key) === text || textOf(next, key) !== textOf(before.next, key)) continue
    const why = settled.warnings.find((warning) => warning.startsWith(`${key}=`)) ?? 'other settings do not allow it'
    return invalid(`${shownSetting(key, text)} is not possible: ${why}`)
  }
  const changedKeys = Object.keys(table).filter((key) => textOf(next, key) !== textOf(before.next, key))
  const isLive = (key: string) => table[key]!.effect === 'live'
  const liveChanges = Object.fromEntries(changedKeys.filter(isLive).map((key) => [key, next[key]]))
  const current = { ...before.current, ...liveChanges } as Values
  const earlierWarnings = settle?.(before.next).warnings ?? []
  return {
    outcome: 'taken',
    values: { current, next },
    given: new Map([...new Set([...given.keys(), ...changedKeys])].map((key) => [key, textOf(next, key)])),
    changedKeys,
    restartKeys: changedKeys.filter((key) => !isLive(key) && textOf(next, key) !== textOf(before.current, key)),
    notes: [...notes, ...settled.warnings.filter((warning) => !earlierWarnings.includes(warning))],
  }
}
