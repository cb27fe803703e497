import type { Argument, Command, Option } from 'commander'
import type { Host } from '../host.ts'
import { completionOf } from '../parts.ts'
import { Session } from '../session.ts'
import { connectionKeys, resolveConnection } from '../settings/connection-settings.ts'
import { readContexts } from '../settings/contexts.ts'
import type { Completion } from '../table/define.ts'

export interface Candidate {
  readonly value: string
  readonly about: string
}

/** The cluster is asked for names while somebody waits at the shell. */
const liveTimeout = '1s'

/**
 * What may stand where the cursor is.
 * @param words behind `rocketmq`; the last one is being typed, perhaps empty
 */
export async function complete(program: Command, words: readonly string[], host: Host): Promise<Candidate[]> {
  const typed = words.at(-1) ?? ''
  const place = placeOf(program, words.slice(0, -1))
  const found = await candidates(place, typed, { program, words, host })
  return found.filter(({ value }) => value.startsWith(typed))
}

interface Asked {
  readonly program: Command
  readonly words: readonly string[]
  readonly host: Host
}

interface Place {
  readonly command: Command
  /** The option whose value is typed. */
  readonly option: Option | undefined
  /** Arguments that are there already. */
  readonly operands: number
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program
  let operands = 0
  let option: Option | undefined
  for (const word of words) {
    if (option !== undefined) {
      option = undefined
      continue
    }
    if (word.startsWith('-')) {
      option = command.options.find(
        (one) => (one.long === word || one.short === word) && (one.required || one.optional),
      )
      continue
    }
    const inner = operands > 0 ? undefined : command.commands.find((one) => one.name() === word)
    if (inner === undefined) operands++
    else command = inner
  }
  return { command, option, operands }
}

async function candidates({ command, option, operands }: Place, typed: string, asked: Asked): Promise<Candidate[]> {
  if (option !== undefined) return valuesOf(option, asked)
  if (typed.startsWith('-')) {
    return command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => ({ value: long ?? short ?? '', about: description }))
  }
  const inner = operands > 0 ? [] : command.createHelp().visibleCommands(command)
  const argument =
    command.registeredArguments[operands] ?? command.registeredArguments.findLast(({ variadic }) => variadic)
  const values = argument === undefined ? [] : await valuesOf(argument, asked)
  return [...inner.map((one) => ({ value: one.name(), about: one.description() })), ...values]
}

async function valuesOf(part: Option | Argument, asked: Asked): Promise<Candidate[]> {
  if (part.argChoices !== undefined) return part.argChoices.map((value) => ({ value, about: '' }))
  const kind = completionOf(part)
  if (kind === undefined || kind === 'file') return []
  try {
    return (await liveNames(kind, asked)).map((value) => ({ value, about: '' }))
  } catch {
    // Nothing is completed where the cluster does not answer. The shell has no place for reasons.
    return []
  }
}

async function liveNames(kind: Completion, { program, words, host }: Asked): Promise<readonly string[]> {
  const contexts = await readContexts(host, connectionKeys)
  if (kind === 'context') return [...contexts.contexts.keys()]
  const flags = {
    timeout: liveTimeout,
    nameServers: valueAfter(words, ['-n', '--namesrv']),
    context: valueAfter(words, ['--context']),
  }
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const connection = resolveConnection(given, host.environment, contexts)
  await using session = new Session({
    program,
    host,
    flags: given,
    connection,
    isJson: false,
    isQuiet: true,
    isVerbose: false,
  })
  const admin = await session.admin()
  if (kind === 'topic') return await admin.topics()
  if (kind === 'group') return await admin.groups()
  return (await admin.brokers()).map(({ name }) => name)
}

function valueAfter(words: readonly string[], names: readonly string[]): string | undefined {
  const index = words.slice(0, -1).findLastIndex((word) => names.includes(word))
  return index < 0 ? undefined : words[index + 1]
}
