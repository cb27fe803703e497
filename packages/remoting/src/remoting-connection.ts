import type { Clock, Connection } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type FrameBody,
  FrameDecoder,
  flags,
  type HeaderPatterns,
  isResponse,
  type OutgoingCommand,
  type RemotingCommand,
  type RequestOf,
  type SerializeType,
} from '@rocketmq-ts/protocol'
import { formatAddress } from './address.ts'
import type { HeldBytes } from './held-bytes.ts'
import { type FrameListener, OutgoingFrames, writeBytesMax } from './outgoing-frames.ts'
import { ConnectionLostError, RequestTimeoutError } from './remoting-error.ts'
import { type Signer, signedFields } from './signer.ts'

interface PendingRequest {
  resolve(response: RemotingCommand): void
  reject(error: Error): void
  cancelTimer(): void
}

/** Why this end closed a connection by itself. */
export type CloseReason = 'malformed frame' | 'idle'

/** What connections of one owner share. */
export interface ConnectionParts {
  readonly clock: Clock
  /**
   * Called with requests of the peer that came in one read, in their order.
   * @param frameBytes bytes of each of them, with its length field; empty when `isObserved` is not set
   * @returns how many were taken; the others come again once the connection is not paused any more
   */
  onRequests(
    requests: readonly RemotingCommand[],
    connection: RemotingConnection,
    frameBytes: readonly number[],
  ): number
  /** Called before the connection is closed for this reason. */
  onClosing(connection: RemotingConnection, reason: CloseReason, error: Error | undefined): void
  onClose(connection: RemotingConnection, error: Error | undefined): void
  /** Whether the bytes of requests are counted. */
  readonly isObserved: boolean
  /** The header form of requests of ours. Answers have the form of their request. */
  readonly serializeType: SerializeType
  readonly signer: Signer | undefined
  /** Bytes of a frame, without its length field. */
  readonly frameBytesMax: number
  /** Unsent bytes above which no request of the peer is taken until they are sent. */
  readonly unsentBytesMax: number
  /** Counts the bytes of frames that have not arrived as a whole, over all connections. */
  readonly unfinished: HeldBytes<RemotingConnection>
  /** Counts the memory of what peers have not taken yet, over all connections. */
  readonly unsent: HeldBytes<RemotingConnection>
  readonly headerPatterns: HeaderPatterns
  /** Unanswered requests of ours on a connection above which `invoke` refuses. */
  readonly pendingRequestsMax: number
  /** Milliseconds without traffic after which the connection is closed; 0 never. */
  readonly idleTimeoutMs: number
}

/** Smaller rests of a frame are the common case at the end of a read, and not worth counting. */
const unfinishedBytesMin = 16 * 1024
const noFrameBytes: readonly number[] = []
let connectionCount = 0

/**
 * Frames over one TCP connection, in both directions: requests of the peer are handed on, responses go to the
 * requests that wait for them. What is sent in one turn of the loop leaves in one write.
 */
export class RemotingConnection {
  /** Unique in the process. */
  readonly id: number
  /** The peer's `host:port`, an IPv6 host in brackets. */
  readonly remoteAddress: string
  readonly localAddress: string
  /** What its owner knows about the peer. */
  readonly attributes = new Map<symbol, unknown>()
  readonly #connection: Connection
  readonly #parts: ConnectionParts
  readonly #pending = new Map<number, PendingRequest>()
  readonly #decoder: FrameDecoder
  #nextOpaque = 0
  readonly #outgoing: OutgoingFrames
  #isClosed = false
  #isEnding = false
  #isPaused = false
  /** Requests that arrived and are not taken yet. */
  #requests: RemotingCommand[] = []
  /** Bytes of each of them, when they are counted. */
  #requestBytes: number[] | undefined
  #frameCount = 0
  #isUnfinishedCounted = false
  /** Unsent bytes when they were last counted. */
  #countedUnsentBytes = 0

  constructor(connection: Connection, parts: ConnectionParts) {
    this.id = ++connectionCount
    this.#connection = connection
    this.#parts = parts
    this.remoteAddress = formatAddress(connection.remote)
    this.localAddress = formatAddress(connection.local)
    this.#outgoing = new OutgoingFrames(connection)
    this.#requestBytes = parts.isObserved ? [] : undefined
    this.#decoder = new FrameDecoder(
      (command, frameBytes) => this.#receive(command, frameBytes),
      parts.frameBytesMax,
      parts.headerPatterns,
    )
    connection.onData((chunk) => this.#read(chunk))
    connection.onClose((error) => this.#closed(error))
    connection.onDrain(() => {
      this.#countUnsent(0)
      this.#resumeReading()
    })
    if (parts.idleTimeoutMs > 0) connection.onIdle(parts.idleTimeoutMs, () => this.#closeFor('idle', undefined))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether so much waits to be sent that no request is taken. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Bytes that wait to be sent, here and in the system's queue. */
  get unsentBytes(): number {
    return this.#outgoing.bytes + this.#connection.unsentBytes
  }

  /** Memory that unsent bytes take: a write that the system did not take as a whole keeps all of its memory. */
  get unsentMemoryBytes(): number {
    return this.unsentBytes + (this.#connection.unsentBytes > 0 ? writeBytesMax : 0)
  }

  /**
   * Sends an answer at the end of this turn. A connection that is lost or ended swallows it: the peer sees that.
   * @param listener told once it is handed to the system
   */
  answer<Header>(command: OutgoingCommand<Header>, listener?: FrameListener | undefined): void {
    this.#send(command, listener)
    // Requests of ours do not count: were both ends to stop reading for them, neither would read again.
    if (this.unsentBytes > this.#parts.unsentBytesMax) this.#pauseReading()
  }

  /** Sends a request that nobody answers. */
  tell<C extends AnyCommand>(command: C, header: RequestOf<C>, body?: FrameBody): void {
    this.#request(command, this.#takeOpaque(), flags.oneWay, header, body)
  }

  /**
   * Sends a request and waits for its response, whatever its code.
   * @throws RequestTimeoutError after `timeoutMs`; ConnectionLostError when the connection ends before
   */
  invoke<C extends AnyCommand>(
    command: C,
    header: RequestOf<C>,
    options: { body?: FrameBody | undefined; timeoutMs: number },
  ): Promise<RemotingCommand> {
    const { promise, resolve, reject } = Promise.withResolvers<RemotingCommand>()
    if (this.#isClosed || this.#isEnding) {
      reject(new ConnectionLostError(this.remoteAddress, undefined))
      return promise
    }
    if (this.#pending.size >= this.#parts.pendingRequestsMax) {
      reject(new Error(`${this.#pending.size} requests to ${this.remoteAddress} wait for an answer already`))
      return promise
    }
    const opaque = this.#takeOpaque()
    const cancelTimer = this.#parts.clock.after(options.timeoutMs, () => {
      this.#pending.delete(opaque)
      reject(new RequestTimeoutError(command.name, this.remoteAddress, options.timeoutMs))
    })
    this.#pending.set(opaque, { resolve, reject, cancelTimer })
    this.#request(command, opaque, 0, header, options.body)
    return promise
  }

  /** Sends what is waiting, then closes. Nothing is sent after it, and no request is taken. */
  end(): void {
    this.#flush()
    this.#isEnding = true
    this.#requests = []
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  #request<C extends AnyCommand>(
    command: C,
    opaque: number,
    flag: number,
    header: RequestOf<C>,
    body: FrameBody | undefined,
  ): void {
    const { signer, serializeType } = this.#parts
    const { code, requestCodec } = command
    if (signer === undefined) {
      this.#send({ code, opaque, flag, header, codec: requestCodec, body, serializeType }, undefined)
    } else {
      const extFields = signedFields(signer, command, header, body)
      this.#send({ code, opaque, flag, extFields, body, serializeType }, undefined)
    }
  }

  #send<Header>(command: OutgoingCommand<Header>, listener: FrameListener | undefined): void {
    if (this.#isClosed || this.#isEnding) return
    if (this.#outgoing.isEmpty) this.#parts.clock.endOfTurn(() => this.#flush())
    this.#outgoing.add(command, listener)
  }

  #takeOpaque(): number {
    this.#nextOpaque = (this.#nextOpaque + 1) & 0x7fffffff
    return this.#nextOpaque
  }

  #read(chunk: Buffer): void {
    const framesBefore = this.#frameCount
    let frameError: Error | undefined
    try {
      this.#decoder.push(chunk)
    } catch (error) {
      frameError = error as Error
    }
    this.#takeRequests()
    if (frameError !== undefined) {
      // No frame can be found any more: there is nothing to answer to.
      this.#closeFor('malformed frame', frameError)
      return
    }
    if (!this.#isClosed) this.#countUnfinished(this.#frameCount !== framesBefore)
  }

  /** @param isOther whether a frame has ended, so that what is held of the next one is held from now on */
  #countUnfinished(isOther: boolean): void {
    const { unfinished } = this.#parts
    const { bufferedBytes } = this.#decoder
    const isCounted = bufferedBytes >= unfinishedBytesMin
    if (this.#isUnfinishedCounted && (isOther || !isCounted)) unfinished.set(this, 0)
    this.#isUnfinishedCounted = isCounted
    if (isCounted) unfinished.set(this, bufferedBytes)
  }

  #receive(command: RemotingCommand, frameBytes: number): void {
    this.#frameCount++
    if (!isResponse(command)) {
      if (this.#isEnding) return
      this.#requests.push(command)
      this.#requestBytes?.push(frameBytes)
      return
    }
    const pending = this.#pending.get(command.opaque)
    if (pending === undefined) return // Came after its deadline.
    this.#pending.delete(command.opaque)
    pending.cancelTimer()
    pending.resolve(command)
  }

  /** Hands on what arrived, as far as the limit of unsent bytes allows. */
  #takeRequests(): void {
    const requests = this.#requests
    if (requests.length === 0 || this.#isPaused) return
    this.#requests = []
    const frameBytes = this.#requestBytes ?? noFrameBytes
    if (this.#requestBytes !== undefined) this.#requestBytes = []
    const taken = this.#parts.onRequests(requests, this, frameBytes)
    if (taken === requests.length || this.#isClosed || this.#isEnding) return
    this.#requests = requests.slice(taken)
    if (this.#requestBytes !== undefined) this.#requestBytes = frameBytes.slice(taken)
  }

  #flush(): void {
    if (this.#isClosed) return
    const { bytes } = this.#outgoing
    this.#outgoing.flush()
    this.#countUnsent(bytes)
  }

  /**
   * Counts what the peer has not taken.
   * @param addedBytes written since the last time
   */
  #countUnsent(addedBytes: number): void {
    const { unsentBytes } = this.#connection
    const before = this.#countedUnsentBytes
    if (unsentBytes === 0 && before === 0) return
    const { unsent } = this.#parts
    // A peer that takes something, however slowly, has not waited for long.
    if (before > 0 && unsentBytes < before + addedBytes) unsent.set(this, 0)
    this.#countedUnsentBytes = unsentBytes
    if (unsentBytes > 0) unsent.set(this, this.unsentMemoryBytes)
  }

  #pauseReading(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#connection.pause()
    // The limit may have been reached by bytes that never fill the socket's own queue.
    this.#parts.clock.nextTurn(() => {
      this.#flush()
      if (this.#connection.unsentBytes === 0) this.#resumeReading()
    })
  }

  /** Takes what arrived before the pause; that may fill the limit again. */
  #resumeReading(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#takeRequests()
    if (!this.#isPaused) this.#connection.resume()
  }

  #closeFor(reason: CloseReason, error: Error | undefined): void {
    if (this.#isClosed) return
    this.#parts.onClosing(this, reason, error)
    this.#closed(error)
    this.#connection.destroy()
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outgoing.clear()
    this.#requests = []
    this.#parts.unfinished.set(this, 0)
    this.#parts.unsent.set(this, 0)
    for (const pending of this.#pending.values()) {
      pending.cancelTimer()
      pending.reject(new ConnectionLostError(this.remoteAddress, error))
    }
    this.#pending.clear()
    this.#parts.onClose(this, error)
  }
}
