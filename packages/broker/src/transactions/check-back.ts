import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { type DecodedMessage, propertiesBytesMax, transactionChecksOverTopic } from '@rocketmq-ts/protocol'
import { type PutOutcome, repeat, type StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import { decodedRecord } from '../stored-message.ts'
import { type CheckRules, checkDecision } from './check-decision.ts'
import { checkCountOf, givenUpHalf, renewedHalf } from './half-message.ts'
import type { OpWriter } from './op-writer.ts'
import type { TransactionLog } from './transaction-log.ts'

export interface CheckBackParts {
  clock: Clock
  log: Log
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  sink: MessageSink
  topics: { ensureInternal(topic: string, queueNums: number): unknown }
  transactions: TransactionLog
  ops: OpWriter
  storeHost: Buffer
  settings(): CheckRules & { transactionCheckInterval: number }
  /** Asks a producer what became of a half that stands where it says. */
  ask(half: DecodedMessage): void
  /** A transaction was given up. */
  gaveUp(half: DecodedMessage): void
  /** Resolves when it is known which transactions have not ended. */
  loaded(): Promise<void>
}

/** A half that is dealt with, and what is stored of it; undefined when it is asked about where it stands. */
interface Step {
  half: DecodedMessage
  kind: 'ask' | 'move' | 'give-up'
  message: StoreMessage | undefined
}

const halvesAtOnce = 32
/** Open halves that are looked at before others have their turn: a million of them take a fifth of a second. */
const looksAtOnce = 1000
/** Of its time, a busy loop gives so much to checks, so that a million of them do not slow down senders. */
const shareOfTime = 0.1

/**
 * Asks producers about transactions that have not ended in time. For each check a half is stored anew behind all others,
 * with the number of its checks, and takes the place of the one before: so the number survives, and the queue of half
 * messages can be passed by. After the last check it goes to the topic of those that were asked about too often.
 */
export class CheckBack {
  readonly #parts: CheckBackParts
  #cancelTimer: CancelTimer = () => {}
  #isClosed = false
  #running: Promise<void> | undefined
  #isFailing = false
  #wake: (() => void) | undefined
  /** Since the start. */
  readonly counts = { asked: 0, givenUp: 0 }

  constructor(parts: CheckBackParts) {
    this.#parts = parts
  }

  start(): void {
    const { clock, settings } = this.#parts
    this.#cancelTimer = repeat(
      clock,
      () => settings().transactionCheckInterval,
      () => {
        this.#running ??= this.#guardedRound().finally(() => {
          this.#running = undefined
        })
      },
    )
  }

  async drain(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    this.#wake?.()
    await this.#running
  }

  /** A store that takes nothing fails each round: the first is said, and the next after a success. */
  async #guardedRound(): Promise<void> {
    try {
      await this.#round()
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        this.#parts.log.error({ err: error }, 'transactions could not be checked: it goes on trying')
      this.#isFailing = true
    }
  }

  async #round(): Promise<void> {
    const { clock, transactions } = this.#parts
    await this.#parts.loaded()
    const { slots } = transactions
    const last = slots.last
    let offset = transactions.firstOpen
    while (offset !== undefined && offset <= last && !this.#isClosed) {
      const startMs = clock.monotonic()
      const steps: Step[] = []
      try {
        offset = await this.#gather(steps, offset, last)
        await this.#take(steps)
      } catch (error) {
        for (const { half } of steps) transactions.settle(half, 'open')
        throw error
      }
      await this.#pause((clock.monotonic() - startMs) * (1 / shareOfTime - 1))
    }
  }

  /** @returns where to go on; undefined at the end */
  async #gather(steps: Step[], fromOffset: number, last: number): Promise<number | undefined> {
    const { clock, transactions, settings } = this.#parts
    const { slots } = transactions
    const nowMs = clock.now()
    const { transactionTimeOut } = settings()
    let offset: number | undefined = fromOffset
    for (let looks = 0; looks < looksAtOnce && steps.length < halvesAtOnce; looks++) {
      if (offset === undefined || offset > last) break
      if (slots.state(offset) === 'open' && slots.mayBeDue(offset, nowMs, transactionTimeOut)) {
        const step = await this.#step(offset, nowMs)
        if (step !== undefined) steps.push(step)
      }
      offset = slots.nextOpen(offset + 1)
    }
    return offset
  }

  /** What is to be done about an open half; undefined for nothing, as while it is being ended. */
  async #step(queueOffset: number, nowMs: number): Promise<Step | undefined> {
    const { store, transactions, settings, storeHost, log, ops } = this.#parts
    const { slots } = transactions
    const half = decodedRecord(await store.recordAt(slots.position(queueOffset)!))
    if (slots.state(queueOffset) !== 'open') return undefined
    if (half === undefined) {
      log.warn({ queueOffset }, 'a half message is missing or damaged: its transaction can never be committed')
      transactions.beginEnd(queueOffset)
      transactions.settle({ queueOffset, properties: '' }, 'ended')
      ops.ended(queueOffset)
      return undefined
    }
    const decision = checkDecision(half, settings(), nowMs)
    if (decision.kind === 'wait') return undefined
    transactions.beginEnd(queueOffset)
    if (decision.kind === 'give-up') {
      log.warn(
        { queueOffset, reason: decision.reason },
        `a transaction is given up: it goes to ${transactionChecksOverTopic}`,
      )
      return { half, kind: 'give-up', message: givenUpHalf(half, storeHost) }
    }
    const checkCount = decision.kind === 'ask' ? decision.checkCount : checkCountOf(half)
    const renewed = renewedHalf(half, checkCount, storeHost)
    // One that has no room for the number of its checks is asked about as it is.
    const isTooLarge = renewed.properties.bytes.length > propertiesBytesMax
    return { half, kind: decision.kind, message: isTooLarge ? undefined : renewed }
  }

  async #take(steps: readonly Step[]): Promise<void> {
    const { transactions, topics } = this.#parts
    for (const { half, kind } of steps.filter(({ message }) => message === undefined)) {
      transactions.settle(half, 'open')
      if (kind === 'ask') this.#ask(half)
    }
    const storing = steps.filter(({ message }) => message !== undefined)
    if (storing.length === 0) return
    if (storing.some(({ kind }) => kind === 'give-up')) topics.ensureInternal(transactionChecksOverTopic, 1)
    await this.#store(storing)
  }

  /** @throws Error when the store takes nothing now */
  async #store(steps: readonly Step[]): Promise<void> {
    const { sink, transactions, ops } = this.#parts
    const outcome = await new Promise<PutOutcome>((resolve) => {
      // Together, so that an official broker that finds a new half finds that the older one has ended.
      const ended = ops.messagesFor(steps.map(({ half }) => half.queueOffset))
      sink.put([...steps.map(({ message }) => message!), ...ended], (stored) => {
        if (stored.kind !== 'refused') for (const { half } of steps) transactions.settle(half, 'ended')
        resolve(stored)
      })
    })
    if (outcome.kind === 'refused') {
      if (outcome.cause !== 'illegal') throw new Error(outcome.reason)
      if (steps.length > 1) for (const step of steps) await this.#store([step])
      else this.#leave(steps[0]!, outcome.reason)
      return
    }
    for (const [index, { half, kind, message }] of steps.entries()) {
      const { physicalOffset, queueOffset, storeTimestamp } = outcome.places[index]!
      if (kind === 'give-up') {
        this.counts.givenUp++
        this.#parts.gaveUp(half)
      } else if (kind === 'ask')
        this.#ask({ ...half, properties: message!.properties.text, physicalOffset, queueOffset, storeTimestamp })
    }
  }

  /** What can never be stored anew stays where it is. */
  #leave({ half, kind }: Step, reason: string): void {
    const { transactions, log } = this.#parts
    const { queueOffset } = half
    transactions.settle(half, 'open')
    if (kind === 'ask') this.#ask(half)
    else if (kind === 'give-up')
      log.warn(
        { queueOffset, reason },
        `a transaction that is given up cannot be kept in ${transactionChecksOverTopic}`,
      )
  }

  #ask(half: DecodedMessage): void {
    this.counts.asked++
    this.#parts.ask(half)
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isClosed) return
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = undefined
  }
}
