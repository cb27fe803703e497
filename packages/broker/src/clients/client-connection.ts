import type { RemotingConnection } from '@rocketmq-ts/remoting'

/** What of a connection is needed here; a `RemotingConnection` outside of tests. */
export type ClientLink = Pick<RemotingConnection, 'id' | 'remoteAddress' | 'isClosed' | 'tell' | 'invoke' | 'destroy'>

/** One connection of a client, as the last heartbeat over it told. */
export interface ClientConnection {
  readonly link: ClientLink
  clientId: string
  /** Name of the client's language, such as `JAVA`. */
  language: string
  /** Ordinal of RocketMQ's version list. */
  version: number
  /** Milliseconds since 1970. */
  lastUpdateMs: number
}
