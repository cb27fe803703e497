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
import type { Outflow } from './outflow.ts'
import { type FrameListener, OutgoingFrames, writeBytesMax } from './outgoing-frames.ts'
import { ConnectionLostError, RequestTimeoutError } from './remoting-error.ts'
import { type Signer, signedFields } from './signer.ts'

interface PendingRequest {
  resolve(response: RemotingCommand): void
  reject(error: Error): void
  cancelTimer(): void
}

/** Why this end closed a connection by itself. */
export type CloseReason = 'malformed frame' | 'idle' | 'silent'

/** How a connection ended: closed by either end, since nothing came or went for long, or by an error. */
export type ConnectionEnd = 'closed' | 'idle' | 'failed'

/** What all connections of a peer share. */
export interface ConnectionParts {
  readonly clock: Clock
  /**
   * Called with requests of the peer that came in one read, in their order.
   * @param frameBytes bytes of each frame, with its length field; empty when `isObserved` is not set
   * @returns how many were taken; the others are given again once the connection is no longer paused
   */
  onRequests(
    requests: readonly RemotingCommand[],
    connection: RemotingConnection,
    frameBytes: readonly number[],
  ): number
  /** Called before the connection is closed for this reason. */
  onClosing(connection: RemotingConnection, reason: CloseReason, error: Error | undefined): void
  onClose(connection: RemotingConnection, end: ConnectionEnd): void
  /** Whether the bytes of requests are counted. */
  readonly isObserved: boolean
  /** The header form of requests that this end sends. Answers have the form of their request. */
  readonly serializeType: SerializeType
  readonly signer: Signer | undefined
  /** Bytes of a frame, without its length field. */
  readonly frameBytesMax: number
  /** Unsent bytes above which requests of the peer wait until these bytes are sent. */
  readonly unsentBytesMax: number
  /** Counts the bytes of incomplete frames, over all connections. */
  readonly unfinished: HeldBytes<RemotingConnection>
  /** What goes out over all connections, and the memory of it that peers have not taken yet. */
  readonly outflow: Outflow<RemotingConnection>
  readonly headerPatterns: HeaderPatterns
  /** Unanswered requests of this end at which `invoke` refuses another one. */
  readonly pendingRequestsMax: number
  /** Milliseconds without traffic after which the connection is closed; 0 never. */
  readonly idleTimeoutMs: number
  /**
   * When a request of ours gets no answer in its time, and nothing else has come for so many milliseconds while one was
   * waited for, the connection is closed; 0 never.
   */
  readonly silenceMsMax: number
}

/** A smaller part of a frame at the end of a read is the common case, and not worth counting. */
const unfinishedBytesMin = 16 * 1024
/** Answers up to here need not wait for room: thousands of them take little. */
const smallAnswerBytes = 16 * 1024
/** Answers of so many bytes are written before the turn ends: what they take is known to who gives the next one. */
const writtenAtOnceBytes = 64 * 1024
const noFrameBytes: readonly number[] = []
let connectionCount = 0

/**
 * Frames over one TCP connection, in both directions. Requests of the peer are handed on; responses resolve the
 * requests that wait for them. All frames of one turn of the loop leave in one write.
 */
export class RemotingConnection {
  /** Unique in the process. */
  readonly id: number
  /** The peer's `host:port`, an IPv6 host in brackets. */
  readonly remoteAddress: string
  readonly localAddress: string
  /** For data of other modules about the peer. */
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
  /** Since when a request of ours waits and nothing has come, by the monotonic clock. */
  #silentSinceMs: number | undefined
  /** Requests that arrived and were not taken yet. */
  #requests: RemotingCommand[] = []
  /** Frame bytes of each of these requests, when they are counted. */
  #requestBytes: number[] | undefined
  #frameCount = 0
  /** Callers of `whenTaking`. */
  #waiters: (() => void)[] = []
  #isAwaitingRoom = false
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
    connection.onClose((error) => this.#closed(error, error === undefined ? 'closed' : 'failed'))
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

  /**
   * Whether an answer with so many bytes of messages may be given now: the peer takes what it is sent and, unless it is a
   * small one, what others have not taken leaves room. Who has to wait for that asks by `whenTaking`.
   */
  takesAnswer(bytes: number): boolean {
    return !this.#isPaused && (bytes <= smallAnswerBytes || !this.#parts.outflow.isFull)
  }

  /** Bytes that wait to be sent, here and in the system's queue. */
  get unsentBytes(): number {
    return this.#outgoing.bytes + this.#connection.unsentBytes
  }

  /** Memory that unsent bytes take: a write that the system did not take completely keeps all of its memory. */
  get unsentMemoryBytes(): number {
    return this.unsentBytes + (this.#connection.unsentBytes > 0 ? writeBytesMax : 0)
  }

  /**
   * Sends an answer at the end of this turn. On a closed connection the answer is dropped; the peer sees the close.
   * @param listener called once the answer was handed to the system
   */
  answer<Header>(command: OutgoingCommand<Header>, listener?: FrameListener | undefined): void {
    this.#send(command, listener)
    if (this.#outgoing.bytes >= writtenAtOnceBytes) this.#flush()
    // Only answers pause reading. If requests did too, both ends could stop reading and never read again.
    if (this.unsentBytes > this.#parts.unsentBytesMax) this.#pauseReading()
  }

  /**
   * Calls back when answers of any size may be given, at once when it does now. Several are called back in their order, for as long
   * as their answers leave it so. All are when the connection closes.
   */
  whenTaking(callback: () => void): void {
    if (this.#isClosed || this.#takesAny()) {
      callback()
      return
    }
    this.#waiters.push(callback)
    this.#awaitRoom()
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
    const { clock } = this.#parts
    this.#silentSinceMs ??= clock.turnTime()
    const cancelTimer = clock.after(options.timeoutMs, () => {
      this.#pending.delete(opaque)
      reject(new RequestTimeoutError(command.name, this.remoteAddress, options.timeoutMs))
      this.#closeWhenSilent()
    })
    this.#pending.set(opaque, { resolve, reject, cancelTimer })
    this.#request(command, opaque, 0, header, options.body)
    return promise
  }

  /** Sends what waits, then closes. Nothing is sent after that, and no request is taken. */
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
    this.#silentSinceMs = undefined
    const framesBefore = this.#frameCount
    let frameError: Error | undefined
    try {
      this.#decoder.push(chunk)
    } catch (error) {
      frameError = error as Error
    }
    this.#takeRequests()
    if (frameError !== undefined) {
      // The next frame cannot be found any more, and there is no request to answer.
      this.#closeFor('malformed frame', frameError)
      return
    }
    if (!this.#isClosed) this.#countUnfinished(this.#frameCount !== framesBefore)
  }

  /** @param isOther whether a frame has ended, so that the held bytes are those of a newer frame */
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
    if (pending === undefined) return // The response came after its deadline.
    this.#pending.delete(command.opaque)
    pending.cancelTimer()
    pending.resolve(command)
  }

  /** Hands on requests, as far as the limit of unsent bytes allows. */
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
    this.#parts.outflow.wrote(bytes)
    this.#countUnsent(bytes)
  }

  /**
   * Counts the bytes that the peer has not taken.
   * @param addedBytes written since the last count
   */
  #countUnsent(addedBytes: number): void {
    const { unsentBytes } = this.#connection
    const before = this.#countedUnsentBytes
    if (unsentBytes === 0 && before === 0) return
    const { outflow } = this.#parts
    // A peer that took something, however little, counts as the youngest holder again.
    if (before > 0 && unsentBytes < before + addedBytes) outflow.hold(this, 0)
    this.#countedUnsentBytes = unsentBytes
    if (unsentBytes > 0) outflow.hold(this, this.unsentMemoryBytes)
  }

  #pauseReading(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#connection.pause()
    // When the bytes never fill the socket's queue, it emits no drain event.
    this.#parts.clock.nextTurn(() => {
      this.#flush()
      if (this.#connection.unsentBytes === 0) this.#resumeReading()
    })
  }

  /** First answers what waits, and takes requests that arrived before the pause. Both may reach the limit again. */
  #resumeReading(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#callWaiters()
    this.#takeRequests()
    if (!this.#isPaused) this.#connection.resume()
  }

  #callWaiters(): void {
    const waiters = this.#waiters
    let called = 0
    while (called < waiters.length && (this.#isClosed || this.#takesAny())) waiters[called++]!()
    if (called > 0) this.#waiters = waiters.slice(called)
    if (this.#waiters.length > 0) this.#awaitRoom()
  }

  #takesAny(): boolean {
    return this.takesAnswer(Number.POSITIVE_INFINITY)
  }

  #awaitRoom(): void {
    // A paused connection calls its waiters when it is resumed.
    if (this.#isPaused || this.#isAwaitingRoom) return
    this.#isAwaitingRoom = true
    this.#parts.outflow.whenRoom(() => {
      this.#isAwaitingRoom = false
      this.#callWaiters()
    })
  }

  /** The other end may be gone without a word: whoever asks next has to come by another connection. */
  #closeWhenSilent(): void {
    const { silenceMsMax, clock } = this.#parts
    if (silenceMsMax === 0 || this.#silentSinceMs === undefined) return
    if (clock.monotonic() - this.#silentSinceMs >= silenceMsMax) this.#closeFor('silent', undefined)
  }

  #closeFor(reason: CloseReason, error: Error | undefined): void {
    if (this.#isClosed) return
    this.#parts.onClosing(this, reason, error)
    this.#closed(error, reason === 'idle' ? 'idle' : 'failed')
    this.#connection.destroy()
  }

  #closed(error: Error | undefined, end: ConnectionEnd): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outgoing.clear()
    this.#requests = []
    this.#parts.unfinished.set(this, 0)
    this.#parts.outflow.hold(this, 0)
    for (const pending of this.#pending.values()) {
      pending.cancelTimer()
      pending.reject(new ConnectionLostError(this.remoteAddress, error))
    }
    this.#pending.clear()
    this.#parts.onClose(this, end)
    this.#callWaiters()
  }
}
