import { popConsumedTopic } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { DeadLetter, deadLetterLevel, type UndecodablePolicy } from '../consumer/redelivery.ts'
import { type SentBack, sendBackOnce } from '../consumer/send-back.ts'
import type { MessageTraces } from '../message-traces.ts'
import { bytes, type Codec } from '../messages/codec.ts'
import { type PoppedMessage, withoutInternals } from '../messages/received-message.ts'
import { RocketMQError } from '../rocketmq-error.ts'
import type { SettledMessage, Telemetry } from '../telemetry.ts'
import { isPartOfBatch, OpenBatches } from './batch-receipts.ts'
import type { GroupAttempts } from './group-attempts.ts'
import type { RawPopped } from './pop.ts'
import { acknowledge, changeInvisibleTime, type NamedReceipt, visibleTimestamp } from './receipts.ts'

export interface SettlingParts<Body> {
  readonly client: ClusterClient
  readonly group: string
  readonly attempts: GroupAttempts
  readonly codec: Codec<never, Body> | undefined
  readonly undecodable: UndecodablePolicy | undefined
  readonly telemetry: Telemetry | undefined
  readonly traces: MessageTraces | undefined
}

/** Milliseconds until a message is visible that is given back. */
const givenBackMs = 1000

/** Hands messages out to a program that asked for them, and tells their brokers what it makes of each. */
export class Settling<Body> {
  readonly #parts: SettlingParts<Body>
  readonly #codec: Codec<never, Body>
  readonly #batches: OpenBatches
  /** Changes of receipts that are under way, by the receipt before: each gives the one that counts then. */
  readonly #changes = new Map<string, Promise<string>>()
  /** Where messages are traced: tells the trace of one that it is settled. */
  readonly #traced = new WeakMap<object, (thrown?: { readonly error: unknown }) => void>()

  constructor(parts: SettlingParts<Body>) {
    this.#parts = parts
    // Without a codec, `Body` is what the default one gives.
    this.#codec = parts.codec ?? (bytes as Codec<never, unknown> as Codec<never, Body>)
    this.#batches = new OpenBatches(parts.client.runtime.clock)
  }

  /** Without those that were delivered too often, and those that cannot be decoded. */
  async handedOut(messages: readonly RawPopped[]): Promise<PoppedMessage<Body>[]> {
    const { traces } = this.#parts
    const handedOut: PoppedMessage<Body>[] = []
    for (const message of messages) {
      const { body, receipt, ...rest } = message
      const { broker } = message.queue
      if (message.attempt > 1 && message.attempt > (await this.#parts.attempts.most(broker))) {
        void this.#settleWithoutCaller(message, 'deadLetter', 'it was delivered too often')
        continue
      }
      try {
        if (body instanceof RocketMQError) throw body
        const decoded = await this.#codec.decode(body)
        const visible = visibleTimestamp(receipt)
        const received = { ...withoutInternals(rest), body: decoded, receipt, visibleTimestamp: visible }
        handedOut.push(received)
        if (traces !== undefined) this.#traced.set(received, traces.handling([received]))
      } catch (error) {
        const policy = this.#parts.undecodable ?? 'deadLetter'
        void this.#settleWithoutCaller(message, policy, `its body cannot be decoded: ${(error as Error).message}`)
      }
    }
    return handedOut
  }

  /**
   * @param given the messages as the program gives them, in the same order
   * @throws RocketMQError when one of them cannot be acknowledged; the others are acknowledged all the same
   */
  async acknowledge(
    messages: readonly NamedReceipt[],
    deadline: Deadline,
    given: readonly SettledMessage[] = messages,
  ): Promise<void> {
    const { telemetry } = this.#parts
    const call = () => this.#acknowledge(messages, deadline)
    await (telemetry === undefined ? call() : telemetry.settle('ack', given, call))
    for (const message of given) this.#endTrace(message)
  }

  async #acknowledge(messages: readonly NamedReceipt[], deadline: Deadline): Promise<void> {
    const { client, group } = this.#parts
    const isChanging = ({ receipt }: NamedReceipt): boolean => this.#changes.has(receipt)
    const changing = this.#changes.size === 0 ? [] : messages.filter(isChanging)
    const others = changing.length === 0 ? messages : messages.filter((message) => !isChanging(message))
    const { now, soon } = this.#batches.done(others, deadline)
    const later = [...soon, ...changing.map((message) => this.#counting(message, deadline))]
    const outcomes = await Promise.allSettled([
      now.length > 0 ? acknowledge(client, group, now, deadline) : undefined,
      ...later.map(async (message) => acknowledge(client, group, [await message], deadline)),
    ])
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /**
   * Changes the message too: its receipt, and when it is visible.
   * @param given the message as the program gives it
   * @throws RocketMQError
   */
  async changeInvisible(
    message: NamedReceipt,
    invisibleMs: number,
    deadline: Deadline,
    given: SettledMessage = message,
  ): Promise<void> {
    const { telemetry } = this.#parts
    const call = () => this.#changeInvisible(message, invisibleMs, deadline, false)
    const changed = await (telemetry === undefined ? call() : telemetry.settle('changeInvisible', [given], call))
    Object.assign(given, changed)
  }

  /** Gives a message back that nobody has received: it does not count as a delivery. @throws RocketMQError */
  async giveBack(message: NamedReceipt, deadline: Deadline): Promise<void> {
    await this.#changeInvisible(message, givenBackMs, deadline, true)
  }

  async #changeInvisible(
    message: NamedReceipt,
    invisibleMs: number,
    deadline: Deadline,
    isSuspended: boolean,
  ): Promise<Pick<PoppedMessage, 'receipt' | 'visibleTimestamp'>> {
    const { client, group } = this.#parts
    const { queue, ofLiteTopic, receipt: before } = message
    const change = (counting: string): Promise<string> =>
      this.#batches.changed(counting, invisibleMs, (told) => {
        const receipted = { queue, receipt: told, ofLiteTopic }
        return changeInvisibleTime(client, group, receipted, { invisibleMs, isSuspended }, deadline)
      })
    // Changes of a batch take turns by themselves, and old receipts of its messages stay good.
    const receipt = await (isPartOfBatch(before) ? change(before) : this.#inTurn(before, change, deadline))
    return { receipt, visibleTimestamp: visibleTimestamp(receipt) }
  }

  /** Changes a receipt when the change of it that is under way is done. */
  async #inTurn(before: string, change: (counting: string) => Promise<string>, deadline: Deadline): Promise<string> {
    const earlier = this.#changes.get(before)
    const changing = earlier === undefined ? change(before) : deadline.within(earlier).then(change)
    const counts = changing.catch(() => earlier ?? before)
    const told = [before]
    let isEnded = false
    let isEarlierOver = earlier === undefined
    this.#changes.set(before, counts)
    // Whoever waited for the earlier one knows its receipt.
    void earlier?.then((receipt) => {
      isEarlierOver = true
      if (isEnded) return
      told.push(receipt)
      this.#changes.set(receipt, counts)
    })
    try {
      return await changing
    } finally {
      isEnded = true
      for (const receipt of told) {
        if (this.#changes.get(receipt) !== counts) continue
        // One that was given up leaves the place to the one that it waited for.
        if (isEarlierOver) this.#changes.delete(receipt)
        else this.#changes.set(receipt, earlier!)
      }
    }
  }

  /** The message with the receipt that counts when a change of it that is under way is done. */
  async #counting(message: NamedReceipt, deadline: Deadline): Promise<NamedReceipt> {
    const change = this.#changes.get(message.receipt)
    return change === undefined ? message : { ...message, receipt: await deadline.within(change) }
  }

  /**
   * Puts a message among the dead letters, and acknowledges it.
   * @param given the message as the program gives it
   * @throws RocketMQError
   */
  async deadLetter(
    message: SentBack & NamedReceipt,
    deadline: Deadline,
    given: SettledMessage = message,
  ): Promise<void> {
    const { telemetry } = this.#parts
    const call = () => this.#bury(message, deadline)
    await (telemetry === undefined ? call() : telemetry.settle('deadLetter', [given], call))
    this.#endTrace(given, { error: new DeadLetter() })
  }

  #endTrace(message: object, thrown?: { readonly error: unknown }): void {
    this.#traced.get(message)?.(thrown)
    this.#traced.delete(message)
  }

  async #bury(message: (RawPopped | SentBack) & NamedReceipt, deadline: Deadline): Promise<void> {
    const { client, group } = this.#parts
    await client.routes.find(popConsumedTopic(group, client.namespace.wrap(message.queue.topic)), deadline)
    await sendBackOnce(message, deadLetterLevel, { client, group, attemptsMax: undefined }, deadline)
    await this.#acknowledge([message], deadline)
  }

  /** What fails comes again when its time is over. Never rejects. */
  async #settleWithoutCaller(message: RawPopped, what: 'deadLetter' | 'skip' | 'retry', why: string): Promise<void> {
    const { client } = this.#parts
    const { messageId, topic } = message
    client.log.error({ messageId, topic, policy: what, why }, 'a message is not handed out')
    const deadline = client.newDeadline()
    try {
      if (what === 'skip') await this.#acknowledge([message], deadline)
      if (what === 'deadLetter') await this.#bury(message, deadline)
    } catch (error) {
      client.log.warn({ messageId, topic, err: error as RocketMQError }, 'the message comes again')
    }
  }
}
