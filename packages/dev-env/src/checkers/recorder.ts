import { crc32 } from 'node:zlib'
import { ResponseError } from '@rocketmq-ts/remoting'
import {
  type Commit,
  emptyHistory,
  type History,
  type ObservedRecord,
  type Outcome,
  type SendBack,
  type SentMessage,
  type TopicCreation,
} from './history.ts'
import type { LoadMessage } from './message-factory.ts'

/** Answers that leave open whether the message is stored (FLUSH_DISK_TIMEOUT and the two about replicas). */
const undecidedCodes = new Set([10, 11, 12])

/** What a broker answered to a send. */
interface SendAnswer {
  readonly queueOffset: number
  /** One for each message. */
  readonly messageIds: readonly string[]
  readonly recallHandle?: string
}

/** The clocks by which a load's history is written. */
interface HistoryClocks {
  /** Milliseconds since 1970, of the broker's clock. */
  wallMs(): number
  /** Milliseconds that never go back. */
  monotonicMs(): number
}

const realClocks: HistoryClocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }

/** Writes down what a load does. An operation is recorded before it is sent, its outcome when it is known. */
export class Recorder {
  readonly history: History = emptyHistory()
  readonly #clocks: HistoryClocks
  #lastSeq = 0
  #doubts = 0

  constructor(clocks: HistoryClocks = realClocks) {
    this.#clocks = clocks
  }

  /**
   * What was asked for until now and is answered later may have been answered before a failure that took it.
   * @returns the position of this moment among the events of the history
   */
  doubtPending(): number {
    this.#doubts++
    return this.#lastSeq
  }

  /**
   * @param operation sends the messages of one request
   * @param isOneRecord whether they are a batch that is stored as one record
   */
  async send(
    messages: readonly LoadMessage[],
    operation: () => Promise<SendAnswer>,
    isOneRecord = false,
  ): Promise<void> {
    const sends = messages.map((message) => this.#newSend(message, isOneRecord))
    this.history.sends.push(...sends)
    const outcome = await this.#outcomeOf(operation)
    sends.forEach((send, index) => {
      send.outcome =
        outcome.kind === 'acknowledged'
          ? {
              ...outcome,
              queueOffset: outcome.queueOffset + index,
              messageId: outcome.messageIds[index] ?? '',
              isWaiting: outcome.recallHandle !== undefined,
            }
          : outcome
    })
  }

  async sendBack(
    record: ObservedRecord,
    group: string,
    delayLevel: number,
    operation: () => Promise<unknown>,
  ): Promise<void> {
    const sendBack: SendBack = { id: record.id, group, delayLevel, sentAtMs: this.#clocks.wallMs(), outcome: unknown }
    this.history.sendBacks.push(sendBack)
    sendBack.outcome = await this.#outcomeOf(operation)
  }

  async commit(
    place: { group: string; topic: string; queueId: number; offset: number; run: number },
    operation: () => Promise<unknown>,
  ): Promise<void> {
    const { group, topic, queueId, offset, run } = place
    const commit: Commit = { group, topic, queueId, offset, run, outcome: unknown }
    this.history.commits.push(commit)
    commit.outcome = await this.#outcomeOf(operation)
  }

  /** @returns whether it was acknowledged */
  async createTopic(topic: string, queues: number, operation: () => Promise<unknown>): Promise<boolean> {
    const creation: TopicCreation = { topic, queues, outcome: unknown }
    this.history.topicCreations.push(creation)
    creation.outcome = await this.#outcomeOf(operation)
    return creation.outcome.kind === 'acknowledged'
  }

  see(records: readonly ObservedRecord[]): void {
    for (const { topic, queueId, queueOffset, physicalOffset, id } of records) {
      this.history.seen.push({ topic, queueId, queueOffset, physicalOffset, id })
    }
  }

  #newSend({ topic, queueId, body, properties }: LoadMessage, isInRecord: boolean): SentMessage {
    return {
      id: properties.UNIQ_KEY ?? '',
      topic,
      queueId,
      isInRecord,
      bodyCrc: crc32(body),
      bodyBytes: body.length,
      key: properties.KEYS,
      delayLevel: Number(properties.DELAY ?? 0),
      timedForMs: Number(properties.TIMER_DELIVER_MS ?? 0),
      sentSeq: ++this.#lastSeq,
      sentAtMs: this.#clocks.wallMs(),
      outcome: unknown,
    }
  }

  async #outcomeOf<Answer>(operation: () => Promise<Answer>): Promise<Outcome<Answer>> {
    const doubts = this.#doubts
    try {
      const answer = await operation()
      if (doubts !== this.#doubts) return unknown
      return { kind: 'acknowledged', seq: ++this.#lastSeq, atMs: this.#clocks.monotonicMs(), ...answer }
    } catch (error) {
      if (error instanceof ResponseError && !undecidedCodes.has(error.code)) {
        return { kind: 'refused', code: error.code, remark: error.message }
      }
      // Lost connections and expired times: whether it was done is for nobody to know.
      return unknown
    }
  }
}

const unknown = { kind: 'unknown' } as const
