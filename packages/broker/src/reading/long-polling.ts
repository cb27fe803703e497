import type { CancelTimer, Clock } from '@rocketmq-ts/platform'
import { isLightQueue, ProtocolError } from '@rocketmq-ts/protocol'

/** The lanes that pulls come in. */
export type PullLane = 'pull' | 'lite-pull'

/** A pull that found nothing and waits for messages. */
export interface HeldPull {
  readonly topic: string
  readonly queueId: number
  /** The connection of the one who waits. */
  readonly connectionId: number
  /** In which it waits. */
  readonly lane: PullLane
  /**
   * Reads again.
   * @returns whether it has been answered; otherwise it goes on waiting
   */
  retry(): boolean | Promise<boolean>
  /** Answers that there is still nothing. */
  giveUp(): void
}

class Waiting {
  readonly pull: HeldPull
  cancelTimer: CancelTimer | undefined
  isTried = false
  isAgain = false

  constructor(pull: HeldPull) {
    this.pull = pull
  }
}

/**
 * Pulls that wait, by queue. An arrival in the queue makes each read again; after its time it is told that there is
 * nothing.
 */
export class LongPolling {
  readonly #clock: Clock
  readonly #perConnectionMax: number
  /** A queue keeps its set while its topic is there: most that have been waited for are waited for again. */
  readonly #topics = new Map<string, Map<number, Set<Waiting>>>()
  /** A connection keeps its set until it ends. */
  readonly #connections = new Map<number, Set<Waiting>>()
  readonly #counts: Record<PullLane, number> = { pull: 0, 'lite-pull': 0 }
  #isClosed = false

  /** @param perConnectionMax pulls of one connection that may wait, so that none can take all places */
  constructor(clock: Clock, perConnectionMax: number) {
    this.#clock = clock
    this.#perConnectionMax = perConnectionMax
  }

  /** Pulls that wait. */
  get count(): number {
    return this.#counts.pull + this.#counts['lite-pull']
  }

  /** Pulls of a lane that wait. */
  countIn(lane: PullLane): number {
    return this.#counts[lane]
  }

  /**
   * Holds a pull, or answers it at once when no pull is held any more.
   * @param timeoutMs how long it may wait
   * @returns false when too many pulls of its connection wait already
   */
  hold(pull: HeldPull, timeoutMs: number): boolean {
    if (this.#isClosed) {
      pull.giveUp()
      return true
    }
    const ofConnection = this.#connections.get(pull.connectionId)
    if (ofConnection !== undefined && ofConnection.size >= this.#perConnectionMax) return false
    const waiting = new Waiting(pull)
    waiting.cancelTimer = this.#clock.after(timeoutMs, () => {
      if (this.#remove(waiting)) pull.giveUp()
    })
    let queues = this.#topics.get(pull.topic)
    if (queues === undefined) {
      queues = new Map()
      this.#topics.set(pull.topic, queues)
    }
    let waitingPulls = queues.get(pull.queueId)
    if (waitingPulls === undefined) {
      waitingPulls = new Set()
      queues.set(pull.queueId, waitingPulls)
    }
    waitingPulls.add(waiting)
    if (ofConnection === undefined) this.#connections.set(pull.connectionId, new Set([waiting]))
    else ofConnection.add(waiting)
    this.#counts[pull.lane]++
    return true
  }

  /** For a pull that `hold` did not take. */
  refusal(): ProtocolError {
    const remark =
      `[TOO_MANY_PULLS]${this.#perConnectionMax} pulls of this connection wait for messages already: ` +
      'spread the consumers over more connections'
    return new ProtocolError('SYSTEM_BUSY', remark)
  }

  /** Messages arrived in a queue. */
  arrived(topic: string, queueId: number): void {
    if (this.count === 0) return
    const waitingPulls = this.#topics.get(topic)?.get(queueId)
    if (waitingPulls === undefined) return
    for (const waiting of [...waitingPulls]) this.#retry(waiting)
  }

  /** Has all that wait read again: the ends of queues were cut off. */
  retryAll(): void {
    for (const queues of [...this.#topics.values()]) {
      for (const waitingPulls of [...queues.values()]) for (const waiting of [...waitingPulls]) this.#retry(waiting)
    }
  }

  /** Answers all that wait for a topic: it is gone. */
  giveUp(topic: string): void {
    for (const waitingPulls of [...(this.#topics.get(topic)?.values() ?? [])]) {
      for (const waiting of [...waitingPulls]) if (this.#remove(waiting)) waiting.pull.giveUp()
    }
    this.#topics.delete(topic)
  }

  /** Answers all that wait, and from now on each that comes: the broker stops. */
  close(): void {
    this.#isClosed = true
    for (const topic of [...this.#topics.keys()]) this.giveUp(topic)
  }

  /** A connection is gone: its pulls give their places up. */
  disconnected(connectionId: number): void {
    for (const waiting of [...(this.#connections.get(connectionId) ?? [])]) {
      if (this.#remove(waiting)) waiting.pull.giveUp()
    }
    this.#connections.delete(connectionId)
  }

  #retry(waiting: Waiting): void {
    if (waiting.isTried) {
      waiting.isAgain = true
      return
    }
    const answered = waiting.pull.retry()
    if (answered === true) this.#remove(waiting)
    else if (answered !== false) void this.#afterRetry(waiting, answered)
  }

  /** More may arrive while a file is read: then the read is made once more. */
  async #afterRetry(waiting: Waiting, answering: Promise<boolean>): Promise<void> {
    waiting.isTried = true
    const answered = await answering
    waiting.isTried = false
    if (answered) this.#remove(waiting)
    else if (waiting.isAgain) {
      waiting.isAgain = false
      this.#retry(waiting)
    }
  }

  #remove(waiting: Waiting): boolean {
    const { topic, queueId, connectionId, lane } = waiting.pull
    const waitingPulls = this.#topics.get(topic)?.get(queueId)
    if (!waitingPulls?.delete(waiting)) return false
    // Of light queues there may be very many, and nobody says that one is gone.
    if (waitingPulls.size === 0 && isLightQueue(topic)) this.#topics.delete(topic)
    waiting.cancelTimer?.()
    this.#counts[lane]--
    this.#connections.get(connectionId)?.delete(waiting)
    return true
  }
}
