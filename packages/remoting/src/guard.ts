import type { AnyCommand, RemotingCommand } from '@rocketmq-ts/protocol'
import type { Demand } from './access.ts'

/** What a guard decides about. */
export interface GuardedRequest {
  /** The peer's `host:port`. */
  readonly peer: string
  readonly command: AnyCommand
  /** The frame as it came: a signature is over its extFields and its body. */
  readonly request: RemotingCommand
  /** All of them have to be allowed. There is none when no optional field names a resource. */
  readonly demands: readonly Demand[]
}

/**
 * Asked before a request is handled. An error that it throws answers the request, which is not handled.
 * @returns undefined when the request may be handled; otherwise the reason, which goes back with NO_PERMISSION
 */
export type Guard = (request: GuardedRequest) => string | undefined
