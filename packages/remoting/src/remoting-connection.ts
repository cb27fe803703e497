import type { Clock, Connection } from '@rocketmq-ts/platform'
import {
  type AnyCommand,
  type FrameBody,
  FrameDecoder,
  flags,
  frameBytesMax,
  type HeaderPatterns,
  isResponse,
  type OutgoingCommand,
  type RemotingCommand,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import type { HeldBytes } from './held-bytes.ts'
import { OutgoingFrames, writeBytesMax } from './outgoing-frames.ts'
import { ConnectionLostError, RequestTimeoutError } from './remoting-error.ts'

interface PendingRequest {
  resolve(response: RemotingCommand): void
  reject(error: Error): void
  cancelTimer(): void
}

export interface RemotingConnectionOptions {
  clock: Clock
  /**
   * Called with requests of the peer that came in one read, in their order.
   * @returns how many were taken; the others come again once the connection is not paused any more
   */
  onRequests(requests: readonly RemotingCommand[], connection: RemotingConnection): number
  onClose(connection: RemotingConnection, error: Error | undefined): void
  /** Unsent bytes above which no request of the peer is taken until they are sent. */
  unsentBytesMax?: number
  /** Counts the bytes of frames that have not arrived as a whole, over several connections. */
  unfinished?: HeldBytes<RemotingConnection>
  /** Counts the memory of what peers have not taken yet, over several connections. */
  unsent?: HeldBytes<RemotingConnection>
  /** Shared with other connections; without it each header is parsed as if it were the first of its kind. */
  headerPatterns?: HeaderPatterns
  /** Unanswered requests of ours above which `invoke` refuses. */
  pendingRequestsMax?: number
  /** Milliseconds without traffic after which the connection is closed; 0 never. */
  idleTimeoutMs?: number
}

/** Smaller rests of a frame are the common case at the end of a read, and not worth counting. */
const unfinishedBytesMin = 16 * 1024
let connectionCount = 0

/**
 * Frames over one TCP connection, in both directions: requests of the peer are handed on, responses go to the
 * requests that wait for them. What is sent in one turn of the loop leaves in one write.
 */
export class RemotingConnection {
  /** Unique in the process. */
  readonly id: number
  /** The peer's `host:port`. */
  readonly remoteAddress: string
  readonly localAddress: string
  /** What its owner knows about the peer. */
  readonly attributes = new Map<symbol, unknown>()
  readonly #connection: Connection
  readonly #options: RemotingConnectionOptions
  readonly #pending = new Map<number, PendingRequest>()
  readonly #decoder: FrameDecoder
  readonly #unsentBytesMax: number
  #nextOpaque = 0
  readonly #outgoing: OutgoingFrames
  #isClosed = false
  #isPaused = false
  /** Requests that arrived and are not taken yet. */
  #requests: RemotingCommand[] = []
  #frameCount = 0
  #isUnfinishedCounted = false
  /** Unsent bytes when they were last counted. */
  #countedUnsentBytes = 0

  constructor(connection: Connection, options: RemotingConnectionOptions) {
    this.id = ++connectionCount
    this.#connection = connection
    this.#options = options
    this.#unsentBytesMax = options.unsentBytesMax ?? 1024 * 1024
    this.remoteAddress = `${connection.remote.host}:${connection.remote.port}`
    this.localAddress = `${connection.local.host}:${connection.local.port}`
    this.#outgoing = new OutgoingFrames(connection)
    this.#decoder = new FrameDecoder((command) => this.#receive(command), frameBytesMax, options.headerPatterns)
    connection.onData((chunk) => this.#read(chunk))
    connection.onClose((error) => this.#closed(error))
    connection.onDrain(() => {
      this.#countUnsent(0)
      this.#resumeReading()
    })
    if (options.idleTimeoutMs !== undefined && options.idleTimeoutMs > 0) {
      connection.onIdle(options.idleTimeoutMs, () => connection.destroy())
    }
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

  /** Sends a frame at the end of this turn. A lost connection swallows it: the peer sees the loss. */
  send<Header>(command: OutgoingCommand<Header>): void {
    if (this.#isClosed) return
    if (this.#outgoing.isEmpty) this.#options.clock.endOfTurn(() => this.#flush())
    this.#outgoing.add(command)
    if (this.unsentBytes > this.#unsentBytesMax) this.#pauseReading()
  }

  /** Sends a request that nobody answers. */
  tell<C extends AnyCommand>(command: C, header: RequestOf<C>, body?: FrameBody): void {
    this.send({
      code: command.code,
      opaque: this.#takeOpaque(),
      flag: flags.oneWay,
      header,
      codec: command.requestCodec,
      body,
      serializeType: 'JSON',
    })
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
    if (this.#isClosed) {
      reject(new ConnectionLostError(this.remoteAddress, undefined))
      return promise
    }
    if (this.#pending.size >= (this.#options.pendingRequestsMax ?? 65_536)) {
      reject(new Error(`${this.#pending.size} requests to ${this.remoteAddress} wait for an answer already`))
      return promise
    }
    const opaque = this.#takeOpaque()
    const cancelTimer = this.#options.clock.after(options.timeoutMs, () => {
      this.#pending.delete(opaque)
      reject(new RequestTimeoutError(command.name, this.remoteAddress, options.timeoutMs))
    })
    this.#pending.set(opaque, { resolve, reject, cancelTimer })
    const { body } = options
    this.send({ code: command.code, opaque, flag: 0, header, codec: command.requestCodec, body, serializeType: 'JSON' })
    return promise
  }

  /** Sends what is waiting, then closes. */
  end(): void {
    this.#flush()
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
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
      this.#closed(frameError)
      this.#connection.destroy()
      return
    }
    if (!this.#isClosed) this.#countUnfinished(this.#frameCount !== framesBefore)
  }

  /** @param isOther whether a frame has ended, so that what is held of the next one is held from now on */
  #countUnfinished(isOther: boolean): void {
    const { unfinished } = this.#options
    const { bufferedBytes } = this.#decoder
    const isCounted = bufferedBytes >= unfinishedBytesMin
    if (this.#isUnfinishedCounted && (isOther || !isCounted)) unfinished?.set(this, 0)
    this.#isUnfinishedCounted = isCounted
    if (isCounted) unfinished?.set(this, bufferedBytes)
  }

  #receive(command: RemotingCommand): void {
    this.#frameCount++
    if (!isResponse(command)) {
      this.#requests.push(command)
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
    const taken = this.#options.onRequests(requests, this)
    if (taken < requests.length && !this.#isClosed) this.#requests = requests.slice(taken)
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
    const { unsent } = this.#options
    // A peer that takes something, however slowly, has not waited for long.
    if (before > 0 && unsentBytes < before + addedBytes) unsent?.set(this, 0)
    this.#countedUnsentBytes = unsentBytes
    if (unsentBytes > 0) unsent?.set(this, this.unsentMemoryBytes)
  }

  #pauseReading(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#connection.pause()
    // The limit may have been reached by bytes that never fill the socket's own queue.
    this.#options.clock.nextTurn(() => {
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

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outgoing.clear()
    this.#requests = []
    this.#options.unfinished?.set(this, 0)
    this.#options.unsent?.set(this, 0)
    for (const pending of this.#pending.values()) {
      pending.cancelTimer()
      pending.reject(new ConnectionLostError(this.remoteAddress, error))
    }
    this.#pending.clear()
    this.#options.onClose(this, error)
  }
}
