import { Places } from '@rocketmq-ts/base'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RawMessage } from '../messages/received-message.ts'
import type { Pulled } from '../reading/pull.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'

export interface ParkingParts {
  readonly client: ClusterClient
  readonly queue: QueueRef
  /** The queue is not read any more. */
  readonly signal: AbortSignal
  /** Pulls without waiting for what comes. @throws RocketMQError */
  pull(offset: number, deadline: Deadline): Promise<Pulled>
  /** The key of a message, as lanes have it. */
  laneOf(message: RawMessage): string | undefined
  /**
   * The broker has lost messages, or the topic was made anew.
   * @param atMost where the queue ends; infinite when its offsets mean other messages
   */
  onAnew(atMost: number): void
}

/** Requests of a queue at a time: very many lanes may go on at once, and most of what an answer brings is of others. */
const readsMax = 4

/** What was read again of a lane. */
export interface ReadAgain {
  readonly found: readonly RawMessage[]
  /** Offsets of messages that are not there any more. */
  readonly gone: readonly number[]
}

/**
 * Messages of a queue that wait behind one of their lane that fails, and of which only the places are kept: they are read again when
 * it is their turn.
 */
export class ParkedMessages {
  readonly #parts: ParkingParts
  /** Offsets in rising order, by lane. */
  #offsets = new Map<string, number[]>()
  #count = 0
  readonly #reads = new Places(readsMax)

  constructor(parts: ParkingParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#count
  }

  /** Whether what comes of the lane has to be parked too, so that it keeps its order. */
  has(lane: string | undefined): lane is string {
    return lane !== undefined && this.#offsets.has(lane)
  }

  /** @param added offsets in rising order; of what was read again and waits once more, before those that are parked */
  park(lane: string, added: readonly number[]): void {
    const offsets = this.#offsets.get(lane)
    if (offsets === undefined) this.#offsets.set(lane, [...added])
    else if (added.at(-1)! < offsets[0]!) offsets.unshift(...added)
    else offsets.push(...added)
    this.#count += added.length
  }

  /** Offsets from this one on mean other messages now. */
  keepBefore(end: number): void {
    const kept = new Map<string, number[]>()
    this.#count = 0
    for (const [lane, offsets] of this.#offsets) {
      const before = offsets.filter((offset) => offset < end)
      if (before.length > 0) kept.set(lane, before)
      this.#count += before.length
    }
    this.#offsets = kept
  }

  /** The offsets mean other messages now. */
  clear(): void {
    this.#offsets = new Map()
    this.#count = 0
  }

  /**
   * Reads the next messages of a lane. What fails is tried again. Resolves when there are some, or none are left; never rejects.
   * @param take is given them just when they are parked no more: nothing of the lane comes in between
   */
  async readAgain(lane: string, take: (read: ReadAgain) => void): Promise<void> {
    const { client, queue, signal, pull } = this.#parts
    const { clock, random } = client.runtime
    for (let failures = 0; !signal.aborted; ) {
      const before = this.#offsets
      const [offset] = before.get(lane) ?? []
      if (offset === undefined) return
      try {
        const { messages, nextOffset, maxOffset } = await this.#reads.run(() =>
          pull(offset, new Deadline(clock, { signal }, client.attemptTimeoutMs)),
        )
        if (signal.aborted) return
        if (before !== this.#offsets) continue
        const parked = new Set(before.get(lane))
        const isOther = messages.some(
          (message) => parked.has(message.queueOffset) && this.#parts.laneOf(message) !== lane,
        )
        if (isOther || offset >= maxOffset) {
          this.#parts.onAnew(isOther ? Number.POSITIVE_INFINITY : maxOffset)
          await pauseUnless(signal, backoffMs(defaultBackoff, ++failures, random), clock)
          continue
        }
        const read = this.#takeBefore(lane, nextOffset)
        const found = messages.filter(({ queueOffset }) => read.delete(queueOffset))
        take({ found, gone: [...read] })
        if (found.length > 0) return
        failures = nextOffset > offset ? 0 : failures + 1
      } catch (error) {
        failures++
        client.learnFrom(error as RocketMQError, queue.topic)
        client.log.debug({ ...queue, offset, err: error as RocketMQError }, 'a message could not be read again')
      }
      if (failures > 0) await pauseUnless(signal, backoffMs(defaultBackoff, failures, random), clock)
    }
  }

  #takeBefore(lane: string, nextOffset: number): Set<number> {
    const offsets = this.#offsets.get(lane)!
    const end = offsets.findIndex((offset) => offset >= nextOffset)
    const taken = new Set(offsets.splice(0, end < 0 ? offsets.length : end))
    if (offsets.length === 0) this.#offsets.delete(lane)
    this.#count -= taken.size
    return taken
  }
}
