import type { Address } from '@rocketmq-ts/platform'
import type { LogOptions } from '../log.ts'

/** The data that a broker's thread is started with. */
export interface BrokerThreadData {
  readonly name: string
  readonly properties: ReadonlyMap<string, string>
  /** Keys that no request can change, with what decides them. */
  readonly decidedKeys: ReadonlyMap<string, string>
  readonly log: LogOptions
  readonly acceptLostMessages: boolean
}

/** Messages from the thread. */
export type BrokerThreadMessage =
  | { readonly kind: 'ready'; readonly address: Address; readonly advertised: string }
  | { readonly kind: 'failed'; readonly error: ErrorFacts }

/** Messages to the thread. */
export type BrokerThreadRequest = 'stop'

/** An error in a message to another thread, which cannot carry its class. */
export interface ErrorFacts {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
}

export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack, code } = error as NodeJS.ErrnoException
  return { name, message, stack, code }
}

export function errorFromFacts({ name, message, stack, code }: ErrorFacts): Error {
  return Object.assign(new Error(message), { name, code }, stack === undefined ? {} : { stack })
}
