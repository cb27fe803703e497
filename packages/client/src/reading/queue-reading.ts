import type { SubscriptionData } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RawMessage } from '../messages/received-message.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import type { FilterChecks } from './filter-check.ts'
import { type Pulled, pull } from './pull.ts'
import { clockSkewMs, offsetOfPosition, type StartPosition } from './queue-positions.ts'

export interface ReadingParts {
  readonly client: ClusterClient
  readonly subscription: SubscriptionData
  readonly filters: FilterChecks
  /** Where reading ends; without it, it goes on with what comes. */
  readonly to: StartPosition | undefined
  readonly signal: AbortSignal
  /** There is something to give, or it has ended, or failed. */
  onChange(): void
}

/** The group of tools that read without being members of a group: every broker knows it. */
export const readerGroup = 'TOOLS_CONSUMER'
const waitMs = 15_000
const countMax = 32

/** One queue that a reader reads: one pull ahead of what it has given. */
export class QueueReading {
  readonly queue: QueueRef
  readonly #parts: ReadingParts
  #position: StartPosition | { readonly offset: number }
  /** Of the next message that is given. */
  #nextOffset: number | undefined
  /** Of the next pull. */
  #pullOffset = 0
  #endOffset: number | undefined
  #maxOffset: number | undefined
  #found: RawMessage[] = []
  /** Store time of the newest message that was found since it was begun, in milliseconds since 1970. */
  #storedUntilMs: number | undefined
  #isPulling = false
  /** What an earlier pull brings does not count after a seek. */
  #seeks = 0
  #failure: RocketMQError | undefined

  constructor(queue: QueueRef, position: StartPosition, parts: ReadingParts) {
    this.queue = queue
    this.#position = position
    this.#parts = parts
  }

  get hasFound(): boolean {
    return this.#found.length > 0
  }

  /** Nothing comes any more. */
  get isEnded(): boolean {
    if (this.#endOffset === undefined || this.#nextOffset === undefined || this.hasFound) return false
    return this.#pullOffset >= this.#endOffset
  }

  /** Why it cannot be read, when trying again does not help. */
  get failure(): RocketMQError | undefined {
    return this.#failure
  }

  /** Messages that were not given, by what the broker said last; undefined before it said anything. */
  get lag(): number | undefined {
    if (this.#maxOffset === undefined || this.#nextOffset === undefined) return undefined
    return Math.max(0, this.#maxOffset - this.#nextOffset)
  }

  seek(position: StartPosition | { readonly offset: number }): void {
    this.#position = position
    this.#seeks++
    this.#nextOffset = undefined
    this.#storedUntilMs = undefined
    this.#found = []
    this.#failure = undefined
  }

  /** Begins to pull unless something is there or under way. */
  pullAhead(): void {
    if (this.#isPulling || this.hasFound || this.isEnded || this.#failure !== undefined) return
    if (this.#parts.signal.aborted) return
    this.#isPulling = true
    void this.#pull().finally(() => {
      this.#isPulling = false
      this.#parts.onChange()
    })
  }

  take(): RawMessage {
    const message = this.#found.shift()!
    this.#nextOffset = message.queueOffset + 1
    if (!this.hasFound) this.#nextOffset = this.#pullOffset
    return message
  }

  /** The offset of the next message. @throws RocketMQError */
  async position(deadline: Deadline): Promise<number> {
    if (this.#nextOffset === undefined) await this.#begin(this.#parts.client.routes.readAddress(this.queue), deadline)
    return this.#nextOffset!
  }

  async #pull(): Promise<void> {
    const { client, subscription, signal } = this.#parts
    const { clock, random } = client.runtime
    let wantedMs = clock.now()
    let seeks = this.#seeks
    for (let failures = 0; !signal.aborted; ) {
      if (seeks !== this.#seeks) wantedMs = clock.now()
      seeks = this.#seeks
      try {
        const deadline = new Deadline(clock, { signal }, waitMs + 2 * client.attemptTimeoutMs)
        const address = client.routes.readAddress(this.queue)
        if (this.#nextOffset === undefined) await this.#begin(address, deadline)
        if (this.isEnded) return
        const offset = this.#pullOffset
        const isBounded = this.#endOffset !== undefined
        const request = { queue: this.queue, address, group: readerGroup, offset, subscription, countMax }
        const pulled = await pull(
          client,
          { ...request, isOwnSubscription: true, waitMs: isBounded ? 0 : waitMs },
          deadline,
        )
        if (seeks !== this.#seeks) continue
        failures = 0
        this.#maxOffset = pulled.maxOffset
        const nextOffset = await this.#next(pulled, offset, address, deadline)
        if (seeks !== this.#seeks) continue
        this.#pullOffset = nextOffset
        this.#storedUntilMs = pulled.messages.at(-1)?.storeTimestamp ?? this.#storedUntilMs
        const end = this.#endOffset ?? Number.POSITIVE_INFINITY
        this.#found = pulled.messages.filter(({ queueOffset }) => queueOffset < end)
        if (this.hasFound) return
        this.#nextOffset = nextOffset
        // An end that is not there any more, as after messages were lost, cannot be waited for.
        if (isBounded && pulled.kind === 'nothing' && pulled.nextOffset <= offset) this.#endOffset = offset
      } catch (error) {
        const failure = error as RocketMQError
        if (signal.aborted || seeks !== this.#seeks) continue
        client.learnFrom(failure, this.queue.topic)
        if (!(failure instanceof RocketMQError && failure.retryable)) {
          this.#failure = failure
          return
        }
        // Its end once the broker can be asked is not what was wanted.
        if (this.#nextOffset === undefined && this.#position === 'latest') this.#position = wantedMs - clockSkewMs
        client.log.warn({ ...this.queue, err: failure }, 'a queue could not be read; it is tried again')
        await pauseUnless(signal, backoffMs(defaultBackoff, ++failures, random), clock)
      }
    }
  }

  /**
   * Where it goes on. Beyond the end of a queue the broker has lost messages, or the topic was made anew: what was stored since
   * may have offsets that were read before.
   */
  async #next({ nextOffset, maxOffset }: Pulled, offset: number, address: string, deadline: Deadline): Promise<number> {
    const isBeyondEnd = nextOffset < offset && offset > maxOffset
    if (!isBeyondEnd || this.#storedUntilMs === undefined || this.#endOffset !== undefined) return nextOffset
    const { client } = this.#parts
    const anew = await offsetOfPosition(client, this.queue, address, this.#storedUntilMs + 1, deadline)
    return Math.min(anew, maxOffset)
  }

  /** Finds out where to begin and to end. */
  async #begin(address: string, deadline: Deadline): Promise<void> {
    const { client, to, subscription, filters } = this.#parts
    await filters.at(subscription, { name: this.queue.broker, address }, deadline)
    const seeks = this.#seeks
    const position = this.#position
    const offset =
      typeof position === 'object' && 'offset' in position
        ? position.offset
        : await offsetOfPosition(client, this.queue, address, position, deadline)
    if (to !== undefined) this.#endOffset ??= await offsetOfPosition(client, this.queue, address, to, deadline)
    if (seeks !== this.#seeks) return
    this.#nextOffset = offset
    this.#pullOffset = offset
  }
}
