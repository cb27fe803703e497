import type { Clock } from '@rocketmq-ts/platform'
import { decimalInteger } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { type Receipted, receiptOf } from './receipts.ts'

/**
 * Which message of a batch it is that was stored whole. Brokers give such a batch out as one message, with one receipt, so
 * that one acknowledgement acknowledges all of them. The receipt of each message is that of the batch and says which one it
 * is, and how many there are to acknowledge:
 *
 *     startOffset popTime invisibleTime reviveQueueId source brokerName queueId queueOffset number count
 */
interface PartOfBatch {
  /** Of the batch, as brokers know it. */
  readonly receipt: string
  /** From 0 on. */
  readonly number: number
  readonly count: number
}

const separator = ' '
/** What a receipt of brokers consists of. */
const receiptParts = 8

export function batchReceipt({ receipt, number, count }: PartOfBatch): string {
  return [receipt, number, count].join(separator)
}

function partOfBatch(text: string): PartOfBatch | undefined {
  const parts = text.split(separator)
  if (parts.length !== receiptParts + 2) return undefined
  const [number, count] = [decimalInteger(parts[receiptParts]!), decimalInteger(parts[receiptParts + 1]!)]
  if (!(number >= 0 && number < count)) return undefined
  return { receipt: parts.slice(0, receiptParts).join(separator), number, count }
}

/** Whether it is the receipt of one of several messages that brokers know as one. */
export function isPartOfBatch(receipt: string): boolean {
  return partOfBatch(receipt) !== undefined
}

interface OpenBatch {
  /** The one that counts now. */
  receipt: string
  /** Numbers of messages that are acknowledged here. */
  readonly done: Set<number>
  /** The receipt is being changed: until then nobody knows which one counts. */
  changing: Promise<void> | undefined
  /** When it is visible again for sure, by the monotonic clock. */
  endMs: number
}

/** What is to be acknowledged: batches whose last message is done, and what is of no batch. */
export interface Done {
  readonly now: Receipted[]
  /** Of which nobody knows yet which receipt counts. They reject with ABORTED or TIMEOUT. */
  readonly soon: readonly Promise<Receipted>[]
}

/** Milliseconds after which a batch is visible again for sure, beyond those that it is said to be invisible. */
const slackMs = 10_000
/** Milliseconds between two looks for batches that are visible again. */
const lookMs = 30_000

/**
 * The batches of which some messages are acknowledged and some are not. A batch is acknowledged with the last of its
 * messages; until then its broker is told nothing. One of which a message is left comes again whole when its time is over.
 */
export class OpenBatches {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** By each receipt that they have had. */
  readonly #batches = new Map<string, OpenBatch>()
  #lookedMs = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /**
   * Messages are done.
   * @throws RocketMQError INVALID_ARGUMENT for what is no receipt
   */
  done(messages: readonly Receipted[], deadline: Deadline): Done {
    const now: Receipted[] = []
    const whole = new Map<OpenBatch, Receipted>()
    for (const message of messages) {
      const part = partOfBatch(message.receipt)
      if (part === undefined) {
        now.push(message)
        continue
      }
      const batch = this.#batch(part)
      batch.done.add(part.number)
      if (batch.done.size === part.count) whole.set(batch, message)
    }
    const soon: Promise<Receipted>[] = []
    for (const [batch, { queue }] of whole) {
      if (batch.changing === undefined) now.push({ queue, receipt: batch.receipt })
      else soon.push(deadline.within(batch.changing).then(() => ({ queue, receipt: batch.receipt })))
    }
    return { now, soon }
  }

  /**
   * Changes the receipt of a message, and with it those of its batch. Changes of one batch take turns.
   * @param change of the receipt as brokers know it; gives the one that counts from now on
   * @returns the message's receipt from now on; those of the others stay good
   * @throws RocketMQError INVALID_ARGUMENT for what is no receipt, and what the change throws
   */
  async changed(receipt: string, invisibleMs: number, change: (receipt: string) => Promise<string>): Promise<string> {
    const part = partOfBatch(receipt)
    if (part === undefined) return change(receipt)
    const batch = this.#batch(part)
    const before = batch.changing
    const changing = (async () => {
      await before
      const changed = await change(batch.receipt)
      batch.receipt = changed
      batch.endMs = this.#clock.monotonic() + invisibleMs + slackMs
      this.#batches.set(changed, batch)
    })()
    const ended = changing.then(
      () => {},
      () => {},
    )
    batch.changing = ended
    try {
      await changing
    } finally {
      if (batch.changing === ended) batch.changing = undefined
    }
    return batchReceipt({ ...part, receipt: batch.receipt })
  }

  #batch({ receipt }: PartOfBatch): OpenBatch {
    const known = this.#batches.get(receipt)
    if (known !== undefined) return known
    this.#forgetVisible()
    const endMs = this.#clock.monotonic() + receiptOf(receipt).invisibleTime + slackMs
    const batch: OpenBatch = { receipt, done: new Set(), changing: undefined, endMs }
    this.#batches.set(receipt, batch)
    return batch
  }

  #forgetVisible(): void {
    const nowMs = this.#clock.monotonic()
    if (nowMs - this.#lookedMs < lookMs) return
    this.#lookedMs = nowMs
    for (const [receipt, { endMs }] of this.#batches) if (endMs < nowMs) this.#batches.delete(receipt)
  }
}
