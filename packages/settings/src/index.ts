export { type ChangeRules, type CheckedChange, checkChange, type RunningValues } from './check-change.ts'
export type { OtherKnownKeys, Properties } from './check-properties.ts'
export { describeSettings, settingsReference } from './describe-settings.ts'
export type { SettingsEnvironment } from './environment.ts'
export { KeptFile, SettingsNotKeptError } from './kept-file.ts'
export { toPropertiesText } from './properties-text.ts'
export { type ReadSettingsOptions, readSettings, type SettingsResult } from './read-settings.ts'
export { RunningSettings, type RunningSettingsOptions, type SettingsChange } from './running-settings.ts'
export {
  applied,
  atRestart,
  type ComputeContext,
  type ComputedDefault,
  computed,
  fixed,
  live,
  notServed,
  type Setting,
  type SettingDeclaration,
  type SettingEffect,
  type SettingStatus,
  type SettingsOf,
  type SettingsTable,
} from './setting.ts'
export type { ParsedValue, SettingType } from './setting-type.ts'
export { describeProblem, type SettingProblem, SettingsError } from './settings-error.ts'
export {
  addresses,
  boolean,
  double,
  durations,
  falseOnly,
  hours,
  int,
  long,
  type NumberLimits,
  names,
  nonEmptyText,
  oneOf,
  text,
} from './types/index.ts'
