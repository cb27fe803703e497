import type { Argument, Command, Option } from 'commander'
import type { Completion, Command as Declared } from './table/define.ts'

/** What parts of a program were made of, for those who read the program: completion and the reference. */
const completions = new WeakMap<Argument | Option, Completion>()
const declarations = new WeakMap<Command, Declared>()

export function markCompletion(part: Argument | Option, kind: Completion | undefined): void {
  if (kind !== undefined) completions.set(part, kind)
}

export function completionOf(part: Argument | Option): Completion | undefined {
  return completions.get(part)
}

export function markDeclaration(command: Command, declared: Declared): void {
  declarations.set(command, declared)
}

export function declarationOf(command: Command): Declared | undefined {
  return declarations.get(command)
}
