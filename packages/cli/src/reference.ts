import type { Command, Option } from 'commander'
import { declarationOf } from './parts.ts'
import { connectionSettings } from './settings/connection-settings.ts'
import type { Output } from './table/define.ts'
import type { RecordType } from './table/record.ts'

/** Options that every command of a cluster has; they are told once. */
const commonOptions: ReadonlySet<string> = new Set([
  ...Object.values(connectionSettings).map(({ flag }) => `--${flag}`),
  '--context',
  '--verbose',
  '--json',
  '--quiet',
])

/** All commands with their options, in Markdown. */
export function reference(program: Command): string {
  const common = Object.values(connectionSettings).map((setting) => {
    const short = 'short' in setting ? `-${setting.short}, ` : ''
    const value = 'placeholder' in setting ? ` <${setting.placeholder}>` : ''
    return `| \`${short}--${setting.flag}${value}\` | \`${setting.variable}\` | ${escaped(setting.about)} |`
  })
  return [
    '# Commands',
    '',
    'Written from the table of commands; a test keeps it true.',
    '',
    '## Everywhere',
    '',
    'A setting of the connection comes from its option, else from the context that `--context` names, else from its',
    'environment variable, else from the context in use (`rocketmq context use`, or `ROCKETMQ_CONTEXT`), else it has its',
    'default. `rocketmq context show` tells where each comes from.',
    '',
    '| option | environment | |',
    '|---|---|---|',
    ...common,
    '| `--context <name>` | `ROCKETMQ_CONTEXT` | a context, instead of the one in use |',
    '| `--json` | | for programs: JSON on standard output |',
    '| `-q, --quiet` | | nothing on standard error but errors |',
    '| `--verbose` | | shows what the client logs |',
    '',
    'Data goes to standard output, everything else to standard error. The exit code is 0, 1 when something did not work',
    'out, and 2 when what was typed or set cannot be used; `check` has those of Nagios. In JSON lists are never null,',
    'times are ISO 8601, durations milliseconds, sizes bytes.',
    '',
    ...commandsBelow(program).flatMap((command) => section(command, '')),
  ].join('\n')
}

function commandsBelow(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
}

function section(command: Command, parentPath: string): string[] {
  const path = `${parentPath}${command.name()}`
  const inner = commandsBelow(command)
  const level = parentPath === '' ? '##' : '###'
  const declared = declarationOf(command)
  const args = command.registeredArguments.map((argument) => {
    const label = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? `<${label}>` : `[${label}]`
  })
  const usage = [`rocketmq ${path}`, ...args].join(' ')
  const options = command.options.filter(
    ({ long, hidden }) => !hidden && !(declared !== undefined && commonOptions.has(long ?? '')),
  )
  const isCallable = inner.length === 0 || options.length > 0
  return [
    `${level} ${path}`,
    '',
    command.description(),
    '',
    ...(declared?.details === undefined ? [] : [declared.details, '']),
    ...(isCallable ? ['```sh', ...(declared?.example.split('\n') ?? [usage]), '```', ''] : []),
    ...partsTable(command, options),
    ...jsonText(declared?.output),
    ...inner.flatMap((one) => section(one, `${path} `)),
  ]
}

function partsTable(command: Command, options: readonly Option[]): string[] {
  const rows = [
    ...command.registeredArguments.map((argument) => [
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      withChoices(argument.description, argument.argChoices),
    ]),
    ...options.map((option) => [option.flags, withChoices(option.description, option.argChoices)]),
  ]
  if (rows.length === 0) return []
  return ['| | |', '|---|---|', ...rows.map(([name, about]) => `| \`${escaped(name!)}\` | ${escaped(about!)} |`), '']
}

function withChoices(about: string, choices: readonly string[] | undefined): string {
  return choices === undefined || about.includes(choices[0]!) ? about : `${about}: ${choices.join(', ')}`
}

function jsonText(output: Output | undefined): string[] {
  if (output?.record === undefined) return []
  const form = forms[output.kind]
  return [`In JSON ${form} ${fieldsText(output.record)}.`, '']
}

const forms = {
  rows: 'a list of',
  one: 'an object,',
  own: '',
  ownRows: 'a list of',
  ownObject: 'an object,',
  ownLines: 'a line each,',
} as const satisfies Record<Output['kind'], string>

function fieldsText({ fields }: RecordType): string {
  return Object.entries(fields)
    .map(([name, { inner }]) => (inner === undefined ? `\`${name}\`` : `\`${name}\` (of ${fieldsText(inner)})`))
    .join(', ')
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
