import {
  type Command as CommanderCommand,
  CommanderError,
  Option as CommanderOption,
  Command as NewCommand,
} from 'commander'
import { commandTable } from './commands/index.ts'
import { describeFailure, isAborted } from './describe-failure.ts'
import type { Host } from './host.ts'
import { recordJson, recordsJson, recordTable, recordText } from './output/print.ts'
import { declarationOf, markCompletion, markDeclaration } from './parts.ts'
import { Session } from './session.ts'
import {
  type ConnectionFlags,
  type ConnectionKey,
  connectionKeys,
  connectionSettings,
  resolveConnection,
  type SourcedValue,
} from './settings/connection-settings.ts'
import { readContexts } from './settings/contexts.ts'
import { type Argument, type Command, type CommandGroup, isGroup, type Option } from './table/define.ts'
import { UsageError } from './usage-error.ts'

export interface ProgramParts {
  readonly host: Host
  /** Takes the exit code. */
  report(exitCode: number): void
}

/** Adds everything that is done with a cluster to a program. A group adds to the command of its name, where there is one. */
export function addCommands(program: CommanderCommand, parts: ProgramParts): void {
  // Options behind the name of a command are its own, also where both know one of a name.
  program.enablePositionalOptions()
  addTable(program, commandTable, parts)
}

function addTable(program: CommanderCommand, table: readonly (Command | CommandGroup)[], parts: ProgramParts): void {
  for (const entry of table) {
    if (!isGroup(entry)) {
      program.addCommand(makeCommand(entry, entry.name, program, parts), { hidden: entry.isHidden })
      continue
    }
    const existing = program.commands.find((one) => one.name() === entry.name)
    const parent = existing ?? new NewCommand(entry.name).description(entry.about)
    parent.enablePositionalOptions()
    for (const command of entry.commands) {
      parent.addCommand(makeCommand(command, `${entry.name} ${command.name}`, program, parts))
    }
    if (existing === undefined) program.addCommand(parent)
  }
}

function makeCommand(
  declared: Command,
  path: string,
  program: CommanderCommand,
  parts: ProgramParts,
): CommanderCommand {
  const command = new NewCommand(declared.name).description(declared.about)
  markDeclaration(command, declared)
  for (const [name, argument] of Object.entries(declared.arguments)) addArgument(command, name, argument)
  for (const [name, option] of Object.entries(declared.options)) addOption(command, name, option)
  if (declared.takesAll) command.allowUnknownOption().passThroughOptions().helpOption(false)
  else addCommonOptions(command, declared)
  const details = declared.details === undefined ? '' : `\n${declared.details}\n`
  command.addHelpText('after', () => `${details}\nExample:\n  ${declared.example.replaceAll('\n', '\n  ')}`)
  command.action(async (...given: unknown[]) => {
    const names = Object.keys(declared.arguments)
    const texts = given.slice(0, names.length)
    const options = given[names.length] as Record<string, unknown>
    parts.report(await runCommand(declared, path, names, texts, options, program, parts.host))
  })
  return command
}

function addArgument(command: CommanderCommand, name: string, argument: Argument<unknown>): void {
  const label = `${kebab(name)}${argument.isMany ? '...' : ''}`
  const made = command.createArgument(argument.isOptional ? `[${label}]` : `<${label}>`, argument.about)
  if (argument.choices !== undefined) made.choices([...argument.choices])
  markCompletion(made, argument.completes)
  command.addArgument(made)
}

function addOption(command: CommanderCommand, name: string, option: Option<unknown>): void {
  const long = `--${kebab(name)}${option.placeholder === undefined ? '' : ` <${option.placeholder}>`}`
  const fallback = option.fallback
  const isShown = option.placeholder !== undefined && fallback !== undefined && !option.isMany
  const about = isShown ? `${option.about} (default: ${String(fallback)})` : option.about
  const made = new CommanderOption(option.short === undefined ? long : `-${option.short}, ${long}`, about)
  if (option.choices !== undefined) made.choices([...option.choices])
  if (option.isMany) made.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  markCompletion(made, option.completes)
  command.addOption(made)
}

const outputOptions = [
  ['--json', 'for programs: JSON on standard output'],
  ['-q, --quiet', 'nothing on standard error but errors'],
] as const

function addCommonOptions(command: CommanderCommand, { isLocal }: Command): void {
  command.optionsGroup('Output:')
  for (const [flags, about] of outputOptions) command.option(flags, about)
  if (!isLocal) {
    command.optionsGroup('Connection:')
    for (const key of connectionKeys) {
      const setting = connectionSettings[key]
      const { flag, about, variable } = setting
      const short = 'short' in setting ? `-${setting.short}, ` : ''
      const value = 'placeholder' in setting ? ` <${setting.placeholder}>` : ''
      command.option(`${short}--${flag}${value}`, `${about} (${variable})`)
    }
    const context = new CommanderOption('--context <name>', 'a context, instead of the one in use (ROCKETMQ_CONTEXT)')
    markCompletion(context, 'context')
    command.addOption(context)
    command.option('--verbose', 'shows what the client logs')
  }
}

async function runCommand(
  declared: Command,
  path: string,
  names: readonly string[],
  texts: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  program: CommanderCommand,
  host: Host,
): Promise<number> {
  let connection: Partial<Record<ConnectionKey, SourcedValue>> = {}
  try {
    const values: Record<string, unknown> = {}
    for (const [index, name] of names.entries()) {
      values[name] = parsed(declared.arguments[name]!, texts[index], `<${kebab(name)}>`)
    }
    for (const [name, option] of Object.entries(declared.options)) {
      values[name] = parsed(option, options[name], `--${kebab(name)}`)
    }
    const flags = connectionFlags(options)
    if (!declared.isLocal) {
      connection = resolveConnection(flags, host.environment, await readContexts(host, connectionKeys))
    }
    await using session = new Session({
      program,
      host,
      flags,
      connection,
      isJson: options.json === true,
      isQuiet: options.quiet === true,
      isVerbose: options.verbose === true,
    })
    const exitCode = await printed(declared, session, await declared.run(session, values))
    if (host.outputFailure !== undefined) throw host.outputFailure
    return exitCode
  } catch (error) {
    const { exitCode, message } =
      host.outputFailure === undefined
        ? describeFailure(error, connection)
        : { exitCode: 1, message: `standard output takes nothing more: ${host.outputFailure.message}` }
    // Whoever stops reading knows that it is not all.
    const isReaderGone = host.outputClosed.aborted && host.outputFailure === undefined && isAborted(error)
    if (!isReaderGone)
      host.say(`rocketmq: ${message}${exitCode === 2 ? `\n(rocketmq ${path} --help shows how to use it)` : ''}\n`)
    return declared.failureExitCode ?? exitCode
  }
}

function parsed(part: Option<unknown> | Argument<unknown>, given: unknown, name: string): unknown {
  const fallback = 'fallback' in part ? part.fallback : undefined
  if (given === undefined) return part.isMany ? (fallback ?? []) : fallback
  if (part.parse === undefined || typeof given === 'boolean') return given
  try {
    return Array.isArray(given) ? given.map((text) => part.parse!(text)) : part.parse(given as string)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`)
    throw error
  }
}

function connectionFlags(options: Readonly<Record<string, unknown>>): ConnectionFlags {
  const flags: Record<string, string> = {}
  for (const key of connectionKeys) {
    const given = options[camel(connectionSettings[key].flag)]
    if (given !== undefined) flags[key] = String(given)
  }
  if (typeof options.context === 'string') flags.context = options.context
  return flags
}

async function printed({ output }: Command, session: Session, result: unknown): Promise<number> {
  const { host, isJson } = session
  switch (output.kind) {
    case 'rows': {
      const rows = result as Record<string, unknown>[]
      if (isJson) await host.write(recordsJson(output.record, rows))
      else if (rows.length > 0) await host.write(recordTable(output.record, rows))
      else session.note(output.none)
      return 0
    }
    case 'one': {
      const row = result as Record<string, unknown>
      if (isJson) await host.write(recordJson(output.record, row))
      else await host.write(output.say === undefined ? recordText(output.record, row) : `${output.say(row)}\n`)
      return 0
    }
    default:
      return result as number
  }
}

/**
 * Runs a program; no command ends the process by itself.
 * @returns the exit code of parsing: 2 for what was typed wrong. Commands report their own.
 */
export async function runProgram(program: CommanderCommand, argv: readonly string[], host: Host): Promise<number> {
  everyCommand(program, (command) => {
    command.exitOverride()
    if (command !== program) command.showHelpAfterError('(--help shows how to use it)')
    command.configureOutput({
      writeOut: (text) => void host.write(text),
      writeErr: (text) => host.say(text),
      getOutHelpWidth: () => host.columns ?? 80,
      getErrHelpWidth: () => host.columns ?? 80,
    })
  })
  try {
    await program.parseAsync(argv)
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    return failureExitCodeOf(program, argv) ?? usageExitCode
  }
}

/** What was typed may be wrong for a command whose exit codes are of another kind. */
function failureExitCodeOf(program: CommanderCommand, argv: readonly string[]): number | undefined {
  const group = program.commands.find((command) => command.name() === argv[2])
  const named = group?.commands.find((command) => command.name() === argv[3]) ?? group
  return named === undefined ? undefined : declarationOf(named)?.failureExitCode
}

const usageExitCode = 2

export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function camel(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function everyCommand(command: CommanderCommand, act: (command: CommanderCommand) => void): void {
  act(command)
  for (const inner of command.commands) everyCommand(inner, act)
}
