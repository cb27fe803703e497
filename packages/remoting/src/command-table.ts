import type { AnyCommand, CommandKeyTo, commands, RequestOf, Role } from '@rocketmq-ts/protocol'
import type { Access, TextField } from './access.ts'
import type { answeredLater, Call, Reply } from './call.ts'
import type { LookAhead } from './look-ahead.ts'

/** Requests that share a limit on how many of them may wait for an answer. */
export interface Lane {
  readonly name: string
  readonly waitingMax: number
}

export type Handler<C extends AnyCommand> = (
  header: RequestOf<C>,
  call: Call<C>,
) => Reply<C> | Promise<Reply<C> | typeof answeredLater> | typeof answeredLater

export interface ServedEntry<C extends AnyCommand> {
  readonly kind: 'served'
  readonly lane: Lane
  readonly access: Access<TextField<C>>
  readonly handle: Handler<C>
  readonly lookAhead: LookAhead<C> | undefined
}

export interface UnsupportedEntry {
  readonly kind: 'unsupported'
  /** Part of the answer to the peer: why it is not supported, and what to use instead. */
  readonly reason: string
}

export type Entry<C extends AnyCommand> = ServedEntry<C> | UnsupportedEntry

/** An entry for every command that a peer in this role can get. A table without one of them does not compile. */
export type CommandTable<To extends Role> = {
  readonly [Key in CommandKeyTo<To>]: Entry<(typeof commands)[Key]>
}

/**
 * A row of a command table.
 * @param access what the peer must be allowed to do, by text fields that the command declares
 */
export function serve<C extends AnyCommand>(
  lane: Lane,
  access: Access<TextField<C>>,
  handle: Handler<C>,
  lookAhead?: LookAhead<C>,
): ServedEntry<C> {
  return { kind: 'served', lane, access, handle, lookAhead }
}

export function unsupported(reason: string): UnsupportedEntry {
  return { kind: 'unsupported', reason }
}
