import type { CancelTimer } from '@rocketmq-ts/platform'
import { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { PoppedBatch, RawPopped } from '../pop/pop.ts'
import { acknowledge, changeInvisibleTime } from '../pop/receipts.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import type { QueueRef } from '../routing/topic-route.ts'

export interface DeliveriesParts {
  readonly client: ClusterClient
  readonly group: string
  /** As log lines name it. */
  readonly queue: QueueRef
  /** Milliseconds for which the broker gives a message to nobody else. */
  readonly invisibleMs: number
  /** A request about messages begins, and ends. */
  onBegin(): void
  onEnd(): void
  /** There is room for others. */
  onForgotten(): void
}

/** Parts of the invisible time: how often it is looked after, when it begins anew, and when that has failed. */
const looksPerTime = 6
const renewedLeft = 0.5
const overdueLeft = 0.25
/** Milliseconds until a message is visible that is given back. */
const givenBackMs = 1000
/** Brokers take no longer time than this unless their settings say otherwise (timerMaxDelaySec). */
const invisibleMsMax = 3 * 86_400_000
/** What was given out under one receipt: a message, or the messages of a batch that was stored whole. */
export interface Delivery {
  /** Where it was found. */
  readonly queue: QueueRef
  readonly ofLiteTopic: string | undefined
  /** The number of the answer that brought it. */
  readonly answer: number
  readonly count: number
  readonly bytes: number
  /** Messages that wait for their handler, are with it, or are on their way to where they are kept from now on. */
  open: number
  /** Its messages are to be delivered again; undefined when they are done. */
  again: Again | undefined
  /** The one that counts now. */
  receipt: string
  /** When others may get it, by the monotonic clock. */
  visibleMs: number
  /** Its invisible time is being changed: until then nobody knows which receipt counts. */
  renewing: Promise<void> | undefined
  /** Its end is on the way to the broker: its invisible time is left as it is. */
  isSettled: boolean
  /** Others may have got it: nothing can be done with its receipt any more. */
  isLost: boolean
}

export interface Again {
  readonly delayMs: number
  /** It does not count as another delivery. */
  readonly isSuspended: boolean
  /** Milliseconds for the broker's answer; as long as nobody else gets the messages without it. */
  readonly timeoutMs?: number | undefined
}

/** What one answer of the broker has brought. */
export interface Answer {
  /** Its number. */
  readonly answer: number
  /** When others may get it, by the monotonic clock. */
  readonly visibleMs: number
  /** Those of its batches that are known by now. */
  readonly batches: Map<PoppedBatch, Delivery>
}

/**
 * What a broker has given out by POP to this member, and is not told yet what became of it. Each is kept invisible to others
 * until its messages are done, and then acknowledged, or let go.
 */
export class Deliveries {
  readonly #parts: DeliveriesParts
  readonly #deliveries = new Set<Delivery>()
  /** Acknowledged at the end of this turn, in one request. */
  #done: Delivery[] = []
  #messages = 0
  #bytes = 0

  constructor(parts: DeliveriesParts) {
    this.#parts = parts
  }

  /** Messages of all of them. */
  get messages(): number {
    return this.#messages
  }

  /** Bytes of all of them, as they came. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps all of them invisible from now on. @returns ends it */
  keepInvisible(): CancelTimer {
    const { client, invisibleMs } = this.#parts
    return client.runtime.clock.every(invisibleMs / looksPerTime, () => this.#renewAll())
  }

  /** The delivery of a message; that of its batch where that was given out as one. */
  of(message: RawPopped, { answer, visibleMs, batches }: Answer): Delivery {
    const { queue, ofLiteTopic, batch } = message
    const known = batch === undefined ? undefined : batches.get(batch)
    if (known !== undefined) return known
    const count = batch?.count ?? 1
    const delivery: Delivery = {
      queue,
      ofLiteTopic,
      answer,
      count,
      bytes: count * message.bytes,
      open: count,
      again: undefined,
      receipt: batch?.receipt ?? message.receipt,
      visibleMs,
      renewing: undefined,
      isSettled: false,
      isLost: false,
    }
    if (batch !== undefined) batches.set(batch, delivery)
    this.#deliveries.add(delivery)
    this.#messages += delivery.count
    this.#bytes += delivery.bytes
    return delivery
  }

  /**
   * A message needs its delivery no more. With the last one the delivery ends.
   * @param again when the message is to come again: then all of its delivery do
   */
  close(delivery: Delivery, again?: Again): void {
    delivery.again ??= again
    if (--delivery.open > 0) return
    delivery.isSettled = true
    if (delivery.again === undefined) this.#acknowledgeSoon(delivery)
    else void this.#comesAgain(delivery, delivery.again)
  }

  #acknowledgeSoon(delivery: Delivery): void {
    this.#done.push(delivery)
    if (this.#done.length > 1) return
    this.#parts.onBegin()
    this.#parts.client.runtime.clock.endOfTurn(() => void this.#acknowledgeAll())
  }

  async #acknowledgeAll(): Promise<void> {
    const shortMs = this.#parts.invisibleMs * overdueLeft
    const together: Delivery[] = []
    const apart: Delivery[] = []
    // One whose receipt is not known yet, or whose time is nearly over, does not keep the others from it.
    for (const delivery of this.#done) {
      const isApart = delivery.renewing !== undefined || this.#leftMs(delivery) < shortMs
      if (isApart) apart.push(delivery)
      else together.push(delivery)
    }
    this.#done = []
    await Promise.all([this.#acknowledge(together), ...apart.map((delivery) => this.#acknowledge([delivery]))])
    this.#parts.onEnd()
  }

  async #acknowledge(done: readonly Delivery[]): Promise<void> {
    const { client, group } = this.#parts
    for (const { renewing } of done) if (renewing !== undefined) await renewing
    const there = done.filter(({ isLost }) => !isLost)
    if (there.length > 0) {
      const timeoutMs = Math.max(1, Math.min(...there.map((delivery) => this.#leftMs(delivery))))
      const deadline = new Deadline(client.runtime.clock, {}, timeoutMs)
      await acknowledge(client, group, there, deadline).catch((error: RocketMQError) => {
        const receipts = there.map(({ receipt }) => receipt)
        client.log.warn(
          { ...this.#parts.queue, receipts, err: error },
          'messages could not be acknowledged: some come again',
        )
      })
    }
    for (const delivery of done) this.#forget(delivery)
  }

  /** A message was not begun. */
  giveBack(delivery: Delivery): void {
    const timeoutMs = this.#parts.client.attemptTimeoutMs
    this.close(delivery, { delayMs: givenBackMs, isSuspended: true, timeoutMs })
  }

  async #comesAgain(delivery: Delivery, { delayMs, isSuspended, timeoutMs }: Again): Promise<void> {
    this.#parts.onBegin()
    await delivery.renewing
    const invisibleMs = Math.min(invisibleMsMax, Math.max(givenBackMs, Math.round(delayMs)))
    if (!delivery.isLost) await this.#change(delivery, invisibleMs, isSuspended, timeoutMs)
    this.#forget(delivery)
    this.#parts.onEnd()
  }

  /** What is handled, or waits, stays invisible. */
  #renewAll(): void {
    const { invisibleMs } = this.#parts
    for (const delivery of this.#deliveries) {
      if (delivery.isLost || delivery.isSettled || delivery.renewing !== undefined) continue
      if (this.#leftMs(delivery) > invisibleMs * renewedLeft) continue
      delivery.renewing = this.#change(delivery, invisibleMs, false).finally(() => {
        delivery.renewing = undefined
      })
    }
  }

  /** Never rejects: messages whose time cannot be changed come again when it is over. */
  async #change(
    delivery: Delivery,
    invisibleMs: number,
    isSuspended: boolean,
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { client, group } = this.#parts
    const { receipt } = delivery
    const { clock } = client.runtime
    const deadline = new Deadline(clock, {}, Math.max(1, Math.min(timeoutMs, this.#leftMs(delivery))))
    const sentMs = clock.monotonic()
    try {
      delivery.receipt = await changeInvisibleTime(client, group, delivery, { invisibleMs, isSuspended }, deadline)
      delivery.visibleMs = sentMs + invisibleMs
    } catch (error) {
      const failure = error as RocketMQError
      // It may have been changed, and then nobody knows its receipt.
      if (failure.outcome === 'unknown' || failure.responseCode !== undefined) delivery.isLost = true
      client.log.warn(
        { ...this.#parts.queue, receipt, err: failure },
        'the invisible time of a message was not changed',
      )
    }
  }

  #leftMs({ visibleMs }: Delivery): number {
    return visibleMs - this.#parts.client.runtime.clock.monotonic()
  }

  #forget(delivery: Delivery): void {
    if (!this.#deliveries.delete(delivery)) return
    this.#messages -= delivery.count
    this.#bytes -= delivery.bytes
    this.#parts.onForgotten()
  }
}
