import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { opHalfTopic, propertyName } from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { ownMessage } from '../intake/own-message.ts'
import { encodedProperty } from '../intake/property-text.ts'
import { opBodies, removedTag } from './op-records.ts'

export interface OpWriterParts {
  clock: Clock
  log: Log
  sink: MessageSink
  storeHost: Buffer
  settings(): { transactionOpMsgMaxSize: number; transactionOpBatchInterval: number }
}

type Refused = Extract<PutOutcome, { kind: 'refused' }>

/** A half message by its queue offset, and how many have ended before it. */
interface EndedHalf {
  queueOffset: number
  number: number
}

const retryMs = 1000

/**
 * Writes the op messages, which say that half messages have ended. For what the log tells besides, as committed messages
 * do, they are gathered. A rollback is told by its op message alone, which is written at the end of the turn.
 */
export class OpWriter {
  readonly #parts: OpWriterParts
  /** Half messages that have ended, in the order of their ends. */
  #gathered: EndedHalf[] = []
  #awaited: { queueOffset: number; done: (outcome: PutOutcome) => void }[] = []
  #endedCount = 0
  #bodyBytes = 0
  #isFailing = false
  #cancelTimer: CancelTimer | undefined

  constructor(parts: OpWriterParts) {
    this.#parts = parts
  }

  /** Half messages that have ended, and whose op message is not stored. */
  get waitingCount(): number {
    return this.#gathered.length + this.#awaited.length
  }

  /** A half has ended, which the log tells already: an op message says so soon. */
  ended(queueOffset: number): void {
    const { clock, settings } = this.#parts
    const { transactionOpMsgMaxSize, transactionOpBatchInterval } = settings()
    this.#gathered.push({ queueOffset, number: this.#endedCount++ })
    this.#bodyBytes += String(queueOffset).length + 1
    if (this.#bodyBytes >= transactionOpMsgMaxSize) this.flush()
    else this.#cancelTimer ??= clock.after(transactionOpBatchInterval, () => this.flush())
  }

  /**
   * Ends a half by its op message.
   * @param done told what became of it
   */
  end(queueOffset: number, done: (outcome: PutOutcome) => void): void {
    if (this.#awaited.length === 0) this.#parts.clock.endOfTurn(() => this.flush())
    this.#awaited.push({ queueOffset, done })
  }

  /** Op messages of halves, for whoever stores them together with what ends those. */
  messagesFor(queueOffsets: readonly number[]): StoreMessage[] {
    return opBodies(queueOffsets, this.#parts.settings().transactionOpMsgMaxSize).map((body) => this.#message(body))
  }

  /** Writes what was gathered. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const gathered = this.#gathered
    const awaited = this.#awaited
    this.#gathered = []
    this.#awaited = []
    this.#bodyBytes = 0
    if (gathered.length + awaited.length === 0) return
    const offsets = [...gathered, ...awaited].map(({ queueOffset }) => queueOffset)
    const { sink } = this.#parts
    const messages = this.messagesFor(offsets)
    const ended = (outcome: PutOutcome): void => {
      if (outcome.kind === 'refused') this.#again(gathered, outcome)
      else this.#isFailing = false
      for (const { done } of awaited) done(outcome)
    }
    try {
      sink.put(messages, ended)
    } catch (error) {
      ended({ kind: 'refused', cause: 'fenced', reason: (error as Error).message })
    }
  }

  /** The store takes nothing now: what has ended stays so, and is written later. */
  #again(gathered: EndedHalf[], { cause, reason }: Refused): void {
    if (gathered.length === 0 || cause === 'closed') return
    const { clock, log } = this.#parts
    if (!this.#isFailing) {
      log.warn({ count: gathered.length, reason }, 'the ends of transactions could not be written: it goes on trying')
    }
    this.#isFailing = true
    // What ended first is written first: without a newer half, the older one that it renewed seems to be open.
    this.#gathered = [...gathered, ...this.#gathered].sort((one, other) => one.number - other.number)
    this.#cancelTimer ??= clock.after(retryMs, () => this.flush())
  }

  #message(body: string): StoreMessage {
    const { clock, storeHost } = this.#parts
    // Whoever waits for the end of a transaction waits until it is as safe as messages are.
    const properties =
      encodedProperty(propertyName.waitStoreOk, 'true') + encodedProperty(propertyName.tags, removedTag)
    return ownMessage({ topic: opHalfTopic, body, properties, nowMs: clock.now(), storeHost })
  }
}
