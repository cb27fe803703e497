import { BoundedLog, type Clock, type Connection, type Log } from '@rocketmq-ts/platform'
import { frameBytesMax, HeaderPatterns, type Role, type SerializeType } from '@rocketmq-ts/protocol'
import type { Guard } from './access.ts'
import type { CommandTable } from './command-table.ts'
import { Dispatcher } from './dispatcher.ts'
import { HeldBytes } from './held-bytes.ts'
import type { Observer } from './observer.ts'
import { Outflow } from './outflow.ts'
import {
  type CloseReason,
  type ConnectionEnd,
  type ConnectionParts,
  RemotingConnection,
} from './remoting-connection.ts'
import type { Signer } from './signer.ts'

export interface PeerOptions<As extends Role> {
  clock: Clock
  log: Log
  /** The requests that this end serves. Without a table every request is answered with "not supported". */
  table?: CommandTable<As> | undefined
  /** The header form of requests that this end sends; JSON by default. Answers have the form of their request. */
  serializeType?: SerializeType | undefined
  /** Signs requests that this end sends. */
  signer?: Signer | undefined
  /** Asked before each request that the table serves; without a guard every request is allowed. */
  guard?: Guard | undefined
  /** Called for each answer. */
  observer?: Observer | undefined
  /** Milliseconds without traffic after which a connection is closed; 0 never. */
  idleTimeoutMs?: number | undefined
  /**
   * Milliseconds in which nothing came, while an answer was waited for, after which a connection is closed when a request
   * of ours runs out of time; 0 never.
   */
  silenceMsMax?: number | undefined
  /** Bytes of a frame, without its length field. */
  frameBytesMax?: number | undefined
  /** Limit for the bytes of incomplete frames, of all connections together. */
  unfinishedBytesMax?: number | undefined
  /** Limit for the bytes that wait for slow readers, of all connections together. */
  unsentBytesMax?: number | undefined
  /** Unsent bytes of one connection above which its requests wait until these bytes are sent. */
  connectionUnsentBytesMax?: number | undefined
  /** Limit for requests that this end sent over one connection and that have no answer yet. */
  pendingRequestsMax?: number | undefined
  onConnect?(connection: RemotingConnection): void
  onDisconnect?(connection: RemotingConnection, end: ConnectionEnd): void
}

const heldBytesMax = 128 * 1024 * 1024
/** Each takes up to 4 KB. */
const headerPatternsMax = 1024
/** Milliseconds that other ends have to close their side. */
const closeTimeoutMs = 1000

/**
 * One end of connections, which sends and serves requests over each of them. Servers and clients are peers; they differ
 * in how they get their connections.
 */
export class Peer<As extends Role> {
  readonly #clock: Clock
  /** For events that other ends can cause. */
  readonly log: BoundedLog
  readonly #dispatcher: Dispatcher<As>
  readonly #parts: ConnectionParts
  readonly #connections = new Set<RemotingConnection>()
  readonly #onConnect: (connection: RemotingConnection) => void
  #onNoConnection: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(options: PeerOptions<As>) {
    const { clock, table, guard, observer, unfinishedBytesMax = heldBytesMax, unsentBytesMax = heldBytesMax } = options
    this.#clock = clock
    this.#onConnect = (connection) => options.onConnect?.(connection)
    this.log = new BoundedLog(options.log, clock)
    this.#dispatcher = new Dispatcher({ table, clock, log: this.log, guard, observer })
    this.#parts = {
      clock,
      onRequests: (requests, connection, frameBytes) => this.#dispatcher.dispatchAll(connection, requests, frameBytes),
      onClosing: (connection, reason, error) => this.#sayWhy(connection, reason, error),
      onClose: (connection, end) => {
        this.#connections.delete(connection)
        options.onDisconnect?.(connection, end)
        if (this.#connections.size === 0) this.#onNoConnection?.()
      },
      isObserved: observer !== undefined,
      serializeType: options.serializeType ?? 'JSON',
      signer: options.signer,
      frameBytesMax: options.frameBytesMax ?? frameBytesMax,
      unsentBytesMax: options.connectionUnsentBytesMax ?? 1024 * 1024,
      unfinished: new HeldBytes(unfinishedBytesMax, (connection, bytes) => {
        const reason = `all frames that have begun and not ended come to more than ${unfinishedBytesMax} bytes`
        this.#closeHolder(connection, bytes, `${reason}: the connection with the oldest of them is closed`)
      }),
      outflow: new Outflow({
        clock,
        bytesMax: unsentBytesMax,
        bytesNow: ({ unsentMemoryBytes }) => unsentMemoryBytes,
        onExcess: (connection, bytes) => {
          const reason = `answers that slow peers have not taken leave no room for others, of ${unsentBytesMax} bytes`
          this.#closeHolder(connection, bytes, `${reason}: the connection that has waited longest is closed`)
        },
      }),
      headerPatterns: new HeaderPatterns(headerPatternsMax),
      pendingRequestsMax: options.pendingRequestsMax ?? 65_536,
      idleTimeoutMs: options.idleTimeoutMs ?? 0,
      silenceMsMax: options.silenceMsMax ?? 0,
    }
  }

  get connections(): ReadonlySet<RemotingConnection> {
    return this.#connections
  }

  /** Takes over an open connection. After `close` the connection is destroyed at once. */
  open(connection: Connection): RemotingConnection {
    const opened = new RemotingConnection(connection, this.#parts)
    this.#connections.add(opened)
    this.#onConnect(opened)
    if (this.#closing !== undefined) opened.destroy()
    return opened
  }

  /** Requests of a lane that have no answer yet. */
  waitingIn(laneName: string): number {
    return this.#dispatcher.waitingIn(laneName)
  }

  /** Refuses requests from now on, in a way that makes clients ask another server. */
  stopTaking(): void {
    this.#dispatcher.stopTaking()
  }

  /**
   * Waits until every request that was taken has its answer.
   * @returns how many have none, when `timeoutMs` was not enough
   */
  drained(timeoutMs: number): Promise<number> {
    return this.#dispatcher.drained(timeoutMs)
  }

  /** Sends what was written, then ends all connections; resolves when they are closed. Later answers are lost. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.stopTaking()
    if (this.#connections.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onNoConnection = resolve
      for (const connection of this.#connections) connection.end()
      // An end that does not take part in the closing would keep this one waiting.
      const cancel = this.#clock.after(closeTimeoutMs, () => {
        for (const connection of this.#connections) connection.destroy()
      })
      await promise
      cancel()
    }
    this.log.close()
  }

  #closeHolder(connection: RemotingConnection, bytes: number, why: string): void {
    this.log.warn('held bytes', { peer: connection.remoteAddress, bytes }, why)
    connection.destroy()
  }

  #sayWhy({ remoteAddress: peer }: RemotingConnection, reason: CloseReason, error: Error | undefined): void {
    if (reason === 'idle') {
      const { idleTimeoutMs } = this.#parts
      this.log.info(reason, { peer, idleTimeoutMs }, 'a connection was closed: nothing came or went over it for long')
    } else if (reason === 'silent') {
      this.log.warn(reason, { peer }, 'a connection was closed: no answer came over it in time, and nothing else')
    } else {
      this.log.warn(reason, { peer, reason: error?.message }, 'a connection was closed: what came is no frame')
    }
  }
}
