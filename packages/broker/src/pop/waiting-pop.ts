import type { RemotingConnection } from '@rocketmq-ts/remoting'
import { type HeldPop, type HeldPops, holdRefusal } from './held-pops.ts'

export interface WaitingPopParts {
  held: Pick<HeldPops, 'hold'>
  settings(): { maxTransferBytesOnMessageInMemory: number }
  onMissed(): void
}

/** One request, from the first look to its answer; while there is nothing it is what waits. */
export abstract class WaitingPop<Found> implements HeldPop {
  abstract readonly topic: string
  abstract readonly group: string
  abstract readonly queueId: number
  readonly connectionId: number
  readonly #connection: RemotingConnection
  readonly #pollTime: number
  readonly #parts: WaitingPopParts
  #isLooking = false
  #isOver = false

  /** @param pollTime milliseconds for which it waits; 0 or less for none */
  constructor(connection: RemotingConnection, pollTime: number, parts: WaitingPopParts) {
    this.#connection = connection
    this.connectionId = connection.id
    this.#pollTime = pollTime
    this.#parts = parts
  }

  /**
   * Whether it may be served still: topic, group and settings may have changed while it waited.
   * @throws ProtocolError that says why it may not
   */
  protected abstract check(): void

  /** Takes what there is; undefined when nothing may be given. */
  protected abstract take(): Found | Promise<Found> | undefined

  /** @returns whether there was something to give: then it is answered */
  protected abstract give(found: Found): boolean

  /** Nobody is given what was found. */
  protected abstract giveBack(found: Found): void

  protected abstract fail(error: unknown): void

  protected abstract answerNothing(code: 'POLLING_TIMEOUT' | 'POLLING_FULL', remark: string): void

  /** Why nothing may be given to anybody for now. */
  protected refusal(): string | undefined {
    return undefined
  }

  /** Bytes that the answer may have. */
  protected get bytesMax(): number {
    return this.#parts.settings().maxTransferBytesOnMessageInMemory
  }

  /** Looks when the peer takes answers. To be called in the turn in which the request was checked. */
  start(): void {
    if (this.#connection.takesAnswer(this.bytesMax)) this.#begin()
    else this.#connection.whenTaking(() => this.#beginLater())
  }

  retry(): boolean | 'unable' | Promise<boolean> {
    // Whoever is gone, or does not take answers, would have the messages until they are visible again.
    if (this.#connection.isClosed || !this.#connection.takesAnswer(this.bytesMax)) return 'unable'
    try {
      this.check()
    } catch (error) {
      return this.#failed(error)
    }
    return this.#isRefused() || this.#look()
  }

  whenAble(callback: () => void): void {
    if (!this.#connection.isClosed) this.#connection.whenTaking(callback)
  }

  giveUp(): void {
    this.#isOver = true
    // What is being read for it is given to it all the same.
    if (!this.#isLooking) this.#answerEmpty()
  }

  /** @returns whether it has been answered that nothing may be given to anybody for now */
  #isRefused(): boolean {
    const refusal = this.refusal()
    if (refusal === undefined) return false
    this.answerNothing('POLLING_FULL', refusal)
    return true
  }

  #beginLater(): void {
    try {
      this.check()
    } catch (error) {
      this.#failed(error)
      return
    }
    this.#begin()
  }

  #begin(): void {
    if (this.#isRefused()) return
    const looked = this.#look()
    if (looked === false) this.#hold()
    else if (looked !== true) looked.then((answered) => answered || this.#hold())
  }

  #hold(): void {
    this.#parts.onMissed()
    if (this.#pollTime <= 0 || this.#isOver || this.#connection.isClosed) {
      this.#answerEmpty()
      return
    }
    const limit = this.#parts.held.hold(this, this.#pollTime)
    if (limit !== undefined) this.answerNothing('POLLING_FULL', holdRefusal(limit))
  }

  /** @returns whether it has been answered */
  #look(): boolean | Promise<boolean> {
    try {
      const found = this.take()
      if (found === undefined) return false
      if (!(found instanceof Promise)) return this.give(found)
      this.#isLooking = true
      return found.then(
        (later) => this.#lookedLater(later),
        (error) => this.#failed(error),
      )
    } catch (error) {
      return this.#failed(error)
    }
  }

  #lookedLater(found: Found): boolean {
    this.#isLooking = false
    if (this.#connection.isClosed) {
      this.giveBack(found)
      return true
    }
    try {
      // What may be read by whom may have changed while files were read.
      this.check()
    } catch (error) {
      this.giveBack(found)
      return this.#failed(error)
    }
    if (this.give(found)) return true
    if (!this.#isOver) return false
    this.#answerEmpty()
    return true
  }

  #failed(error: unknown): true {
    this.#isLooking = false
    this.fail(error)
    return true
  }

  #answerEmpty(): void {
    this.answerNothing('POLLING_TIMEOUT', 'NO_MESSAGE_IN_QUEUE')
  }
}
