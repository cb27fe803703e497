import { propertyLine } from './properties-text.ts'
import { isComputed, type Setting, type SettingsOf, type SettingsTable } from './setting.ts'

/**
 * All settings with value, default and meaning, by group, for `--print-config`. The text is itself a file that sets
 * these values.
 *
 * @param placeKeys keys whose values hold for the file that was read only: they are shown as comments
 */
export function describeSettings<Table extends SettingsTable>(
  table: Table,
  values: SettingsOf<Table>,
  placeKeys: readonly (keyof Table)[] = [],
): string {
  const groups = Map.groupBy(Object.keys(table), (key) => table[key]!.group)
  return [...groups]
    .map(([group, keys]) => {
      const settings = keys.map((key) => {
        const line = propertyLine(table, values, key)
        return `${describe(table[key]!)}\n${placeKeys.includes(key) ? '# ' : ''}${line}`
      })
      return `# ======== ${group} ========\n\n${settings.join('\n')}`
    })
    .join('\n')
}

/**
 * The same for a page of documentation: a table in Markdown for each group.
 * @param headings marks of a heading, such as `##`
 */
export function settingsReference(table: SettingsTable, headings: string): string {
  const groups = Map.groupBy(Object.keys(table), (key) => table[key]!.group)
  const sections = [...groups].map(([group, keys]) => {
    const rows = keys.map((key) => {
      const setting = table[key]!
      const meaning = setting.status === 'applied' ? setting.meaning : `(no effect: ${setting.status.notServed})`
      const change = whenChanged(setting).replace(/^; (.)/, (_, letter) => ` ${letter.toUpperCase()}`)
      const cells = [`\`${key}\``, defaultText(setting), change === '' ? meaning : `${meaning}${change}.`]
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '\\<')).join(' | ')} |`
    })
    return [`${headings} ${group}`, '', '| key | default | |', '|---|---|---|', ...rows, ''].join('\n')
  })
  return sections.join('\n')
}

function describe(setting: Setting<unknown>): string {
  const { meaning, status } = setting
  const served = status === 'applied' ? '' : `\n# (no effect: ${status.notServed})`
  return `# ${meaning} (default: ${defaultText(setting)}${whenChanged(setting)})${served}`
}

function whenChanged({ status, effect }: Setting<unknown>): string {
  if (status !== 'applied' || effect === 'live') return ''
  return effect === 'restart' ? '; a change needs a restart' : '; no request can change it'
}

function defaultText({ default: initial, type }: Setting<unknown>): string {
  if (isComputed(initial)) return initial.described
  return type.format(initial) || 'none'
}
